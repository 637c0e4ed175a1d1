//! Tokens to statements: what every statement's parser shares, and which parser a statement belongs to.

mod expression;
mod query;
mod show;
mod table;
mod types;
mod write;

use super::ast::{Statement, TableName};
use super::expr::Expr;
use super::lexer::{self, SyntaxError, Token, TokenKind};

/// Reads one statement; a `;` at its end is allowed.
pub fn statement(text: &str) -> Result<Statement, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let statement = parser.statement()?;
    parser.eat_symbol(";");
    parser.expect_end()?;
    Ok(statement)
}

/// Reads one expression.
pub fn expression(text: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let expr = parser.expr()?;
    parser.expect_end()?;
    Ok(expr)
}

/// Cuts a text with several statements at its `;`, as a client with CLIENT_MULTI_STATEMENTS sends it.
pub fn split(text: &str) -> Result<Vec<&str>, SyntaxError> {
    let mut parts = Vec::new();
    let mut start = 0;
    for token in lexer::tokens(text)? {
        if matches!(token.kind, TokenKind::Symbol(";") | TokenKind::End) {
            let part = text[start..token.start].trim();
            if !part.is_empty() {
                parts.push(part);
            }
            start = token.end;
        }
    }
    Ok(parts)
}

/// Words that end an item without `AS`, so that they are no alias.
const NO_ALIAS: [&str; 24] = [
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "UNION",
    "ON",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "CROSS",
    "FULL",
    "INTO",
    "SET",
    "USING",
    "FOR",
    "AND",
    "OR",
    "PARTITION",
    "ASC",
    "DESC",
];

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parsed<Parser<'a>> {
        Ok(Parser { text, tokens: lexer::tokens(text)?, at: 0 })
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let Some(first) = self.ahead_word(0) else {
            if self.ahead_symbol(0, "(") {
                return Ok(Statement::Select(Box::new(self.select()?)));
            }
            return self.expected("a statement");
        };
        match first.as_str() {
            "SELECT" => Ok(Statement::Select(Box::new(self.select()?))),
            "CREATE" => self.create(),
            "DROP" => self.drop(),
            "ALTER" => self.alter(),
            "TRUNCATE" => self.truncate(),
            "CANCEL" => self.cancel_alter(),
            "INSERT" => self.insert(),
            "UPDATE" => self.update(),
            "DELETE" => self.delete(),
            "SHOW" => self.show(),
            "DESC" | "DESCRIBE" => self.describe(),
            "USE" => self.use_database(),
            "SET" => self.set(),
            "KILL" | "SYNC" | "COMMIT" | "ROLLBACK" | "UNSET" | "ANALYZE" | "REFRESH" | "ADMIN" | "CLEAN" => {
                self.skip_statement();
                Ok(Statement::NoEffect)
            }
            _ => self.expected("a statement"),
        }
    }

    fn skip_statement(&mut self) {
        while !self.ahead_symbol(0, ";") && *self.peek() != TokenKind::End {
            self.at += 1;
        }
    }

    fn peek(&self) -> &TokenKind {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &TokenKind {
        &self.tokens[(self.at + count).min(self.tokens.len() - 1)].kind
    }

    /// The word `count` tokens on, upper case.
    fn ahead_word(&self, count: usize) -> Option<String> {
        match self.ahead(count) {
            TokenKind::Word(word) => Some(word.to_uppercase()),
            _ => None,
        }
    }

    fn ahead_is(&self, count: usize, keyword: &str) -> bool {
        matches!(self.ahead(count), TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn ahead_symbol(&self, count: usize, symbol: &str) -> bool {
        matches!(self.ahead(count), TokenKind::Symbol(found) if *found == symbol)
    }

    fn next(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        self.at += 1;
        kind
    }

    /// Takes the keywords if they all come next.
    fn eat(&mut self, keywords: &str) -> bool {
        let count = keywords.split(' ').count();
        let all = keywords.split(' ').enumerate().all(|(index, keyword)| self.ahead_is(index, keyword));
        if all {
            self.at += count;
        }
        all
    }

    fn expect(&mut self, keywords: &str) -> Parsed<()> {
        if self.eat(keywords) { Ok(()) } else { self.expected(keywords) }
    }

    fn eat_symbol(&mut self, symbol: &str) -> bool {
        let there = self.ahead_symbol(0, symbol);
        self.at += usize::from(there);
        there
    }

    fn expect_symbol(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat_symbol(symbol) { Ok(()) } else { self.expected(&format!("'{symbol}'")) }
    }

    fn expect_end(&self) -> Parsed<()> {
        if *self.peek() == TokenKind::End { Ok(()) } else { self.expected("the end of the statement") }
    }

    fn expected<T>(&self, what: &str) -> Parsed<T> {
        let token = &self.tokens[self.at.min(self.tokens.len() - 1)];
        let found = if token.kind == TokenKind::End { "the end" } else { &self.text[token.start..token.end] };
        Err(SyntaxError { message: format!("expected {what}, found {found}"), at: token.start })
    }

    /// A name, quoted or not; keywords are names too where one is expected.
    fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            TokenKind::Word(name) | TokenKind::Quoted(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => self.expected("a name"),
        }
    }

    fn table_name(&mut self) -> Parsed<TableName> {
        let mut parts = vec![self.name()?];
        while self.eat_symbol(".") {
            parts.push(self.name()?);
        }
        let table = parts.pop().unwrap_or_default();
        Ok(TableName { database: parts.pop(), table })
    }

    /// `(a, b)`
    fn names(&mut self) -> Parsed<Vec<String>> {
        self.list(Self::name)
    }

    /// `(item, item, …)`, possibly none.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect_symbol("(")?;
        let mut items = Vec::new();
        if self.eat_symbol(")") {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if !self.eat_symbol(",") {
                self.expect_symbol(")")?;
                return Ok(items);
            }
        }
    }

    fn text_literal(&mut self) -> Parsed<String> {
        match self.peek() {
            TokenKind::Text(text) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => self.expected("a string"),
        }
    }

    fn count<N: std::str::FromStr>(&mut self) -> Parsed<N> {
        if let TokenKind::Number(digits) = self.peek()
            && let Ok(number) = digits.parse()
        {
            self.at += 1;
            return Ok(number);
        }
        self.expected("a whole number")
    }

    fn if_exists(&mut self) -> bool {
        self.eat("IF EXISTS")
    }

    fn if_not_exists(&mut self) -> bool {
        self.eat("IF NOT EXISTS")
    }

    /// `[AS] alias`
    fn alias(&mut self) -> Parsed<Option<String>> {
        if self.eat("AS") {
            if let TokenKind::Text(text) = self.peek() {
                let text = text.clone();
                self.at += 1;
                return Ok(Some(text));
            }
            return self.name().map(Some);
        }
        match self.peek() {
            TokenKind::Quoted(_) => self.name().map(Some),
            TokenKind::Word(word) if !NO_ALIAS.contains(&word.to_uppercase().as_str()) => self.name().map(Some),
            _ => Ok(None),
        }
    }

    /// `("key" = "value", …)`
    fn properties(&mut self) -> Parsed<Vec<(String, String)>> {
        self.list(|parser| {
            let key = match parser.peek() {
                TokenKind::Text(_) => parser.text_literal()?,
                _ => parser.name()?,
            };
            parser.expect_symbol("=")?;
            let value = match parser.next() {
                TokenKind::Text(text) | TokenKind::Word(text) | TokenKind::Number(text) => text,
                _ => return parser.expected("a property's value"),
            };
            Ok((key, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::expr::Expr;

    fn shown(text: &str) -> String {
        fn show(expr: &Expr) -> String {
            match expr {
                Expr::Literal(literal) => literal.cell().to_string(),
                Expr::Column { name, .. } => name.clone(),
                Expr::Unary(operator, operand) => format!("{operator:?}({})", show(operand)),
                Expr::Binary(left, operator, right) => format!("{operator:?}({}, {})", show(left), show(right)),
                Expr::IsNull { operand, negated } => format!("IsNull{negated}({})", show(operand)),
                Expr::Call(call) => {
                    format!("{}({})", call.name, call.arguments.iter().map(show).collect::<Vec<_>>().join(", "))
                }
                other => format!("{other:?}"),
            }
        }
        expression(text).map_or_else(|error| error.to_string(), |expr| show(&expr))
    }

    #[test]
    fn operators_bind_as_in_mysql() {
        assert_eq!(shown("a = 1 or b = 2 and not c"), "Or(Equal(a, 1), And(Equal(b, 2), Not(c)))");
        assert_eq!(shown("1 + 2 * -3 - 4"), "Subtract(Add(1, Multiply(2, -3)), 4)");
        assert_eq!(shown("a | b & c + d"), "BitOr(a, BitAnd(b, Add(c, d)))");
        assert_eq!(shown("a is not null = true"), "Equal(IsNulltrue(a), 1)");
        assert_eq!(shown("-(a) % 2"), "Modulo(Negate(a), 2)");
        assert_eq!(shown("d + interval 1 day"), "date_add(d, 1, day)");
        assert_eq!(shown("`t`.`k 1` <=> \"x\""), "NullSafeEqual(k 1, x)");
    }

    #[test]
    fn refusals_name_what_was_expected() {
        let refused = |text: &str| statement(text).unwrap_err().to_string();
        let at = |byte: usize, text: &str| format!("errCode = 2, detailMessage = Syntax error at byte {byte}: {text}");
        assert_eq!(refused("SELEC 1"), at(0, "expected a statement, found SELEC"));
        assert_eq!(refused("SELECT"), at(6, "expected an expression, found the end"));
        assert_eq!(refused("SELECT 1 FROM (SELECT 2)"), at(24, "expected the sub-select's alias, found the end"));
        assert_eq!(refused("CREATE TABLE t (k INT) ENGINE=MYSQL"), at(35, "expected OLAP, found the end"));
        assert_eq!(refused("ALTER TABLE t FROB c"), at(14, "expected a clause of ALTER TABLE, found FROB"));
        assert_eq!(refused("SHOW NOTHING"), at(12, "expected a set that the stand-in shows, found the end"));
        assert_eq!(refused("SELECT 1 1"), at(9, "expected the end of the statement, found 1"));
    }

    #[test]
    fn texts_are_cut_at_semicolons_outside_of_strings() {
        assert_eq!(split("SELECT ';' ; -- a;b\n SELECT 2;; ").unwrap(), ["SELECT ';'", "-- a;b\n SELECT 2"]);
    }
}
