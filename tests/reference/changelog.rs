//! Message → changelog rows, or what becomes of a message that has none.

use super::convert::{Converter, Trouble, trim};
use super::json::{self, Node};
use super::value::{Kind, Row, Timestamp, Value};
use canal_native::canal::event::EventKind;
use canal_native::schema::{
    DdlHandling, DecoderSpec, LogicalType, MetadataKey, Root, Semantics, TimestampFormat, ZeroDate,
};
use std::collections::BTreeSet;

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Rows(Vec<Row>),
    Filtered,
    Skipped(EventKind),
    /// Lenient mode passes over a message that is bad as a whole.
    Dropped,
    /// Strict mode: the job fails.
    Error(&'static str),
    /// Flink does something with it that is not modelled here.
    Unmodelled(&'static str),
}

/// An outcome, and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    pub outcome: Outcome,
    /// What is not as Canal writes it, though it may be valid: only then may the fast decoder hand the message on.
    pub odd: BTreeSet<&'static str>,
    /// A bad value was read as NULL.
    pub nulled: bool,
    /// A top-level timestamp of some image has more digits than the compact layout of its type can hold.
    pub beyond_compact: bool,
    /// Lenient mode has swallowed an error beyond single values.
    pub swallowed: bool,
}

/// The reference decoder. Filters are plain names here.
#[derive(Debug, Clone)]
pub struct Reference {
    pub spec: DecoderSpec,
    pub database: Option<String>,
    pub table: Option<String>,
}

/// Why a message ends early.
enum Stop {
    Trouble(Trouble, &'static str),
    Filtered,
    Skipped(EventKind),
    /// A schema change where it fails the job, in lenient mode too.
    Ddl,
}

type Step<T> = Result<T, Stop>;

fn bad<T>(what: &'static str) -> Step<T> {
    Err(Stop::Trouble(Trouble::Bad, what))
}

/// The names that carry no rows in Canal's `EventType`.
fn statement(name: &str) -> Option<EventKind> {
    Some(match name {
        "CREATE" | "ALTER" | "ERASE" | "RENAME" | "TRUNCATE" | "CINDEX" | "DINDEX" => EventKind::Ddl,
        "QUERY" => EventKind::Query,
        "GTID" | "XACOMMIT" | "XAROLLBACK" => EventKind::Transaction,
        "MHEARTBEAT" => EventKind::Other,
        _ => return None,
    })
}

impl Reference {
    /// Decodes one message.
    pub fn decode(&self, message: &[u8]) -> Decoded {
        let mut converter = Converter {
            timestamp: self.spec.timestamp,
            time_millis: self.spec.time_millis,
            exact: self.spec.fields.iter().any(|f| f.ty.contains_decimal()),
            nulls: self.spec.lenient && self.spec.semantics == Semantics::Flink,
            nulled: false,
            beyond_compact: false,
            odd: BTreeSet::new(),
        };
        let mut rows = Vec::new();
        let stop = self.message(message, &mut converter, &mut rows);
        let swallowed = self.spec.lenient && matches!(stop, Err(Stop::Trouble(Trouble::Bad, _)));
        let outcome = match stop {
            Ok(()) => Outcome::Rows(rows),
            Err(Stop::Filtered) => Outcome::Filtered,
            Err(Stop::Skipped(kind)) => Outcome::Skipped(kind),
            Err(Stop::Ddl) => Outcome::Error("a schema change"),
            Err(Stop::Trouble(Trouble::Unmodelled(what), _)) => Outcome::Unmodelled(what),
            Err(Stop::Trouble(Trouble::Bad, what)) => match (self.spec.lenient, self.spec.semantics) {
                (false, _) => Outcome::Error(what),
                (true, Semantics::Canal) => Outcome::Dropped,
                // The rows in front of the bad one are given out.
                (true, Semantics::Flink) => Outcome::Rows(rows),
            },
        };
        let Converter { nulled, odd, beyond_compact, .. } = converter;
        Decoded { outcome, odd, nulled, beyond_compact, swallowed }
    }

