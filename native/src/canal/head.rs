//! Which table a message is of and what it reports, without its images: for whoever has to choose a decoder first.

use super::envelope::{Envelope, EnvelopeReader, Member};
use super::event::{Event, EventKind};
use super::mysql;
use crate::json::scan::{Path, Vector, Work};
use crate::json::{self, PADDING, Refused, skip, string};
use std::borrow::Cow;
use std::num::NonZeroU64;

/// Bytes of templates: it has all tables of a job, and there is one for them.
const TEMPLATE_BYTES: usize = 1 << 20;

/// Reads the heads of messages, one after the other.
#[derive(Debug)]
pub struct HeadReader {
    path: Path,
    reader: EnvelopeReader,
    envelope: Envelope,
    input: Vec<u8>,
}

impl Default for HeadReader {
    fn default() -> Self {
        HeadReader {
            path: Path::best(),
            reader: EnvelopeReader::remembering(TEMPLATE_BYTES),
            envelope: Envelope::default(),
            input: Vec::new(),
        }
    }
}

/// A message's members but for the rows.
#[derive(Debug, Clone, Copy)]
pub struct Head<'r> {
    envelope: &'r Envelope,
    input: &'r [u8],
}

struct Read<'r>(&'r mut HeadReader);

impl Work for Read<'_> {
    type Out = Result<(), Refused>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Out {
        let HeadReader { reader, envelope, input, .. } = self.0;
        reader.read::<V>(
            (input, input.len() - PADDING),
            envelope,
            #[inline(always)]
            |_, pos| skip::value_by::<V>(input, pos),
        )
    }
}

impl HeadReader {
    /// Reads a message. `data` and `old` are only validated.
    ///
    /// # Errors
    /// It is not UTF-8, not strict JSON, not an object, or has a member twice.
    pub fn read(&mut self, message: &[u8]) -> Result<Head<'_>, Refused> {
        simdutf8::basic::from_utf8(message).map_err(|_| Refused)?;
        self.input.clear();
        self.input.reserve(message.len() + PADDING);
        self.input.extend_from_slice(message);
        json::pad(&mut self.input);
        let path = self.path;
        path.run(Read(self))?;
        Ok(Head { envelope: &self.envelope, input: &self.input })
    }
}

