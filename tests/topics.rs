//! Topics of many tables: whatever a decoder remembers of one, each message gives the rows that it gives to a decoder that has seen nothing before.

use canal_native::canal::decode::{Decoder, Outcome};
use canal_native::schema::DecoderSpec;
use serde_json::json;

fn decoder() -> Decoder {
    let spec = json!({
        "fields": [{"name": "id", "type": {"root": "BIGINT"}}, {"name": "v", "type": {"root": "VARCHAR"}}],
        "metadata": [], "semantics": "canal", "timestamp": "SQL",
    });
    Decoder::new(DecoderSpec::from_json(spec.to_string().as_bytes()).unwrap()).unwrap()
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Names that begin alike, end alike, are short, or have in them what stands before a name.
fn name(table: u64) -> String {
    match table % 5 {
        0 => format!("orders_{table}"),
        1 => format!("{table}_of_all_the_orders"),
        2 => format!("b{table}"),
        3 => format!(r#"\"table\":\"{table}b"#),
        _ => format!("表{table}"),
    }
}

fn message(table: u64, of_all: &mut Numbers) -> Vec<u8> {
    let (id, v) = (of_all.below(1_000_000), of_all.below(1_000_000_000));
    let types = format!(r#"{{"id":"bigint","v":"varchar({})"}}"#, table % 7);
    let head =
        format!(r#""data":[{{"id":"{id}","v":"b{v}"}}],"database":"shop","es":{v},"isDdl":false,"mysqlType":{types}"#);
    let named = format!(r#""table":"{}""#, name(table));
    match table % 11 {
        // The name where nobody looks for it, none at all, and blanks at the end.
        9 => format!(r#"{{{named},{head},"ts":{v},"type":"INSERT"}}"#),
        10 => format!(r#"{{{head},"table":null,"ts":{v},"type":"INSERT","x":"{}"}}"#, "b".repeat(300)),
        8 => format!("{{{head},{named},\"ts\":{v},\"type\":\"INSERT\"}}{}", " ".repeat(300)),
        _ => format!(r#"{{{head},{named},"ts":{v},"type":"INSERT"}}"#),
    }
    .into_bytes()
}

fn rows(decoder: &mut Decoder, message: &[u8]) -> Vec<u8> {
    let outcome = decoder.decode(message);
    assert!(matches!(outcome, Outcome::Rows(_)), "{outcome:?}: {}", String::from_utf8_lossy(message));
    decoder.rows().to_vec()
}

#[test]
fn a_message_gives_its_rows_after_any_others() {
    for tables in [1, 2, 16, 17, 64, 1_000, 5_000] {
        let mut numbers = Numbers(88_172_645_463_325_252);
        let mut one = decoder();
        for turn in 0..3_000 {
            if turn == 1_000 && tables % 2 == 0 {
                one.share();
            }
            // By turns, at random, and mostly a few of them.
            let table = match turn % 3 {
                0 => turn % tables,
                1 => numbers.below(tables),
                _ => numbers.below(tables.min(20)),
            };
            let message = message(table, &mut numbers);
            assert_eq!(
                rows(&mut one, &message),
                rows(&mut decoder(), &message),
                "{}",
                String::from_utf8_lossy(&message)
            );
            let spelled = |decoder: &Decoder| decoder.head().table().map(|name| name.into_owned());
            let mut new = decoder();
            rows(&mut new, &message);
            assert_eq!(spelled(&one), spelled(&new), "{}", String::from_utf8_lossy(&message));
        }
    }
}

#[test]
fn a_message_that_is_broken_where_its_table_is_constant_is_refused() {
    let mut numbers = Numbers(7);
    let mut one = decoder();
    for turn in 0..400 {
        rows(&mut one, &message(turn % 100, &mut numbers));
    }
    for table in 0..100 {
        let whole = message(table, &mut numbers).trim_ascii_end().to_vec();
        for at in [whole.len() / 2, whole.len() - 20] {
            let outcome = one.decode(&whole[..at]);
            assert!(!matches!(outcome, Outcome::Rows(_)), "{outcome:?}: {}", String::from_utf8_lossy(&whole[..at]));
        }
        rows(&mut one, &whole);
    }
}