    fn message(&self, message: &[u8], converter: &mut Converter, rows: &mut Vec<Row>) -> Step<()> {
        if message.is_empty() {
            converter.odd.insert("an empty message");
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(message) else {
            return Err(Stop::Trouble(Trouble::Unmodelled("not UTF-8"), ""));
        };
        // What Jackson takes for UTF-16 or UTF-32, and the mark that it passes over.
        if message[..message.len().min(2)].contains(&0) || text.starts_with('\u{feff}') {
            return Err(Stop::Trouble(Trouble::Unmodelled("another encoding, or a byte order mark"), ""));
        }
        let Ok(document) = json::parse(text) else { return bad("not JSON") };
        note_oddities(&document.oddities, &mut converter.odd);
        let Some(root) = document.root else { return bad("an empty document") };
        self.filter(&root, converter)?;
        let event = match root.get("type") {
            None | Some(Node::Null) => None,
            Some(node) => {
                let plain = |text: &str| text.chars().all(|c| c >= ' ' && c != '"' && c != '\\');
                if !matches!(node, Node::Text(text) if plain(text)) {
                    converter.odd.insert("type is not plain text");
                }
                Some(converter.text(node).map_err(|t| Stop::Trouble(t, "type"))?)
            }
        };
        match self.spec.semantics {
            Semantics::Flink => self.as_flink(&root, event.as_deref(), converter, rows),
            Semantics::Canal => self.as_canal(&root, event.as_deref(), converter, rows),
        }
    }

    fn filter(&self, root: &Node, converter: &mut Converter) -> Step<()> {
        for (member, included) in [("database", &self.database), ("table", &self.table)] {
            let Some(included) = included else { continue };
            let Some(node) = root.get(member) else { return bad("a filtered name is missing") };
            if !matches!(node, Node::Text(_)) {
                converter.odd.insert("a filtered name is not text");
            }
            let name = converter.scalar_text(node).map_err(|t| Stop::Trouble(t, "a filtered name"))?;
            if name != *included {
                return Err(Stop::Filtered);
            }
        }
        Ok(())
    }

    /// The metadata columns, as far as they are asked for; `old`, which differs from row to row, as NULL.
    fn metadata(&self, root: &Node, converter: &mut Converter) -> Step<Vec<Value>> {
        let of = |root| LogicalType { root, nullable: true };
        let text = || Box::new(of(Root::Varchar));
        let mut values = Vec::new();
        for key in &self.spec.metadata {
            let (member, ty) = match key {
                MetadataKey::Database => ("database", of(Root::Varchar)),
                MetadataKey::Table => ("table", of(Root::Varchar)),
                MetadataKey::SqlType => ("sqlType", of(Root::Map { key: text(), value: Box::new(of(Root::Integer)) })),
                MetadataKey::PkNames => ("pkNames", of(Root::Array { element: text() })),
                MetadataKey::IngestionTimestamp => ("ts", of(Root::Bigint)),
                MetadataKey::EventTimestamp => ("es", of(Root::Bigint)),
                MetadataKey::Type => ("type", of(Root::Varchar)),
                MetadataKey::Sql => ("sql", of(Root::Varchar)),
                MetadataKey::IsDdl => ("isDdl", of(Root::Boolean)),
                MetadataKey::Gtid => ("gtid", of(Root::Varchar)),
                MetadataKey::Id => ("id", of(Root::Bigint)),
                // No member of Canal's; tests of packets put them there.
                MetadataKey::BinlogFile => ("binlogFile", of(Root::Varchar)),
                MetadataKey::BinlogOffset => ("binlogOffset", of(Root::Bigint)),
                MetadataKey::Old => {
                    values.push(Value::Null);
                    continue;
                }
            };
            let node = root.get(member);
            note_metadata(node, *key, &mut converter.odd);
            values.push(match converter.convert(node, &ty).map_err(|t| Stop::Trouble(t, "metadata"))? {
                Value::Bigint(millis) if !matches!(key, MetadataKey::Id | MetadataKey::BinlogOffset) => {
                    Value::Instant(Timestamp { millis, nanos: 0 })
                }
                other => other,
            });
        }
        Ok(values)
    }

    /// The metadata of row `i` of an UPDATE: with its own before image.
    fn with_old(&self, metadata: &[Value], root: &Node, i: usize, converter: &mut Converter) -> Step<Vec<Value>> {
        let Some(at) = self.spec.metadata.iter().position(|key| *key == MetadataKey::Old) else {
            return Ok(metadata.to_vec());
        };
        let mut own = metadata.to_vec();
        if let Some(Node::Array(images)) = root.get("old") {
            own[at] = images.get(i).map_or(Ok(Value::Null), |image| old_image(image, converter))?;
        }
        Ok(own)
    }

    fn as_flink(&self, root: &Node, event: Option<&str>, converter: &mut Converter, rows: &mut Vec<Row>) -> Step<()> {
        if !matches!(root, Node::Object(_)) {
            return bad("not an object");
        }
        let data = self.flink_images(root.get("data"), converter)?;
        let old = self.flink_images(root.get("old"), converter)?;
        let metadata = self.metadata(root, converter)?;
        let mut emit = |kind, mut values: Vec<Value>, metadata: &[Value]| {
            values.extend(metadata.iter().cloned());
            rows.push(Row { kind, values });
        };
        let Some(event) = event else { return bad("no type") };
        let kind = match event {
            "INSERT" => Kind::Insert,
            "DELETE" => Kind::Delete,
            "UPDATE" => Kind::UpdateAfter,
            "CREATE" => return Err(Stop::Skipped(EventKind::Ddl)),
            _ => return bad("an unknown type"),
        };
        let Some(data) = data else { return bad("no data") };
        for (i, image) in data.into_iter().enumerate() {
            let after = image.ok_or(Stop::Trouble(Trouble::Bad, "a null in data"))?;
            if kind != Kind::UpdateAfter {
                emit(kind, after, &metadata);
                continue;
            }
            let Some(Some(before)) = old.as_ref().and_then(|old| old.get(i)) else { return bad("no before image") };
            let mut before = before.clone();
            for (f, field) in self.spec.fields.iter().enumerate() {
                let found = root.get("old").is_some_and(|old| old.has_anywhere(&field.name));
                if before[f] == Value::Null && !found {
                    before[f] = after[f].clone();
                }
            }
            let metadata = self.with_old(&metadata, root, i, converter)?;
            emit(Kind::UpdateBefore, before, &metadata);
            emit(Kind::UpdateAfter, after, &metadata);
        }
        Ok(())
    }

    /// `data` or `old` as an array of rows; a null element, or in lenient mode a bad one, is `None`.
    fn flink_images(&self, node: Option<&Node>, converter: &mut Converter) -> Step<Option<Vec<Option<Vec<Value>>>>> {
        let row = LogicalType { root: Root::Row { fields: self.spec.fields.clone() }, nullable: true };
        let rows = LogicalType { root: Root::Array { element: Box::new(row) }, nullable: true };
        note_images(node, &mut converter.odd);
        let images = converter.convert(node, &rows).map_err(|t| Stop::Trouble(t, "an image"))?;
        let Value::Array(images) = images else { return Ok(None) };
        let mut image = |value| {
            let Value::Row(values) = value else { return None };
            converter.beyond_compact |= self.beyond_compact(&values);
            Some(values)
        };
        Ok(Some(images.into_iter().map(&mut image).collect()))
    }

    fn as_canal(&self, root: &Node, event: Option<&str>, converter: &mut Converter, rows: &mut Vec<Row>) -> Step<()> {
        if !matches!(root, Node::Object(_)) {
            return bad("not an object");
        }
        let Some(event) = event else { return bad("no type") };
        let kind = match event {
            "INSERT" | "INIT" => Kind::Insert,
            "DELETE" => Kind::Delete,
            "UPDATE" => Kind::UpdateAfter,
            name => {
                let kind = self.no_rows(root, name)?;
                let says_so = root.get("isDdl") == Some(&Node::Boolean(true));
                let schema_change = kind == EventKind::Ddl || kind == EventKind::Query && says_so;
                return match self.spec.ddl {
                    DdlHandling::Emit if schema_change => {
                        let mut values = vec![Value::Null; self.spec.fields.len()];
                        values.extend(self.metadata(root, converter)?);
                        rows.push(Row { kind: Kind::Insert, values });
                        Ok(())
                    }
                    DdlHandling::Fail if schema_change => Err(Stop::Ddl),
                    _ => Err(Stop::Skipped(kind)),
                };
            }
        };
        let data = self.canal_images(root, "data", converter)?;
        let old = self.canal_images(root, "old", converter)?;
        let metadata = self.metadata(root, converter)?;
        let Some(data) = data else { return bad("no data") };
        for (i, after) in data.iter().enumerate() {
            let Some((after, _)) = after else { return bad("a null in data") };
            let update = kind == Kind::UpdateAfter;
            let metadata = if update { self.with_old(&metadata, root, i, converter)? } else { metadata.clone() };
            let mut emit = |kind, values: &[Value]| {
                rows.push(Row { kind, values: values.iter().chain(&metadata).cloned().collect() });
            };
            if update {
                let Some(Some((before, image))) = old.as_ref().and_then(|old| old.get(i)) else {
                    return bad("no before image");
                };
                let mut joined = Vec::new();
                for (f, field) in self.spec.fields.iter().enumerate() {
                    let changed = image.get(&field.name).is_some();
                    joined.push(if changed { before[f].clone() } else { after[f].clone() });
                }
                emit(Kind::UpdateBefore, &joined);
            }
            emit(kind, after);
        }
        Ok(())
    }

    fn no_rows(&self, root: &Node, name: &str) -> Step<EventKind> {
        if let Some(kind) = statement(name) {
            return Ok(kind);
        }
        if root.get("isDdl") == Some(&Node::Boolean(true)) {
            return Ok(EventKind::Ddl);
        }
        match root.get("data") {
            None | Some(Node::Null) => Ok(EventKind::Other),
            Some(_) => bad("an unknown type with data"),
        }
    }

    /// The images of `data` or `old`, each with its JSON.
    #[allow(clippy::type_complexity)]
    fn canal_images<'n>(
        &self,
        root: &'n Node,
        member: &str,
        converter: &mut Converter,
    ) -> Step<Option<Vec<Option<(Vec<Value>, &'n Node)>>>> {
        let node = root.get(member);
        note_images(node, &mut converter.odd);
        let items = match node {
            None | Some(Node::Null) => return Ok(None),
            Some(Node::Array(items)) => items,
            Some(_) => return bad("images are not an array"),
        };
        let mut images = Vec::new();
        for item in items {
            images.push(match item {
                Node::Null => None,
                Node::Object(_) => Some((self.canal_image(root, item, converter)?, item)),
                _ => return bad("an image is not an object"),
            });
        }
        Ok(Some(images))
    }

