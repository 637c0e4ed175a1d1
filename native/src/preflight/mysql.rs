//! What is particular to a MySQL or MariaDB server.

use super::finding::{Findings, Side};
use crate::binlog::settings::Settings;
use crate::error::Error;
use crate::snapshot;
use crate::snapshot::catalogue::Table;
use crate::snapshot::mysql::server::{self, texts};
use crate::snapshot::spec::SourceSpec;
use mysql_async::Conn;

const SOURCE: Side = Side::Source;

/// Columns of primary keys that are compared as texts.
const TEXT_KEYS: &str = "SELECT s.TABLE_SCHEMA, s.TABLE_NAME, s.COLUMN_NAME, c.COLLATION_NAME FROM information_schema.STATISTICS s \
     JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME \
     WHERE s.INDEX_NAME = 'PRIMARY' AND c.COLLATION_NAME IS NOT NULL";

/// Columns whose values the server prints with less digits than they have.
const ROUNDED: &str = "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS \
     WHERE COLUMN_TYPE REGEXP '^(float|double)[(]'";

/// Looks at what only this kind of server has, and at the tables that are read.
pub fn look(spec: &SourceSpec, tables: &[Table], findings: &mut Findings) {
    let asked = snapshot::server::ask(async {
        let mut conn = server::connect(spec).await?;
        if spec.log {
            log(&mut conn, spec, findings).await?;
        }
        columns(&mut conn, tables, findings).await?;
        // What it says at its end matters to nobody.
        let _ = conn.disconnect().await;
        Ok(())
    });
    if let Err(e) = asked {
        findings.error(SOURCE, &spec.address(), e.to_string());
    }
}

async fn log(conn: &mut Conn, spec: &SourceSpec, findings: &mut Findings) -> Result<(), Error> {
    let settings = Settings::read(conn).await?;
    let fine = ("binary log", "it has whole rows, and this user may read it");
    findings.log(settings.missing(&spec.user), settings.advice(), fine);
    let Some(own) = spec.server_id else { return Ok(()) };
    // MySQL from 8.0.22 on has the first, which is the only one from 8.4 on; MariaDB has the second. A user who may ask for neither sees nothing.
    for statement in ["SHOW REPLICAS", "SHOW SLAVE HOSTS"] {
        let Ok(replicas) = texts(conn, statement).await else { continue };
        if let Some(other) =
            replicas.iter().find(|row| row.first().and_then(|id| id.as_deref()) == Some(&own.to_string()))
        {
            let host =
                other.get(1).cloned().flatten().filter(|host| !host.is_empty()).unwrap_or_else(|| "no name".into());
            findings.notice(
                SOURCE,
                "server-id",
                format!(
                    "a replica with the number {own} is connected ({host}): this job, if it runs; else give this one another source.mysql.server-id, as \
                     the server breaks one connection when the other comes"
                ),
            );
        }
        break;
    }
    Ok(())
}

/// Keys and types that are other in Doris than here.
async fn columns(conn: &mut Conn, tables: &[Table], findings: &mut Findings) -> Result<(), Error> {
    let is_read = |database: &str, table: &str| {
        tables.iter().any(|t| (t.database.as_str(), t.table.as_str()) == (database, table))
    };
    for row in texts(conn, TEXT_KEYS).await? {
        if let [Some(database), Some(table), Some(column), Some(collation)] = row.as_slice()
            && is_read(database, table)
            && let Some(alike) = alike(collation)
        {
            findings.notice(
                SOURCE,
                &format!("{database}.{table}"),
                format!("the key column {column} is compared by {collation}, to which {alike} are the same; to Doris they are different keys"),
            );
        }
    }
    for row in texts(conn, ROUNDED).await? {
        if let [Some(database), Some(table), Some(column), Some(ty)] = row.as_slice()
            && is_read(database, table)
        {
            findings.notice(
                SOURCE,
                &format!("{database}.{table}"),
                format!(
                    "{column} is {ty}: full data has the digits that the server prints of it, and changes have the value with all digits; \
                     as DOUBLE or DECIMAL it would have one form"
                ),
            );
        }
    }
    Ok(())
}

/// What a collation takes for the same; None if it tells all texts apart that differ in their letters.
fn alike(collation: &str) -> Option<&'static str> {
    if collation == "binary" || collation.ends_with("_bin") || collation.ends_with("_cs") {
        None
    } else if collation.contains("_as_ci") {
        Some("`a` and `A`")
    } else {
        Some("`a` and `A`, and mostly `a` and `á`,")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_collations_take_for_the_same() {
        for (collation, found) in [
            ("utf8mb4_bin", None),
            ("binary", None),
            ("utf8mb4_0900_as_cs", None),
            ("latin1_general_cs", None),
            ("utf8mb4_0900_as_ci", Some("`a` and `A`")),
            ("utf8mb4_0900_ai_ci", Some("`a` and `A`, and mostly `a` and `á`,")),
            ("utf8mb3_general_ci", Some("`a` and `A`, and mostly `a` and `á`,")),
        ] {
            assert_eq!(alike(collation), found, "{collation}");
        }
    }
}
