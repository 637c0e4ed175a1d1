//! Bad and extreme input: no crash, the outcome that the reference gives, and the next message decodes as if nothing had
//! happened.

mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::schema::{Field, Semantics};
use reference::changelog::Reference;
use scenario::{ALL_METADATA, spec_of, sql_type};
use session::{Seen, Session, compare};

const GOOD: &str = concat!(
    r#"{"data":[{"id":"1","name":"größe \"x\" \u00e4\n","qty":"5","price":"12.50","at":"2020-01-31 10:11:12.123"}],"database":"shop","#,
    r#""es":1795228035000,"gtid":"","id":7,"isDdl":false,"mysqlType":{"id":"bigint","name":"varchar(64)"},"#,
    r#""old":[{"qty":"4","price":null}],"pkNames":["id"],"sql":"","sqlType":{"id":-5,"name":12},"table":"orders","#,
    r#""ts":1795228035123,"type":"UPDATE"}"#
);
const ROWS: &str = r#"{"data":[{"id":"2","name":"","qty":null,"price":"0","at":null},{"id":"3"}],"type":"INSERT"}"#;
const STATEMENT: &str =
    r#"{"data":null,"database":"`shop`","isDdl":true,"sql":"CREATE DATABASE `shop`","table":"","type":"QUERY"}"#;

fn columns() -> Vec<Field> {
    [("id", "BIGINT"), ("name", "STRING"), ("qty", "INT"), ("price", "DECIMAL(10,2)"), ("at", "TIMESTAMP(3)")]
        .map(|(name, ty)| Field { name: name.into(), ty: sql_type::parse(ty) })
        .into()
}

fn table(fields: Vec<Field>, semantics: Semantics, lenient: bool) -> Reference {
    let mut spec = spec_of(fields);
    spec.semantics = semantics;
    spec.lenient = lenient;
    spec.metadata = ALL_METADATA.to_vec();
    Reference { spec, database: None, table: None }
}

/// Both semantics, strict and lenient.
fn modes() -> [(Semantics, bool); 4] {
    [(Semantics::Canal, false), (Semantics::Canal, true), (Semantics::Flink, false), (Semantics::Flink, true)]
}

/// A table whose decoder is fed bad messages; after each, a good one must decode as ever.
struct Feed {
    table: Reference,
    session: Session,
    good: Vec<u8>,
    expected: Seen,
}

impl Feed {
    fn new(table: Reference, good: &str) -> Feed {
        let answer = Session::open(&table).decode(good.as_bytes()).expect("canonical rows");
        assert!(matches!(&answer.seen, Seen::Rows(rows) if !rows.is_empty()), "{:?}", answer.seen);
        compare(&table, &answer, &table.decode(good.as_bytes())).expect("the good message decodes right");
        Feed { session: Session::open(&table), good: good.into(), expected: answer.seen, table }
    }

    fn bad(&mut self, message: &[u8]) -> Seen {
        let expected = self.table.decode(message);
        let answer = self.session.decode(message);
        let head = String::from_utf8_lossy(&message[..message.len().min(600)]).into_owned();
        let answer = answer.and_then(|answer| compare(&self.table, &answer, &expected).map(|()| answer));
        let answer = answer.unwrap_or_else(|e| panic!("{e}\nmessage of {} bytes: {head}", message.len()));
        self.good_again(&head);
        answer.seen
    }

    fn good_again(&mut self, after: &str) {
        let answer = self.session.decode(&self.good).expect("canonical rows");
        assert_eq!(answer.seen, self.expected, "after {after}");
    }
}

fn each_mode(run: impl Fn(&mut Feed)) {
    for (semantics, lenient) in modes() {
        run(&mut Feed::new(table(columns(), semantics, lenient), GOOD));
    }
}

#[test]
fn cut_at_every_byte() {
    each_mode(|feed| {
        for message in [GOOD, ROWS, STATEMENT] {
            for end in 0..message.len() {
                let seen = feed.bad(&message.as_bytes()[..end]);
                assert!(!matches!(&seen, Seen::Rows(rows) if !rows.is_empty()), "cut at {end}: {seen:?}");
            }
        }
    });
}

