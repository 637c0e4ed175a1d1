//! Base64 as Jackson's default variant reads it.

/// The bytes, or `None` if the text is not base64: `+` and `/`, padding required and possible before further groups,
/// characters up to U+0020 passed over in front of a group of four only, bits beyond the last byte ignored.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| *c <= ' ').is_some() {}
        let Some(first) = chars.next() else { return Some(bytes) };
        let (a, b) = (sextet(first)?, sextet(chars.next()?)?);
        let (third, fourth) = (chars.next()?, chars.next()?);
        bytes.push(a << 2 | b >> 4);
        match (third, fourth) {
            ('=', '=') => {}
            (third, '=') => bytes.push(b << 4 | sextet(third)? >> 2),
            (third, fourth) => {
                let (c, d) = (sextet(third)?, sextet(fourth)?);
                bytes.extend([b << 4 | c >> 2, c << 6 | d]);
            }
        }
    }
}

fn sextet(c: char) -> Option<u8> {
    match c {
        'A'..='Z' => Some(c as u8 - b'A'),
        'a'..='z' => Some(c as u8 - b'a' + 26),
        '0'..='9' => Some(c as u8 - b'0' + 52),
        '+' => Some(62),
        '/' => Some(63),
        _ => None,
    }
}
