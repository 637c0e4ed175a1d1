//! JSON text, written in one of its many ways.

use super::Tape;

/// A JSON value to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// As it is.
    Raw(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn null() -> Json {
        Json::Raw("null".into())
    }

    pub fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }
}

/// How a message is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// White space may stand between tokens.
    pub spaced: bool,
    /// Characters may be written as escapes that need none.
    pub escaped: bool,
}

/// Appends `json`.
pub fn write(json: &Json, style: Style, tape: &mut Tape, out: &mut String) {
    space(style, tape, out);
    match json {
        Json::Raw(text) => out.push_str(text),
        Json::Text(text) => string(text, style, tape, out),
        Json::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                write(item, style, tape, out);
            }
            space(style, tape, out);
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                space(style, tape, out);
                string(name, style, tape, out);
                space(style, tape, out);
                out.push(':');
                write(value, style, tape, out);
            }
            space(style, tape, out);
            out.push('}');
        }
    }
    space(style, tape, out);
}

fn space(style: Style, tape: &mut Tape, out: &mut String) {
    if style.spaced {
        out.push_str(*tape.pick(&["", "", " ", "\n", "\t \r\n", "                                    "]));
    }
}

fn string(text: &str, style: Style, tape: &mut Tape, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ if style.escaped && tape.one_in(6) => unneeded_escape(c, tape, out),
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn unneeded_escape(c: char, tape: &mut Tape, out: &mut String) {
    if c == '/' {
        return out.push_str("\\/");
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str(&if tape.one_in(2) { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
    }
}
