//! The table that a message may be of, from its last bytes: so that it need not be read twice, once for its name and once by the table's decoder.
//!
//! Canal writes a message's members in the order of their names, so a row's table stands near the end: `,"table":"orders","ts":1600000000000,"type":"UPDATE"}`.
//! Whoever acts on a guess compares what the message says, once it is read, so a guess changes the cost of a message, never where it goes.

use std::collections::HashMap;

/// A table's name is looked for in so many last bytes.
const TAIL: usize = 512;
/// What a wrong guess costs, in messages that are not guessed after it, or guesses that were right.
const PRICE: u32 = 4;
/// What can be saved up.
const SAVINGS: u32 = 4 * PRICE;

/// What stands before a table's name.
const LEAD: &[u8] = b"\"table\":\"";

/// Names of tables, as messages spell them, and whose they are.
#[derive(Debug)]
pub(super) struct Guesses {
    /// None for a name that tables of several databases have.
    tables: HashMap<Box<[u8]>, Option<usize>>,
    /// From the name's end to the message's, in the message before: mostly the same again.
    from_end: usize,
    savings: u32,
}

impl Default for Guesses {
    fn default() -> Self {
        Guesses { tables: HashMap::new(), from_end: 0, savings: SAVINGS }
    }
}

impl Guesses {
    /// Whether a message may be of the table with this name, from where the message before has its own.
    #[inline]
    pub fn is_of(&self, message: &[u8], name: &[u8]) -> bool {
        let named = || message.get(..message.len().checked_sub(self.from_end)?)?.strip_suffix(name)?.strip_suffix(LEAD);
        self.savings >= PRICE
            && message.get(message.len().wrapping_sub(self.from_end)) == Some(&b'"')
            && named().is_some()
    }

    /// The table that a message may be of.
    pub fn of(&mut self, message: &[u8]) -> Option<usize> {
        let name = self.name(message)?;
        self.tables.get(name).copied().flatten()
    }

    /// The name of the table that a message may be of; none while guesses are wrong too often.
    fn name<'m>(&mut self, message: &'m [u8]) -> Option<&'m [u8]> {
        if self.savings < PRICE {
            self.savings += 1;
            return None;
        }
        let known = message.len().checked_sub(self.from_end).and_then(|end| name_before(message, end));
        known.or_else(|| {
            let end = name_end(message)?;
            self.from_end = message.len() - end;
            name_before(message, end)
        })
    }

    /// Notes a table.
    pub fn note(&mut self, name: &str, which: usize) {
        self.tables.entry(name.as_bytes().into()).and_modify(|there| *there = None).or_insert(Some(which));
    }

    /// The message is of the table that was guessed, or it is not.
    pub fn settle(&mut self, right: bool) {
        self.savings = if right { (self.savings + 1).min(SAVINGS) } else { self.savings.saturating_sub(PRICE) };
    }
}

/// The name of the table whose rows a message has, where what stands at its end leaves no doubt: Canal's own members and nothing behind them. A whole message that ends so
/// has this name; the same table has no other one but in another spelling, of which nothing is said. (Two documents in one record, which Canal never writes, count for the
/// second one's table; the rows of the first have their sequences.) `from_end` is kept from message to message.
pub(super) fn certain_name<'m>(message: &'m [u8], from_end: &mut usize) -> Option<&'m [u8]> {
    let named = |end: usize| {
        let name = name_before(message, end)?;
        let begin = end - name.len() - LEAD.len();
        // A quote that follows a comma and precedes a name either begins a text or ends what is no JSON.
        (message[..begin].last() == Some(&b',') && !name.contains(&b'\\') && ends(&message[end..])).then_some(name)
    };
    message.len().checked_sub(*from_end).and_then(named).or_else(|| {
        let end = name_end(message)?;
        *from_end = message.len() - end;
        named(end)
    })
}

/// Whether a message of rows is over with what stands behind its table's name: a time and its event.
fn ends(tail: &[u8]) -> bool {
    let event = || {
        let time = tail.strip_prefix(b"\",\"ts\":")?;
        let digits = time.iter().take_while(|byte| byte.is_ascii_digit()).count();
        time[digits..].strip_prefix(b",\"type\":\"")
    };
    matches!(event(), Some(b"INSERT\"}" | b"UPDATE\"}" | b"DELETE\"}"))
}

