use super::*;
use base64::Engine;

fn written(write: impl FnOnce(&mut Output)) -> String {
    let mut out = Output::new();
    write(&mut out);
    String::from_utf8(out.text().to_vec()).unwrap()
}

fn string(text: &[u8], style: Style) -> Result<String, NotUtf8> {
    let mut out = Output::new();
    out.string(text, style)?;
    Ok(String::from_utf8(out.text().to_vec()).unwrap())
}

/// The same, character by character.
fn plain_string(text: &str, style: Style) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match (c, style) {
            ('"' | '\\', _) => json.extend(['\\', c]),
            ('\u{8}', _) => json.push_str("\\b"),
            ('\t', _) => json.push_str("\\t"),
            ('\n', _) => json.push_str("\\n"),
            ('\u{c}', _) => json.push_str("\\f"),
            ('\r', _) => json.push_str("\\r"),
            (..' ', Style::Jackson) => json.push_str(&format!("\\u{:04X}", u32::from(c))),
            (..' ', Style::Fastjson) => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            ('\u{10000}'.., Style::Jackson) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| json.push_str(&format!("\\u{unit:04X}")));
            }
            _ => json.push(c),
        }
    }
    json + "\""
}

#[test]
fn every_character_alone() {
    for c in ('\0'..=char::MAX).filter(|c| *c < '\u{3000}' || *c as u32 % 61 == 0 || *c > '\u{10FF00}') {
        for style in [Style::Jackson, Style::Fastjson] {
            let text = c.to_string();
            assert_eq!(string(text.as_bytes(), style).unwrap(), plain_string(&text, style));
        }
    }
}

#[test]
fn every_length_with_something_to_escape_at_every_place() {
    for len in 0..70 {
        for odd in ["", "\"", "\\", "\n", "\u{1f}", "ä", "中", "😀", "\u{7f}", "\u{2028}", "😀\"\n"] {
            for at in 0..=len {
                let mut text: String = ('a'..='z').cycle().take(len).collect();
                text.insert_str(at, odd);
                for style in [Style::Jackson, Style::Fastjson] {
                    assert_eq!(string(text.as_bytes(), style).unwrap(), plain_string(&text, style), "{text:?}");
                }
                if odd.is_empty() {
                    break;
                }
            }
        }
    }
    assert_eq!(string("😀".repeat(2000).as_bytes(), Style::Jackson).unwrap().len(), 24_002);
}

#[test]
fn what_is_not_utf8() {
    for len in 0..40 {
        for odd in [&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xE4\xB8", b"\x80"] {
            let mut text = vec![b'x'; len];
            text.extend_from_slice(odd);
            assert_eq!(string(&text, Style::Jackson), Err(NotUtf8));
            text.extend_from_slice(b"and more text behind it");
            assert_eq!(string(&text, Style::Fastjson), Err(NotUtf8));
        }
    }
}

#[test]
fn integers() {
    let mut values = vec![0, u64::MAX, i64::MAX as u64, i64::MIN as u64];
    for power in 0..20 {
        let ten = 10u64.pow(power);
        values.extend([ten - 1, ten, ten + 1, 3 * (ten / 7)]);
    }
    for value in values {
        assert_eq!(written(|out| out.unsigned(value)), value.to_string());
        assert_eq!(written(|out| out.integer(value as i64)), (value as i64).to_string());
        assert_eq!(decimal_len(value), value.to_string().len());
    }
    for bit in 0..64 {
        let value = 1u64 << bit;
        assert_eq!(decimal_len(value), value.to_string().len());
        assert_eq!(decimal_len(value - 1), (value - 1).to_string().len());
    }
    for value in 0..100_000_000 / 997 {
        let value = value * 997;
        assert_eq!(written(|out| out.unsigned(value)), value.to_string());
    }
    for width in 0..=20 {
        for value in [0, 7, 1234, 87_654_321, 987_654_321, 1_234_567_890_123_456_789, u64::MAX] {
            let all = format!("{value:020}");
            assert_eq!(written(|out| out.digits(value, width)), all[20 - width..]);
        }
    }
    assert_eq!(written(|out| out.digits(1234, 6)), "001234");
    assert_eq!(written(|out| out.digits(0, 0)), "");
}

