//! CSV bodies: lines, fields, quotes and escapes as Doris reads them.

use super::headers::{LoadError, Reading};
use super::rows::{Field, RowBuilder};
use memchr::memmem::{self, Finder};
use std::borrow::Cow;

/// Reads all lines of a body.
pub fn read(
    body: &[u8],
    reading: &Reading,
    header_lines: usize,
    rows: &mut RowBuilder,
    width: usize,
) -> Result<(), LoadError> {
    // Lines of names are skipped instead of skip_lines, not besides them.
    let skip = if header_lines > 0 { header_lines } else { reading.skip_lines };
    let splitter = Splitter::new(reading);
    let mut fields: Vec<Field> = Vec::with_capacity(width);
    let mut lines = Lines { rest: body, splitter: &splitter };
    for _ in 0..skip {
        lines.next();
    }
    for line in lines {
        if line.is_empty() {
            continue;
        }
        let Ok(text) = simdutf8::basic::from_utf8(line) else {
            rows.bad("Unable to display, only support csv data in utf8 codec", "")?;
            continue;
        };
        fields.clear();
        splitter.split(text, &mut fields);
        if fields.len() != width {
            let more = if fields.len() > width { "more than" } else { "less than" };
            let reason = format!(
                "actual column number in csv file is  {more}  schema column number.actual number: {}, schema column \
                 number: {width}; line delimiter: [{}], column separator: [{}], result values:[{}]",
                fields.len(),
                String::from_utf8_lossy(&reading.line_delimiter),
                String::from_utf8_lossy(&reading.column_separator),
                shown(&fields)
            );
            rows.bad(&reason, text)?;
            continue;
        }
        rows.row(&mut fields)?;
    }
    Ok(())
}

fn shown(fields: &[Field]) -> String {
    let mut out = String::new();
    for field in fields {
        match field {
            Field::Text(t) => out.push_str(t),
            Field::Owned(t) => out.push_str(t),
            _ => out.push_str("\\N"),
        }
        out.push_str(", ");
    }
    out
}

struct Splitter<'a> {
    line: Finder<'a>,
    column: &'a [u8],
    line_is_newline: bool,
    enclose: Option<u8>,
    escape: u8,
    trim_quotes: bool,
    keep_enclose: bool,
    empty_is_null: bool,
}

impl<'a> Splitter<'a> {
    fn new(reading: &'a Reading) -> Splitter<'a> {
        Splitter {
            line: Finder::new(&reading.line_delimiter),
            column: &reading.column_separator,
            line_is_newline: reading.line_delimiter == b"\n",
            enclose: reading.enclose,
            escape: reading.escape.unwrap_or(0),
            trim_quotes: reading.trim_double_quotes,
            keep_enclose: reading.enclose == Some(b'"') && !reading.trim_double_quotes,
            empty_is_null: reading.empty_field_as_null,
        }
    }

    /// Length of the line at the start of `rest`, without its delimiter.
    fn line_length(&self, rest: &[u8]) -> usize {
        let Some(enclose) = self.enclose else { return self.line.find(rest).unwrap_or(rest.len()) };
        let delimiter = self.line.needle();
        let (mut at, mut field_start) = (0, true);
        while at < rest.len() {
            if field_start && rest[at] == enclose {
                // Never closed: all that is left is one line.
                at = self.enclosed_end(rest, at, enclose).unwrap_or(rest.len());
                field_start = false;
            } else if rest[at..].starts_with(delimiter) {
                return at;
            } else if rest[at..].starts_with(self.column) {
                at += self.column.len();
                field_start = true;
            } else {
                at += 1;
                field_start = false;
            }
        }
        rest.len()
    }

    /// End of the quoted part of a field that starts at `from`: behind the first quote that is neither escaped nor
    /// doubled. What follows it up to the separator still belongs to the field.
    fn enclosed_end(&self, rest: &[u8], from: usize, enclose: u8) -> Option<usize> {
        let mut at = from + 1;
        while at < rest.len() {
            let b = rest[at];
            at += 1;
            if b == self.escape && self.escape != 0 && b != enclose {
                at += 1;
            } else if b == enclose {
                // Two quotes at the very start are an empty quoted part, further in they are one quote of the text.
                if at - 1 > from + 1 && rest.get(at) == Some(&enclose) && !self.ends(&rest[at + 1..]) {
                    at += 1;
                } else {
                    return Some(at);
                }
            }
        }
        None
    }

    fn ends(&self, rest: &[u8]) -> bool {
        rest.is_empty() || rest.starts_with(self.column) || rest.starts_with(self.line.needle())
    }

    fn split<'f>(&self, line: &'f str, fields: &mut Vec<Field<'f>>) {
        if let Some(enclose) = self.enclose {
            return self.split_enclosed(line, enclose, fields);
        }
        match self.column {
            [one] => {
                let mut from = 0;
                for at in memchr::memchr_iter(*one, line.as_bytes()) {
                    fields.push(self.field(&line[from..at]));
                    from = at + 1;
                }
                fields.push(self.field(&line[from..]));
            }
            many => {
                let mut from = 0;
                for at in memmem::find_iter(line.as_bytes(), many) {
                    fields.push(self.field(&line[from..at]));
                    from = at + many.len();
                }
                fields.push(self.field(&line[from..]));
            }
        }
    }

