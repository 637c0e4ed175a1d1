//! Whether the tables of a job are in Doris as they are in the source: each row of each, by the job's own mapping.
//!
//! ```text
//! listing ─► range ─► sums of both servers: equal? ────────────────────────────────────────► verdict ─► report ─► again
//!                       └ no ─► source (rows as the sink would load them) ─┐                   │
//!                           └─► target (rows as Doris has them) ───────────┴─► canonical ─► balance
//! ```
//!
//! * [`spec`]: what is compared, and how. [`listing`]: the tables that can be compared, and why the others cannot. [`pair`]: a table and its table
//!   in Doris. [`key`]: keys as literals and conditions of SQL.
//! * [`mysql`], [`postgres`], [`oracle`]: how each kind of source says keys and values.
//! * [`checksum`]: what is asked of servers that sum up their rows; [`sums`]: what they answer, and which rows are still to be read.
//! * [`source`], [`target`]: rows of either side. [`canonical`]: the form in which cells are compared. [`balance`], [`spill`]: rows that wait for
//!   their other side. [`range`]: one range, from its rows to its verdict.
//! * [`correct`]: what differs is made right, [`audit`]: and written down.
//! * [`report`]: verdicts of all ranges, merged. [`again`]: keys that differed, read once more. [`text`], [`html`]: the report for people.

pub mod again;
pub mod audit;
pub mod balance;
pub mod canonical;
pub mod checksum;
pub mod correct;
pub mod html;
pub mod key;
pub mod listing;
mod mysql;
mod oracle;
pub mod pair;
mod postgres;
pub mod range;
pub mod report;
pub mod source;
pub mod spec;
pub mod spill;
pub mod sums;
pub mod target;
pub mod text;
