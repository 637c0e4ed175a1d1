//! ARRAY, MAP and STRUCT from their text form and from JSON, and JSON values into columns of any type.

use super::{CastError, CastRules};
use crate::cell::Cell;
use crate::json::Json;
use crate::schema::{ColumnType, StructField};

/// A JSON value as a value of `ty`.
pub fn from_json(rules: &CastRules, value: Json, ty: &ColumnType) -> Result<Cell, CastError> {
    if matches!(ty, ColumnType::Json | ColumnType::Variant) {
        return match value {
            Json::Null => Ok(Cell::Null),
            // A string's content is the document, as in a CSV field.
            Json::Text(text) => rules.text(&text, ty),
            other => Ok(Cell::Json(Box::new(other))),
        };
    }
    match (value, ty) {
        (Json::Null, _) => Ok(Cell::Null),
        (Json::Array(items), ColumnType::Array(item)) => {
            let cells = items.into_iter().map(|v| element(rules, v, item));
            Ok(Cell::Array(cells.collect::<Result<_, _>>()?))
        }
        (Json::Object(members), ColumnType::Map(key, item)) => {
            let entry = |(k, v): (String, Json)| Ok((rules.text(&k, key)?, element(rules, v, item)?));
            Ok(Cell::Map(members.into_iter().map(entry).collect::<Result<_, CastError>>()?))
        }
        (Json::Object(members), ColumnType::Struct(fields)) => structure(rules, members, fields),
        (Json::Text(text), ColumnType::String) if text.len() <= rules.string_limit => Ok(Cell::Text(text)),
        (Json::Text(text), ColumnType::Char(n) | ColumnType::Varchar(n)) if text.len() <= *n as usize => {
            Ok(Cell::Text(text))
        }
        (Json::Text(text), _) => rules.text(&text, ty),
        (Json::Bool(b), _) => rules.cell(&Cell::Bool(b), ty),
        (Json::Number(text), _) => rules.text(&text, ty),
        (other, _) => rules.text(&other.to_string(), ty),
    }
}

/// An element that does not fit is NULL when not strict.
fn element(rules: &CastRules, value: Json, ty: &ColumnType) -> Result<Cell, CastError> {
    match from_json(rules, value, ty) {
        Err(CastError::Incorrect) if !rules.strict => Ok(Cell::Null),
        other => other,
    }
}

fn structure(rules: &CastRules, members: Vec<(String, Json)>, fields: &[StructField]) -> Result<Cell, CastError> {
    let mut values: Vec<(String, Cell)> = fields.iter().map(|f| (f.name.clone(), Cell::Null)).collect();
    for (name, value) in members {
        if let Some(i) = fields.iter().position(|f| f.name.eq_ignore_ascii_case(&name)) {
            values[i].1 = element(rules, value, &fields[i].ty)?;
        }
    }
    Ok(Cell::Struct(values))
}

/// The text form: `[1, "a,b", null]`, `{"k":1, k2:2}`, `{1, "x"}`. Elements may be bare, in double or single quotes. An element
/// that is none of its type is NULL, in strict mode too; a bracket or an element that lacks makes the whole text bad.
pub fn from_text(rules: &CastRules, text: &str, ty: &ColumnType) -> Result<Cell, CastError> {
    let (open, close) = brackets(ty);
    let inner = text.trim().strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let mut scan = Scan { text: inner.ok_or(CastError::Incorrect)?, at: 0, depth: 0 };
    let mut cell = empty(ty)?;
    scan.blanks();
    for index in 0.. {
        if scan.at >= scan.text.len() && index == 0 {
            break;
        }
        scan.entry(rules, ty, &mut cell, index)?;
        if !scan.take(b',') {
            break;
        }
    }
    scan.blanks();
    if scan.at < scan.text.len() { Err(CastError::Incorrect) } else { Ok(cell) }
}

fn brackets(ty: &ColumnType) -> (char, char) {
    if matches!(ty, ColumnType::Array(_)) { ('[', ']') } else { ('{', '}') }
}

