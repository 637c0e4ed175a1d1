//! A tree held to its description: each key known, each value of its kind, nothing missing.

use super::nearest::nearest;
use super::problem::{Place, Problems};
use super::quantity;
use super::shape::{Member, Shape};
use super::yaml::{Content, Entry, Node};
use crate::doris::http::Authority;
use regex::Regex;

/// A value that is as described.
#[derive(Debug, Clone)]
pub struct Value {
    /// Where it begins.
    pub at: Place,
    /// What it is.
    pub of: Of,
}

/// By kind.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Of {
    Text(String),
    Flag(bool),
    /// A number, milliseconds, bytes.
    Number(u64),
    List(Vec<Value>),
    /// In the order of the file.
    Object(Vec<(String, Value)>),
    /// It stands there, and was not as described.
    Unfit,
}

impl Value {
    /// The value of a key; `None` if it is not there.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value behind keys of keys.
    pub fn path(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Keys and values.
    pub fn entries(&self) -> &[(String, Value)] {
        if let Of::Object(entries) = &self.of { entries } else { &[] }
    }

    /// The values of a list.
    pub fn items(&self) -> &[Value] {
        if let Of::List(values) = &self.of { values } else { &[] }
    }

    /// Its text.
    pub fn text(&self) -> Option<&str> {
        if let Of::Text(text) = &self.of { Some(text) } else { None }
    }

    /// Its number.
    pub fn number(&self) -> Option<u64> {
        if let Of::Number(number) = self.of { Some(number) } else { None }
    }
}

/// Holds a file to the description `whole`.
pub fn check(root: &Node, whole: &Shape, problems: &mut Problems) -> Value {
    Checking { whole, problems }.value(root, whole, "", "")
}

struct Checking<'p> {
    whole: &'p Shape,
    problems: &'p mut Problems,
}

impl Checking<'_> {
    /// `example`: of the key, for messages.
    fn value(&mut self, node: &Node, shape: &Shape, path: &str, example: &str) -> Value {
        let of = match (shape, &node.content) {
            (Shape::Either(_, members) | Shape::Object(members), Content::Map(entries)) => {
                self.object(node.at, entries, members, path)
            }
            (Shape::Either(first, _), _) => return self.value(node, first, path, example),
            (Shape::Map(inner), Content::Map(entries)) => self.map(entries, inner, path),
            (Shape::List(inner), Content::List(values)) => Of::List(self.list(values, inner, path)),
            (Shape::Addresses, Content::List(values)) => {
                let several = self.list(values, shape, path);
                Of::List(several.iter().flat_map(|value| value.items().iter().cloned()).collect())
            }
            (_, Content::Scalar { text, quoted }) if !node.is_nothing() => {
                let read = scalar(text, *quoted, shape);
                read.unwrap_or_else(|why| self.unfit(node.at, path, &why.what, if why.advised { "" } else { example }))
            }
            _ => {
                let found = match &node.content {
                    Content::List(_) => "a list stands here",
                    Content::Map(_) => "keys with values stand here",
                    Content::Scalar { .. } => "nothing stands here",
                };
                self.unfit(node.at, path, &format!("{found}, and it takes {}", shape.wanted()), example)
            }
        };
        Value { at: node.at, of }
    }

    fn unfit(&mut self, at: Place, path: &str, what: &str, example: &str) -> Of {
        let such_as = if example.is_empty() { String::new() } else { format!("; such as {example}") };
        self.problems.add(at, path, format!("{what}{such_as}"));
        Of::Unfit
    }

    fn object(&mut self, at: Place, entries: &[Entry], members: &[Member], path: &str) -> Of {
        let mut values = Vec::with_capacity(entries.len());
        for entry in entries {
            match members.iter().find(|member| member.name == entry.key) {
                Some(member) => {
                    let path = below(path, &entry.key);
                    values.push((entry.key.clone(), self.value(&entry.value, &member.shape, &path, &written(member))));
                }
                // What was meant is there; that is all that is known of it.
                None => values.extend(
                    self.unknown(entry, members, path)
                        .map(|meant| (meant.to_string(), Value { at: entry.value.at, of: Of::Unfit })),
                ),
            }
        }
        for member in members.iter().filter(|member| member.required) {
            if !values.iter().any(|(name, _)| name == member.name) {
                self.problems.add(at, path, format!("'{}' is missing; write {}", member.name, written(member)));
            }
        }
        Of::Object(values)
    }

    /// Names the key that was meant and returns it: one like it, or else says where this one belongs.
    fn unknown(&mut self, entry: &Entry, members: &[Member], path: &str) -> Option<&'static str> {
        let key = &entry.key;
        let here: Vec<&'static str> = members.iter().map(|member| member.name).collect();
        let near = nearest(key, &here);
        let hint = match near {
            Some(near) => format!("did you mean '{near}'?"),
            None => match elsewhere(self.whole, key, "") {
                Some(place) if place.is_empty() => format!("'{key}' belongs to the job itself, without indentation"),
                Some(place) => format!("'{key}' belongs to {place}"),
                None => format!("there are {}", here.join(", ")),
            },
        };
        self.problems.add(entry.at, path, format!("there is no key '{key}'; {hint}"));
        near
    }

    fn map(&mut self, entries: &[Entry], inner: &Shape, path: &str) -> Of {
        let value = |entry: &Entry| (entry.key.clone(), self.value(&entry.value, inner, &below(path, &entry.key), ""));
        Of::Object(entries.iter().map(value).collect())
    }

    fn list(&mut self, nodes: &[Node], inner: &Shape, path: &str) -> Vec<Value> {
        nodes.iter().enumerate().map(|(i, node)| self.value(node, inner, &format!("{path}[{i}]"), "")).collect()
    }
}

