//! Any bytes as messages, taken apart by one envelope reader. serde_json is the judge: what the reader accepts is JSON, its
//! members' values are where serde_json finds them, and texts and numbers mean the same. And the other way round: what the
//! reference reads and nothing is odd about is accepted.

use super::{SEPARATOR, mutation};
use crate::reference::json::{self, Node};
use canal_native::canal::envelope::{Envelope, EnvelopeReader, Member, NAMES};
use canal_native::json::scan::{Path, Vector, Work};
use canal_native::json::{Refused, number, pad, skip, string};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;

const MEMBERS: [Member; NAMES.len()] = {
    use Member::*;
    [Data, Database, Es, Gtid, Id, IsDdl, MysqlType, Old, PkNames, Sql, SqlType, Table, Ts, Type]
};

/// Beyond it the reference, which is recursive, would need a larger stack.
const BRACKETS: usize = 3_000;

pub fn run(input: &[u8]) {
    let mut learned = EnvelopeReader::default();
    let messages: Vec<&[u8]> = input.split(|b| *b == SEPARATOR).collect();
    // The first once more: what was learned in between changes nothing.
    for message in messages.iter().chain(&messages[..1]) {
        let spans = read(Path::best(), &mut learned, message);
        for path in Path::all() {
            let fresh = read(path, &mut EnvelopeReader::default(), message);
            assert_eq!(spans, fresh, "{}: {}", path.name(), String::from_utf8_lossy(message));
        }
        judge(message, spans);
    }
}

type Spans = [Option<(usize, usize)>; NAMES.len()];

/// In memory of exactly the size that the reader may look at.
fn padded(message: &[u8]) -> Box<[u8]> {
    let mut buf = message.to_vec();
    pad(&mut buf);
    buf.into_boxed_slice()
}

fn read(path: Path, reader: &mut EnvelopeReader, message: &[u8]) -> Result<Spans, Refused> {
    let buf = padded(message);
    let mut envelope = Envelope::default();
    path.run(Read { reader, buf: &buf, len: message.len(), envelope: &mut envelope })?;
    Ok(MEMBERS.map(|member| envelope.span(member)))
}

struct Read<'r> {
    reader: &'r mut EnvelopeReader,
    buf: &'r [u8],
    len: usize,
    envelope: &'r mut Envelope,
}

impl Work for Read<'_> {
    type Out = Result<(), Refused>;

    fn run<V: Vector>(self) -> Self::Out {
        self.reader.read::<V>((self.buf, self.len), self.envelope, |_, at| skip::value_by::<V>(self.buf, at))
    }
}

fn judge(message: &[u8], spans: Result<Spans, Refused>) {
    // UTF-8 is validated before the envelope is read.
    let Ok(text) = std::str::from_utf8(message) else { return };
    match spans {
        Ok(spans) => {
            let document = with_escaped_controls(text);
            let mut deserializer = serde_json::Deserializer::from_str(&document);
            let members = Members::deserialize(&mut deserializer).unwrap_or_else(|e| panic!("{e}: {text}"));
            for (name, span) in NAMES.iter().zip(spans) {
                let found: Vec<&str> = members.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v.get()).collect();
                let own = span.map(|(start, end)| with_escaped_controls(&text[start..end]));
                assert_eq!(own.as_deref(), found.first().copied(), "member {name} of {text}");
                assert!(found.len() <= 1, "member {name} occurs twice in {text}");
                if let Some((start, end)) = span {
                    scalars(text, start, end);
                }
            }
        }
        Err(Refused) => assert!(!must_be_accepted(text), "refused: {text}"),
    }
}

/// Every text and number in a value.
fn scalars(text: &str, start: usize, end: usize) {
    let buf = padded(text.as_bytes());
    for span in mutation::values(&text.as_bytes()[start..end]) {
        let (from, to) = (start + span.start, start + span.end);
        let raw = &text[from..to];
        if raw.starts_with('"') {
            let span = string::span(&buf, from).expect("a string that was accepted");
            assert_eq!(span.next(), to, "{raw} in {text}");
            let mut own = Vec::new();
            let own = string::unescape(&buf[span.start..span.end], &mut own).map(|()| own).ok();
            let other = serde_json::from_str::<String>(&with_escaped_controls(raw)).ok().map(String::into_bytes);
            assert_eq!(own, other, "{raw}");
        } else if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            let span = number::span(&buf, from).expect("a number that was accepted");
            assert_eq!((span.end, span.integer), (to, !raw.contains(['.', 'e', 'E'])), "{raw} in {text}");
            if span.integer {
                assert_eq!(number::integer(raw.as_bytes()), raw.parse().ok(), "{raw}");
            }
        }
    }
}

/// Control characters in strings, which Flink lets Jackson read and serde_json refuses, as escapes.
fn with_escaped_controls(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if quoted && !escaped && c < ' ' {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        out.push(c);
    }
    out
}

/// An object within the reader's limits, no member twice, no half surrogate pair in a name.
fn must_be_accepted(text: &str) -> bool {
    if text.bytes().filter(|b| matches!(b, b'[' | b'{')).count() > BRACKETS {
        return false;
    }
    let Ok(document) = json::parse(text) else { return false };
    let odd = document.oddities;
    let limits = odd.depth <= skip::MAX_DEPTH as usize && odd.number_length <= 1_000 && !odd.huge_number;
    matches!(document.root, Some(Node::Object(_))) && limits && !odd.duplicate && !odd.lone_surrogate
}

/// An object's members in their order, values as they are written.
struct Members<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'t> Visitor<'t> for Reader {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Members<'t>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'t, str>, &'t RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
