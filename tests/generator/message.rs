//! Messages for a table.

use super::Tape;
use super::text::{Json, Style, write};
use super::value::{value, word};
use canal_native::schema::{Field, Root};

/// The first one passes the filters.
pub const DATABASES: [&str; 3] = ["inventory", "sh\"op", "`types_dev`"];
/// The first one passes the filters.
pub const TABLES: [&str; 3] = ["products", "audit_log", "用户表"];

const EVENTS: [&str; 14] = [
    "INSERT",
    "UPDATE",
    "DELETE",
    "UPDATE",
    "INSERT",
    "INIT",
    "CREATE",
    "ALTER",
    "QUERY",
    "XACOMMIT",
    "MHEARTBEAT",
    "insert",
    "",
    "REPLACE",
];
const BINARY_TYPES: [&str; 6] = ["blob", "varbinary(16)", "BINARY(3)", "GEOMETRY", "point", "longblob"];
const OTHER_TYPES: [&str; 4] = ["varchar(20)", "int", "enum('blob')", "text"];

/// One message for a table with `fields`: mostly as Canal writes it, now and then not.
pub fn message(tape: &mut Tape, fields: &[Field]) -> Vec<u8> {
    let plain = tape.below(5) < 3;
    let mut members = envelope(tape, fields, plain);
    if !plain {
        disturb(tape, &mut members);
    }
    let style = Style { spaced: !plain && tape.one_in(2), escaped: tape.one_in(4) };
    let mut text = String::new();
    write(&Json::Object(members), style, tape, &mut text);
    if !plain && tape.one_in(12) {
        text.push_str(*tape.pick(&["\n", "x", "{}", ",", "\"", "}"]));
    }
    let mut bytes = text.into_bytes();
    if tape.one_in(12) {
        mutate(tape, &mut bytes);
    }
    bytes
}

/// A new message, or now and then the last one again, as it was or with a byte changed: what a decoder remembers of the
/// last message must not show.
pub fn next(tape: &mut Tape, fields: &[Field], last: Option<&[u8]>) -> Vec<u8> {
    match last {
        Some(last) if !last.is_empty() && tape.one_in(3) => {
            let mut again = last.to_vec();
            if tape.one_in(2) {
                mutate(tape, &mut again);
            }
            again
        }
        _ => message(tape, fields),
    }
}

fn envelope(tape: &mut Tape, fields: &[Field], plain: bool) -> Vec<(String, Json)> {
    let event = if plain { EVENTS[tape.below(5)] } else { EVENTS[tape.below(EVENTS.len())] };
    let binary: Vec<bool> =
        fields.iter().map(|f| matches!(f.ty.root, Root::Binary | Root::Varbinary) && tape.one_in(2)).collect();
    let mut images = Images { fields, binary: &binary, shuffled: tape.one_in(3) };
    let statement = !matches!(event, "INSERT" | "UPDATE" | "DELETE" | "INIT");
    let rows = if tape.one_in(10) { 0 } else { 1 + tape.below(3) };
    let data = if statement && !tape.one_in(3) { Json::null() } else { images.data(tape, rows) };
    let old = if event == "UPDATE" || tape.one_in(8) { images.old(tape, rows) } else { Json::null() };
    let names = || fields.iter().map(|f| f.name.clone());
    let mysql_types = names().zip(&binary).map(|(name, binary)| {
        (name, Json::text(*if *binary { tape.pick(&BINARY_TYPES) } else { tape.pick(&OTHER_TYPES) }))
    });
    let mysql_types = Json::Object(mysql_types.collect());
    let codes =
        Json::Object(names().map(|name| (name, Json::Raw(format!("{}", tape.below(20) as i32 - 10)))).collect());
    let keys = match tape.below(4) {
        3 => Json::null(),
        n => Json::Array(names().take(n).map(Json::Text).collect()),
    };
    let millis = |tape: &mut Tape| Json::Raw(format!("{}", 1_589_373_560_000u64 + u64::from(tape.number())));
    let pick = |tape: &mut Tape, names: &[&str; 3]| names[[0, 0, 1, 2][tape.below(4)]].to_string();
    let is_ddl = statement && tape.one_in(2);
    [
        ("data", data),
        ("database", Json::Text(pick(tape, &DATABASES))),
        ("es", millis(tape)),
        ("gtid", Json::text("")),
        ("id", Json::Raw(tape.below(1000).to_string())),
        ("isDdl", Json::Raw(is_ddl.to_string())),
        ("mysqlType", mysql_types),
        ("old", old),
        ("pkNames", keys),
        ("sql", Json::text(if statement { word(tape) } else { String::new() })),
        ("sqlType", codes),
        ("table", Json::Text(pick(tape, &TABLES))),
        ("ts", millis(tape)),
        ("type", Json::text(event)),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into()
}

struct Images<'f> {
    fields: &'f [Field],
    binary: &'f [bool],
    shuffled: bool,
}

