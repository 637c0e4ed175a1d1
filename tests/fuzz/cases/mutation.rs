//! Changes inputs: their bytes, or the values of the JSON in them, so that what comes out is JSON still.

use super::SEPARATOR;

/// Numbers without an order, the same for the same seed.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1589_3735_6062_4000)
    }

    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }

    /// 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        self.next() % n.max(1)
    }

    fn pick<'c, T: ?Sized>(&mut self, of: &[&'c T]) -> &'c T {
        of[self.below(of.len())]
    }
}

/// A value in a text, with the start of its name if it is a member.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub from: usize,
}

const VALUES: [&str; 48] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "0.0",
    "1.10",
    "1e2",
    "1E-7",
    "1e400",
    "127",
    "128",
    "32768",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "3.4028236e38",
    "4.9e-324",
    r#""""#,
    r#""1""#,
    r#""0""#,
    r#"" 12 ""#,
    r#""+7""#,
    r#""NaN""#,
    r#""true""#,
    r#""1e5""#,
    r#""0x10""#,
    r#""0000-00-00""#,
    r#""0000-00-00 00:00:00""#,
    r#""2020-02-30""#,
    r#""24:00:00""#,
    r#""12:34:56.123456789""#,
    r#""2020-01-01 12:34:56.5""#,
    r#""2020-01-01T12:34:56Z""#,
    r#""9999-12-31 23:59:59.999999999""#,
    r#""aGVsbA==""#,
    r#""\u00e4\ud83d\ude00\n""#,
    r#""\ud800""#,
    "\"\u{1}\u{1f}\"",
    "{}",
    "[]",
    r#"{"a":1,"a":2}"#,
    r#"[1,"x",null]"#,
    r#""99.995""#,
];

const WORDS: [&str; 24] = [
    r#""INSERT""#,
    r#""UPDATE""#,
    r#""DELETE""#,
    r#""INIT""#,
    r#""CREATE""#,
    r#""QUERY""#,
    r#""data""#,
    r#""old""#,
    r#""type""#,
    r#""mysqlType""#,
    r#""sqlType""#,
    r#""pkNames""#,
    r#""isDdl""#,
    r#""database""#,
    r#""table""#,
    "\\",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\u{1e}",
];

/// Every value of a text that is JSON or nearly, containers before what is in them.
pub fn values(text: &[u8]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut name: Option<usize> = None;
    let mut at = 0;
    while at < text.len() {
        let start = at;
        at += 1;
        match text[start] {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => continue,
            b'}' | b']' => {
                if let Some(container) = open.pop() {
                    spans[container].end = at;
                }
                continue;
            }
            b'{' | b'[' => {
                open.push(spans.len());
                spans.push(Span { start, end: text.len(), from: name.take().unwrap_or(start) });
                continue;
            }
            b'"' => {
                while at < text.len() && text[at] != b'"' {
                    at += 1 + usize::from(text[at] == b'\\');
                }
                at = (at + 1).min(text.len());
                let next = text[at..].iter().position(|b| !b.is_ascii_whitespace()).map(|n| text[at + n]);
                if next == Some(b':') {
                    name = Some(start);
                    continue;
                }
            }
            _ => {
                let stop =
                    |b: &u8| matches!(b, b',' | b']' | b'}' | b'"' | b':' | b'{' | b'[') || b.is_ascii_whitespace();
                at = text[at..].iter().position(stop).map_or(text.len(), |n| at + n);
            }
        }
        spans.push(Span { start, end: at, from: name.take().unwrap_or(start) });
    }
    spans
}

/// One change.
pub fn mutate(input: &mut Vec<u8>, numbers: &mut Numbers) {
    match numbers.below(10) {
        0 => bytes(input, numbers),
        1 if input.len() > 2 => input[numbers.below(2)] = numbers.next() as u8,
        2 => again(input, numbers),
        _ => json(input, numbers),
    }
}