#[test]
fn bytes_as_base64_and_as_characters() {
    for n in 0..50u32 {
        let bytes: Vec<u8> = (0..n).map(|i| (i * 57 + n) as u8).collect();
        let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
        assert_eq!(written(|out| out.base64_string(&bytes)), format!("\"{text}\""));
    }
    let all: Vec<u8> = (0..=255).collect();
    let text: String = all.iter().map(|b| char::from(*b)).collect();
    for style in [Style::Jackson, Style::Fastjson] {
        assert_eq!(written(|out| out.latin1_string(&all, style)), plain_string(&text, style));
    }
}

#[test]
fn the_buffer_grows_and_shrinks() {
    let long = "0123456789".repeat(1000);
    let piece = Piece::new(long.as_bytes());
    let mut out = Output::new();
    for _ in 0..3 {
        out.clear();
        out.piece(&piece);
        out.raw(long.as_bytes());
        out.string(long.as_bytes(), Style::Jackson).unwrap();
        assert_eq!(out.text(), format!("{long}{long}\"{long}\"").as_bytes());
    }
    let large = out.buffer().1;
    out.shrink(100);
    assert!(out.buffer().1 < large && out.is_empty());
    out.piece(&Piece::new(b"x"));
    assert_eq!(out.text(), b"x");
}

#[test]
fn a_text_that_is_too_long_is_given_up() {
    let mut out = Output { max: 10_000, ..Output::new() };
    let long = "x".repeat(9_000);
    out.string(long.as_bytes(), Style::Jackson).unwrap();
    assert!(!out.is_too_long());
    let mut capacity = 0;
    for _ in 0..20 {
        out.string(long.as_bytes(), Style::Jackson).unwrap();
        out.raw(&[b'"'; 700]);
        assert!(out.is_too_long());
        capacity = out.buffer().1;
    }
    assert!(capacity <= 10_000);
    out.clear();
    out.unsigned(7);
    assert_eq!((out.text(), out.is_too_long()), (&b"7"[..], false));
}

#[test]
fn a_json_text_inside_a_string() {
    let json = written(|out| {
        out.raw(b"[1,");
        let at = out.len();
        out.raw(br#"{"a":"\n"}"#);
        out.quote_from(at, Style::Fastjson).unwrap();
        out.push(b']');
    });
    assert_eq!(json, r#"[1,"{\"a\":\"\\n\"}"]"#);
}

#[test]
fn plain_texts_are_quoted_whole_or_not_at_all() {
    let quoted = |text: &str, quote: u8| {
        let mut out = Output::new();
        out.raw(b"before");
        let whole = out.quoted_plain(text.as_bytes(), quote);
        let quote = char::from(quote);
        let expected = if whole { format!("before{quote}{text}{quote}") } else { "before".into() };
        assert_eq!(std::str::from_utf8(out.text()), Ok(expected.as_str()), "{text}");
        whole
    };
    for len in 0..70 {
        assert!(quoted(&"x".repeat(len), b'"') && quoted(&"y".repeat(len), b'\''), "{len}");
        for at in 0..len {
            for c in ["\"", "\\", "\n", "\u{1f}", "é"] {
                assert!(
                    !quoted(&format!("{}{c}{}", "x".repeat(at), "y".repeat(len - at - 1)), b'"'),
                    "{c:?} at {at} of {len}"
                );
            }
            assert!(
                quoted(&format!("{}\u{7f}{}", "x".repeat(at), "y".repeat(len - at - 1)), b'"'),
                "DEL at {at} of {len}"
            );
        }
    }
}
