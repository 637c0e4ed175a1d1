//! What a job's file may hold: one description, by which a file is read and from which docs/job.schema.json is made.

/// A value.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text that is not empty.
    Text,
    /// Text, a number, `true` or `false`, handed on as text.
    Scalar,
    /// `true` or `false`.
    Flag,
    /// A whole number, from … to ….
    Number(u64, u64),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A number and a unit: `500ms`, `10s`, `5min`, `1h`. Milliseconds.
    Duration,
    /// A number and a unit: `64kb`, `100mb`, `2gb`, of 1,024. Bytes.
    Size,
    /// A regular expression of the crate `regex`.
    Pattern,
    /// `host:port`; several as a list, or separated by commas.
    Addresses,
    /// Values of one shape.
    List(&'static Shape),
    /// Keys that are not known beforehand, and values of one shape.
    Map(&'static Shape),
    /// Known keys.
    Object(&'static [Member]),
    /// The first, or the second, which is an object.
    Either(&'static Shape, &'static [Member]),
}

/// A known key of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// The key.
    pub name: &'static str,
    /// Its value.
    pub shape: Shape,
    /// It has to be there.
    pub required: bool,
    /// A value, as it is written.
    pub example: &'static str,
    /// What it is, for the schema: a sentence without its full stop.
    pub about: &'static str,
}

/// A key that may be left out.
pub const fn may(name: &'static str, shape: Shape, example: &'static str, about: &'static str) -> Member {
    Member { name, shape, required: false, example, about }
}

/// A key that has to be there.
pub const fn must(name: &'static str, shape: Shape, example: &'static str, about: &'static str) -> Member {
    Member { name, shape, required: true, example, about }
}

impl Shape {
    /// Its known keys.
    pub fn members(&self) -> &'static [Member] {
        match self {
            Shape::Object(members) | Shape::Either(_, members) => members,
            Shape::List(inner) | Shape::Map(inner) => inner.members(),
            _ => &[],
        }
    }

    /// What to write, for messages.
    pub fn wanted(&self) -> String {
        match self {
            Shape::Text => "a text".into(),
            Shape::Scalar => "a text, a number, true or false".into(),
            Shape::Flag => "true or false".into(),
            Shape::Number(least, u64::MAX) => format!("a whole number from {least} on"),
            Shape::Number(least, most) => format!("a whole number from {least} to {most}"),
            Shape::Choice(all) => one_of(all),
            Shape::Duration => "a number with ms, s, min or h".into(),
            Shape::Size => "a number with kb, mb or gb".into(),
            Shape::Pattern => "a regular expression".into(),
            Shape::Addresses => "host:port, several as a list".into(),
            Shape::List(_) => "a list".into(),
            Shape::Map(_) | Shape::Object(_) => "keys with values".into(),
            Shape::Either(first, _) => format!("{}, or keys with values", first.wanted()),
        }
    }
}

/// `json or csv`; what YAML would not take for text stands in quotes.
fn one_of(all: &[&str]) -> String {
    let quoted: Vec<String> =
        all.iter().map(|text| if *text == "null" { "\"null\"".to_string() } else { text.to_string() }).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
