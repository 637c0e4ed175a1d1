//! SQL text to tokens, as Doris' DorisLexer.g4 cuts it: `'…'` and `"…"` are both strings with backslash escapes, `` `…` `` is a name,
//! `--`, `#` and `/* … */` are comments, but the text of a `/*! … */` or `/*+ … */` block is left out too (hints are not imitated).

use std::fmt;

/// What a token is; keywords are words, told apart by the parser.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// A bare word: keyword or name, as written.
    Word(String),
    /// A name in back quotes, `` `` `` read as one.
    Quoted(String),
    /// A string literal, unescaped.
    Text(String),
    /// A number as written: `1`, `0755`, `1.5`, `1e-3`.
    Number(String),
    /// The bytes of `x'…'` or `0x…`.
    Hex(Vec<u8>),
    /// `@@name`, `@@session.name` or `@name`, without the at signs, lower case.
    Variable(String),
    /// An operator or punctuation mark.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// A token and the bytes of the statement it stands at.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A text that is no SQL the stand-in reads; Doris answers such a statement with error 1105.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What was expected or what is wrong.
    pub message: String,
    /// Byte of the statement.
    pub at: usize,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "errCode = 2, detailMessage = Syntax error at byte {}: {}", self.at, self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Longest first, so that `<=>` is not read as `<=`, `>`.
const SYMBOLS: [&str; 29] = [
    "<=>", "||", "&&", "<=", ">=", "<>", "!=", "==", "->", ":=", "(", ")", "[", "]", "{", "}", ",", ";", ".", "+", "-",
    "*", "/", "%", "=", "<", ">", "!", ":",
];
const BIT_SYMBOLS: [&str; 5] = ["&", "|", "^", "~", "?"];

