//! JSON as Flink's Jackson reads it (`ObjectMapper.readTree(byte[])`): one document, what follows it is not looked at.

use std::fmt;

/// A JSON value. Members are in the order of their first occurrence; the last value of a member counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Null,
    Boolean(bool),
    /// As `BigInteger.toString()`: `-0` is `0`.
    Integer(String),
    /// With a point or an exponent: as it is written.
    Fraction(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The member `name`; `None` also for what is not an object.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Node::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Whether `name` is a member of this value or of any value inside it (Jackson's `findValue`).
    pub fn has_anywhere(&self, name: &str) -> bool {
        match self {
            Node::Array(items) => items.iter().any(|item| item.has_anywhere(name)),
            Node::Object(members) => members.iter().any(|(key, node)| key == name || node.has_anywhere(name)),
            _ => false,
        }
    }
}

/// What a document has that is legal or read by Jackson, but that Canal does not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oddities {
    /// A member occurs twice in an object.
    pub duplicate: bool,
    /// Something other than white space follows the document.
    pub trailing: bool,
    /// A `\ud800` without its partner; here it is `?`, which Java makes of it in UTF-8.
    pub lone_surrogate: bool,
    /// A character is written as an escape that needs none.
    pub unneeded_escape: bool,
    /// A character below U+0020 stands in a string as it is.
    pub raw_control: bool,
    /// Levels of arrays and objects inside each other.
    pub depth: usize,
    /// A number is beyond the range of a double, or has an exponent of many digits.
    pub huge_number: bool,
    /// The longest member name, in bytes.
    pub name_length: usize,
    /// The longest number, in characters.
    pub number_length: usize,
}

/// A document and what is odd about it. `root` is `None` if there is only white space.
#[derive(Debug, Clone)]
pub struct Document {
    pub root: Option<Node>,
    pub oddities: Oddities,
}

/// Where a text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub usize);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not JSON at byte {}", self.0)
    }
}

/// Reads the first document of `text`.
pub fn parse(text: &str) -> Result<Document, Malformed> {
    let mut reader = Reader { text, at: 0, depth: 0, oddities: Oddities::default() };
    reader.blank();
    let root = if reader.at == text.len() { None } else { Some(reader.value()?) };
    reader.blank();
    reader.oddities.trailing = reader.at < text.len();
    Ok(Document { root, oddities: reader.oddities })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    oddities: Oddities,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn bad<T>(&self) -> Result<T, Malformed> {
        Err(Malformed(self.at))
    }

    fn blank(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != byte {
            return self.bad();
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<Node, Malformed> {
        match self.peek() {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b'"' => Ok(Node::Text(self.string()?)),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Node::Boolean(true)),
            b'f' => self.word("false", Node::Boolean(false)),
            b'n' => self.word("null", Node::Null),
            _ => self.bad(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, Malformed>) -> Result<Node, Malformed> {
        self.at += 1;
        self.depth += 1;
        self.oddities.depth = self.oddities.depth.max(self.depth);
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn object(&mut self) -> Result<Node, Malformed> {
        let mut members: Vec<(String, Node)> = Vec::new();
        self.blank();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Node::Object(members));
        }
        loop {
            self.blank();
            let key = self.string()?;
            self.oddities.name_length = self.oddities.name_length.max(key.len());
            self.blank();
            self.expect(b':')?;
            self.blank();
            let value = self.value()?;
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some(member) => {
                    member.1 = value;
                    self.oddities.duplicate = true;
                }
                None => members.push((key, value)),
            }
            if !self.goes_on(b'}')? {
                return Ok(Node::Object(members));
            }
        }
    }

    fn array(&mut self) -> Result<Node, Malformed> {
        let mut items = Vec::new();
        self.blank();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Node::Array(items));
        }
        loop {
            self.blank();
            items.push(self.value()?);
            if !self.goes_on(b']')? {
                return Ok(Node::Array(items));
            }
        }
    }

    /// After an item: true for a comma, false for `close`.
    fn goes_on(&mut self, close: u8) -> Result<bool, Malformed> {
        self.blank();
        let comma = self.peek() == b',';
        self.expect(if comma { b',' } else { close })?;
        Ok(comma)
    }

    fn word(&mut self, word: &str, node: Node) -> Result<Node, Malformed> {
        let rest = &self.text.as_bytes()[self.at..];
        // Jackson wants a token to end where a name could not go on.
        let goes_on = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$' || *b >= 0x80;
        if !rest.starts_with(word.as_bytes()) || rest.get(word.len()).is_some_and(goes_on) {
            return self.bad();
        }
        self.at += word.len();
        Ok(node)
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        if !self.peek().is_ascii_digit() {
            return self.bad();
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Node, Malformed> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let integer_end = self.at;
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        // A number at the root ends with white space or the text; elsewhere what follows is checked by the caller.
        let next = self.peek();
        if self.depth == 0 && self.at < self.text.len() && !matches!(next, b' ' | b'\t' | b'\r' | b'\n') {
            return self.bad();
        }
        if next.is_ascii_digit() {
            return self.bad();
        }
        let text = &self.text[start..self.at];
        let exponent = text.split_once(['e', 'E']).map_or(0, |(_, digits)| digits.len());
        self.oddities.huge_number |= exponent > 3 || !text.parse::<f64>().expect("a number").is_finite();
        self.oddities.number_length = self.oddities.number_length.max(text.len());
        Ok(match text {
            "-0" => Node::Integer("0".into()),
            _ if integer_end == self.at => Node::Integer(text.into()),
            _ => Node::Fraction(text.into()),
        })
    }

    fn string(&mut self) -> Result<String, Malformed> {
        self.expect(b'"')?;
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(c) = self.text[self.at..].chars().next() else { return self.bad() };
            self.at += c.len_utf8();
            match c {
                '"' => break,
                '\\' => units.push(self.escape()?),
                _ => {
                    self.oddities.raw_control |= c < ' ';
                    units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
                }
            }
        }
        let mut text = String::with_capacity(units.len());
        for c in char::decode_utf16(units) {
            self.oddities.lone_surrogate |= c.is_err();
            text.push(c.unwrap_or('?'));
        }
        Ok(text)
    }

    fn escape(&mut self) -> Result<u16, Malformed> {
        let escaped = self.peek();
        self.oddities.unneeded_escape |= escaped == b'/';
        let unit = match escaped {
            b'"' | b'\\' | b'/' => escaped.into(),
            b'b' => 8,
            b't' => 9,
            b'n' => 10,
            b'f' => 12,
            b'r' => 13,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                let Some(digits) = digits.filter(|d| d.iter().all(u8::is_ascii_hexdigit)) else { return self.bad() };
                self.at += 4;
                let unit = u16::from_str_radix(std::str::from_utf8(digits).expect("ASCII"), 16).expect("hex digits");
                self.oddities.unneeded_escape |= unit >= 0x20;
                unit
            }
            _ => return self.bad(),
        };
        self.at += 1;
        Ok(unit)
    }
}
