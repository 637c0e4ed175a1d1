//! Functions of texts.

use crate::cell::Cell;
use crate::sql::arithmetic::integer;
use crate::sql::expr::EvalError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use regex::Regex;

pub(super) const NAMES: [&str; 44] = [
    "ascii",
    "char_length",
    "character_length",
    "concat",
    "crc32",
    "element_at",
    "ends_with",
    "from_base64",
    "hex",
    "initcap",
    "instr",
    "lcase",
    "left",
    "length",
    "locate",
    "lower",
    "lpad",
    "ltrim",
    "md5",
    "md5sum",
    "mid",
    "octet_length",
    "position",
    "regexp_extract",
    "repeat",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "size",
    "space",
    "split_part",
    "starts_with",
    "strleft",
    "strright",
    "substr",
    "substring",
    "to_base64",
    "trim",
    "ucase",
    "unhex",
    "upper",
    "cardinality",
];

pub(super) fn call(name: &str, arguments: &[Cell]) -> Option<Cell> {
    if let Some(cell) = of_collection(name, arguments) {
        return Some(cell);
    }
    let texts: Vec<String> = arguments.iter().map(Cell::to_string).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    of_one(name, &texts).or_else(|| of_several(name, &texts, arguments))
}

fn of_collection(name: &str, arguments: &[Cell]) -> Option<Cell> {
    match (name, arguments) {
        ("size" | "cardinality", [Cell::Array(items)]) => Some(Cell::Int(items.len() as i128)),
        ("size" | "cardinality", [Cell::Map(entries)]) => Some(Cell::Int(entries.len() as i128)),
        ("element_at", [Cell::Array(items), index]) => {
            let index = integer(index);
            let from_start = if index < 0 { items.len() as i128 + index } else { index - 1 };
            Some(usize::try_from(from_start).ok().and_then(|index| items.get(index)).cloned().unwrap_or(Cell::Null))
        }
        ("element_at", [Cell::Map(entries), key]) => {
            Some(entries.iter().find(|(found, _)| found == key).map_or(Cell::Null, |(_, value)| value.clone()))
        }
        ("element_at", [Cell::Struct(fields), Cell::Text(name)]) => {
            Some(fields.iter().find(|(found, _)| found == name).map_or(Cell::Null, |(_, value)| value.clone()))
        }
        _ => None,
    }
}

fn of_one(name: &str, texts: &[&str]) -> Option<Cell> {
    let [text] = *texts else { return None };
    let owned = match name {
        "md5" => lower_hex(&Md5::digest(text)),
        "hex" => upper_hex(text),
        "unhex" => return Some(unhex(text).map_or(Cell::Null, Cell::Text)),
        "upper" | "ucase" => text.to_uppercase(),
        "lower" | "lcase" => text.to_lowercase(),
        "initcap" => initcap(text),
        "trim" => text.trim_matches(' ').to_owned(),
        "ltrim" => text.trim_start_matches(' ').to_owned(),
        "rtrim" => text.trim_end_matches(' ').to_owned(),
        "reverse" => text.chars().rev().collect(),
        "space" => " ".repeat(text.parse().unwrap_or(0)),
        "to_base64" => STANDARD.encode(text),
        "from_base64" => {
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            return Some(bytes.map_or(Cell::Null, Cell::Text));
        }
        "length" | "octet_length" => return Some(Cell::Int(text.len() as i128)),
        "char_length" | "character_length" => return Some(Cell::Int(text.chars().count() as i128)),
        "ascii" => return Some(Cell::Int(text.bytes().next().unwrap_or(0).into())),
        "crc32" => return Some(Cell::Int(crc32(text.as_bytes()).into())),
        _ => return None,
    };
    Some(Cell::Text(owned))
}

fn of_several(name: &str, texts: &[&str], arguments: &[Cell]) -> Option<Cell> {
    let number = |index: usize| integer(&arguments[index]);
    let owned = match (name, texts) {
        ("concat", [_, ..]) => texts.concat(),
        ("md5sum", [_, ..]) => lower_hex(&Md5::digest(texts.concat())),
        ("substr" | "substring" | "mid", [text, _]) => substring(text, number(1), i128::MAX),
        ("substr" | "substring" | "mid", [text, _, _]) => substring(text, number(1), number(2)),
        ("left" | "strleft", [text, _]) => substring(text, 1, number(1)),
        ("right" | "strright", [text, _]) => {
            let length = text.chars().count() as i128;
            substring(text, (length - number(1)).max(0) + 1, number(1))
        }
        ("trim", [text, what]) => text.trim_start_matches(what).trim_end_matches(what).to_owned(),
        ("ltrim", [text, what]) => text.trim_start_matches(what).to_owned(),
        ("rtrim", [text, what]) => text.trim_end_matches(what).to_owned(),
        ("replace", [text, from, to]) => text.replace(from, to),
        ("repeat", [text, _]) => text.repeat(number(1).clamp(0, 1 << 20) as usize),
        ("lpad", [text, _, with]) => pad(text, number(1), with, true),
        ("rpad", [text, _, with]) => pad(text, number(1), with, false),
        ("split_part", [text, separator, _]) => {
            let parts: Vec<&str> = text.split(separator).collect();
            let index = number(2);
            let at = if index < 0 { parts.len() as i128 + index } else { index - 1 };
            return Some(
                usize::try_from(at)
                    .ok()
                    .and_then(|at| parts.get(at))
                    .map_or(Cell::Null, |part| Cell::Text((*part).to_owned())),
            );
        }
        ("regexp_extract", [text, pattern, _]) => {
            let found = Regex::new(pattern)
                .ok()?
                .captures(text)?
                .get(number(2).try_into().ok()?)
                .map(|group| group.as_str().to_owned());
            found.unwrap_or_default()
        }
        ("instr", [text, part]) | ("locate" | "position", [part, text]) => return Some(place(text, part)),
        ("starts_with", [text, part]) => return Some(Cell::Bool(text.starts_with(part))),
        ("ends_with", [text, part]) => return Some(Cell::Bool(text.ends_with(part))),
        _ => return None,
    };
    Some(Cell::Text(owned))
}

