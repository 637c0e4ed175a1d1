//! SHOW and DESC.

use super::ast::{Show, ShowKind, TableName};
use super::error::SqlError;
use super::expr::Scope;
use super::functions::like;
use super::information_schema::{self, default_text, extra, moment};
use super::relation::{Relation, RowScope};
use super::select;
use super::session::Session;
use super::show_create;
use crate::cell::Cell;
use crate::schema::{Column, TableSchema};
use crate::store::{AlterJob, AlterState};
use crate::transaction::Transaction;
use std::sync::Arc;

type Shown = Result<Relation, SqlError>;

/// Runs SHOW: LIKE tests the first column, WHERE any.
pub fn run(session: &Session, show: &Show) -> Shown {
    let mut relation = rows(session, show)?;
    let all = std::mem::take(&mut relation.rows);
    for row in all {
        let liked = match &show.like {
            Some(pattern) => like(&row[0], &Cell::Text(pattern.clone()), false)? == Cell::Bool(true),
            None => true,
        };
        let scope = RowScope { fields: &relation, row: Some(&row), session };
        let kept = liked && show.filter.as_ref().map_or(Ok(true), |filter| filter.holds(&scope))?;
        if kept {
            relation.rows.push(row);
        }
    }
    select::arrange(relation, &show.order_by, show.limit, show.offset, session)
}

fn rows(session: &Session, show: &Show) -> Shown {
    match &show.kind {
        ShowKind::Databases => databases(session),
        ShowKind::Tables { full } => tables(session, &database(session, show)?, *full),
        ShowKind::Columns { full, table } => columns(session, table, *full),
        ShowKind::CreateTable(table) => create_table(session, table),
        ShowKind::CreateDatabase(name) => create_database(session, name),
        ShowKind::AlterTableColumn => alter_jobs(session, &database(session, show)?),
        ShowKind::Transaction => transactions(session, &database(session, show)?),
        ShowKind::StreamLoad => stream_loads(session, &database(session, show)?),
        ShowKind::Frontends => Ok(super::nodes::frontends(&session.cluster)),
        ShowKind::Backends => Ok(super::nodes::backends(&session.cluster)),
        ShowKind::Variables => Ok(variables(session)),
        ShowKind::TableStatus => table_status(session, &database(session, show)?),
        ShowKind::Partitions(table) => partitions(session, table),
        ShowKind::Index(_) => {
            Ok(Relation::named(&["Table", "Non_unique", "Key_name", "Seq_in_index", "Column_name", "Index_type"]))
        }
        ShowKind::Processlist => Ok(processlist(session)),
        ShowKind::Other(word) => Ok(other(session, word)),
    }
}

fn database(session: &Session, show: &Show) -> Result<String, SqlError> {
    session.database_of(&TableName { database: show.database.clone(), table: String::new() })
}

fn schema(session: &Session, name: &TableName) -> Result<Arc<TableSchema>, SqlError> {
    let database = session.database_of(name)?;
    Ok(session.cluster.store().table(&database, &name.table)?.schema.clone())
}

fn databases(session: &Session) -> Shown {
    let mut relation = Relation::named(&["Database"]);
    relation.push([information_schema::NAME]);
    for (name, _) in session.cluster.store().databases() {
        relation.push([name]);
    }
    Ok(relation)
}

fn tables(session: &Session, database: &str, full: bool) -> Shown {
    let header = format!("Tables_in_{database}");
    let all = [header.as_str(), "Table_type", "Storage_format", "Inverted_index_storage_format"];
    let mut relation = Relation::named(if full { &all } else { &all[..1] });
    let names: Vec<String> = if database.eq_ignore_ascii_case(information_schema::NAME) {
        information_schema::TABLES.map(str::to_owned).to_vec()
    } else {
        session.cluster.store().database(database)?.tables.keys().cloned().collect()
    };
    for name in names {
        if full {
            relation.push([name.as_str(), "BASE TABLE", "V2", "V2"]);
        } else {
            relation.push([name]);
        }
    }
    Ok(relation)
}

