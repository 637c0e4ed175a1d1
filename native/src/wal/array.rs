//! Arrays as the server prints them, `{1,NULL,{…}}`, as JSON.

/// What elements become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Numbers as they are.
    Number,
    /// `t` and `f`.
    Flag,
    /// Texts.
    Text,
}

const NONE: &str = "it is no array as the server prints it";

/// Writes the JSON that the server's `array_to_json` makes of the same array.
///
/// # Errors
/// It is no array.
pub fn json(text: &[u8], element: Element, to: &mut Vec<u8>) -> Result<(), &'static str> {
    // `[0:2]={…}`: bounds other than from 1 on, which JSON does not have.
    let text = match text {
        [b'[', ..] => {
            let at = text.iter().position(|byte| *byte == b'=').ok_or(NONE)?;
            &text[at + 1..]
        }
        _ => text,
    };
    let mut rest = Rest { text };
    array(&mut rest, element, to)?;
    if rest.text.is_empty() { Ok(()) } else { Err(NONE) }
}

struct Rest<'t> {
    text: &'t [u8],
}

impl Rest<'_> {
    fn next(&mut self) -> Result<u8, &'static str> {
        let (first, rest) = self.text.split_first().ok_or(NONE)?;
        self.text = rest;
        Ok(*first)
    }
}

/// The server has six dimensions at most, so calls go no deeper.
fn array(rest: &mut Rest<'_>, kind: Element, to: &mut Vec<u8>) -> Result<(), &'static str> {
    if rest.next()? != b'{' {
        return Err(NONE);
    }
    to.push(b'[');
    if rest.text.first() == Some(&b'}') {
        rest.next()?;
        to.push(b']');
        return Ok(());
    }
    loop {
        match rest.text.first().ok_or(NONE)? {
            b'{' => array(rest, kind, to)?,
            b'"' => quoted(rest, to)?,
            _ => bare(rest, kind, to)?,
        }
        match rest.next()? {
            b',' => to.push(b','),
            b'}' => break,
            _ => return Err(NONE),
        }
    }
    to.push(b']');
    Ok(())
}

/// A text in quotes, with a backslash before each quote and backslash in it.
fn quoted(rest: &mut Rest<'_>, to: &mut Vec<u8>) -> Result<(), &'static str> {
    rest.next()?;
    to.push(b'"');
    loop {
        match rest.next()? {
            b'"' => break,
            b'\\' => escaped(rest.next()?, to),
            byte => escaped(byte, to),
        }
    }
    to.push(b'"');
    Ok(())
}

fn bare(rest: &mut Rest<'_>, kind: Element, to: &mut Vec<u8>) -> Result<(), &'static str> {
    let len = rest.text.iter().position(|byte| matches!(byte, b',' | b'}')).ok_or(NONE)?;
    let (text, after) = rest.text.split_at(len);
    rest.text = after;
    match (kind, text) {
        (_, b"NULL") => to.extend_from_slice(b"null"),
        (Element::Flag, b"t") => to.extend_from_slice(b"true"),
        (Element::Flag, b"f") => to.extend_from_slice(b"false"),
        (Element::Flag, _) | (_, b"") => return Err(NONE),
        (Element::Number, number) => to.extend_from_slice(number),
        (Element::Text, text) => {
            to.push(b'"');
            text.iter().for_each(|byte| escaped(*byte, to));
            to.push(b'"');
        }
    }
    Ok(())
}

/// A byte of a JSON string, as the server's `escape_json` writes it.
fn escaped(byte: u8, to: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => to.extend_from_slice(&[b'\\', byte]),
        8 => to.extend_from_slice(b"\\b"),
        12 => to.extend_from_slice(b"\\f"),
        b'\n' => to.extend_from_slice(b"\\n"),
        b'\r' => to.extend_from_slice(b"\\r"),
        b'\t' => to.extend_from_slice(b"\\t"),
        0..=31 => to.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => to.push(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, element: Element) -> Result<String, &'static str> {
        let mut to = Vec::new();
        json(text.as_bytes(), element, &mut to).map(|()| String::from_utf8(to).unwrap())
    }

    #[test]
    fn arrays_are_what_array_to_json_makes_of_them() {
        for (text, element, expected) in [
            ("{}", Element::Number, "[]"),
            ("{1,NULL,-2147483648}", Element::Number, "[1,null,-2147483648]"),
            ("{{1,2},{3,4}}", Element::Number, "[[1,2],[3,4]]"),
            ("[0:1]={7,8}", Element::Number, "[7,8]"),
            ("{t,f,NULL}", Element::Flag, "[true,false,null]"),
            (r#"{a,"b,c",NULL,"NULL","\"\\",ä}"#, Element::Text, r#"["a","b,c",null,"NULL","\"\\","ä"]"#),
            ("{\"\",\"{}\",\"a\tb\nc\u{1}\"}", Element::Text, r#"["","{}","a\tb\nc\u0001"]"#),
        ] {
            assert_eq!(of(text, element), Ok(expected.to_string()), "{text}");
        }
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for text in ["", "1", "{", "{1", "{1,", "{1,}", "{,}", "{1}2", "{\"a}", "{\"a\"b}", "[0:1]", "{x}"] {
            assert_eq!(of(text, Element::Flag), Err(NONE), "{text}");
        }
    }
}
