//! Canal's messages.
//!
//! A flat message is one JSON object; its members, in the order Canal writes them:
//!
//! | member | what |
//! |---|---|
//! | `data` | array of row images after the change (for DELETE: before it); every value text or null |
//! | `database`, `table` | names |
//! | `es`, `ts` | milliseconds: when the source executed the change, when Canal handled it |
//! | `gtid`, `id` | source transaction, Canal's batch number |
//! | `isDdl`, `sql` | statement events |
//! | `mysqlType`, `sqlType` | column → MySQL's type text; column → `java.sql.Types` code |
//! | `old` | for UPDATE: array of before images, parallel to `data`, changed columns only |
//! | `pkNames` | key columns |
//! | `type` | the event: see [`event`] |
//!
//! [`envelope`] takes the message apart, [`image`] the row images in it, [`value`] the texts in those, [`change`] joins
//! images to changes, and [`decode`] drives them and decides what becomes of a message; [`apart`] cuts one into rows. [`encode`] is the way back: rows to
//! messages.

pub mod apart;
pub mod change;
pub mod changelog;
pub mod decode;
pub mod encode;
pub mod envelope;
pub mod event;
pub mod head;
pub mod image;
mod input;
pub mod layout;
mod members;
pub mod mysql;
mod nested;
mod outcome;
mod outline;
pub mod packet;
mod template;
pub mod value;
mod verdict;
