//! The SQL side: statements as Doris' front end takes them over the MySQL protocol, run against the cluster's tables.

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
mod types;
mod variables;
mod write;

pub use error::SqlError;
pub use partitions::contains;
pub use relation::{Field, Relation};
pub use session::{Outcome, Session};

/// The MySQL version that Doris passes for.
pub fn variables_version() -> &'static str {
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