fn empty(ty: &ColumnType) -> Result<Cell, CastError> {
    Ok(match ty {
        ColumnType::Array(_) => Cell::Array(Vec::new()),
        ColumnType::Map(..) => Cell::Map(Vec::new()),
        ColumnType::Struct(fields) => Cell::Struct(fields.iter().map(|f| (f.name.clone(), Cell::Null)).collect()),
        _ => return Err(CastError::Incorrect),
    })
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// 0 within the outermost brackets, where others are data.
    depth: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += found as usize;
        found
    }

    fn nested(&mut self, rules: &CastRules, ty: &ColumnType) -> Result<Cell, CastError> {
        let (open, close) = brackets(ty);
        if !self.take(open as u8) {
            return Err(CastError::Incorrect);
        }
        let mut cell = empty(ty)?;
        self.depth += 1;
        let mut index = 0;
        while !self.take(close as u8) {
            if index > 0 && !self.take(b',') {
                return Err(CastError::Incorrect);
            }
            self.entry(rules, ty, &mut cell, index)?;
            index += 1;
        }
        self.depth -= 1;
        Ok(cell)
    }

    fn entry(&mut self, rules: &CastRules, ty: &ColumnType, cell: &mut Cell, index: usize) -> Result<(), CastError> {
        match (ty, cell) {
            (ColumnType::Array(item), Cell::Array(items)) => items.push(self.element(rules, item)?),
            (ColumnType::Map(key, item), Cell::Map(entries)) => {
                let key = self.cast(rules, key, true)?;
                if !self.take(b':') {
                    return Err(CastError::Incorrect);
                }
                entries.push((key, self.element(rules, item)?));
            }
            (ColumnType::Struct(fields), Cell::Struct(values)) => {
                let from = self.at;
                // With `name:` before the value, or by position.
                let named = self.scalar(true).0.into_owned();
                let position = if self.take(b':') {
                    fields.iter().position(|f| f.name.eq_ignore_ascii_case(&named))
                } else {
                    self.at = from;
                    (index < fields.len()).then_some(index)
                };
                let position = position.ok_or(CastError::Incorrect)?;
                values[position].1 = self.element(rules, &fields[position].ty)?;
            }
            _ => return Err(CastError::Incorrect),
        }
        Ok(())
    }

    fn element(&mut self, rules: &CastRules, ty: &ColumnType) -> Result<Cell, CastError> {
        self.blanks();
        if ty.is_nested() && matches!(self.peek(), Some(b'[' | b'{')) {
            return self.nested(rules, ty);
        }
        self.cast(rules, ty, false)
    }

    fn cast(&mut self, rules: &CastRules, ty: &ColumnType, key: bool) -> Result<Cell, CastError> {
        let (text, quoted) = self.scalar(key);
        if !quoted && (text == "\\N" || text.eq_ignore_ascii_case("null")) {
            return Ok(Cell::Null);
        }
        if !quoted && text.is_empty() {
            return Err(CastError::Incorrect);
        }
        match rules.text(&text, ty) {
            Err(CastError::Incorrect) => Ok(Cell::Null),
            other => other,
        }
    }

    /// A word up to the next delimiter (behind a key also `:`), or a quoted text without its quotes.
    fn scalar(&mut self, key: bool) -> (std::borrow::Cow<'a, str>, bool) {
        self.blanks();
        let quote = self.peek().filter(|b| matches!(b, b'"' | b'\''));
        let Some(quote) = quote else {
            let rest = &self.text[self.at..];
            let closes = |c| self.depth > 0 && matches!(c, ']' | '}');
            let end = rest.find(|c| c == ',' || closes(c) || (key && c == ':')).unwrap_or(rest.len());
            self.at += end;
            return (rest[..end].trim_end().into(), false);
        };
        self.at += 1;
        let mut out = String::new();
        while let Some(c) = self.text[self.at..].chars().next() {
            self.at += c.len_utf8();
            match c {
                '\\' => {
                    if let Some(next) = self.text[self.at..].chars().next() {
                        self.at += next.len_utf8();
                        out.push(next);
                    }
                }
                c if c == quote as char => break,
                c => out.push(c),
            }
        }
        (out.into(), true)
    }
}
