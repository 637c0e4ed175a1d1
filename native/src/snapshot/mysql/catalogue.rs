//! What a server has: tables, their columns and keys, and where its binary log stands.

use super::select;
use super::server::{self, backquoted, quoted, texts};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::{Catalogue, Column, Position, Refused, Table};
use crate::snapshot::message;
use crate::snapshot::spec::SourceSpec;
use crate::sync::mysql_type::MysqlType;
use crate::sync::rules::Rules;
use mysql_async::Conn;

/// What a server keeps for itself.
pub(crate) const OWN: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];

/// Looks what the server has.
///
/// # Errors
/// [`Kind::Source`].
pub async fn read(spec: &SourceSpec, rules: &Rules) -> Result<Catalogue, Error> {
    let mut conn = server::connect(spec).await?;
    let found = list(&mut conn, rules).await.map_err(|e| e.at(spec.address()));
    // What it says at its end matters to nobody.
    let _ = conn.disconnect().await;
    found
}

async fn list(conn: &mut Conn, rules: &Rules) -> Result<Catalogue, Error> {
    let server = one(conn, "SELECT VERSION()").await?.unwrap_or_default();
    let position = position(conn).await;
    let (mut tables, mut refused) = (Vec::new(), Vec::new());
    for row in texts(
        conn,
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, CAST(IFNULL(TABLE_ROWS, 0) AS CHAR) FROM information_schema.TABLES ORDER BY 1, 2",
    )
    .await?
    {
        let [Some(database), Some(table), Some(kind), rows] = <[Option<String>; 4]>::try_from(row).unwrap_or_default()
        else {
            continue;
        };
        let is_own = OWN.iter().any(|own| database.eq_ignore_ascii_case(own));
        if is_own || rules.target(&database, &table)?.is_none() || !kind.ends_with("TABLE") && kind != "SYSTEM VERSIONED" {
            continue;
        }
        let rows = rows.and_then(|rows| rows.parse().ok()).unwrap_or(0);
        match self::table(conn, &database, &table, rows).await {
            Ok(found) => tables.push(found),
            // One that is gone meanwhile, or that this user may not see.
            Err(e) if e.kind() == Kind::Source => {
                refused.push(Refused { table: format!("{database}.{table}"), reason: e.to_string() });
            }
            Err(e) => return Err(e),
        }
    }
    Ok(Catalogue { server, position: Some(position), tables, refused })
}

async fn one(conn: &mut Conn, statement: &str) -> Result<Option<String>, Error> {
    Ok(texts(conn, statement).await?.into_iter().next().and_then(|row| row.into_iter().next().flatten()))
}

/// Where the binary log stands. A user that may not ask gets nothing, as does one whose server writes none.
async fn position(conn: &mut Conn) -> Position {
    let mut found = Position::default();
    // MySQL from 8.2 on has only the first, older ones and MariaDB only the second.
    for statement in ["SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"] {
        let Ok(rows) = texts(conn, statement).await else { continue };
        if let Some([Some(file), Some(offset), ..]) = rows.first().map(Vec::as_slice) {
            found.file.clone_from(file);
            found.offset = offset.parse().unwrap_or(0);
            break;
        }
    }
    for variable in ["gtid_executed", "gtid_binlog_pos"] {
        if let Ok(Some(gtid)) = one(conn, &format!("SELECT @@GLOBAL.{variable}")).await {
            found.gtid = gtid.split_whitespace().collect();
            break;
        }
    }
    found
}

async fn table(conn: &mut Conn, database: &str, table: &str, rows: u64) -> Result<Table, Error> {
    let of = format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", quoted(database), quoted(table));
    // Names that differ in case only are equal to the catalogue, but not to a server that tells them apart.
    let statement = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE {of} ORDER BY ORDINAL_POSITION"
    );
    let mut columns = Vec::new();
    for row in texts(conn, &statement).await? {
        if let [Some(d), Some(t), Some(name), Some(ty)] = row.as_slice()
            && (d.as_str(), t.as_str()) == (database, table)
        {
            columns.push(Column { name: name.clone(), ty: MysqlType::parse(ty) });
        }
    }
    let statement = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE {of} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX"
    );
    let keys =
        texts(conn, &statement).await?.into_iter().filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([Some(d), Some(t), Some(name)]) if (d.as_str(), t.as_str()) == (database, table) => Some(name),
            _ => None,
        });
    let keys: Vec<String> = keys.collect();
    let from = format!("{}.{}", backquoted(database), backquoted(table));
    let shown = format!("SHOW CREATE TABLE {from}");
    let created = texts(conn, &shown).await?.into_iter().next().and_then(|row| row.into_iter().nth(1).flatten());
    let sql = created.ok_or_else(|| Error::new(Kind::Source, format!("the source does not answer `{shown}`")))?;
    if columns.is_empty() {
        return Err(Error::new(Kind::Source, "the source shows no column of it; this user may not read it"));
    }
    let message = message::statement(database, table, &sql);
    let select = select::list(&columns);
    let by_key = select::may_be_cut(&columns, &keys);
    Ok(Table {
        database: database.into(),
        table: table.into(),
        rows,
        columns,
        keys,
        by_key,
        from,
        select,
        message,
        native: Vec::new(),
    })
}