    fn canal_image(&self, root: &Node, image: &Node, converter: &mut Converter) -> Step<Vec<Value>> {
        let mut values = Vec::new();
        for field in &self.spec.fields {
            let node = image.get(&field.name);
            let value = match (&field.ty.root, node) {
                (Root::Boolean, Some(Node::Text(text) | Node::Integer(text))) if trim(text) == "1" => {
                    Ok(Value::Boolean(true))
                }
                (Root::Boolean, Some(Node::Text(text) | Node::Integer(text))) if trim(text) == "0" => {
                    Ok(Value::Boolean(false))
                }
                (Root::Binary | Root::Varbinary, Some(Node::Text(text))) if is_binary(root, &field.name) => text
                    .chars()
                    .map(|c| u8::try_from(c).map_err(|_| Trouble::Bad))
                    .collect::<Result<_, _>>()
                    .map(Value::Bytes),
                (root, Some(Node::Text(text))) if self.is_zero_date(root, text) => Ok(self.zero_date(root)),
                _ => converter.convert(node, &field.ty),
            };
            values.push(value.map_err(|t| Stop::Trouble(t, "a value"))?);
        }
        converter.beyond_compact |= self.beyond_compact(&values);
        Ok(values)
    }

    /// Whether the table has an own reading for this text, MySQL's date of zeros.
    fn is_zero_date(&self, root: &Root, text: &str) -> bool {
        if self.spec.zero_date == ZeroDate::Fail {
            return false;
        }
        let zoned = match root {
            Root::Date => return text == "0000-00-00",
            Root::TimestampWithoutTimeZone { .. } => false,
            Root::TimestampWithLocalTimeZone { .. } => true,
            _ => return false,
        };
        let text = if zoned { text.strip_suffix('Z').unwrap_or(text) } else { text };
        let iso = self.spec.timestamp == TimestampFormat::Iso8601;
        let starts = ["0000-00-00 00:00:00", "0000-00-00T00:00:00"];
        let rest = starts[..if iso { 2 } else { 1 }].iter().find_map(|start| text.strip_prefix(start));
        rest.is_some_and(|rest| rest.is_empty() || (0..9).any(|n| *rest == format!(".{}", "0".repeat(n + 1))))
    }