/// Cuts `text` into tokens; the last one is [`TokenKind::End`].
pub fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut all = Vec::new();
    loop {
        let token = lexer.next()?;
        let end = token.kind == TokenKind::End;
        all.push(token);
        if end {
            return Ok(all);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn error<T>(&self, at: usize, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError { message: message.into(), at })
    }

    fn next(&mut self) -> Result<Token, SyntaxError> {
        self.skip_blanks()?;
        let start = self.at;
        let kind = match self.byte(0) {
            0 if self.at >= self.text.len() => TokenKind::End,
            quote @ (b'\'' | b'"') => TokenKind::Text(self.string(quote)?),
            b'`' => TokenKind::Quoted(self.quoted()?),
            b'x' | b'X' if self.byte(1) == b'\'' => self.hex_string()?,
            b'0' if self.byte(1) == b'x' && self.byte(2).is_ascii_hexdigit() => self.hex_number()?,
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() => self.number(),
            b'@' => self.variable(),
            first if first == b'_' || first.is_ascii_alphabetic() || first >= 0x80 => TokenKind::Word(self.word()),
            _ => self.symbol()?,
        };
        Ok(Token { kind, start, end: self.at })
    }

    fn skip_blanks(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let line_comment = trimmed.starts_with('#')
                || trimmed == "--"
                || trimmed.starts_with("-- ")
                || trimmed.starts_with("--\n");
            if line_comment {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let Some(length) = trimmed.find("*/") else {
                    return self.error(self.at, "comment without end");
                };
                self.at += length + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn string(&mut self, quote: u8) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.byte(0) {
                0 if self.at >= self.text.len() => return self.error(start, "string without end"),
                b'\\' => {
                    self.at += 1;
                    match self.byte(0) {
                        b'n' => out.push(b'\n'),
                        b't' => out.push(b'\t'),
                        b'r' => out.push(b'\r'),
                        b'b' => out.push(8),
                        b'0' => out.push(0),
                        b'Z' => out.push(0x1a),
                        // MySQL keeps the backslash before LIKE's wildcards.
                        wildcard @ (b'%' | b'_') => out.extend([b'\\', wildcard]),
                        other => out.push(other),
                    }
                    self.at += 1;
                }
                byte if byte == quote => {
                    self.at += 1;
                    if self.byte(0) != quote {
                        break;
                    }
                    out.push(quote);
                    self.at += 1;
                }
                byte => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
        String::from_utf8(out).or_else(|_| self.error(start, "string is no UTF-8"))
    }

    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let mut name = String::new();
        self.at += 1;
        loop {
            let Some(length) = self.text[self.at..].find('`') else {
                return self.error(start, "quoted name without end");
            };
            name.push_str(&self.text[self.at..self.at + length]);
            self.at += length + 1;
            if self.byte(0) != b'`' {
                return Ok(name);
            }
            name.push('`');
            self.at += 1;
        }
    }

    fn hex_string(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        self.at += 2;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
        if self.byte(0) != b'\'' {
            return self.error(start, "hexadecimal string without end");
        }
        self.at += 1;
        self.hex_bytes(start, &digits)
    }

    fn hex_number(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        self.at += 2;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
        let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits };
        self.hex_bytes(start, &even)
    }

    fn hex_bytes(&self, start: usize, digits: &str) -> Result<TokenKind, SyntaxError> {
        if digits.len() % 2 == 1 {
            return self.error(start, "hexadecimal string of odd length");
        }
        let value = |index| u8::from_str_radix(&digits[index..index + 2], 16).unwrap_or_default();
        Ok(TokenKind::Hex((0..digits.len()).step_by(2).map(value).collect()))
    }

    fn number(&mut self) -> TokenKind {
        let mut text = self.take_while(|byte| byte.is_ascii_digit());
        if self.byte(0) == b'.' {
            self.at += 1;
            text = format!("{}.{}", text, self.take_while(|byte| byte.is_ascii_digit()));
        } else if self.byte(0) == b'_' || self.byte(0).is_ascii_alphabetic() {
            // A name that starts with a digit, unless it is an exponent.
            let exponent = matches!(self.byte(0), b'e' | b'E')
                && (self.byte(1).is_ascii_digit()
                    || (matches!(self.byte(1), b'+' | b'-') && self.byte(2).is_ascii_digit()));
            if !exponent {
                return TokenKind::Word(text + &self.word());
            }
        }
        if matches!(self.byte(0), b'e' | b'E') {
            let signed = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + signed).is_ascii_digit() {
                let from = self.at;
                self.at += 1 + signed;
                self.take_while(|byte| byte.is_ascii_digit());
                text.push_str(&self.text[from..self.at]);
            }
        }
        TokenKind::Number(text)
    }

    fn variable(&mut self) -> TokenKind {
        self.take_while(|byte| byte == b'@');
        let name = self.take_while(|byte| byte == b'_' || byte == b'.' || byte == b'`' || byte.is_ascii_alphanumeric());
        TokenKind::Variable(name.replace('`', "").to_lowercase())
    }

    fn word(&mut self) -> String {
        self.take_while(|byte| byte == b'_' || byte == b'$' || byte.is_ascii_alphanumeric() || byte >= 0x80)
    }

    fn symbol(&mut self) -> Result<TokenKind, SyntaxError> {
        let rest = &self.text[self.at..];
        match SYMBOLS.iter().chain(&BIT_SYMBOLS).find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => {
                self.at += symbol.len();
                Ok(TokenKind::Symbol(symbol))
            }
            None => self.error(self.at, format!("character {:?} is no SQL", rest.chars().next().unwrap_or(' '))),
        }
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> String {
        let start = self.at;
        while self.at < self.text.len() && belongs(self.byte(0)) {
            self.at += 1;
        }
        self.text[start..self.at].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn strings_and_names() {
        assert_eq!(
            kinds("'it''s' \"a\\\"b\\n\" `k``1` 'a\\%'"),
            [
                TokenKind::Text("it's".into()),
                TokenKind::Text("a\"b\n".into()),
                TokenKind::Quoted("k`1".into()),
                TokenKind::Text("a\\%".into()),
                TokenKind::End
            ]
        );
    }

    #[test]
    fn numbers() {
        let number = |text: &str| TokenKind::Number(text.into());
        assert_eq!(
            kinds("0755 1.50 .5 1e-3 2E4 1p"),
            [
                number("0755"),
                number("1.50"),
                number(".5"),
                number("1e-3"),
                number("2E4"),
                TokenKind::Word("1p".into()),
                TokenKind::End
            ]
        );
        assert_eq!(kinds("x'0aFF' 0x1ff")[..2], [TokenKind::Hex(vec![10, 255]), TokenKind::Hex(vec![1, 255])]);
    }

    #[test]
    fn comments_and_variables() {
        assert_eq!(
            kinds("/* mysql-connector */ SELECT -- rest\n @@session.Time_Zone # end"),
            [TokenKind::Word("SELECT".into()), TokenKind::Variable("session.time_zone".into()), TokenKind::End]
        );
    }

    #[test]
    fn refusals_name_the_place() {
        assert_eq!(tokens("a 'b").unwrap_err(), SyntaxError { message: "string without end".into(), at: 2 });
        assert_eq!(tokens("a \\").unwrap_err().message, "character '\\\\' is no SQL");
    }
}
