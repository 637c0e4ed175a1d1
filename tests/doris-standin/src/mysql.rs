//! The MySQL protocol: users by `mysql_native_password`, one session a connection, several statements in one text, prepared
//! statements whose parameters become literals.

use crate::cell::Cell;
use crate::cluster::Cluster;
use crate::schema::ColumnType as DorisType;
use crate::sql::{Field, Outcome, Session, SqlError, mysql_version};
use async_trait::async_trait;
use opensrv_mysql::{
    AsyncMysqlIntermediary, AsyncMysqlShim, Column, ColumnFlags, ColumnType, ErrorKind, InitWriter,
    IntermediaryOptions, OkResponse, ParamParser, QueryResultWriter, StatementMetaWriter, StatusFlags, ValueInner,
};
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;

static NEXT_CONNECTION: AtomicU32 = AtomicU32::new(1);

/// Takes connections until the runtime ends.
pub async fn serve(cluster: Arc<Cluster>, listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let cluster = cluster.clone();
        tokio::spawn(async move {
            // Rows leave in many small packets.
            let _ = stream.set_nodelay(true);
            let (reader, writer) = stream.into_split();
            let options =
                IntermediaryOptions { process_use_statement_on_query: true, ..IntermediaryOptions::default() };
            // A client that goes away ends its connection; nobody else wants to know.
            let _ = AsyncMysqlIntermediary::run_with_options(Connection::new(cluster), reader, writer, &options).await;
        });
    }
}

struct Connection {
    id: u32,
    salt: [u8; 20],
    cluster: Arc<Cluster>,
    session: Session,
    prepared: HashMap<u32, String>,
}

impl Connection {
    fn new(cluster: Arc<Cluster>) -> Connection {
        let id = NEXT_CONNECTION.fetch_add(1, Ordering::Relaxed);
        let session = Session::new(cluster.clone(), &cluster.settings.user, id);
        Connection { id, salt: salt(), cluster, session, prepared: HashMap::new() }
    }
}

/// Twenty printable bytes that nobody can foresee.
fn salt() -> [u8; 20] {
    let random = RandomState::new();
    std::array::from_fn(|index| b'a' + (random.hash_one(index) % 26) as u8)
}

/// What `mysql_native_password` sends: SHA1(password) XOR SHA1(salt + SHA1(SHA1(password))); nothing for no password.
fn native_password(password: &str, salt: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password);
    let salted = Sha1::new().chain_update(salt).chain_update(Sha1::digest(once)).finalize();
    once.iter().zip(salted).map(|(left, right)| left ^ right).collect()
}

#[async_trait]
impl<W: AsyncWrite + Send + Unpin> AsyncMysqlShim<W> for Connection {
    type Error = io::Error;

    fn version(&self) -> String {
        mysql_version().to_owned()
    }

    fn connect_id(&self) -> u32 {
        self.id
    }

    fn salt(&self) -> [u8; 20] {
        self.salt
    }

    async fn authenticate(&self, _plugin: &str, user: &[u8], salt: &[u8], answer: &[u8]) -> bool {
        let settings = &self.cluster.settings;
        user == settings.user.as_bytes() && answer == native_password(&settings.password, salt)
    }