    fn zero_date(&self, root: &Root) -> Value {
        let epoch = Timestamp { millis: 0, nanos: 0 };
        match (self.spec.zero_date, root) {
            (ZeroDate::Epoch, Root::Date) => Value::Date(0),
            (ZeroDate::Epoch, Root::TimestampWithoutTimeZone { .. }) => Value::Timestamp(epoch),
            (ZeroDate::Epoch, _) => Value::Instant(epoch),
            _ => Value::Null,
        }
    }

    /// Whether a timestamp of up to three digits has more of them.
    pub fn beyond_compact(&self, values: &[Value]) -> bool {
        let compact = |root: &Root| {
            let (Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision }) = root
            else {
                return false;
            };
            *precision <= 3
        };
        values.iter().zip(&self.spec.fields).any(|(value, field)| {
            matches!(value, Value::Timestamp(stamp) | Value::Instant(stamp) if stamp.nanos != 0 && compact(&field.ty.root))
        })
    }
}

/// An object of `old` as it stands: the text of each value.
fn old_image(image: &Node, converter: &mut Converter) -> Step<Value> {
    let Node::Object(members) = image else { return Ok(Value::Null) };
    let mut text = |node: &Node| match node {
        Node::Null => Ok(Value::Null),
        Node::Fraction(text) => Ok(Value::Text(text.clone())),
        other => converter.text(other).map(Value::Text).map_err(|t| Stop::Trouble(t, "a before image")),
    };
    let entries = members.iter().map(|(name, node)| Ok((name.clone(), text(node)?)));
    entries.collect::<Step<_>>().map(Value::Map)
}

