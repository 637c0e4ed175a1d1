//! A column's definition in CREATE TABLE and ALTER TABLE.

use super::Position;
use super::tokens::{Parsed, Tokens};
use crate::sync::mysql_type::MysqlType;
use crate::sync::source::{ColumnDefault, SourceColumn};
use sqlparser::tokenizer::Token;

/// A definition as it stands, with what concerns the table.
pub struct Definition {
    /// The column.
    pub column: SourceColumn,
    /// PRIMARY KEY stands in it.
    pub key: bool,
    /// FIRST or AFTER stands behind it.
    pub position: Option<Position>,
}

/// Reads a name and its definition, up to a comma, a closing parenthesis or the end.
pub fn definition(tokens: &mut Tokens) -> Parsed<Definition> {
    let name = tokens.name()?;
    let serial = tokens.is("SERIAL");
    let ty = data_type(tokens)?;
    let column = SourceColumn { name, ty, nullable: !serial, default: None, comment: String::new(), charset: None };
    let mut read = Definition { column, key: false, position: None };
    while !matches!(tokens.peek(), None | Some(Token::Comma | Token::RParen)) {
        if !attribute(tokens, &mut read)? {
            return Err(tokens.unexpected(&format!("an attribute of the column {}", read.column.name)));
        }
    }
    if read.key {
        read.column.nullable = false;
    }
    Ok(read)
}

fn data_type(tokens: &mut Tokens) -> Parsed<MysqlType> {
    let mut text = String::new();
    let pairs = [
        "DOUBLE PRECISION",
        "CHARACTER VARYING",
        "CHAR VARYING",
        "LONG VARCHAR",
        "LONG VARBINARY",
        "NATIONAL CHAR",
        "NATIONAL CHARACTER",
        "NATIONAL VARCHAR",
    ];
    match pairs.iter().find(|pair| tokens.take(pair)) {
        Some(pair) => text.push_str(pair),
        None => text.push_str(&tokens.word().ok_or_else(|| tokens.unexpected("a type"))?),
    }
    if !text.contains(' ') {
        tokens.next();
    }
    if tokens.take_mark(&Token::LParen) {
        text.push('(');
        while !tokens.take_mark(&Token::RParen) {
            if let Some(label) = tokens.text() {
                text.push_str(&format!("'{}'", label.replace('\\', "\\\\").replace('\'', "''")));
            } else {
                let token = tokens.next().ok_or("a parenthesis is not closed")?;
                text.push_str(&token.to_string());
            }
        }
        text.push(')');
    }
    for word in ["BYTE", "UNSIGNED", "SIGNED", "ZEROFILL", "UNSIGNED", "SIGNED"] {
        if tokens.take(word) {
            text.push(' ');
            text.push_str(word);
        }
    }
    Ok(MysqlType::parse(&text))
}

/// Reads one attribute; false if there is none that is known.
fn attribute(tokens: &mut Tokens, read: &mut Definition) -> Parsed<bool> {
    let column = &mut read.column;
    if tokens.take("NOT NULL") {
        column.nullable = false;
    } else if tokens.take("NULL") {
        column.nullable = true;
    } else if tokens.take("DEFAULT") {
        column.default = default(tokens, &column.ty)?;
    } else if tokens.take("SERIAL DEFAULT VALUE") {
        column.nullable = false;
    } else if tokens.take("COMMENT") {
        column.comment = tokens.option_text()?;
    } else if tokens.take("PRIMARY KEY") || tokens.take("PRIMARY") || tokens.take("KEY") {
        read.key = true;
    } else if tokens.take("FIRST") {
        read.position = Some(Position::First);
    } else if tokens.take("AFTER") {
        read.position = Some(Position::After(tokens.name()?));
    } else if tokens.take("GENERATED ALWAYS AS") || tokens.take("AS") {
        column.default = Some(ColumnDefault::Expression(tokens.parentheses()?));
    } else if let Some(named) = charset(tokens)? {
        column.charset = Some(named);
    } else {
        return passed_over(tokens);
    }
    Ok(true)
}

/// The character set that an attribute names, by itself or by a collation of it.
fn charset(tokens: &mut Tokens) -> Parsed<Option<String>> {
    let by_collation = tokens.take("COLLATE");
    if !by_collation && !tokens.take("CHARACTER SET") && !tokens.take("CHARSET") {
        return Ok(None);
    }
    tokens.take_mark(&Token::Eq);
    let name = match tokens.text() {
        Some(name) => name,
        None => tokens.name()?,
    };
    let name = name.to_ascii_lowercase();
    Ok(Some(if by_collation { name.split('_').next().unwrap_or_default().to_string() } else { name }))
}

/// Attributes that say nothing about the column in Doris.
const PASSED_OVER: [&str; 16] = [
    "UNIQUE KEY",
    "UNIQUE",
    "AUTO_INCREMENT",
    "VIRTUAL",
    "STORED",
    "PERSISTENT",
    "VISIBLE",
    "INVISIBLE",
    "BINARY",
    "ASCII",
    "UNICODE",
    "ENFORCED",
    "NOT ENFORCED",
    "COMPRESSED",
    "WITH SYSTEM VERSIONING",
    "WITHOUT SYSTEM VERSIONING",
];