impl Images<'_> {
    fn data(&mut self, tape: &mut Tape, rows: usize) -> Json {
        if tape.one_in(30) {
            return odd_images(tape);
        }
        let missing = if tape.one_in(10) { 3 } else { usize::MAX };
        Json::Array((0..rows).map(|_| self.image(tape, missing)).collect())
    }

    fn old(&mut self, tape: &mut Tape, rows: usize) -> Json {
        if tape.one_in(20) {
            return odd_images(tape);
        }
        let rows = match tape.below(20) {
            18 => rows.saturating_sub(1),
            19 => rows + 1,
            _ => rows,
        };
        Json::Array((0..rows).map(|_| self.image(tape, 2)).collect())
    }

    /// One row; once in `missing` times a column is left out.
    fn image(&mut self, tape: &mut Tape, missing: usize) -> Json {
        let mut members = Vec::new();
        for (field, binary) in self.fields.iter().zip(self.binary) {
            if missing == usize::MAX || !tape.one_in(missing) {
                members.push((field.name.clone(), value(tape, &field.ty, *binary)));
            }
        }
        if tape.one_in(10) {
            members.push(("unknown".into(), Json::text(word(tape))));
        }
        if self.shuffled {
            tape.shuffle(&mut members);
        }
        if tape.one_in(40) && !members.is_empty() {
            let again = tape.below(members.len());
            members.push((members[again].0.clone(), Json::text("1")));
        }
        Json::Object(members)
    }
}

fn odd_images(tape: &mut Tape) -> Json {
    Json::Raw(tape.pick(&["null", "[null]", "{}", "[5]", "\"x\"", "[[]]", "[{},null]", "3"]).to_string())
}

/// Another order, members that nobody knows, members of other types, members twice or not at all.
fn disturb(tape: &mut Tape, members: &mut Vec<(String, Json)>) {
    if tape.one_in(2) {
        tape.shuffle(members);
    }
    if tape.one_in(3) {
        let odd = Json::Raw(tape.pick(&["{\"a\":[1,{\"b\":null}]}", "1.5e3", "\"\\u00e4\"", "[]"]).to_string());
        members.insert(tape.below(members.len()), (tape.pick(&["server", "dat", "types", ""]).to_string(), odd));
    }
    if tape.one_in(6) {
        members.remove(tape.below(members.len()));
    }
    if tape.one_in(6) {
        let member = tape.below(members.len());
        members[member].1 =
            Json::Raw(tape.pick(&["null", "1", "1.50", "true", "{}", "[]", "\"x\"", "[\"1\",2]"]).to_string());
    }
    if tape.one_in(12) {
        let again = tape.below(members.len());
        members.push(members[again].clone());
    }
}

/// Cuts, drops, changes or inserts a byte.
fn mutate(tape: &mut Tape, bytes: &mut Vec<u8>) {
    let at = tape.below(bytes.len());
    let byte = *tape.pick(b"\"\\{}[],:0-e\x00\x1fu \xff\xc3tn");
    match tape.below(4) {
        0 => bytes.truncate(at),
        1 => _ = bytes.remove(at),
        2 => bytes[at] = byte,
        _ => bytes.insert(at, byte),
    }
}