impl<'r> Head<'r> {
    /// The head of a message that was taken apart.
    pub(super) fn of(envelope: &'r Envelope, input: &'r [u8]) -> Head<'r> {
        Head { envelope, input }
    }

    /// `database`; None if it is missing, null or no text.
    pub fn database(&self) -> Option<Cow<'r, str>> {
        self.text(Member::Database)
    }

    /// `table`, as above.
    pub fn table(&self) -> Option<Cow<'r, str>> {
        self.text(Member::Table)
    }

    /// `sql`, as above.
    pub fn sql(&self) -> Option<Cow<'r, str>> {
        self.text(Member::Sql)
    }

    /// `es`: milliseconds since 1970, when the source executed the change.
    pub fn executed(&self) -> Option<i64> {
        std::str::from_utf8(self.raw(Member::Es)?).ok()?.parse().ok()
    }

    /// By `type`, and by `isDdl` where that decides: Canal reports `CREATE DATABASE` as a QUERY with it.
    pub fn event(&self) -> Event {
        let ddl = self.raw(Member::IsDdl) == Some(b"true");
        match self.envelope.plain(Member::Type, self.input).map(Event::of) {
            Some(Event::Statement(EventKind::Query) | Event::Unknown) if ddl => Event::Statement(EventKind::Ddl),
            Some(event) => event,
            None => Event::Unknown,
        }
    }

    /// `mysqlType`: columns and types, in the message's order; none where it is null or no object.
    ///
    /// # Errors
    /// A name or type that is no UTF-8 once unescaped.
    pub fn mysql_types(&self) -> Result<Vec<(String, String)>, Refused> {
        let mut types = Vec::new();
        if let Some((start, _)) = self.envelope.span(Member::MysqlType) {
            mysql::each_type(self.input, start, |name, ty| types.push((lossy(name), lossy(ty))))?;
        }
        Ok(types)
    }

    /// `pkNames`; none where it is null.
    ///
    /// # Errors
    /// It is no array of texts.
    pub fn keys(&self) -> Result<Vec<String>, Refused> {
        match self.raw(Member::PkNames) {
            Some(raw) if raw != b"null" => serde_json::from_slice(raw).map_err(|_| Refused),
            _ => Ok(Vec::new()),
        }
    }

    /// A number that messages have in common only if their `isDdl`, `mysqlType`, `pkNames` and `sqlType` are the same, byte by byte. None for a message that is unlike
    /// those before it.
    pub fn outline(&self) -> Option<NonZeroU64> {
        self.envelope.outline
    }

    /// A member's value as it stands in the message.
    pub fn raw(&self, member: Member) -> Option<&'r [u8]> {
        self.envelope.raw(member, self.input)
    }

    /// Whether a member is this text, as far as it is seen without unescaping it.
    pub fn is(&self, member: Member, text: &str) -> bool {
        matches!(self.raw(member), Some([b'"', raw @ .., b'"']) if raw == text.as_bytes() && !raw.contains(&b'\\'))
    }

    pub(super) fn span(&self, member: Member) -> Option<(usize, usize)> {
        self.envelope.span(member)
    }

    /// The message, padded.
    pub(super) fn input(&self) -> &'r [u8] {
        self.input
    }

    fn text(&self, member: Member) -> Option<Cow<'r, str>> {
        let [b'"', raw @ .., b'"'] = self.raw(member)? else { return None };
        if !raw.contains(&b'\\') {
            return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
        }
        let mut text = Vec::new();
        string::unescape(raw, &mut text).ok()?;
        String::from_utf8(text).ok().map(Cow::Owned)
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_events() {
        let mut reader = HeadReader::default();
        for (message, database, table, event) in [
            (
                r#"{"data":[{"table":"x"}],"database":"a","table":"b","type":"INSERT"}"#,
                Some("a"),
                Some("b"),
                Event::of(b"INSERT"),
            ),
            (
                r#"{"database":"\u0061\"","table":null,"isDdl":true,"type":"QUERY"}"#,
                Some("a\""),
                None,
                Event::Statement(EventKind::Ddl),
            ),
            (r#"{"database":7,"isDdl":false,"type":"QUERY"}"#, None, None, Event::Statement(EventKind::Query)),
            (r#"{"isDdl":true,"type":"NEW"}"#, None, None, Event::Statement(EventKind::Ddl)),
            ("{}", None, None, Event::Unknown),
        ] {
            let head = reader.read(message.as_bytes()).unwrap();
            assert_eq!(head.database().as_deref(), database, "{message}");
            assert_eq!(head.table().as_deref(), table, "{message}");
            assert_eq!(head.event(), event, "{message}");
        }
    }

    #[test]
    fn what_is_no_message() {
        let mut reader = HeadReader::default();
        for message in [b"".as_slice(), b"[]", b"{\"a\":}", b"{\"a\":\"\xFF\"}", b"{\"id\":1,\"id\":2}"] {
            assert!(reader.read(message).is_err(), "{}", String::from_utf8_lossy(message));
        }
    }

    #[test]
    fn types_in_their_order_and_the_key() {
        let mut reader = HeadReader::default();
        let message = br#"{"mysqlType":{"z":"int(11)","a\u00e9":"enum('x')"},"pkNames":["z","a"]}"#;
        let head = reader.read(message).unwrap();
        let types = [("z".to_string(), "int(11)".to_string()), ("a\u{e9}".to_string(), "enum('x')".to_string())];
        assert_eq!((head.mysql_types().unwrap(), head.keys().unwrap()), (types.to_vec(), vec!["z".into(), "a".into()]));
        let head = reader.read(br#"{"mysqlType":null,"pkNames":null}"#).unwrap();
        assert_eq!((head.mysql_types().unwrap(), head.keys().unwrap()), (vec![], vec![]));
        let head = reader.read(br#"{"mysqlType":7,"pkNames":[7]}"#).unwrap();
        assert!(head.mysql_types().unwrap().is_empty() && head.keys().is_err());
    }

    #[test]
    fn the_sql_and_when_it_ran() {
        let mut reader = HeadReader::default();
        let head = reader.read(br#"{"es":1600,"sql":"ALTER TABLE `a`\nADD b INT","type":"ALTER"}"#).unwrap();
        assert_eq!((head.sql().as_deref(), head.executed()), (Some("ALTER TABLE `a`\nADD b INT"), Some(1600)));
    }
}
