//! A statement's tokens without blanks and comments, and reading them one after the other.

use sqlparser::dialect::MySqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// What was read, or why the statement is not understood.
pub type Parsed<T> = Result<T, String>;

/// The tokens of a statement.
pub struct Tokens {
    tokens: Vec<Token>,
    at: usize,
}

impl Tokens {
    /// Cuts a statement into tokens. What stands in `/*! … */` counts, as it does in MySQL.
    pub fn of(sql: &str) -> Parsed<Tokens> {
        let tokens = Tokenizer::new(&MySqlDialect {}, sql).tokenize().map_err(|e| e.to_string())?;
        let mut tokens: Vec<Token> =
            tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
        while tokens.last() == Some(&Token::SemiColon) {
            tokens.pop();
        }
        Ok(Tokens { tokens, at: 0 })
    }

    /// The next token.
    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Whether all tokens were read.
    pub fn is_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Passes over a token and gives it.
    pub fn next(&mut self) -> Option<&Token> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    fn keyword_at(&self, at: usize, word: &str) -> bool {
        matches!(self.tokens.get(at), Some(Token::Word(found)) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
    }

    /// Whether a word in no quotes is next.
    pub fn is(&self, word: &str) -> bool {
        self.keyword_at(self.at, word)
    }

    /// Whether these words are next, divided by blanks.
    pub fn are(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(i, word)| self.keyword_at(self.at + i, word))
    }

    /// Whether one of these words, divided by blanks, is next.
    pub fn is_any(&self, words: &str) -> bool {
        words.split(' ').any(|word| self.is(word))
    }

    /// Passes over these words if they are next.
    pub fn take(&mut self, words: &str) -> bool {
        let found = self.are(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    /// Passes over `first`, a name that may stand behind it, and `words`, if all of that is next.
    pub fn take_before(&mut self, first: &str, words: &str) -> bool {
        let before = self.at;
        if !self.take(first) {
            return false;
        }
        if !self.are(words) {
            self.at += 1;
        }
        if self.take(words) {
            return true;
        }
        self.at = before;
        false
    }

    /// Passes over a mark if it and a word behind it are next.
    pub fn take_mark_before(&mut self, mark: &Token, word: &str) -> bool {
        let found = self.peek() == Some(mark) && self.keyword_at(self.at + 1, word);
        self.at += usize::from(found);
        found
    }

    /// Whether a word is next that is a column's name here, as its type stands behind it and no name or parenthesis of an index does.
    pub fn is_column_called(&self, word: &str) -> bool {
        self.is(word) && !self.keyword_at(self.at + 1, "INDEX") && !self.keyword_at(self.at + 1, "KEY")
    }

    /// Passes over these words.
    pub fn expect(&mut self, words: &str) -> Parsed<()> {
        if self.take(words) { Ok(()) } else { Err(self.unexpected(words)) }
    }

    /// Passes over a mark if it is next.
    pub fn take_mark(&mut self, mark: &Token) -> bool {
        let found = self.peek() == Some(mark);
        self.at += usize::from(found);
        found
    }

    /// Passes over a mark.
    pub fn expect_mark(&mut self, mark: &Token) -> Parsed<()> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("{:?}", mark.to_string()))) }
    }

    /// That something else is next than was expected.
    pub fn unexpected(&self, expected: &str) -> String {
        match self.peek() {
            Some(token) => format!("expected {expected}, found {:?}", shortened(&token.to_string())),
            None => format!("expected {expected}, found the end"),
        }
    }

    /// A name, in quotes or not.
    pub fn name(&mut self) -> Parsed<String> {
        let name = match self.peek() {
            Some(Token::Word(word)) => word.value.clone(),
            // A name where the server runs with ANSI_QUOTES; a text cannot stand here.
            Some(Token::DoubleQuotedString(text)) => text.clone(),
            _ => return Err(self.unexpected("a name")),
        };
        self.at += 1;
        Ok(name)
    }

    /// A text in quotes, if one is next.
    pub fn text(&mut self) -> Option<String> {
        let text = match self.peek()? {
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) | Token::NationalStringLiteral(text) => {
                text.clone()
            }
            _ => return None,
        };
        self.at += 1;
        Some(text)
    }

    /// `= 'text'`, the mark being optional.
    pub fn option_text(&mut self) -> Parsed<String> {
        self.take_mark(&Token::Eq);
        self.text().ok_or_else(|| self.unexpected("a text"))
    }

    /// The word that is next, in no quotes, in upper case.
    pub fn word(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Word(word)) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
            _ => None,
        }
    }

    /// Passes over `(…)` with all that is in it, and gives its text.
    pub fn parentheses(&mut self) -> Parsed<String> {
        if self.peek() != Some(&Token::LParen) {
            return Err(self.unexpected("\"(\""));
        }
        let mut depth = 0usize;
        let mut text = String::new();
        while let Some(token) = self.next() {
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            if !text.is_empty() && !matches!(token, Token::LParen | Token::RParen | Token::Comma | Token::Period) {
                text.push(' ');
            }
            text.push_str(&token.to_string());
            if depth == 0 {
                return Ok(text);
            }
        }
        Err("a parenthesis is not closed".to_string())
    }

    /// Passes over everything up to a comma outside parentheses; calls `see` at each token outside them, which may read on itself.
    pub fn skip_item(&mut self, mut see: impl FnMut(&mut Tokens) -> Parsed<bool>) -> Parsed<()> {
        while let Some(token) = self.peek() {
            match token {
                Token::Comma | Token::RParen => return Ok(()),
                Token::LParen => {
                    self.parentheses()?;
                }
                _ => {
                    if !see(self)? {
                        self.at += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Nothing may be left.
    pub fn end(&self) -> Parsed<()> {
        if self.is_end() { Ok(()) } else { Err(self.unexpected("the end")) }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