/// Why a text is no value of a shape.
struct Why {
    what: String,
    /// It says what to write.
    advised: bool,
}

/// A text of the file as a value of that shape.
fn scalar(text: &str, quoted: bool, shape: &Shape) -> Result<Of, Why> {
    let shown = if quoted { format!("\"{text}\"") } else { text.to_string() };
    let no = || Why { what: format!("{shown} stands here, and it takes {}", shape.wanted()), advised: false };
    let number = || text.parse::<u64>().ok().filter(|_| !quoted && text.bytes().all(|b| b.is_ascii_digit()));
    match shape {
        Shape::Text | Shape::Pattern | Shape::Addresses if text.is_empty() => {
            Err(Why { what: "it is empty".into(), advised: false })
        }
        Shape::Text if !quoted && (flag(text).is_some() || text.parse::<f64>().is_ok()) => {
            Err(Why { what: format!("{text} is a number or a truth value; write '{text}' in quotes"), advised: true })
        }
        Shape::Text | Shape::Scalar => Ok(Of::Text(text.into())),
        Shape::Flag => flag(text).filter(|_| !quoted).map(Of::Flag).ok_or_else(no),
        Shape::Number(least, most) => {
            number().filter(|number| (least..=most).contains(&number)).map(Of::Number).ok_or_else(no)
        }
        Shape::Choice(all) if all.contains(&text) => Ok(Of::Text(text.into())),
        Shape::Choice(all) => Err(nearest(text, all)
            .map_or_else(no, |near| Why { what: format!("{}; did you mean {near}?", no().what), advised: true })),
        Shape::Duration => quantity::duration(text).map(Of::Number).ok_or_else(no),
        Shape::Size => quantity::size(text).map(Of::Number).ok_or_else(no),
        Shape::Pattern => match Regex::new(&format!("^(?:{text})$")) {
            Ok(_) => Ok(Of::Text(text.into())),
            Err(e) => {
                let what = format!("{shown} is no regular expression: {}", last_line(&e.to_string()));
                Err(Why { what, advised: false })
            }
        },
        Shape::Addresses => addresses(text),
        Shape::List(_) | Shape::Map(_) | Shape::Object(_) | Shape::Either(..) => Err(no()),
    }
}

fn addresses(text: &str) -> Result<Of, Why> {
    let mut values = Vec::new();
    for part in text.split(',').map(str::trim) {
        if Authority::parse(part).is_none() || part.contains("://") {
            return Err(Why { what: format!("'{part}' is no address; it takes host:port"), advised: false });
        }
        values.push(Value { at: Place::default(), of: Of::Text(part.into()) });
    }
    Ok(Of::List(values))
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Of an error in several lines the one that says why.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

fn written(member: &Member) -> String {
    format!("{}: {}", member.name, member.example)
}

/// The object that has a key of this name.
fn elsewhere(shape: &Shape, key: &str, path: &str) -> Option<String> {
    let members = shape.members();
    if members.iter().any(|member| member.name == key) {
        return Some(path.to_string());
    }
    members.iter().find_map(|member| elsewhere(&member.shape, key, &below(path, member.name)))
}