/// Every byte in turn is replaced by bytes that mean something to a JSON reader, or to none.
#[test]
fn every_byte_replaced() {
    each_mode(|feed| {
        for at in 0..GOOD.len() {
            for byte in *b"\"\\{}[],:0\x00\x1f\x80\xff" {
                let mut message = GOOD.as_bytes().to_vec();
                message[at] = byte;
                feed.bad(&message);
            }
        }
    });
}

#[test]
fn invalid_utf8() {
    let sequences: [&[u8]; 12] = [
        b"\x80",
        b"\xff",
        b"\xc3",
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xed\xa0\xbd\xed\xb8\x80",
        b"\xf4\x90\x80\x80",
        b"\xf0\x80\x80\x80",
        b"\xe4\xb8",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe\xff",
    ];
    each_mode(|feed| {
        for bytes in sequences {
            for place in ["größe", "\"shop\"", "varchar", "}]"] {
                let at = GOOD.find(place).expect("in the message") + 1;
                let at = (at..).find(|at| GOOD.is_char_boundary(*at)).expect("a boundary");
                let mut message = GOOD.as_bytes().to_vec();
                message.splice(at..at, bytes.iter().copied());
                let seen = feed.bad(&message);
                assert!(matches!(seen, Seen::Delegated(_)), "{bytes:?} at {place}: {seen:?}");
            }
        }
        let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(feed.bad(&utf16), Seen::Delegated(_)));
        let marked = format!("\u{feff}{GOOD}");
        assert!(matches!(feed.bad(marked.as_bytes()), Seen::Delegated(_)));
    });
}