/// A message of the input once more at its end: it may differ from the one before it by later changes.
fn again(input: &mut Vec<u8>, numbers: &mut Numbers) {
    let starts: Vec<usize> =
        [0].into_iter().chain(input.iter().enumerate().filter(|(_, b)| **b == SEPARATOR).map(|(i, _)| i + 1)).collect();
    if starts.len() > 3 {
        input.truncate(starts[starts.len() - 1] - 1);
        return;
    }
    let n = numbers.below(starts.len());
    // The first message begins behind the two bytes that the message target takes for itself.
    let start = if n == 0 { 2.min(input.len()) } else { starts[n] };
    let end = starts.get(n + 1).map_or(input.len(), |next| next - 1);
    let message = input[start.min(end)..end].to_vec();
    input.push(SEPARATOR);
    input.extend(message);
}

/// Changes bytes, whatever they mean.
pub fn bytes(input: &mut Vec<u8>, numbers: &mut Numbers) {
    if input.is_empty() {
        input.push(numbers.next() as u8);
        return;
    }
    let at = numbers.below(input.len());
    let end = at + numbers.below(input.len() - at).min(1 << numbers.below(8));
    match numbers.below(6) {
        0 => input[at] ^= 1 << numbers.below(8),
        1 => input[at] = numbers.next() as u8,
        2 => drop(input.drain(at..end)),
        3 => drop(input.splice(at..at, numbers.pick(&WORDS).bytes())),
        4 => {
            let copy = input[at..end].to_vec();
            let to = numbers.below(input.len());
            drop(input.splice(to..to, copy));
        }
        _ => input.truncate(at),
    }
}

fn json(input: &mut Vec<u8>, numbers: &mut Numbers) {
    let spans = values(input);
    let [one, other] = [0; 2].map(|_| spans.get(numbers.below(spans.len())).copied());
    let (Some(one), Some(other)) = (one, other) else { return bytes(input, numbers) };
    let text = |span: Span| input[span.start..span.end].to_vec();
    let member = input[one.from..one.end].to_vec();
    match numbers.below(9) {
        // Drops a member or element with the comma beside it.
        0 => {
            let before = one.from.checked_sub(1).filter(|at| input[*at] == b',');
            let after = usize::from(before.is_none() && input.get(one.end) == Some(&b','));
            drop(input.drain(before.unwrap_or(one.from)..one.end + after));
        }
        // Twice, the second time with another value.
        1 => {
            let value = numbers.pick(&VALUES).as_bytes();
            let name = &member[..one.start - one.from];
            let second = [b",", name, value].concat();
            drop(input.splice(one.end..one.end, second));
        }
        2 => drop(input.splice(one.end..one.end, [b",", &member[..]].concat())),
        3 => drop(input.splice(one.start..one.end, text(other))),
        4 => {
            let depth = [1, 2, 3, 62, 63, 64, 65][numbers.below(7)];
            let nested = [&b"[".repeat(depth), &text(one)[..], &b"]".repeat(depth)].concat();
            drop(input.splice(one.start..one.end, nested));
        }
        5 => {
            let value = text(one);
            let quoted = value.first() == Some(&b'"') && value.len() > 2;
            let changed = if quoted { value[1..value.len() - 1].to_vec() } else { [b"\"", &value[..], b"\""].concat() };
            drop(input.splice(one.start..one.end, changed));
        }
        // One character of a text or number.
        6 if one.end - one.start > 2 => {
            let at = one.start + 1 + numbers.below(one.end - one.start - 2);
            let by = numbers.pick(&[
                "",
                "0",
                "9",
                "-",
                ".",
                ":",
                " ",
                "\\n",
                "\\u0041",
                "\u{e4}",
                "\u{1F600}",
                "\u{7}",
                "e",
                "T",
                "Z",
            ]);
            drop(input.splice(at..at + numbers.below(2), by.bytes()));
        }
        7 if one.start > one.from => {
            let name = numbers.pick(&WORDS);
            drop(input.splice(one.from..one.start, [name.as_bytes(), b":"].concat()));
        }
        _ => drop(input.splice(one.start..one.end, numbers.pick(&VALUES).bytes())),
    }
}
