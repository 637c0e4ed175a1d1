//! A message of many rows as messages of one row each, so that one that cannot be read takes no other with it.

use super::envelope::{ALL, Member, NAMES};
use super::head::Head;
use crate::json::{blank, next_or_end, skip};

impl Head<'_> {
    /// The message's rows, each as a message of its own; None if it has but one, or is not of Canal's form.
    pub fn apart(&self) -> Option<Vec<String>> {
        let data = self.elements(Member::Data)?;
        let old = self.elements(Member::Old);
        if data.len() < 2 || old.as_ref().is_some_and(|old| old.len() != data.len()) {
            return None;
        }
        let one = |i: usize| {
            let mut message = String::new();
            for member in ALL {
                let value = match (member, &old) {
                    (Member::Data, _) => Some(in_brackets(data[i])),
                    (Member::Old, Some(old)) => Some(in_brackets(old[i])),
                    _ => self.raw(member).map(|raw| String::from_utf8_lossy(raw).into_owned()),
                };
                if let Some(value) = value {
                    let before = if message.is_empty() { '{' } else { ',' };
                    message.extend([&before.to_string(), "\"", NAMES[member as usize], "\":", &value]);
                }
            }
            message.push('}');
            message
        };
        Some((0..data.len()).map(one).collect())
    }

    /// The elements of a member that is an array.
    fn elements(&self, member: Member) -> Option<Vec<&[u8]>> {
        let (start, _) = self.span(member)?;
        let input = self.input();
        if input[start] != b'[' {
            return None;
        }
        let mut elements = Vec::new();
        let mut at = blank(input, start + 1);
        let mut done = input[at] == b']';
        while !done {
            let end = skip::value(input, at).ok()?;
            elements.push(&input[at..end]);
            (at, done) = next_or_end(input, end, b']').ok()?;
        }
        Some(elements)
    }
}

fn in_brackets(element: &[u8]) -> String {
    format!("[{}]", String::from_utf8_lossy(element))
}

#[cfg(test)]
mod tests {
    use crate::canal::head::HeadReader;

    fn apart(message: &str) -> Option<Vec<String>> {
        HeadReader::default().read(message.as_bytes()).unwrap().apart()
    }

    #[test]
    fn each_row_is_a_message() {
        let update = r#"{"x":[1],"data":[{"a":"1]"}, {"a":"ü"}],"database":"d","old":[{"a":"0"},{}],"pkNames":["a"],"type":"UPDATE"}"#;
        let expected = [
            r#"{"data":[{"a":"1]"}],"database":"d","old":[{"a":"0"}],"pkNames":["a"],"type":"UPDATE"}"#,
            r#"{"data":[{"a":"ü"}],"database":"d","old":[{}],"pkNames":["a"],"type":"UPDATE"}"#,
        ];
        assert_eq!(apart(update).unwrap(), expected);
        let insert = r#"{"data":[{},{},{}],"old":null,"type":"INSERT"}"#;
        assert_eq!(apart(insert).unwrap(), [r#"{"data":[{}],"old":null,"type":"INSERT"}"#; 3]);
    }

    #[test]
    fn what_has_one_row_or_none_stays() {
        for message in [
            r#"{"data":[{}]}"#,
            r#"{"data":[]}"#,
            r#"{"data":null}"#,
            r#"{"type":"INSERT"}"#,
            r#"{"data":[{},{}],"old":[{}]}"#,
        ] {
            assert_eq!(apart(message), None, "{message}");
        }
    }
}
