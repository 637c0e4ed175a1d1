//! Databases that are read as they are now, table by table: full data.
//!
//! ```text
//! spec ─► server ─┬► catalogue: tables, each with its definition as a Canal message
//!                 ├► range: where a table is cut
//!                 └► reader: a range ─► message: its rows as flat messages
//! ```
//!
//! What comes out are Canal's flat messages, so a row that is read and a row that Canal tells of go the same way, and a value has one form.
//!
//! * [`spec`]: which server, which tables. [`server`]: what is asked of it; the one place where kinds of servers part. [`patience`]: when it is away.
//! * [`catalogue`], [`range`]: what is known of tables and of parts of them. [`reader`]: a range that is being read. [`message`]: rows as messages.
//! * [`mysql`], [`postgres`], [`oracle`]: how each kind says it. [`definition`], [`default`]: how the last two say what a table is, as MySQL would; [`quoted`]: their names and texts. [`jdbc`]: servers that only
//!   the JVM around us reaches.

pub mod catalogue;
pub mod default;
pub mod definition;
pub mod jdbc;
pub mod message;
pub mod mysql;
pub mod oracle;
pub mod patience;
pub mod postgres;
pub mod quoted;
pub mod range;
pub mod reader;
pub mod server;
pub mod spec;
