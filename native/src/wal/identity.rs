//! Tables whose changes cannot be followed: the server's log lacks them, or would not say which rows they are of.

use crate::error::Error;
use crate::snapshot::catalogue::{Catalogue, Refused};
use crate::snapshot::postgres::server::Session;
use crate::snapshot::quoted::quoted_name;
use crate::sync::ddl::TableName;
use std::collections::HashMap;

/// Of each table: schema, name, relpersistence, relreplident, whether it has a primary key that is checked at once, whether rows are known by that.
const TABLES: &str = "SELECT n.nspname, c.relname, c.relpersistence, c.relreplident, \
     EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate), \
     EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisreplident) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')";

/// Takes tables out of a catalogue that cannot be followed, and says why. One that is published without a key would have the server refuse its UPDATEs.
///
/// # Errors
/// The server does not answer.
pub async fn refuse(session: &Session, catalogue: &mut Catalogue) -> Result<(), Error> {
    let mut reasons = HashMap::new();
    for row in session.texts(TABLES).await? {
        if let Ok([Some(schema), Some(table), Some(kept), Some(identity), has_key, by_key]) =
            <[Option<String>; 6]>::try_from(row)
        {
            let flag = |text: Option<String>| text.as_deref() == Some("t");
            let name = TableName::new(&schema, &table);
            if let Some(reason) = reason(&name, &kept, &identity, flag(has_key), flag(by_key)) {
                reasons.insert(name, reason);
            }
        }
    }
    let (mut kept, refused) = (Vec::new(), &mut catalogue.refused);
    for table in catalogue.tables.drain(..) {
        match reasons.remove(&TableName::new(&table.database, &table.table)) {
            Some(reason) => refused.push(Refused { table: format!("{}.{}", table.database, table.table), reason }),
            None => kept.push(table),
        }
    }
    catalogue.tables = kept;
    Ok(())
}

fn reason(name: &TableName, kept: &str, identity: &str, has_key: bool, by_key: bool) -> Option<String> {
    let table = format!("{}.{}", quoted_name(&name.database), quoted_name(&name.name));
    match (kept, identity) {
        ("u", _) => Some(format!(
            "it is UNLOGGED, so its changes are not in the server's log; ALTER TABLE {table} SET LOGGED, or leave it out"
        )),
        (_, "f") => None,
        (_, "d") if has_key => None,
        (_, "i") if by_key => None,
        (_, "n") => Some(format!(
            "its replica identity is NOTHING, so the server would refuse its UPDATEs and DELETEs; ALTER TABLE {table} REPLICA IDENTITY DEFAULT, or leave it out"
        )),
        (_, "i") => Some(format!(
            "its replica identity is another index than its key, so which rows are changed is not in the server's log; \
             ALTER TABLE {table} REPLICA IDENTITY DEFAULT, or leave it out"
        )),
        _ => Some(format!(
            "it has no primary key that is checked at once, so the server would refuse its UPDATEs and DELETEs; ALTER TABLE {table} REPLICA IDENTITY FULL, or \
             leave it out"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_tables_can_be_followed() {
        let of = |kept, identity, has_key, by_key| reason(&TableName::new("s", "t"), kept, identity, has_key, by_key);
        for (identity, has_key, by_key) in [("d", true, false), ("f", false, false), ("i", true, true)] {
            assert_eq!(of("p", identity, has_key, by_key), None, "{identity}");
        }
        for (kept, identity, has_key, word) in [
            ("u", "d", true, "SET LOGGED"),
            ("p", "d", false, "REPLICA IDENTITY FULL"),
            ("p", "n", true, "REPLICA IDENTITY DEFAULT"),
            ("p", "i", true, "another index"),
        ] {
            let reason = of(kept, identity, has_key, false).unwrap();
            assert!(reason.contains(word) && reason.contains("\"s\".\"t\""), "{reason}");
        }
    }
}
