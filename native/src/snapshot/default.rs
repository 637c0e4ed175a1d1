//! Constants among the default values that a server shows as expressions: PostgreSQL by `pg_get_expr`, Oracle as they were written.

/// Which constants mean the same in MySQL's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant {
    /// None is taken over.
    None,
    /// Numbers, digits and a point.
    Number,
    /// Texts.
    Text,
    /// true and false.
    Flag,
    /// Dates, with or without a time.
    Date,
}

/// The constant that an expression is, as text; None if it is no constant that means the same in MySQL's SQL.
pub fn constant(expression: &str, kind: Constant) -> Option<String> {
    let text = literal(expression)?;
    let fits = match kind {
        Constant::None => false,
        Constant::Text => matches!(text, Literal::Quoted(_)),
        Constant::Number => is_number(text.as_str()),
        Constant::Flag => matches!(text.as_str(), "true" | "false"),
        Constant::Date => is_date(text.as_str()),
    };
    fits.then(|| match (kind, text.as_str()) {
        (Constant::Flag, flag) => if flag == "true" { "1" } else { "0" }.to_string(),
        (_, text) => text.to_string(),
    })
}

enum Literal {
    Quoted(String),
    Bare(String),
}

impl Literal {
    fn as_str(&self) -> &str {
        let (Literal::Quoted(text) | Literal::Bare(text)) = self;
        text
    }
}

/// `5`, `(-5)`, `true`, `'text'::type`: a literal with one cast at most, of a type without a length, which could cut the text.
fn literal(expression: &str) -> Option<Literal> {
    if let Some(rest) = expression.strip_prefix('\'') {
        let (text, rest) = quoted(rest, false)?;
        return is_cast(rest).then_some(Literal::Quoted(text));
    }
    if let Some(rest) = expression.strip_prefix("E'") {
        let (text, rest) = quoted(rest, true)?;
        return is_cast(rest).then_some(Literal::Quoted(text));
    }
    let (bare, rest) =
        expression.split_once("::").map_or((expression, ""), |(bare, _)| (bare, &expression[bare.len()..]));
    let bare = bare.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(bare);
    let is_word = matches!(bare, "true" | "false");
    (is_cast(rest) && (is_word || is_number(bare))).then(|| Literal::Bare(bare.to_string()))
}

/// The text up to its closing quote, and what is behind that. A quote in it is doubled; with `escapes` a backslash, too.
fn quoted(rest: &str, escapes: bool) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => match chars.next_if(|(_, next)| *next == '\'') {
                Some(_) => text.push('\''),
                None => return Some((text, &rest[at + 1..])),
            },
            '\\' if escapes => match chars.next()?.1 {
                '\\' => text.push('\\'),
                _ => return None,
            },
            c => text.push(c),
        }
    }
    None
}

fn is_cast(rest: &str) -> bool {
    let Some(name) = rest.strip_prefix("::") else { return rest.is_empty() };
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '.' | '"'))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// `2024-01-31`, `2024-01-31 01:02:03.5`: of a year with four digits.
fn is_date(text: &str) -> bool {
    let shape = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(b, f)| if f == b'0' { b.is_ascii_digit() } else { b == f })
    };
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    shape(day, "0000-00-00") && shape(seconds, "00:00:00") && fraction.bytes().all(|b| b.is_ascii_digit())
}