fn columns(session: &Session, table: &TableName, full: bool) -> Shown {
    let names: &[&str] = if full {
        &["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
    } else {
        &["Field", "Type", "Null", "Key", "Default", "Extra"]
    };
    let mut relation = Relation::named(names);
    for (_, column) in schema(session, table)?.visible() {
        let [field, ty, null, key, default, extra] = described(column);
        if full {
            let privileges = Some(String::new());
            relation.push([
                field,
                ty,
                Some(String::new()),
                null,
                key,
                default,
                extra,
                privileges,
                Some(column.comment.clone()),
            ]);
        } else {
            relation.push([field, ty, null, key, default, extra]);
        }
    }
    Ok(relation)
}

fn described(column: &Column) -> [Option<String>; 6] {
    let yes_no = |yes: bool, yes_text: &str, no_text: &str| Some(if yes { yes_text } else { no_text }.to_owned());
    [
        Some(column.name.clone()),
        Some(column.ty.to_string()),
        yes_no(column.nullable, "YES", "NO"),
        yes_no(column.key, "YES", "NO"),
        default_text(column),
        Some(extra(column)),
    ]
}

/// DESC: as SHOW COLUMNS, but value columns without aggregation say NONE, and key is true or false.
pub fn describe(session: &Session, name: &TableName) -> Shown {
    let mut relation = Relation::named(&["Field", "Type", "Null", "Key", "Default", "Extra"]);
    let hidden = session.is_on("show_hidden_columns");
    for column in schema(session, name)?.columns.iter().filter(|column| column.visible || hidden) {
        let [field, ty, null, _, default, extra] = described(column);
        let null = null.map(|text| if text == "YES" { "Yes" } else { "No" }.to_owned());
        let extra = extra.map(|text| if text.is_empty() && !column.key { "NONE".to_owned() } else { text });
        relation.push([field, ty, null, Some(column.key.to_string()), default, extra]);
    }
    Ok(relation)
}

fn create_table(session: &Session, name: &TableName) -> Shown {
    let mut relation = Relation::named(&["Table", "Create Table"]);
    relation.push([name.table.clone(), show_create::statement(&*schema(session, name)?)]);
    Ok(relation)
}

fn create_database(session: &Session, name: &str) -> Shown {
    session.cluster.store().database(name)?;
    let mut relation = Relation::named(&["Database", "Create Database"]);
    relation.push([name.to_owned(), format!("CREATE DATABASE `{name}`")]);
    Ok(relation)
}

fn alter_jobs(session: &Session, database: &str) -> Shown {
    let mut relation = Relation::named(&[
        "JobId",
        "TableName",
        "CreateTime",
        "FinishTime",
        "IndexName",
        "IndexId",
        "OriginIndexId",
        "SchemaVersion",
        "TransactionId",
        "State",
        "Msg",
        "Progress",
        "Timeout",
    ]);
    let store = session.cluster.store();
    store.database(database)?;
    for job in store.alter_jobs().iter().filter(|job| job.database == database) {
        relation.push(alter_row(job));
    }
    Ok(relation)
}

fn alter_row(job: &AlterJob) -> [Cell; 13] {
    let text = Cell::Text;
    let progress = if job.state == AlterState::Running { text("0/1".to_owned()) } else { text("NULL".to_owned()) };
    [
        text(job.id.to_string()),
        text(job.table.clone()),
        text(moment(job.created_ms).to_string()),
        text(job.finished_ms.map_or("NULL".to_owned(), |ms| moment(ms).to_string())),
        text(job.table.clone()),
        text((job.id + 1).to_string()),
        text(job.table_id.to_string()),
        text(format!("{}:{}", job.schema_version, job.id)),
        text(job.watershed_txn.to_string()),
        text(job.state.text().to_owned()),
        text(job.message.clone()),
        progress,
        text("86400".to_owned()),
    ]
}

fn transactions(session: &Session, database: &str) -> Shown {
    let mut relation = Relation::named(&[
        "TransactionId",
        "Label",
        "Coordinator",
        "TransactionStatus",
        "LoadJobSourceType",
        "PrepareTime",
        "PreCommitTime",
        "CommitTime",
        "PublishTime",
        "FinishTime",
        "Reason",
        "ErrorReplicasCount",
        "ListenerId",
        "TimeoutMs",
        "ErrMsg",
    ]);
    let store = session.cluster.store();
    store.database(database)?;
    for transaction in store.transactions().filter(|transaction| transaction.database == database) {
        relation.push(transaction_row(transaction));
    }
    Ok(relation)
}

fn transaction_row(transaction: &Transaction) -> [Cell; 15] {
    let text = |text: &str| Cell::Text(text.to_owned());
    let time = |ms: Option<i64>| ms.map_or(Cell::Null, |ms| Cell::Text(moment(ms).to_string()));
    let source = match transaction.source {
        crate::transaction::Source::StreamLoad => "BACKEND_STREAMING",
        crate::transaction::Source::Statement => "INSERT_STREAMING",
    };
    [
        Cell::Int(transaction.id.into()),
        text(&transaction.label),
        text(if source == "INSERT_STREAMING" { "FE: 127.0.0.1" } else { "BE: 127.0.0.1" }),
        text(transaction.state.text()),
        text(source),
        time(Some(transaction.prepared_ms)),
        time(transaction.precommitted_ms),
        time(transaction.committed_ms),
        time(transaction.finished_ms.filter(|_| transaction.committed_ms.is_some())),
        time(transaction.finished_ms),
        text(&transaction.reason),
        Cell::Int(0),
        Cell::Int(-1),
        Cell::Int(transaction.timeout_ms.into()),
        text(""),
    ]
}

/// The loads as transactions know them: their sizes and durations are not kept.
fn stream_loads(session: &Session, database: &str) -> Shown {
    let mut relation = Relation::named(&[
        "Label",
        "Db",
        "Table",
        "ClientIp",
        "Status",
        "Message",
        "Url",
        "TotalRows",
        "LoadedRows",
        "FinishTime",
        "User",
        "Comment",
    ]);
    let store = session.cluster.store();
    store.database(database)?;
    let loads = store.transactions().filter(|transaction| {
        transaction.database == database
            && transaction.source == crate::transaction::Source::StreamLoad
            && transaction.state.is_final()
    });
    for load in loads {
        let visible = load.committed_ms.is_some();
        let finished = load.finished_ms.map(|ms| moment(ms).to_string()).unwrap_or_default();
        let rows = load.rows.to_string();
        let (status, message) = if visible { ("Success", "OK") } else { ("Fail", load.reason.as_str()) };
        relation.push([
            load.label.as_str(),
            database,
            &load.table,
            "127.0.0.1",
            status,
            message,
            "N/A",
            &rows,
            &rows,
            &finished,
            session.user(),
            "",
        ]);
    }
    Ok(relation)
}

fn variables(session: &Session) -> Relation {
    let mut relation = Relation::named(&["Variable_name", "Value", "Default_Value", "Changed"]);
    let defaults = super::variables::defaults(session.cluster.version());
    for (name, value) in session.variables() {
        let printed = |cell: &Cell| match cell {
            Cell::Bool(value) => value.to_string(),
            other => other.to_string(),
        };
        let default = defaults.get(name).map(printed).unwrap_or_default();
        let value = printed(value);
        let changed = if value == default { "0" } else { "1" };
        relation.push([name.as_str(), &value, &default, changed]);
    }
    relation
}

fn table_status(session: &Session, database: &str) -> Shown {
    let mut relation = Relation::named(&[
        "Name",
        "Engine",
        "Version",
        "Row_format",
        "Rows",
        "Create_time",
        "Update_time",
        "Collation",
        "Comment",
    ]);
    for (name, table) in &session.cluster.store().database(database)?.tables {
        let (rows, created, updated) =
            (table.row_count().to_string(), moment(table.created_ms).to_string(), moment(table.updated_ms).to_string());
        relation.push([name.as_str(), "Doris", "", "", &rows, &created, &updated, "utf-8", &table.schema.comment]);
    }
    Ok(relation)
}

/// A table without partitions has one of its own name.
fn partitions(session: &Session, table: &TableName) -> Shown {
    let mut relation = Relation::named(&[
        "PartitionId",
        "PartitionName",
        "VisibleVersion",
        "State",
        "PartitionKey",
        "Range",
        "DistributionKey",
        "Buckets",
    ]);
    let schema = schema(session, table)?;
    let key = schema.distribution.hash.join(", ");
    let buckets = schema.distribution.buckets.map_or("AUTO".to_owned(), |count| count.to_string());
    match &schema.partitioning {
        None => relation.push(["1", &schema.name, "1", "NORMAL", "", "", &key, &buckets]),
        Some(partitioning) => {
            let columns = partitioning.columns.join(", ");
            for (index, partition) in partitioning.partitions.iter().enumerate() {
                let range = show_create::values_text(&partition.values, partitioning, &schema);
                relation.push([
                    &(index + 1).to_string(),
                    partition.name.as_str(),
                    "1",
                    "NORMAL",
                    &columns,
                    &range,
                    &key,
                    &buckets,
                ]);
            }
        }
    }
    Ok(relation)
}

fn processlist(session: &Session) -> Relation {
    let mut relation = Relation::named(&["Id", "User", "Host", "Db", "Command", "Time", "State", "Info"]);
    let database = session.session("database").and_then(|cell| cell.text());
    let text = |text: &str| Some(text.to_owned());
    relation.push([
        Some(session.id().to_string()),
        text(session.user()),
        text("127.0.0.1"),
        database,
        text("Query"),
        text("0"),
        text("OK"),
        text("SHOW PROCESSLIST"),
    ]);
    relation
}

fn other(session: &Session, word: &str) -> Relation {
    match word {
        "ENGINES" => {
            let mut relation = Relation::named(&["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"]);
            relation.push(["Olap", "YES", "Default storage engine of palo", "NO", "NO", "NO"]);
            relation
        }
        "COLLATION" => {
            let mut relation = Relation::named(&["Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"]);
            relation.push(["utf8mb4_0900_bin", "utf8mb4", "309", "Yes", "Yes", "1"]);
            relation
        }
        "CHARSET" | "CHARACTER" => {
            let mut relation = Relation::named(&["Charset", "Description", "Default collation", "Maxlen"]);
            relation.push(["utf8mb4", "UTF-8 Unicode", "utf8mb4_0900_bin", "4"]);
            relation
        }
        "CATALOGS" => {
            let mut relation = Relation::named(&["CatalogId", "CatalogName", "Type", "IsCurrent"]);
            relation.push(["0", "internal", "internal", "yes"]);
            relation
        }
        "GRANTS" => {
            let mut relation = Relation::named(&["UserIdentity", "GlobalPrivs"]);
            relation.push([format!("'{}'@'%'", session.user()), "Node_priv,Admin_priv".to_owned()]);
            relation
        }
        "STATUS" => Relation::named(&["Variable_name", "Value"]),
        _ => Relation::named(&["Level", "Code", "Message"]),
    }
}
