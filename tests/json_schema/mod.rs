//! Values held to a schema.

use regex::Regex;
use serde_json::Value;

/// What a value breaks, by the words of JSON Schema that the published ones use; an unknown word is a failure.
pub fn broken(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |holds: bool, word: &str| {
        if !holds {
            found.push(format!("{path}: {word}"))
        }
    };
    let mut inner = Vec::new();
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                note(rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is)), word);
            }
            "minLength" => note(value.as_str().is_none_or(|text| !text.is_empty()), word),
            "minimum" => note(value.as_u64().is_none_or(|n| n >= rule.as_u64().unwrap()), word),
            "maximum" => note(value.as_u64().is_none_or(|n| n <= rule.as_u64().unwrap()), word),
            "enum" => note(rule.as_array().unwrap().contains(value), word),
            "pattern" => {
                note(
                    value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
                    word,
                );
            }
            "oneOf" => {
                let holding = rule.as_array().unwrap().iter().filter(|one| broken(one, value, path).is_empty()).count();
                note(holding == 1, word);
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    inner.extend(broken(rule, item, &format!("{path}[]")));
                }
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        inner.extend(broken(rule, value, &format!("{path}.{key}")));
                    }
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    note(value.get(key.as_str().unwrap()).is_some(), key.as_str().unwrap());
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (key, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(key)) {
                    } else if rule.is_boolean() {
                        inner.push(format!("{path}: {key} is not known"));
                    } else {
                        inner.extend(broken(rule, value, &format!("{path}.{key}")));
                    }
                }
            }
            "description" | "title" | "$schema" => {}
            other => panic!("the test does not know {other}"),
        }
    }
    found.extend(inner);
    found
}
