//! How Doris takes bodies apart: `csv_reader.cpp`, the line reader for enclosed fields, and the readers of nested texts,
//! as the versions read in 2024 to 2026 do it.

/// The rows of a CSV body; `None` is NULL.
pub struct Csv<'c> {
    pub column_separator: &'c [u8],
    pub line_delimiter: &'c [u8],
    pub enclose: Option<u8>,
    pub escape: Option<u8>,
    pub trim_double_quotes: bool,
}

impl Csv<'_> {
    pub fn rows(&self, body: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
        let (mut rows, mut at) = (Vec::new(), 0);
        while at < body.len() {
            let (row, next) = self.row(body, at);
            rows.push(row);
            at = next;
        }
        rows
    }

    fn row(&self, body: &[u8], mut at: usize) -> (Vec<Option<Vec<u8>>>, usize) {
        let mut row = Vec::new();
        loop {
            let from = at;
            if self.enclose.is_some() && body.get(at) == self.enclose.as_ref() {
                at = self.behind_enclosed(body, at + 1);
            }
            while at < body.len()
                && !body[at..].starts_with(self.column_separator)
                && !body[at..].starts_with(self.line_delimiter)
            {
                at += 1;
            }
            let ends = at >= body.len() || body[at..].starts_with(self.line_delimiter);
            let mut field = &body[from..at];
            if ends && self.line_delimiter == b"\n" {
                field = field.strip_suffix(b"\r").unwrap_or(field);
            }
            row.push(self.field(field));
            if ends {
                return (row, at + self.line_delimiter.len());
            }
            at += self.column_separator.len();
        }
    }

    /// Past the character that encloses, which counts twice for itself.
    fn behind_enclosed(&self, body: &[u8], mut at: usize) -> usize {
        let (mut escaped, mut maybe_end) = (false, false);
        while at < body.len() {
            let byte = body[at];
            if Some(byte) == self.escape {
                escaped = !escaped;
            } else if escaped {
                escaped = false;
            } else if maybe_end {
                if Some(byte) != self.enclose {
                    return at;
                }
                maybe_end = false;
            } else if Some(byte) == self.enclose {
                maybe_end = true;
            }
            at += 1;
        }
        at
    }

    fn field(&self, mut field: &[u8]) -> Option<Vec<u8>> {
        let trimmed = |field: &[u8], quote: u8| field.len() > 1 && field[0] == quote && field[field.len() - 1] == quote;
        // A `"` is taken off only where the header says so, any other character always.
        let takes_off = |quote: u8| quote != b'"' || self.trim_double_quotes;
        if let Some(quote) = self.enclose.filter(|quote| takes_off(*quote) && trimmed(field, *quote)) {
            field = &field[1..field.len() - 1];
            assert_eq!(quote, self.enclose.unwrap());
        }
        let twice = self.trim_double_quotes && trimmed(field, b'"');
        if twice {
            field = &field[1..field.len() - 1];
        }
        if field == b"\\N" && !twice {
            return None;
        }
        Some(self.escape.map_or_else(|| field.to_vec(), |escape| unescaped(field, escape)))
    }
}

/// Without the bytes that make the next one an ordinary one.
fn unescaped(text: &[u8], escape: u8) -> Vec<u8> {
    let (mut out, mut next) = (Vec::new(), false);
    for byte in text {
        next = *byte == escape && !next;
        if !next {
            out.push(*byte);
        }
    }
    out
}

/// The elements of an ARRAY's text, as texts; `None` is NULL. `skips_escaped`: an escaped quote is no quote, as in the
/// newest versions and in MAP and STRUCT; ARRAY's reader of other versions looks at every quote.
pub fn array(text: &str, skips_escaped: bool) -> Vec<Option<String>> {
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).expect("an array").as_bytes();
    if inner.is_empty() {
        return Vec::new();
    }
    let (mut elements, mut from, mut at, mut quote, mut level) = (Vec::new(), 0, 0, None, 0);
    while at < inner.len() {
        let byte = inner[at];
        match byte {
            b'\\' if skips_escaped => at += 1,
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            b'"' | b'\'' if quote == Some(byte) => quote = None,
            b'[' | b'{' if quote.is_none() => level += 1,
            b']' | b'}' if quote.is_none() => level -= 1,
            b',' if quote.is_none() && level == 0 => {
                elements.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    elements.push(&inner[from..]);
    elements.into_iter().map(element).collect()
}

fn element(mut text: &[u8]) -> Option<String> {
    if text == b"null" {
        return None;
    }
    // Twice in some versions.
    for _ in 0..2 {
        let quoted = |quote| text.len() > 1 && text[0] == quote && text[text.len() - 1] == quote;
        if quoted(b'"') || quoted(b'\'') {
            text = &text[1..text.len() - 1];
        }
    }
    Some(String::from_utf8(unescaped(text, b'\\')).expect("UTF-8"))
}
