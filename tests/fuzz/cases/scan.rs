//! The vector routines of every path on any bytes at any place, against what they are documented to find, byte by byte.
//!
//! An input is a document; its first byte says how long a passage of it is to be recognised.

use canal_native::json::scan::{self, Literal, Passage, Path, Portable, Vector, Work};
use canal_native::json::{PADDING, pad};

/// Longest document: each place of it is tried with each routine.
const LONGEST: usize = 400;

/// What the routines say at one place.
#[derive(Debug, PartialEq, Eq)]
struct Answers {
    quote: usize,
    continues: bool,
    ascii: bool,
    digits: Vec<Option<u64>>,
    decimals: Vec<Option<(u64, u32)>>,
    date: Option<[u8; 4]>,
    date_time: Option<[u8; 7]>,
}

struct Ask<'a> {
    buf: &'a [u8],
    at: usize,
    /// Of the document in `buf`.
    len: usize,
    passage: &'a Passage,
}

impl Ask<'_> {
    /// Ends of numbers that may begin here.
    fn ends(&self) -> impl Iterator<Item = usize> {
        self.at..=(self.at + 40).min(self.len)
    }
}

impl Work for Ask<'_> {
    type Out = Answers;

    #[inline(always)]
    fn run<V: Vector>(self) -> Answers {
        let Ask { buf, at, len, passage } = self;
        Answers {
            quote: V::quote_or_backslash(buf, at),
            continues: V::continues(buf, at, passage),
            ascii: V::is_ascii(buf, len),
            digits: self.ends().map(|end| V::digits(buf, at, end)).collect(),
            decimals: self.ends().map(|end| V::decimal(buf, at, end)).collect(),
            date: V::date(&buf[..len + PADDING], at),
            date_time: V::date_time(&buf[..len + PADDING], at),
        }
    }
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((first, document)) = input.split_first() else { return };
    let document = &document[..document.len().min(LONGEST)];
    let passage = Passage::new(&document[..usize::from(*first).min(document.len())]);
    let mut buf = document.to_vec();
    pad(&mut buf);
    for at in 0..=document.len() {
        let ask = || Ask { buf: &buf, at, len: document.len(), passage: &passage };
        let portable = ask().run::<Portable>();
        check(&portable, &ask());
        for path in Path::all() {
            assert_eq!(path.run(ask()), portable, "{} at {at} of {document:?}", path.name());
        }
        windows(&buf, at, &passage);
    }
}

/// The portable routines against their documentation.
fn check(answers: &Answers, ask: &Ask<'_>) {
    let Ask { buf, at, len, passage } = *ask;
    let rest = &buf[at..];
    assert_eq!(Some(answers.quote - at), rest.iter().position(|b| b"\"\\".contains(b)));
    assert_eq!(answers.continues, rest.starts_with(passage.text()));
    assert_eq!(answers.ascii, buf[..len].is_ascii());
    for (end, (digits, decimal)) in ask.ends().zip(answers.digits.iter().zip(&answers.decimals)) {
        let text = &buf[at..end];
        assert_eq!(*digits, number(text), "{text:?}");
        let point = text.iter().position(|b| *b == b'.');
        let between = point.is_none_or(|point| point > 0 && point + 1 < text.len());
        let all: Vec<u8> = text.iter().enumerate().filter(|(i, _)| Some(*i) != point).map(|(_, b)| *b).collect();
        let fraction = point.map_or(0, |point| text.len() - 1 - point) as u32;
        assert_eq!(*decimal, number(&all).filter(|_| between).map(|number| (number, fraction)), "{text:?}");
    }
    assert_eq!(answers.date, pairs(rest, b"dddd-dd-dd"));
    assert_eq!(answers.date_time, pairs(rest, b"dddd-dd-dd?dd:dd:dd"));
}

/// The number of one to 18 digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    let digits = (1..=18).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(text).unwrap().parse().unwrap())
}

/// The digits of a text of this shape, two at a time.
fn pairs<const N: usize>(text: &[u8], shape: &[u8]) -> Option<[u8; N]> {
    let text = text.get(..shape.len())?;
    let fits = |(b, shape): (&u8, &u8)| match shape {
        b'd' => b.is_ascii_digit(),
        b'?' => true,
        other => b == other,
    };
    if !text.iter().zip(shape).all(fits) {
        return None;
    }
    let digits: Vec<u8> = text.iter().zip(shape).filter(|(_, s)| **s == b'd').map(|(b, _)| b - b'0').collect();
    Some(std::array::from_fn(|i| digits[2 * i] * 10 + digits[2 * i + 1]))
}

/// The routines on 16 bytes, which need no path.
fn windows(buf: &[u8], at: usize, passage: &Passage) {
    let window = buf[at..].first_chunk::<16>().expect("padding");
    assert_eq!(scan::quote_or_backslash(buf, at), Portable::quote_or_backslash(buf, at));
    assert_eq!(scan::not_plain(window), scan::not_plain_portable(window));
    for astral in [false, true] {
        assert_eq!(scan::to_escape(window, astral), scan::to_escape_portable(window, astral));
    }
    assert_eq!(scan::digit_run(window), scan::digit_run_portable(window));
    let literal = Literal::new(passage.text());
    assert_eq!(literal.matches(buf, at), buf[at..].starts_with(passage.text()));
    let but_last = passage.text().split_last().map_or(&[][..], |(_, text)| text);
    assert_eq!(literal.matches_but_last(buf, at), buf[at..].starts_with(but_last));
}