/// Texts joined, NULLs left out; NULL when the separator is.
pub(super) fn concat_ws(separator: &Cell, rest: &[Cell]) -> Cell {
    let Some(separator) = separator.text() else { return Cell::Null };
    let flat = rest.iter().flat_map(|cell| match cell {
        Cell::Array(items) => items.clone(),
        other => vec![other.clone()],
    });
    let texts: Vec<String> = flat.filter_map(|cell| cell.text()).collect();
    Cell::Text(texts.join(&separator))
}

/// `LIKE` (`%`, `_`, backslash escapes; case counts) or `REGEXP` (found anywhere).
pub fn like(value: &Cell, pattern: &Cell, regexp: bool) -> Result<Cell, EvalError> {
    let (Some(text), Some(pattern)) = (value.text(), pattern.text()) else { return Ok(Cell::Null) };
    let pattern = if regexp { pattern } else { like_pattern(&pattern) };
    let found =
        Regex::new(&pattern).map_err(|error| EvalError(format!("Invalid regex expression: {pattern}, {error}")))?;
    Ok(Cell::Bool(found.is_match(&text)))
}

fn like_pattern(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '\\' => out.push_str(&regex::escape(chars.next().unwrap_or('\\').encode_utf8(&mut [0; 4]))),
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

/// Counted in characters from 1, from the end when negative; empty when nothing is there.
fn substring(text: &str, from: i128, length: i128) -> String {
    let count = text.chars().count() as i128;
    let start = if from < 0 { count + from } else { from - 1 };
    if from == 0 || start < 0 || length <= 0 {
        return String::new();
    }
    text.chars().skip(start.min(count) as usize).take(length.min(count) as usize).collect()
}

fn pad(text: &str, length: i128, with: &str, left: bool) -> String {
    let length = length.clamp(0, 1 << 20) as usize;
    let count = text.chars().count();
    if count >= length || with.is_empty() {
        return text.chars().take(length).collect();
    }
    let filling: String = with.chars().cycle().take(length - count).collect();
    if left { filling + text } else { text.to_owned() + &filling }
}

fn place(text: &str, part: &str) -> Cell {
    Cell::Int(text.find(part).map_or(0, |byte| text[..byte].chars().count() as i128 + 1))
}

fn initcap(text: &str) -> String {
    let mut first = true;
    text.chars()
        .map(|c| {
            let out = if first { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            first = !c.is_alphanumeric();
            out
        })
        .collect()
}

fn lower_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Digits of a whole number, bytes of a text.
fn upper_hex(text: &str) -> String {
    match text.parse::<i64>() {
        Ok(number) => format!("{number:X}"),
        Err(_) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
    }
}

fn unhex(text: &str) -> Option<String> {
    if !text.is_ascii() || text.len() % 2 == 1 {
        return Some(String::new());
    }
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect::<Option<Vec<u8>>>();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok())
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        let text = [Cell::Text("123456789".into())];
        assert_eq!(call("crc32", &text).unwrap().to_string(), "3421780262");
        assert_eq!(call("md5", &text).unwrap().to_string(), "25f9e794323b453885f5181f1b624d0b");
    }

    #[test]
    fn substrings_count_characters() {
        assert_eq!(substring("añb", 2, 1), "ñ");
        assert_eq!(substring("abc", -2, 9), "bc");
        assert_eq!(substring("abc", 0, 2), "");
        assert_eq!(substring("abc", 9, 2), "");
    }

    #[test]
    fn like_matches_whole_lines_and_escapes() {
        let like =
            |text: &str, pattern: &str| like(&Cell::Text(text.into()), &Cell::Text(pattern.into()), false).unwrap();
        assert_eq!(like("a\nb", "a%"), Cell::Bool(true));
        assert_eq!(like("a_b", "a\\_b"), Cell::Bool(true));
        assert_eq!(like("axb", "a\\_b"), Cell::Bool(false));
        assert_eq!(like("A", "a"), Cell::Bool(false));
    }
}
