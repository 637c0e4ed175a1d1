//! Separators of CSV bodies, in the escaped form of Doris' headers: `\x` and pairs of hexadecimal digits, or a text with
//! the escapes `\n`, `\t`, `\r`, `\\`, `\'`, `\"` (`org.apache.doris.analysis.Separator`).

use crate::error::{Error, Kind};

/// What a header value means.
///
/// # Errors
/// None, or not pairs of hexadecimal digits behind `\x`.
pub fn parse(text: &str) -> Result<Vec<u8>, Error> {
    let wrong = |why: &str| Error::new(Kind::InvalidSpec, format!("the separator {text:?}: {why}"));
    if let Some(pairs) = text.strip_prefix("\\x").or_else(|| text.strip_prefix("\\X")) {
        let digits = pairs.replace("\\x", "").replace("\\X", "");
        if digits.is_empty() || digits.len() % 2 != 0 {
            return Err(wrong("\\x is followed by pairs of hexadecimal digits, as in \\x01"));
        }
        let pair = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        return digits
            .as_bytes()
            .chunks(2)
            .map(|two| pair(two).ok_or_else(|| wrong("\\x is followed by pairs of hexadecimal digits, as in \\x01")))
            .collect();
    }
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let mut ahead = rest.clone();
        let escaped = match (c, ahead.next()) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some(quote @ ('\\' | '\'' | '"'))) => Some(quote),
            _ => None,
        };
        if escaped.is_some() {
            rest = ahead;
        }
        bytes.extend(escaped.unwrap_or(c).encode_utf8(&mut [0; 4]).bytes());
    }
    if bytes.is_empty() { Err(wrong("it is empty")) } else { Ok(bytes) }
}

/// The header value that means these bytes.
pub(super) fn header(separator: &[u8]) -> String {
    if separator.iter().all(|b| b.is_ascii_graphic() && *b != b'\\') {
        return separator.iter().map(|b| char::from(*b)).collect();
    }
    let digits: String = separator.iter().map(|b| format!("{b:02x}")).collect();
    format!("\\x{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values() {
        for (text, bytes) in [
            ("\\x01", b"\x01".as_slice()),
            ("\\X01\\x02", b"\x01\x02"),
            ("\\x0102", b"\x01\x02"),
            ("\\n", b"\n"),
            ("\t", b"\t"),
            ("|@|\\n", b"|@|\n"),
            ("\\q", b"\\q"),
            ("a\\\\", b"a\\"),
            ("é", "é".as_bytes()),
        ] {
            assert_eq!(parse(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "\\x", "\\x0", "\\x0g", "\\x1é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_sent_is_what_is_meant() {
        for (bytes, text) in
            [(b",".as_slice(), ","), (b"||", "||"), (b"\n", "\\x0a"), (b"\x01\x02", "\\x0102"), (b"a\\", "\\x615c")]
        {
            assert_eq!(header(bytes), text);
            assert_eq!(parse(text).unwrap(), bytes);
        }
    }
}
