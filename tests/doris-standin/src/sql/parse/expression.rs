//! Expressions, loosest binding first: OR, XOR, AND, NOT, comparison, `|`, `&`, `+ -`, `* / %`, `^`, sign.

use super::{Parsed, Parser};
use crate::sql::expr::{BinaryOperator, Call, Expr, Literal, UnaryOperator};
use crate::sql::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        let mut left = self.exclusive()?;
        while self.eat("OR") || self.eat_symbol("||") {
            left = binary(left, BinaryOperator::Or, self.exclusive()?);
        }
        Ok(left)
    }

    fn exclusive(&mut self) -> Parsed<Expr> {
        let mut left = self.conjunction()?;
        while self.eat("XOR") {
            left = binary(left, BinaryOperator::Xor, self.conjunction()?);
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let mut left = self.negation()?;
        while self.eat("AND") || self.eat_symbol("&&") {
            left = binary(left, BinaryOperator::And, self.negation()?);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Expr> {
        if self.eat("NOT") || self.eat_symbol("!") {
            return Ok(Expr::Unary(UnaryOperator::Not, Box::new(self.negation()?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.bit_or()?;
        loop {
            if self.eat("IS") {
                left = self.is_what(left)?;
                continue;
            }
            let negated = self.ahead_is(0, "NOT")
                && ["IN", "LIKE", "BETWEEN", "REGEXP", "RLIKE"].iter().any(|word| self.ahead_is(1, word));
            self.at += usize::from(negated);
            if self.eat("IN") {
                left = self.in_list(left, negated)?;
            } else if self.eat("BETWEEN") {
                let low = self.bit_or()?;
                self.expect("AND")?;
                let high = self.bit_or()?;
                left = Expr::Between { operand: Box::new(left), low: Box::new(low), high: Box::new(high), negated };
            } else if self.eat("LIKE") {
                let pattern = Box::new(self.bit_or()?);
                left = Expr::Like { operand: Box::new(left), pattern, negated, regexp: false };
            } else if self.eat("REGEXP") || self.eat("RLIKE") {
                let pattern = Box::new(self.bit_or()?);
                left = Expr::Like { operand: Box::new(left), pattern, negated, regexp: true };
            } else if let Some(operator) = self.comparison_operator() {
                left = binary(left, operator, self.bit_or()?);
            } else {
                return Ok(left);
            }
        }
    }

    fn comparison_operator(&mut self) -> Option<BinaryOperator> {
        let TokenKind::Symbol(symbol) = *self.peek() else { return None };
        let operator = match symbol {
            "=" | "==" => BinaryOperator::Equal,
            "<=>" => BinaryOperator::NullSafeEqual,
            "<>" | "!=" => BinaryOperator::NotEqual,
            "<" => BinaryOperator::Less,
            "<=" => BinaryOperator::LessOrEqual,
            ">" => BinaryOperator::Greater,
            ">=" => BinaryOperator::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(operator)
    }

    fn is_what(&mut self, operand: Expr) -> Parsed<Expr> {
        let negated = self.eat("NOT");
        if self.eat("NULL") {
            return Ok(Expr::IsNull { operand: Box::new(operand), negated });
        }
        let truth = self.ahead_is(0, "TRUE");
        if !self.eat("TRUE") && !self.eat("FALSE") {
            return self.expected("NULL, TRUE or FALSE");
        }
        let same = binary(operand, BinaryOperator::NullSafeEqual, Expr::Literal(Literal::Bool(truth)));
        Ok(if negated { Expr::Unary(UnaryOperator::Not, Box::new(same)) } else { same })
    }

    fn in_list(&mut self, operand: Expr, negated: bool) -> Parsed<Expr> {
        let operand = Box::new(operand);
        if self.ahead_symbol(0, "(") && self.ahead_is(1, "SELECT") {
            self.expect_symbol("(")?;
            let select = Box::new(self.select()?);
            self.expect_symbol(")")?;
            return Ok(Expr::InSelect { operand, select, negated });
        }
        let list = self.list(Self::expr)?;
        if list.is_empty() {
            return self.expected("a value");
        }
        Ok(Expr::In { operand, list, negated })
    }

    fn bit_or(&mut self) -> Parsed<Expr> {
        let mut left = self.bit_and()?;
        while self.eat_symbol("|") {
            left = binary(left, BinaryOperator::BitOr, self.bit_and()?);
        }
        Ok(left)
    }

    fn bit_and(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        while self.eat_symbol("&") {
            left = binary(left, BinaryOperator::BitAnd, self.sum()?);
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Symbol("+") => BinaryOperator::Add,
                TokenKind::Symbol("-") => BinaryOperator::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            if self.ahead_is(0, "INTERVAL") {
                let name = if operator == BinaryOperator::Add { "date_add" } else { "date_sub" };
                let (amount, unit) = self.interval()?;
                left = Expr::Call(Call::new(name, vec![left, amount, unit]));
            } else {
                left = binary(left, operator, self.product()?);
            }
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.bit_xor()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Symbol("*") => BinaryOperator::Multiply,
                TokenKind::Symbol("/") => BinaryOperator::Divide,
                TokenKind::Symbol("%") => BinaryOperator::Modulo,
                TokenKind::Word(word) if word.eq_ignore_ascii_case("DIV") => BinaryOperator::IntegerDivide,
                TokenKind::Word(word) if word.eq_ignore_ascii_case("MOD") => BinaryOperator::Modulo,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(left, operator, self.bit_xor()?);
        }
    }

    fn bit_xor(&mut self) -> Parsed<Expr> {
        let mut left = self.signed()?;
        while self.eat_symbol("^") {
            left = binary(left, BinaryOperator::BitXor, self.signed()?);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed<Expr> {
        if self.eat_symbol("-") {
            return Ok(match self.signed()? {
                Expr::Literal(Literal::Number(digits)) if !digits.starts_with('-') => {
                    Expr::Literal(Literal::Number(format!("-{digits}")))
                }
                operand => Expr::Unary(UnaryOperator::Negate, Box::new(operand)),
            });
        }
        if self.eat_symbol("+") {
            return self.signed();
        }
        if self.eat_symbol("~") {
            return Ok(Expr::Unary(UnaryOperator::BitNot, Box::new(self.signed()?)));
        }
        if self.eat("BINARY") {
            return self.signed();
        }
        let mut operand = self.primary()?;
        while self.eat_symbol("[") {
            let index = self.expr()?;
            self.expect_symbol("]")?;
            operand = Expr::Call(Call::new("element_at", vec![operand, index]));
        }
        Ok(operand)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.peek().clone() {
            TokenKind::Number(digits) => self.literal(Literal::Number(digits)),
            TokenKind::Text(text) => self.literal(Literal::Text(text)),
            TokenKind::Hex(bytes) => self.literal(Literal::Text(String::from_utf8_lossy(&bytes).into_owned())),
            TokenKind::Variable(name) => {
                self.at += 1;
                Ok(Expr::Variable(name))
            }
            TokenKind::Symbol("(") => self.parenthesis(),
            TokenKind::Symbol("[") => self.array_literal(),
            TokenKind::Quoted(_) => self.column(),
            TokenKind::Word(word) => self.word(&word.to_uppercase()),
            _ => self.expected("an expression"),
        }
    }

    fn literal(&mut self, literal: Literal) -> Parsed<Expr> {
        self.at += 1;
        Ok(Expr::Literal(literal))
    }

    fn parenthesis(&mut self) -> Parsed<Expr> {
        self.expect_symbol("(")?;
        let inner = if self.ahead_is(0, "SELECT") { Expr::Scalar(Box::new(self.select()?)) } else { self.expr()? };
        self.expect_symbol(")")?;
        Ok(inner)
    }

    fn array_literal(&mut self) -> Parsed<Expr> {
        self.expect_symbol("[")?;
        let mut items = Vec::new();
        while !self.eat_symbol("]") {
            items.push(self.expr()?);
            if !self.ahead_symbol(0, "]") {
                self.expect_symbol(",")?;
            }
        }
        Ok(Expr::Call(Call::new("array", items)))
    }

    fn word(&mut self, word: &str) -> Parsed<Expr> {
        let typed_text = matches!(self.ahead(1), TokenKind::Text(_));
        match word {
            "NULL" => self.literal(Literal::Null),
            "TRUE" => self.literal(Literal::Bool(true)),
            "FALSE" => self.literal(Literal::Bool(false)),
            "CASE" => self.case(),
            "CAST" | "TRY_CAST" if self.ahead_symbol(1, "(") => self.cast(),
            "INTERVAL" => self.expected("an expression"),
            "DATE" | "TIMESTAMP" | "DATETIME" if typed_text => {
                let ty = self.type_name()?;
                let operand = Box::new(Expr::Literal(Literal::Text(self.text_literal()?)));
                Ok(Expr::Cast { operand, ty })
            }
            "CURRENT_TIMESTAMP" | "CURRENT_DATE" | "LOCALTIME" | "LOCALTIMESTAMP" | "CURRENT_USER"
                if !self.ahead_symbol(1, "(") =>
            {
                self.at += 1;
                Ok(Expr::Call(Call::new(word, Vec::new())))
            }
            "SELECT" | "FROM" | "WHERE" | "GROUP" | "ORDER" | "LIMIT" => self.expected("an expression"),
            _ if self.ahead_symbol(1, "(") => self.call(),
            _ => self.column(),
        }
    }

    fn column(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.name()?];
        while self.ahead_symbol(0, ".") && matches!(self.ahead(1), TokenKind::Word(_) | TokenKind::Quoted(_)) {
            self.at += 1;
            parts.push(self.name()?);
        }
        let name = parts.pop().unwrap_or_default();
        Ok(Expr::Column { table: parts.pop(), name })
    }

    fn case(&mut self) -> Parsed<Expr> {
        self.expect("CASE")?;
        let operand = if self.ahead_is(0, "WHEN") { None } else { Some(Box::new(self.expr()?)) };
        let mut branches = Vec::new();
        while self.eat("WHEN") {
            let condition = self.expr()?;
            self.expect("THEN")?;
            branches.push((condition, self.expr()?));
        }
        if branches.is_empty() {
            return self.expected("WHEN");
        }
        let otherwise = if self.eat("ELSE") { Some(Box::new(self.expr()?)) } else { None };
        self.expect("END")?;
        Ok(Expr::Case { operand, branches, otherwise })
    }

    fn cast(&mut self) -> Parsed<Expr> {
        self.at += 1;
        self.expect_symbol("(")?;
        let operand = Box::new(self.expr()?);
        self.expect("AS")?;
        let ty = self.type_name()?;
        self.expect_symbol(")")?;
        Ok(Expr::Cast { operand, ty })
    }

    /// `INTERVAL amount unit`: the unit becomes a text.
    fn interval(&mut self) -> Parsed<(Expr, Expr)> {
        self.expect("INTERVAL")?;
        let amount = self.expr()?;
        let unit = Expr::Literal(Literal::Text(self.name()?.to_lowercase()));
        Ok((amount, unit))
    }

    fn call(&mut self) -> Parsed<Expr> {
        let mut call = Call::new(&self.name()?, Vec::new());
        self.expect_symbol("(")?;
        call.distinct = self.eat("DISTINCT");
        while !self.eat_symbol(")") {
            if self.eat_symbol("*") {
                call.arguments.push(Expr::Star);
            } else if self.ahead_is(0, "INTERVAL") {
                let (amount, unit) = self.interval()?;
                call.arguments.extend([amount, unit]);
            } else {
                call.arguments.push(self.expr()?);
            }
            // extract(unit FROM date), trim('x' FROM text), substring(text FROM a FOR b)
            if self.eat("FROM") || self.eat("FOR") {
                continue;
            }
            if self.eat("ORDER BY") {
                call.order_by = self.order_keys()?;
            }
            if self.eat("SEPARATOR") {
                let separator = self.text_literal()?;
                call.arguments.push(Expr::Literal(Literal::Text(separator)));
            }
            if !self.ahead_symbol(0, ")") {
                self.expect_symbol(",")?;
            }
        }
        Ok(Expr::Call(call))
    }
}

fn binary(left: Expr, operator: BinaryOperator, right: Expr) -> Expr {
    Expr::Binary(Box::new(left), operator, Box::new(right))
}
