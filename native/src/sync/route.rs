//! Which subtask a message goes to. Rows go by their table, so that all rows and changes of a table meet in one subtask; a schema change goes to
//! all, as it may be about several tables, or make one like another.

use crate::canal::event::Event;
use crate::canal::head::HeadReader;
use crate::canal::packet::{Broken, messages};
use crate::schema::Wire;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To the subtask that this number is congruent to.
    Table(u32),
    /// To every subtask.
    All,
}

/// Where tables go.
#[derive(Debug, Default)]
pub struct Router {
    heads: HeadReader,
}

impl Router {
    /// The route of a message. One that cannot be read goes anywhere: whoever gets it says what is wrong with it.
    pub fn route(&mut self, message: &[u8], wire: Wire) -> Route {
        match wire {
            Wire::Json => self.of_flat(message),
            Wire::Protobuf => self.of_packet(message).unwrap_or(Route::Table(0)),
        }
    }

    fn of_flat(&mut self, message: &[u8]) -> Route {
        let Ok(head) = self.heads.read(message) else { return Route::Table(0) };
        if matches!(head.event(), Event::Statement(_)) {
            return Route::All;
        }
        let (database, table) = (head.database().unwrap_or_default(), head.table().unwrap_or_default());
        Route::Table(table_number(&database, &table))
    }

    /// A packet of several tables goes to all subtasks; each takes what is its own.
    fn of_packet(&mut self, packet: &[u8]) -> Result<Route, Broken> {
        let mut route = None;
        for (message, _) in messages(packet)? {
            let next = self.of_flat(message.as_bytes());
            if next == Route::All || *route.get_or_insert(next) != next {
                return Ok(Route::All);
            }
        }
        Ok(route.unwrap_or(Route::Table(0)))
    }
}

/// The number of a table, the same in every process: FNV-1a over `database`, a zero byte, `table`.
pub fn table_number(database: &str, table: &str) -> u32 {
    let bytes = database.bytes().chain([0]).chain(table.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // The low bits of neighbouring names are alike; a subtask is chosen by the remainder.
    hash ^ (hash >> 15)
}