#[test]
fn strings_of_20_megabytes() {
    const LENGTH: usize = 20_000_000;
    for (semantics, lenient) in modes() {
        let mut feed = Feed::new(table(columns(), semantics, lenient), GOOD);
        let long = "x".repeat(LENGTH);
        for message in [
            format!(r#"{{"data":[{{"id":"1","name":"{long}"}}],"type":"INSERT"}}"#),
            format!(r#"{{"data":[{{"id":"{long}"}}],"type":"INSERT"}}"#),
            format!(r#"{{"data":[{{"id":"1"}}],"sql":"{long}","type":"INSERT"}}"#),
            format!(r#"{{"data":[{{"id":"1","{long}":"2"}}],"type":"INSERT"}}"#),
            format!(r#"{{"data":[{{"id":"1","name":"{}"}}],"type":"INSERT"}}"#, "\\u00e4".repeat(LENGTH / 6)),
            format!(r#"{{"data":[{{"id":"1","name":"{long}"#),
        ] {
            feed.bad(message.as_bytes());
        }
        feed.bad(format!(r#"{{"data":[{{"qty":{}}}],"type":"INSERT"}}"#, "9".repeat(100_000)).as_bytes());
    }
}

/// On a thread with a large stack: the reference is recursive. The fast decoder must not depend on that, so it has a small one.
#[test]
fn nested_100_000_levels() {
    const LEVELS: usize = 100_000;
    let messages: Vec<(&str, String)> = vec![
        (
            "a member nobody knows",
            format!(r#"{{"x":{}{},"data":[{{"id":"1"}}],"type":"INSERT"}}"#, "[".repeat(LEVELS), "]".repeat(LEVELS)),
        ),
        (
            "objects",
            format!(
                r#"{{"x":{}1{},"data":[{{"id":"1"}}],"type":"INSERT"}}"#,
                r#"{"a":"#.repeat(LEVELS),
                "}".repeat(LEVELS)
            ),
        ),
        (
            "a column",
            format!(r#"{{"data":[{{"name":{}{}}}],"type":"INSERT"}}"#, "[".repeat(LEVELS), "]".repeat(LEVELS)),
        ),
        (
            "an unknown column",
            format!(r#"{{"data":[{{"id":"1","x":{}{}}}],"type":"INSERT"}}"#, "[".repeat(LEVELS), "]".repeat(LEVELS)),
        ),
        (
            "old",
            format!(
                r#"{{"data":[{{"id":"1"}}],"old":[{{"x":{}{}}}],"type":"UPDATE"}}"#,
                "[".repeat(LEVELS),
                "]".repeat(LEVELS)
            ),
        ),
        (
            "mysqlType",
            format!(
                r#"{{"data":[{{"id":"1"}}],"mysqlType":{}{},"type":"INSERT"}}"#,
                "[".repeat(LEVELS),
                "]".repeat(LEVELS)
            ),
        ),
        ("never closed", format!(r#"{{"x":{}"#, "[".repeat(LEVELS))),
        ("only opened", "[".repeat(LEVELS)),
        (
            "an array column",
            format!(r#"{{"data":[{{"deep":{}{}}}],"type":"INSERT"}}"#, "[".repeat(LEVELS), "]".repeat(LEVELS)),
        ),
    ];
    for (semantics, lenient) in modes() {
        for (what, message) in &messages {
            let mut fields = columns();
            fields.push(Field { name: "deep".into(), ty: sql_type::parse("ARRAY<ARRAY<STRING>>") });
            let table = table(fields, semantics, lenient);
            let (seen, again) = on_small_stack(&table, message.as_bytes());
            assert!(matches!(&again, Seen::Rows(rows) if rows.len() == 2), "after {what}: {again:?}");
            let expected = on_large_stack(&table, message.as_bytes(), &seen);
            expected.unwrap_or_else(|e| panic!("{what}: {e}"));
        }
    }
}

/// As much as a task thread of the JVM may have left.
fn on_small_stack(table: &Reference, message: &[u8]) -> (session::Answer, Seen) {
    let decode = || {
        let mut session = Session::open(table);
        let seen = session.decode(message).expect("canonical rows");
        (seen, session.decode(GOOD.as_bytes()).expect("canonical rows").seen)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(512 << 10).spawn_scoped(scope, decode);
        thread.expect("a thread").join().expect("no panic")
    })
}

fn on_large_stack(table: &Reference, message: &[u8], answer: &session::Answer) -> Result<(), String> {
    std::thread::scope(|scope| {
        let check = || compare(table, answer, &table.decode(message));
        let thread = std::thread::Builder::new().stack_size(1 << 30).spawn_scoped(scope, check);
        thread.expect("a thread").join().expect("no panic")
    })
}

#[test]
fn columns_10_000() {
    const COLUMNS: usize = 10_000;
    let types = ["BIGINT", "STRING", "DECIMAL(10,2)", "TIMESTAMP(6)", "BOOLEAN"];
    let values = [r#""123""#, r#""some text""#, r#""1.25""#, r#""2020-01-31 10:11:12.123456""#, r#""1""#];
    let fields = (0..COLUMNS).map(|i| Field { name: format!("c{i}"), ty: sql_type::parse(types[i % 5]) });
    let image = |indexes: &mut dyn Iterator<Item = usize>| {
        let members: Vec<String> = indexes.map(|i| format!(r#""c{i}":{}"#, values[i % 5])).collect();
        format!("{{{}}}", members.join(","))
    };
    let all = image(&mut (0..COLUMNS));
    let good = format!(r#"{{"data":[{all}],"old":[{{"c9999":null,"c0":"5"}}],"type":"UPDATE"}}"#);
    for semantics in [Semantics::Canal, Semantics::Flink] {
        let mut feed = Feed::new(table(fields.clone().collect(), semantics, false), &good);
        let reversed = image(&mut (0..COLUMNS).rev());
        let rotated = image(&mut (0..COLUMNS).map(|i| (i + 4_999) % COLUMNS));
        for data in [all.clone(), reversed, format!("{all},{rotated}"), "{}".into(), all.replace("c7777", "c7778")] {
            feed.bad(format!(r#"{{"data":[{data}],"type":"INSERT"}}"#).as_bytes());
        }
        let cut = format!(r#"{{"data":[{all}"#);
        feed.bad(&cut.as_bytes()[..cut.len() - 5]);
    }
}

/// A message with very many images, members and metadata values.
#[test]
fn many_of_everything() {
    each_mode(|feed| {
        let images = vec![r#"{"id":"1","qty":"2"}"#; 50_000].join(",");
        feed.bad(format!(r#"{{"data":[{images}],"type":"DELETE"}}"#).as_bytes());
        let unknown: Vec<String> = (0..2_000).map(|i| format!(r#""u{i}":{i}"#)).collect();
        feed.bad(
            format!(r#"{{{},"data":[{{"id":"1",{}}}],"type":"INSERT"}}"#, unknown.join(","), unknown.join(","))
                .as_bytes(),
        );
        let keys = vec![r#""id""#; 5_000].join(",");
        feed.bad(format!(r#"{{"data":[{{"id":"1"}}],"pkNames":[{keys}],"type":"INSERT"}}"#).as_bytes());
    });
}

#[test]
fn members_twice() {
    each_mode(|feed| {
        for message in [
            r#"{"data":[{"id":"1"}],"data":[{"id":"2"}],"type":"INSERT"}"#,
            r#"{"data":[{"id":"1","id":"2"}],"type":"INSERT"}"#,
            r#"{"data":[{"id":"1","id":null}],"type":"INSERT"}"#,
            r#"{"data":[{"id":null,"name":"x","id":"7"}],"type":"INSERT"}"#,
            r#"{"type":"INSERT","data":[{"id":"1"}],"type":"DELETE"}"#,
            r#"{"data":[{"id":"1"}],"old":[{}],"old":null,"type":"UPDATE"}"#,
            r#"{"data":[{"id":"1"}],"old":[{"qty":"1","qty":"2"}],"type":"UPDATE"}"#,
            r#"{"data":[{"id":"1"}],"database":"a","database":"b","ts":1,"ts":2,"type":"INSERT"}"#,
            r#"{"data":[{"id":"1"}],"sqlType":{"id":1,"id":2},"pkNames":["a"],"pkNames":["b"],"type":"INSERT"}"#,
        ] {
            feed.bad(message.as_bytes());
        }
    });
}

/// In objects inside a value too, where the first of the two may be bad.
#[test]
fn members_twice_inside_a_value() {
    let mut fields = columns();
    fields.push(Field { name: "place".into(), ty: sql_type::parse("ROW<x INT, far MAP<STRING, INT>>") });
    for (semantics, lenient) in modes() {
        let mut feed = Feed::new(table(fields.clone(), semantics, lenient), GOOD);
        for place in [
            r#"{"x":"no","x":1}"#,
            r#"{"x":1,"x":"no"}"#,
            r#"{"far":{"a":"no","a":1}}"#,
            r#"{"far":{"a":"no"},"far":{"a":1}}"#,
            r#"{"far":[],"far":{"a":1}}"#,
        ] {
            let seen = feed.bad(format!(r#"{{"data":[{{"id":"1","place":{place}}}],"type":"INSERT"}}"#).as_bytes());
            assert!(matches!(seen, Seen::Delegated(_)), "{place}: {seen:?}");
        }
    }
}

#[test]
fn nothing_and_next_to_nothing() {
    each_mode(|feed| {
        for message in
            ["", " ", "\n", "\0", "null", "{", "}", "{}", "[]", "\"", "0", "-", "t", "{\"", "{\"data\"", "{\"data\":"]
        {
            let seen = feed.bad(message.as_bytes());
            assert!(!matches!(&seen, Seen::Rows(rows) if !rows.is_empty()), "{message:?}: {seen:?}");
        }
    });
}

/// More distinct metadata values than the decoder remembers: it forgets all of them, and says so.
#[test]
fn more_metadata_than_is_remembered() {
    let mut feed = Feed::new(table(columns(), Semantics::Canal, false), GOOD);
    let mut resets = 0;
    for i in 0..10_000 {
        let message = GOOD.replace(r#""table":"orders""#, &format!(r#""table":"orders_{i}""#));
        let expected = feed.table.decode(message.as_bytes());
        let answer = feed.session.decode(message.as_bytes()).expect("canonical rows");
        compare(&feed.table, &answer, &expected).unwrap_or_else(|e| panic!("table {i}: {e}"));
        resets += usize::from(answer.flags.metadata_reset);
    }
    assert!((1..=10).contains(&resets), "{resets} resets");
    feed.good_again("10,000 tables");
}
