//! Whether rows are those expected, by the rules of the cases' README.

use serde_json::Value;

type Row = Vec<Option<String>>;

/// The difference, if there is one.
pub fn difference(expected: &Value, found: &[Row], ordered: bool) -> Option<String> {
    let expected: Vec<Row> = expected.as_array().into_iter().flatten().map(row_of).collect();
    if expected.len() != found.len() {
        return Some(format!("{} rows expected, {} found: {found:?}", expected.len(), found.len()));
    }
    if ordered {
        let unlike = expected.iter().zip(found).position(|(expected, found)| !rows_match(expected, found));
        return unlike.map(|at| format!("row {at}: expected {:?}, found {:?}", expected[at], found[at]));
    }
    let mut left: Vec<&Row> = found.iter().collect();
    for row in &expected {
        match left.iter().position(|found| rows_match(row, found)) {
            Some(at) => drop(left.swap_remove(at)),
            None => return Some(format!("expected {row:?}, left over {left:?}")),
        }
    }
    None
}

fn row_of(value: &Value) -> Row {
    let cell = |cell: &Value| match cell {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    value.as_array().into_iter().flatten().map(cell).collect()
}

fn rows_match(expected: &Row, found: &Row) -> bool {
    let cells_match = |(expected, found): (&Option<String>, &Option<String>)| match (expected, found) {
        (None, None) => true,
        (Some(expected), Some(found)) => texts_match(expected, found),
        _ => false,
    };
    expected.len() == found.len() && expected.iter().zip(found).all(cells_match)
}

/// One cell.
pub fn texts_match(expected: &str, found: &str) -> bool {
    expected == found
        || numbers_match(expected, found)
        || truth(expected).is_some_and(|value| truth(found) == Some(value))
        || moment(expected).is_some_and(|value| moment(found) == Some(value))
        || nested_match(expected, found)
}

fn numbers_match(expected: &str, found: &str) -> bool {
    match (expected.parse::<f64>(), found.parse::<f64>()) {
        (Ok(expected), Ok(found)) => (expected - found).abs() <= 1e-6 * expected.abs().max(found.abs()),
        _ => false,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A date-time without the zeros at the end of its fraction.
fn moment(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 19 && bytes[4] == b'-' && bytes[10] == b' ' && bytes[13] == b':';
    let cut = || if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    shaped.then(cut)
}

fn nested_match(expected: &str, found: &str) -> bool {
    let opens = |text: &str| text.starts_with(['[', '{']);
    if !opens(expected) || !opens(found) {
        return false;
    }
    if let (Ok(expected), Ok(found)) = (serde_json::from_str::<Value>(expected), serde_json::from_str::<Value>(found)) {
        if values_match(&expected, &found) {
            return true;
        }
    }
    let (expected, found) = (pieces(expected), pieces(found));
    expected.len() == found.len()
        && expected.iter().zip(&found).all(|(expected, found)| texts_match_flat(expected, found))
}

fn values_match(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| values_match(expected, found))
        }
        (Value::Object(expected), Value::Object(found)) => {
            let same = |(key, value): (&String, &Value)| found.get(key).is_some_and(|found| values_match(value, found));
            expected.len() == found.len() && expected.iter().all(same)
        }
        (Value::Number(_), Value::Number(_)) => numbers_match(&expected.to_string(), &found.to_string()),
        _ => expected == found,
    }
}

/// The elements and brackets of a nested text.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut piece, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | ']' | '{' | '}' | ',' | ':' if !quoted && (c != ':' || !is_time(&piece)) => {
                pieces.push(std::mem::take(&mut piece).trim().to_owned());
                pieces.push(c.to_string());
                continue;
            }
            _ => {}
        }
        piece.push(c);
    }
    pieces.push(piece.trim().to_owned());
    pieces
}

/// A colon behind this is one of an unquoted date-time.
fn is_time(piece: &str) -> bool {
    let piece = piece.trim();
    piece.len() >= 13 && piece.as_bytes()[4] == b'-'
}

fn texts_match_flat(expected: &str, found: &str) -> bool {
    let plain = |text: &str| text.trim_matches('"').to_owned();
    let (expected, found) = (plain(expected), plain(found));
    expected == found
        || numbers_match(&expected, &found)
        || truth(&expected).is_some_and(|value| truth(&found) == Some(value))
        || moment(&expected).is_some_and(|value| moment(&found) == Some(value))
}