    fn field<'f>(&self, text: &'f str) -> Field<'f> {
        let text = match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
            Some(inner) if self.trim_quotes => inner,
            _ => text,
        };
        if text == "\\N" || (self.empty_is_null && text.is_empty()) { Field::Null } else { Field::Text(text) }
    }

    fn split_enclosed<'f>(&self, line: &'f str, enclose: u8, fields: &mut Vec<Field<'f>>) {
        let bytes = line.as_bytes();
        let mut from = 0;
        loop {
            let quoted = bytes.get(from) == Some(&enclose);
            let end = quoted.then(|| self.enclosed_end(bytes, from, enclose)).flatten();
            let mut end = end.unwrap_or(if quoted { bytes.len() } else { from });
            end += memmem::find(&bytes[end..], self.column).unwrap_or(bytes.len() - end);
            let text = &line[from..end];
            let closed = text.len() > 1 && quoted && text.as_bytes().last() == Some(&enclose);
            let inner = if closed && !self.keep_enclose { &text[1..text.len() - 1] } else { text };
            fields.push(if text == "\\N" || (self.empty_is_null && inner.is_empty()) {
                Field::Null
            } else {
                match self.unescaped(inner, enclose, closed) {
                    Cow::Borrowed(t) => Field::Text(t),
                    Cow::Owned(t) => Field::Owned(t),
                }
            });
            from = end + self.column.len();
            if from > bytes.len() {
                return;
            }
        }
    }

    /// Takes escapes away: one before any character, itself too, and the first of two quotes. Without an escape character only the
    /// quotes of a quoted field are paired (Doris: `escape_string_for_csv`).
    fn unescaped<'f>(&self, text: &'f str, enclose: u8, quoted: bool) -> Cow<'f, str> {
        let escapes = self.escape != 0 && text.as_bytes().contains(&self.escape);
        if !escapes && !(quoted && text.as_bytes().contains(&enclose)) {
            return Cow::Borrowed(text);
        }
        let (escape, enclose) = (self.escape as char, enclose as char);
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = self.escape != 0 && c == escape;
            let paired = quoted && !self.keep_enclose && c == enclose && chars.peek() == Some(&enclose);
            match chars.peek() {
                Some(_) if escaped || paired => out.extend(chars.next()),
                None if escaped => {}
                _ => out.push(c),
            }
        }
        Cow::Owned(out)
    }
}

struct Lines<'a, 's> {
    rest: &'a [u8],
    splitter: &'s Splitter<'s>,
}

impl<'a> Iterator for Lines<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.splitter.line_length(self.rest);
        let line = &self.rest[..length];
        let used = (length + self.splitter.line.needle().len()).min(self.rest.len());
        self.rest = &self.rest[used..];
        match line {
            [head @ .., b'\r'] if self.splitter.line_is_newline => Some(head),
            _ => Some(line),
        }
    }
}