/// The name that ends at `end`, if one does.
fn name_before(message: &[u8], end: usize) -> Option<&[u8]> {
    if message.get(end) != Some(&b'"') {
        return None;
    }
    let tail = &message[end.saturating_sub(TAIL)..end];
    let begin = tail.iter().rposition(|byte| *byte == b'"')? + 1;
    tail[..begin].ends_with(LEAD).then(|| &tail[begin..])
}

/// Where the last name of a table ends.
fn name_end(message: &[u8]) -> Option<usize> {
    let from = message.len().saturating_sub(TAIL);
    let begin = from + message[from..].windows(LEAD.len()).rposition(|window| window == LEAD)? + LEAD.len();
    Some(begin + message[begin..].iter().position(|byte| *byte == b'"')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(table: &str, event: &str) -> Vec<u8> {
        format!(r#"{{"data":[{{"table":"x"}}],"table":"{table}","ts":1600000000000,"type":"{event}"}}"#).into_bytes()
    }

    #[test]
    fn names_of_any_length_before_any_event() {
        let mut guesses = Guesses::default();
        for (table, event) in
            [("orders", "INSERT"), ("order_item", "UPDATE"), ("", "DELETE"), ("a", "ALTER"), ("é", "x")]
        {
            let message = message(table, event);
            assert_eq!(guesses.name(&message), Some(table.as_bytes()));
            assert!(guesses.is_of(&message, table.as_bytes()));
            assert!(!guesses.is_of(&message, b"s") && !guesses.is_of(&message, b"order_items"));
        }
        for message in
            [b"".as_slice(), b"\"", b"{}", b"\"table\":\"", br#"{"table": "x"}"#, br#"{"table":null,"a":"b"}"#]
        {
            assert_eq!(guesses.name(message), None, "{}", String::from_utf8_lossy(message));
        }
        let far = format!(r#"{{"table":"orders","z":"{}"}}"#, "z".repeat(TAIL));
        assert_eq!(guesses.name(far.as_bytes()), None);
    }

    #[test]
    fn certain_is_what_stands_at_the_end_of_rows() {
        let certain = |text: &str| {
            let (message, mut from_end) = (text.as_bytes().to_vec(), 0);
            let found = certain_name(&message, &mut from_end).map(<[u8]>::to_vec);
            // From where the message before had it, too.
            assert_eq!(certain_name(&message, &mut from_end).map(<[u8]>::to_vec), found, "{text}");
            found
        };
        for event in ["INSERT", "UPDATE", "DELETE"] {
            let text = String::from_utf8(message("orders", event)).unwrap();
            assert_eq!(certain(&text).as_deref(), Some(&b"orders"[..]));
        }
        for text in [
            "",
            "}",
            r#"{"table":"a","ts":1,"type":"INSERT"}"#,
            r#"{"data":[],"table":"a","ts":1,"type":"ALTER"}"#,
            r#"{"data":[],"table":"a","ts":1,"type":"INSERT"} "#,
            r#"{"data":[],"table":"a","ts":1,"type":"INSERT","z":1}"#,
            r#"{"data":[],"table":"a","ts":-1,"type":"INSERT"}"#,
            r#"{"data":[],"table":"\u0061","ts":1,"type":"INSERT"}"#,
            r#"{"data":[],"a,\"table":"a","ts":1,"type":"INSERT"}"#,
            r#"{"data":[],"table":"a\"b","ts":1,"type":"INSERT"}"#,
            r#"{"table":"a","data":[{"id":"1","table":"b"}]}"#,
            r#"{"table":"a","ts":1,"type":"INSERT","data":[{"id":"1","table":"b","ts":1,"type":"INSERT"}]}"#,
        ] {
            assert_eq!(certain(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_of_two_databases_is_nobodys() {
        let mut guesses = Guesses::default();
        guesses.note("orders", 3);
        guesses.note("items", 4);
        guesses.note("orders", 5);
        let mut of = |name| guesses.of(&message(name, "INSERT"));
        assert_eq!(["orders", "items", "others"].map(&mut of), [None, Some(4), None]);
    }

    #[test]
    fn after_wrong_guesses_there_are_none_for_a_while() {
        let mut guesses = Guesses::default();
        let message = message("orders", "INSERT");
        let mut tried = 0;
        for _ in 0..100 {
            if guesses.name(&message).is_some() {
                tried += 1;
                guesses.settle(false);
            }
        }
        // What was saved up, and one in each further PRICE messages.
        assert_eq!(tried, 4 + 96 / (PRICE as usize + 1));
        for _ in 0..PRICE {
            guesses.name(&message);
        }
        guesses.settle(true);
        assert!(guesses.name(&message).is_some());
    }
}