    async fn on_init<'a>(&'a mut self, database: &'a str, writer: InitWriter<'a, W>) -> io::Result<()> {
        match self.session.use_database(database) {
            Ok(()) => writer.ok().await,
            Err(error) => writer.error(ErrorKind::from(error.code), error.message.as_bytes()).await,
        }
    }

    async fn on_query<'a>(&'a mut self, text: &'a str, writer: QueryResultWriter<'a, W>) -> io::Result<()> {
        let outcomes = self.run(text);
        answer(outcomes, writer, false).await
    }

    async fn on_prepare<'a>(&'a mut self, text: &'a str, writer: StatementMetaWriter<'a, W>) -> io::Result<()> {
        let count = match crate::sql::parameters(text) {
            Ok(places) => places.len(),
            Err(error) => return writer.error(ErrorKind::from(error.code), error.message.as_bytes()).await,
        };
        let id = self.prepared.keys().max().map_or(1, |last| last + 1);
        self.prepared.insert(id, text.to_owned());
        let parameters = vec![text_column("?"); count];
        writer.reply(id, &parameters, &[]).await
    }

    async fn on_execute<'a>(
        &'a mut self,
        id: u32,
        parameters: ParamParser<'a>,
        writer: QueryResultWriter<'a, W>,
    ) -> io::Result<()> {
        let Some(text) = self.prepared.get(&id) else {
            return writer.error(ErrorKind::ER_UNKNOWN_STMT_HANDLER, b"Unknown prepared statement").await;
        };
        let values: Vec<String> = parameters.into_iter().map(|value| literal(value.value.into_inner())).collect();
        let outcomes = match with_parameters(text, &values) {
            Ok(text) => self.run(&text),
            Err(error) => vec![Err(error)],
        };
        answer(outcomes, writer, true).await
    }

    async fn on_close<'a>(&'a mut self, id: u32)
    where
        W: 'async_trait,
    {
        self.prepared.remove(&id);
    }
}

impl Connection {
    /// Runs the statements of a text up to the first that fails.
    fn run(&mut self, text: &str) -> Vec<Result<Outcome, SqlError>> {
        let parts = match crate::sql::split(text) {
            Ok(parts) => parts,
            Err(error) => return vec![Err(error)],
        };
        let mut outcomes = Vec::new();
        for part in parts {
            let outcome = self.session.execute(part);
            let failed = outcome.is_err();
            outcomes.push(outcome);
            if failed {
                break;
            }
        }
        outcomes
    }
}

async fn answer<W: AsyncWrite + Send + Unpin>(
    outcomes: Vec<Result<Outcome, SqlError>>,
    writer: QueryResultWriter<'_, W>,
    binary: bool,
) -> io::Result<()> {
    if outcomes.is_empty() {
        return writer.completed(OkResponse::default()).await;
    }
    // The writer borrows the columns of all results until it is done.
    let columns: Vec<Vec<Column>> = outcomes.iter().map(|outcome| columns(outcome, binary)).collect();
    let mut writer = writer;
    let last = outcomes.len() - 1;
    for (index, (outcome, columns)) in outcomes.into_iter().zip(&columns).enumerate() {
        writer = match outcome {
            Ok(Outcome::Done { affected, info }) => {
                let more = StatusFlags::SERVER_MORE_RESULTS_EXISTS;
                let status_flags = if index < last { more } else { StatusFlags::empty() };
                let ok = OkResponse { affected_rows: affected, info, status_flags, ..OkResponse::default() };
                writer.complete_one(ok).await?
            }
            Ok(Outcome::Rows(relation)) => {
                let mut rows = writer.start(columns).await?;
                for row in &relation.rows {
                    rows.write_row(row.iter().map(Cell::text)).await?;
                }
                rows.finish_one().await?
            }
            Err(error) => return writer.error(ErrorKind::from(error.code), error.message.as_bytes()).await,
        };
    }
    writer.no_more_results().await
}

/// In the binary protocol every column is a text, which clients convert as they do in the other.
fn columns(outcome: &Result<Outcome, SqlError>, binary: bool) -> Vec<Column> {
    let Ok(Outcome::Rows(relation)) = outcome else { return Vec::new() };
    let column = |(index, field): (usize, &Field)| {
        let (coltype, colflags) = if binary { text_type() } else { mysql_type(&relation.type_of(index)) };
        Column { table: field.table.clone(), column: field.name.clone(), coltype, colflags }
    };
    relation.fields.iter().enumerate().map(column).collect()
}

fn text_type() -> (ColumnType, ColumnFlags) {
    (ColumnType::MYSQL_TYPE_VAR_STRING, ColumnFlags::empty())
}

fn text_column(name: &str) -> Column {
    let (coltype, colflags) = text_type();
    Column { table: String::new(), column: name.to_owned(), coltype, colflags }
}