/// The same, with a value behind them.
const PASSED_OVER_WITH_VALUE: [&str; 6] =
    ["COLUMN_FORMAT", "STORAGE", "SRID", "REF_SYSTEM_ID", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"];

/// Passes over an attribute that says nothing about the column in Doris; false if there is none.
fn passed_over(tokens: &mut Tokens) -> Parsed<bool> {
    if PASSED_OVER.iter().any(|words| tokens.take(words)) {
        return Ok(true);
    }
    if PASSED_OVER_WITH_VALUE.iter().any(|words| tokens.take(words)) {
        tokens.take_mark(&Token::Eq);
        tokens.next();
        return Ok(true);
    }
    if tokens.take("ON UPDATE") {
        // Of a timestamp; those of a foreign key are read with it.
        tokens.name()?;
        if tokens.peek() == Some(&Token::LParen) {
            tokens.parentheses()?;
        }
        return Ok(true);
    }
    if tokens.is("CHECK") || tokens.is("CONSTRAINT") {
        if tokens.take("CONSTRAINT") && !tokens.is("CHECK") {
            tokens.name()?;
        }
        tokens.expect("CHECK")?;
        tokens.parentheses()?;
        return Ok(true);
    }
    if tokens.take("REFERENCES") {
        references(tokens)?;
        return Ok(true);
    }
    Ok(false)
}

/// A foreign key's other side.
fn references(tokens: &mut Tokens) -> Parsed<()> {
    tokens.name()?;
    while tokens.take_mark(&Token::Period) {
        tokens.name()?;
    }
    if tokens.peek() == Some(&Token::LParen) {
        tokens.parentheses()?;
    }
    if tokens.take("MATCH") {
        tokens.name()?;
    }
    while tokens.take("ON DELETE") || tokens.take("ON UPDATE") {
        let actions = ["SET NULL", "SET DEFAULT", "NO ACTION", "CASCADE", "RESTRICT"];
        if !actions.iter().any(|words| tokens.take(words)) {
            return Err(tokens.unexpected("what a foreign key does"));
        }
    }
    Ok(())
}

/// What stands behind DEFAULT.
pub fn default(tokens: &mut Tokens, ty: &MysqlType) -> Parsed<Option<ColumnDefault>> {
    if let Some(text) = tokens.text() {
        return Ok(Some(ColumnDefault::Literal(text)));
    }
    if tokens.take("NULL") {
        return Ok(None);
    }
    if let Some(word) = tokens.word() {
        return Ok(Some(word_default(tokens, &word)?));
    }
    let sign = if tokens.take_mark(&Token::Minus) { "-" } else { "" };
    tokens.take_mark(&Token::Plus);
    let literal = match tokens.peek() {
        Some(Token::Number(digits, _)) => format!("{sign}{digits}"),
        Some(Token::SingleQuotedByteStringLiteral(bits) | Token::DoubleQuotedByteStringLiteral(bits)) => {
            u64::from_str_radix(bits, 2).map_err(|e| format!("b'{bits}': {e}"))?.to_string()
        }
        Some(Token::HexStringLiteral(digits)) => hexadecimal(digits, ty)?,
        Some(Token::LParen) => return Ok(Some(ColumnDefault::Expression(tokens.parentheses()?))),
        _ => return Err(tokens.unexpected("a default value")),
    };
    tokens.next();
    Ok(Some(ColumnDefault::Literal(literal)))
}

/// A default that begins with a word: a function, a constant, or what a text is of.
fn word_default(tokens: &mut Tokens, word: &str) -> Parsed<ColumnDefault> {
    tokens.next();
    let of_text = word.starts_with('_') || matches!(word, "DATE" | "TIME" | "TIMESTAMP");
    if let Some(text) = of_text.then(|| tokens.text()).flatten() {
        return Ok(ColumnDefault::Literal(text));
    }
    let arguments = if tokens.peek() == Some(&Token::LParen) { Some(tokens.parentheses()?) } else { None };
    Ok(match (word, arguments) {
        ("CURRENT_TIMESTAMP" | "NOW" | "LOCALTIME" | "LOCALTIMESTAMP", _) => ColumnDefault::CurrentTimestamp,
        ("TRUE", None) => ColumnDefault::Literal("1".to_string()),
        ("FALSE", None) => ColumnDefault::Literal("0".to_string()),
        (_, Some(arguments)) => ColumnDefault::Expression(format!("{word}{arguments}")),
        ("CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_USER", None) => ColumnDefault::Expression(word.to_string()),
        _ => return Err(format!("the default value {word} is not known")),
    })
}

/// `x'…'`: bytes in a column of strings, else a number.
fn hexadecimal(digits: &str, ty: &MysqlType) -> Parsed<String> {
    let wrong = || format!("x'{digits}' is no hexadecimal number");
    let strings = matches!(
        ty,
        MysqlType::Binary(_)
            | MysqlType::Varbinary(_)
            | MysqlType::Blob(_)
            | MysqlType::Char(_)
            | MysqlType::Varchar(_)
            | MysqlType::Text(_)
    );
    if !strings {
        return u64::from_str_radix(digits, 16).map(|n| n.to_string()).map_err(|_| wrong());
    }
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let bytes: Option<Vec<u8>> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect();
    let bytes = bytes.ok_or_else(wrong)?;
    match ty {
        MysqlType::Char(_) | MysqlType::Varchar(_) | MysqlType::Text(_) => {
            String::from_utf8(bytes).map_err(|_| wrong())
        }
        _ => Ok(bytes.into_iter().map(char::from).collect()),
    }
}
