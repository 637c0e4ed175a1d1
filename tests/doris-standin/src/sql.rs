//! The SQL side: statements as Doris' front end takes them over the MySQL protocol, run against the cluster's tables.
//!
//! Not imitated: window functions, WITH, EXISTS and sub-selects that name columns of the outer SELECT, views, materialized views,
//! roll-ups, generated columns, multi-statement transactions (BEGIN), users and privileges beyond the one administrator, EXPLAIN,
//! catalogs other than `internal`; time zones (a session's is UTC); the check that every selected column is grouped; MODIFY of a
//! VARCHAR's length is a heavy change in every release; AUTO_INCREMENT counts on from the highest stored value. Properties,
//! indexes and buckets are kept as written and do nothing but what loads need. Over the MySQL protocol: no TLS, no compression,
//! prepared statements give every column as text, and a client with CLIENT_DEPRECATE_EOF sees only the first result of a text
//! with several queries (both opensrv-mysql's ways); its text for a wrong password is not Doris'.

pub mod expr;

mod aggregate;
mod alter;
mod arithmetic;
mod ast;
mod create_table;
mod error;
mod functions;
mod information_schema;
mod lexer;
mod nodes;
mod parse;
mod partitions;
mod relation;
mod select;
mod session;
mod show;
mod show_create;
mod span;
mod types;
mod variables;
mod write;

pub use error::SqlError;
pub use partitions::contains;
pub use relation::{Field, Relation};
pub use session::{Outcome, Session};

/// The MySQL version that Doris passes for.
pub fn mysql_version() -> &'static str {
    variables::MYSQL_VERSION
}

/// Cuts a text with several statements at its `;`.
pub fn split(text: &str) -> Result<Vec<&str>, SqlError> {
    Ok(parse::split(text)?)
}

/// The bytes of a text where a `?` stands for a parameter.
pub fn parameters(text: &str) -> Result<Vec<usize>, SqlError> {
    let tokens = lexer::tokens(text)?;
    let places = tokens.iter().filter(|token| token.kind == lexer::TokenKind::Symbol("?")).map(|token| token.start);
    Ok(places.collect())
}