/// Whether the column's `mysqlType` is one whose values Canal writes as one character per byte.
fn is_binary(root: &Node, column: &str) -> bool {
    let Some(Node::Text(text)) = root.get("mysqlType").and_then(|types| types.get(column)) else { return false };
    let letters: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let name = letters.to_ascii_lowercase();
    let strings = ["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"];
    let geometries = ["point", "linestring", "polygon", "geometry", "geometrycollection", "geomcollection"];
    let collections = ["multipoint", "multilinestring", "multipolygon"];
    [&strings[..], &geometries, &collections].concat().contains(&name.as_str())
}

fn note_oddities(oddities: &json::Oddities, odd: &mut BTreeSet<&'static str>) {
    for (present, what) in [
        (oddities.duplicate, "a member twice"),
        (oddities.trailing, "text after the document"),
        (oddities.unneeded_escape, "an escape that needs not be one"),
        (oddities.lone_surrogate, "half a surrogate pair"),
        (oddities.raw_control, "a raw control character"),
        (oddities.depth > 64, "deep nesting"),
        // Jackson of Flink 2.1 refuses names of more than 50,000 characters.
        (oddities.name_length > 10_000, "a very long name"),
        (oddities.huge_number, "a huge number"),
        (oddities.number_length > 500, "a very long number"),
    ] {
        if present {
            odd.insert(what);
        }
    }
}

/// Canal writes a column's value as text or null.
fn note_images(node: Option<&Node>, odd: &mut BTreeSet<&'static str>) {
    let images = match node {
        None | Some(Node::Null) => return,
        Some(Node::Array(images)) => images,
        Some(_) => {
            odd.insert("images are not an array");
            return;
        }
    };
    for image in images {
        let Node::Object(members) = image else {
            odd.insert("an image is not an object");
            continue;
        };
        for (_, node) in members {
            match node {
                Node::Null | Node::Text(_) => {}
                Node::Integer(_) => _ = odd.insert("an integer"),
                Node::Fraction(_) => _ = odd.insert("a fraction"),
                Node::Boolean(_) => _ = odd.insert("a boolean"),
                Node::Array(_) | Node::Object(_) => _ = odd.insert("a container"),
            }
        }
    }
}

fn note_metadata(node: Option<&Node>, key: MetadataKey, odd: &mut BTreeSet<&'static str>) {
    let as_written = match (key, node) {
        (_, None | Some(Node::Null)) => true,
        (
            MetadataKey::Database | MetadataKey::Table | MetadataKey::Type | MetadataKey::Sql | MetadataKey::Gtid,
            Some(Node::Text(_)),
        ) => true,
        (MetadataKey::IngestionTimestamp | MetadataKey::EventTimestamp | MetadataKey::Id, Some(Node::Integer(_))) => {
            true
        }
        (MetadataKey::IsDdl, Some(Node::Boolean(_))) => true,
        (MetadataKey::SqlType, Some(Node::Object(members))) => {
            members.iter().all(|(_, code)| matches!(code, Node::Integer(_) | Node::Null))
        }
        (MetadataKey::PkNames, Some(Node::Array(names))) => {
            names.iter().all(|name| matches!(name, Node::Text(_) | Node::Null))
        }
        _ => false,
    };
    if !as_written {
        odd.insert("metadata of another form");
    }
}
