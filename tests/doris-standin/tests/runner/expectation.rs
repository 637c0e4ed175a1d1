//! What a reply must be like.

use serde_json::Value;

/// The difference of one key's value from what is expected of it: a plain value or a matcher.
pub fn difference(key: &str, expected: &Value, found: Option<&Value>) -> Option<String> {
    let found = found.unwrap_or(&Value::Null);
    let Value::Object(matcher) = expected else {
        return (!same(key, expected, found)).then(|| format!("{key}: expected {expected}, found {found}"));
    };
    for (operator, wanted) in matcher {
        if !holds(key, operator, wanted, found) {
            return Some(format!("{key}: expected {operator} {wanted}, found {found}"));
        }
    }
    None
}

/// The text of a value, without quotes.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn same(key: &str, expected: &Value, found: &Value) -> bool {
    match key {
        // A load whose rows are visible a little later is a good one.
        "Status" if text(expected) == "Success" && text(found) == "Publish Timeout" => true,
        "Status" | "status" | "msg" => text(expected).eq_ignore_ascii_case(&text(found)),
        _ => expected == found || text(expected) == text(found),
    }
}

fn holds(key: &str, operator: &str, wanted: &Value, found: &Value) -> bool {
    let found_text = text(found);
    match operator {
        "equals" => same(key, wanted, found),
        "not_equals" => !same(key, wanted, found),
        "contains" => wanted.as_array().into_iter().flatten().all(|part| found_text.contains(&text(part))),
        "matches" => regex::Regex::new(&text(wanted)).is_ok_and(|pattern| pattern.is_match(&found_text)),
        "starts_with" => found_text.starts_with(&text(wanted)),
        "gt" => found.as_f64().zip(wanted.as_f64()).is_some_and(|(found, wanted)| found > wanted),
        _ => false,
    }
}
