//! YAML as a tree whose nodes know their places.
//!
//! The parser is saphyr-parser: it gives events with positions, and no more. Readers on top of serde stop at the first mistake, and those that
//! keep places need a newer Rust or bring an encoder and diagnostics of their own.

use super::problem::{Place, Problems};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Deeper than any job's file.
const DEPTH: usize = 32;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// What it is.
    pub content: Content,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text, a number, `true`, nothing: as it is written, and whether that is in quotes (or a block).
    Scalar {
        /// The text.
        text: String,
        /// It is text whatever it looks like.
        quoted: bool,
    },
    /// `[…]` or lines that begin with `-`.
    List(Vec<Node>),
    /// Keys and values in the order of the file.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where it begins.
    pub at: Place,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Nothing stands there: `key:`, `~` or `null`.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// A list or map that is being read.
enum Open {
    List(Vec<Node>),
    Map(Vec<Entry>, Option<(String, Place)>),
}

/// Reads a file. None where it cannot be read, which `problems` then has.
pub fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    let mut reading = Reading { open: Vec::new(), root: None, problems };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => reading.event(event, place(&span))?,
            Err(e) => {
                let at = Place { line: e.marker().line().max(1), column: e.marker().col() + 1 };
                reading.problems.add(at, "", format!("this is no YAML: {}", e.info()));
                return None;
            }
        }
    }
    if reading.root.is_none() {
        reading.problems.add(Place { line: 1, column: 1 }, "", "the file is empty");
    }
    reading.root
}

fn place(span: &Span) -> Place {
    Place { line: span.start.line().max(1), column: span.start.col() + 1 }
}

struct Reading<'p> {
    open: Vec<(Place, Open)>,
    root: Option<Node>,
    problems: &'p mut Problems,
}

impl Reading<'_> {
    /// None where reading on has no sense.
    fn event(&mut self, event: Event<'_>, at: Place) -> Option<()> {
        match event {
            Event::Scalar(text, style, _, tag) => {
                let quoted = style != ScalarStyle::Plain || tag.is_some();
                self.put(Node { at, content: Content::Scalar { text: text.into_owned(), quoted } })
            }
            Event::SequenceStart(..) => self.begin(at, Open::List(Vec::new())),
            Event::MappingStart(..) => self.begin(at, Open::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let (at, open) = self.open.pop()?;
                let content = match open {
                    Open::List(values) => Content::List(values),
                    Open::Map(entries, _) => Content::Map(entries),
                };
                self.put(Node { at, content })
            }
            Event::Alias(_) => self.refuse(at, "a reference to another part (*) is not read; write the value out"),
            Event::DocumentStart(_) if self.root.is_some() => {
                self.refuse(at, "a second document begins here (---); a job is one document")
            }
            _ => Some(()),
        }
    }

    fn refuse(&mut self, at: Place, what: &str) -> Option<()> {
        self.problems.add(at, "", what);
        None
    }

    fn begin(&mut self, at: Place, open: Open) -> Option<()> {
        if self.open.len() == DEPTH {
            return self.refuse(at, "values are nested deeper than 32 levels");
        }
        if let Some((_, Open::Map(_, None))) = self.open.last() {
            return self.refuse(at, "a key is a list or a map here; keys are text. Is a colon or a quote missing?");
        }
        self.open.push((at, open));
        Some(())
    }

    fn put(&mut self, node: Node) -> Option<()> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((_, Open::List(values))) => values.push(node),
            Some((_, Open::Map(entries, key))) => match (key.take(), node) {
                (Some((key, at)), value) => match entries.iter().find(|entry| entry.key == key) {
                    Some(first) => {
                        let what = format!("'{key}' was given already in line {}; leave one out", first.at.line);
                        self.problems.add(at, "", what);
                    }
                    None => entries.push(Entry { key, at, value }),
                },
                (None, Node { at, content: Content::Scalar { text, .. } }) => *key = Some((text, at)),
                (None, _) => return None,
            },
        }
        Some(())
    }
}