/// The type that Doris' front end names for a column; what MySQL does not know is a text.
fn mysql_type(ty: &DorisType) -> (ColumnType, ColumnFlags) {
    let coltype = match ty {
        DorisType::Boolean | DorisType::TinyInt => ColumnType::MYSQL_TYPE_TINY,
        DorisType::SmallInt => ColumnType::MYSQL_TYPE_SHORT,
        DorisType::Int => ColumnType::MYSQL_TYPE_LONG,
        DorisType::BigInt => ColumnType::MYSQL_TYPE_LONGLONG,
        DorisType::Float => ColumnType::MYSQL_TYPE_FLOAT,
        DorisType::Double => ColumnType::MYSQL_TYPE_DOUBLE,
        DorisType::Decimal { .. } => ColumnType::MYSQL_TYPE_NEWDECIMAL,
        DorisType::Date => ColumnType::MYSQL_TYPE_DATE,
        DorisType::DateTime { .. } => ColumnType::MYSQL_TYPE_DATETIME,
        DorisType::Char(_) => ColumnType::MYSQL_TYPE_STRING,
        _ => return text_type(),
    };
    (coltype, ColumnFlags::empty())
}

fn with_parameters(text: &str, values: &[String]) -> Result<String, SqlError> {
    let mut out = String::new();
    let mut from = 0;
    for (place, value) in crate::sql::parameters(text)?.into_iter().zip(values) {
        out.push_str(&text[from..place]);
        out.push_str(value);
        from = place + 1;
    }
    out.push_str(&text[from..]);
    Ok(out)
}

fn literal(value: ValueInner<'_>) -> String {
    match value {
        ValueInner::NULL => "NULL".to_owned(),
        ValueInner::Int(number) => number.to_string(),
        ValueInner::UInt(number) => number.to_string(),
        ValueInner::Double(number) => format!("{number:e}"),
        ValueInner::Bytes(bytes) => quoted(&String::from_utf8_lossy(bytes)),
        ValueInner::Date(bytes) | ValueInner::Datetime(bytes) => quoted(&moment(bytes)),
        ValueInner::Time(bytes) => quoted(&time(bytes)),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `[year u16][month][day]`, then `[hour][minute][second]`, then `[microseconds u32]`, each part optional.
fn moment(bytes: &[u8]) -> String {
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let year = u16::from_le_bytes([byte(0), byte(1)]);
    let date = format!("{year:04}-{:02}-{:02}", byte(2), byte(3));
    if bytes.len() <= 4 {
        return date;
    }
    let micros = u32::from_le_bytes([byte(7), byte(8), byte(9), byte(10)]);
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{date} {:02}:{:02}:{:02}{fraction}", byte(4), byte(5), byte(6))
}

/// `[negative][days u32][hour][minute][second]`.
fn time(bytes: &[u8]) -> String {
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let days = u32::from_le_bytes([byte(1), byte(2), byte(3), byte(4)]);
    let sign = if byte(0) == 1 { "-" } else { "" };
    format!("{sign}{:02}:{:02}:{:02}", days * 24 + u32::from(byte(5)), byte(6), byte(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_password_as_mysql_computes_it() {
        // The server can verify it from SHA1(SHA1(password)) alone.
        let salt = salt();
        let answer = native_password("secret", &salt);
        let stored = Sha1::digest(Sha1::digest("secret"));
        let mask = Sha1::new().chain_update(salt).chain_update(stored).finalize();
        let once: Vec<u8> = answer.iter().zip(mask).map(|(left, right)| left ^ right).collect();
        assert_eq!(Sha1::digest(once), stored);
        assert!(native_password("", &salt).is_empty());
    }

    #[test]
    fn parameters_become_literals() {
        let text = "INSERT INTO t VALUES (?, '?', ?) -- ?";
        let values = [literal(ValueInner::Bytes(b"it's\\")), literal(ValueInner::Double(1.5))];
        assert_eq!(with_parameters(text, &values).unwrap(), "INSERT INTO t VALUES ('it\\'s\\\\', '?', 1.5e0) -- ?");
        assert_eq!(moment(&[232, 7, 2, 29, 1, 2, 3, 32, 161, 7, 0]), "2024-02-29 01:02:03.500000");
    }
}
