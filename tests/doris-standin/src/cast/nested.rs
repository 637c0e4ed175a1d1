//! ARRAY, MAP and STRUCT from their text form and from JSON, and JSON values into columns of any type.

use super::{CastError, CastRules};
use crate::cell::Cell;
use crate::json::Json;
use crate::schema::{ColumnType, StructField};
use std::borrow::Cow;

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

/// An element that does not fit is NULL, under strict mode too.
fn element(rules: &CastRules, value: Json, ty: &ColumnType) -> Result<Cell, CastError> {
    match from_json(rules, value, ty) {
        Err(CastError::Incorrect) => Ok(Cell::Null),
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

/// The text form: `[1, "a,b", null]`, `{"k":1, k2:2}`, `{1, "x"}`. Elements may be bare, in double or single quotes. Only the
/// outermost brackets must match; an element that does not fit is NULL, but a missing one spoils the whole.
pub fn from_text(rules: &CastRules, text: &str, ty: &ColumnType) -> Result<Cell, CastError> {
    let (open, close) = if matches!(ty, ColumnType::Array(_)) { ('[', ']') } else { ('{', '}') };
    let inner = text.trim().strip_prefix(open).and_then(|t| t.strip_suffix(close)).ok_or(CastError::Incorrect)?;
    let items = if inner.trim().is_empty() { Vec::new() } else { split(inner, b',') };
    match ty {
        ColumnType::Array(item) => {
            let cells = items.into_iter().map(|i| text_element(rules, i, item));
            Ok(Cell::Array(cells.collect::<Result<_, _>>()?))
        }
        ColumnType::Map(key, value) => {
            let entry = |item| match split(item, b':')[..] {
                [k, v] => Ok((text_element(rules, k, key)?, text_element(rules, v, value)?)),
                // Bare values may hold colons.
                [k, v, ..] => Ok((text_element(rules, k, key)?, text_element(rules, from_to_end(item, v), value)?)),
                _ => Err(CastError::Incorrect),
            };
            Ok(Cell::Map(items.into_iter().map(entry).collect::<Result<_, _>>()?))
        }
        ColumnType::Struct(fields) => struct_from_items(rules, &items, fields),
        _ => Err(CastError::Incorrect),
    }
}

/// The end of `whole` from where its part `part` starts.
fn from_to_end<'a>(whole: &'a str, part: &str) -> &'a str {
    &whole[part.as_ptr() as usize - whole.as_ptr() as usize..]
}

/// `name: value` or values by position.
fn struct_from_items(rules: &CastRules, items: &[&str], fields: &[StructField]) -> Result<Cell, CastError> {
    let mut values: Vec<(String, Cell)> = fields.iter().map(|f| (f.name.clone(), Cell::Null)).collect();
    for (index, item) in items.iter().enumerate() {
        let parts = split(item, b':');
        let named = || fields.iter().position(|f| f.name.eq_ignore_ascii_case(&unquoted(parts[0]).0));
        let (position, text) = match (parts.len() > 1).then(named).flatten() {
            Some(position) => (position, from_to_end(item, parts[1])),
            None if index < fields.len() => (index, *item),
            None => return Err(CastError::Incorrect),
        };
        values[position].1 = text_element(rules, text, &fields[position].ty)?;
    }
    Ok(Cell::Struct(values))
}

fn text_element(rules: &CastRules, item: &str, ty: &ColumnType) -> Result<Cell, CastError> {
    let (text, quoted) = unquoted(item);
    if !quoted && (text.eq_ignore_ascii_case("null") || text == "\\N") {
        return Ok(Cell::Null);
    }
    if !quoted && text.is_empty() && !ty.is_text() {
        return Err(CastError::Incorrect);
    }
    match rules.text(&text, ty) {
        Err(CastError::Incorrect) => Ok(Cell::Null),
        other => other,
    }
}

/// Splits at a byte outside quotes and brackets.
fn split(text: &str, at: u8) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote, mut escaped) = (Vec::new(), 0, 0i32, None, false);
    for (i, b) in text.bytes().enumerate() {
        match (quote, b) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(q), _) if q == b => quote = None,
            (Some(_), _) => {}
            // A quote opens only where an element starts.
            (None, b'"' | b'\'') if text[from..i].trim().is_empty() || depth > 0 => quote = Some(b),
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth -= 1,
            (None, _) if b == at && depth <= 0 => {
                parts.push(&text[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Without blanks around it and without its quotes; was it in quotes?
fn unquoted(item: &str) -> (Cow<'_, str>, bool) {
    let item = item.trim();
    let quote = item.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(inner) = quote.and_then(|q| item[1..].strip_suffix(q)) else { return (item.into(), false) };
    if !inner.contains('\\') {
        return (inner.into(), true);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    (out.into(), true)
}
