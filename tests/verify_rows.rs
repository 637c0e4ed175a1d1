//! Rows of both sides in the form in which they are compared: what a source sends and what Doris prints of it are equal for every type, and a
//! difference in any cell is one.

mod compared;

use canal_native::snapshot::message::Rows;
use canal_native::verify::pair::{self, FormedRow, Forms, TablePair};
use canal_native::verify::source::{Loadable, SourceRows};
use canal_native::verify::spec::VerifySpec;
use proptest::prelude::*;

/// A type of MySQL's, a value as its server sends it, the same as Doris may print it, and another value as Doris may print that.
const CELLS: [(&str, &[u8], &str, &str); 34] = [
    ("tinyint", b"-5", "-5", "5"),
    ("tinyint(1)", b"1", "1", "0"),
    ("smallint unsigned", b"65535", "65535", "65534"),
    ("mediumint", b"-8388608", "-8388608", "8388608"),
    ("int", b"0", "0", "1"),
    ("bigint", b"-9223372036854775808", "-9223372036854775808", "-9223372036854775807"),
    ("bigint unsigned", b"18446744073709551615", "18446744073709551615", "18446744073709551614"),
    ("decimal(10,2)", b"1.50", "1.5", "1.51"),
    ("decimal(38,18)", b"-0.000000000000000001", "-0.000000000000000001", "0.000000000000000001"),
    ("decimal(65,30)", b"1.000000000000000000000000000000", "1.000000000000000000000000000000", "1.0"),
    ("float", b"0.10000000149011612", "0.1", "0.10000001"),
    ("double", b"1e20", "1e+20", "1.0000000000000002e+20"),
    ("bit(1)", b"1", "1", "0"),
    ("bit(9)", b"511", "511", "255"),
    ("bit(64)", b"18446744073709551615", "18446744073709551615", "9223372036854775807"),
    ("date", b"2024-02-29", "2024-02-29", "2024-02-28"),
    ("date", b"0000-00-00", "NULL", "1970-01-01"),
    ("datetime", b"2024-02-29 00:00:00", "2024-02-29 00:00:00", "2024-02-29 00:00:01"),
    ("datetime(6)", b"2024-02-29 10:20:30.500000", "2024-02-29 10:20:30.500000", "2024-02-29 10:20:30.500001"),
    ("timestamp(3)", b"2024-02-29 10:20:30.000", "2024-02-29 10:20:30", "2024-02-29 10:20:31"),
    ("time(6)", b"-838:59:59.000000", "-838:59:59.000000", "838:59:59.000000"),
    ("year", b"0000", "0", "2000"),
    ("char(10)", b"ab", "ab", "AB"),
    ("varchar(20)", "a b\u{e9}\\'\"\n ".as_bytes(), "a b\u{e9}\\'\"\n ", "a be\u{301}\\'\"\n "),
    ("text", b"", "", " "),
    ("enum('a','1')", b"2", "1", "a"),
    ("set('a','b','c')", b"5", "a,c", "a,b"),
    ("json", br#"{"b": 1, "a": [1.0, "x"]}"#, r#"{"a":[1,"x"],"b":1}"#, r#"{"a":[1,"x"],"b":2}"#),
    ("binary(3)", b"\x00\xFF\x00", "00FF00", "00FF"),
    ("varbinary(9)", b"\x00\xFF", "00FF", "00ff"),
    ("blob", b"", "", "00"),
    (
        "uuid",
        b"123e4567-e89b-12d3-a456-426655440000",
        "123e4567-e89b-12d3-a456-426655440000",
        "123e4567-e89b-12d3-a456-426655440001",
    ),
    ("inet6", b"::1", "::1", "::2"),
    ("int", b"NULL", "NULL", "0"),
];

/// NULL stands for itself.
fn cell(text: &[u8]) -> Option<Vec<u8>> {
    (text != b"NULL").then(|| text.to_vec())
}

/// A table with a column for each of these cells, behind a key.
struct Tables {
    spec: VerifySpec,
    pair: TablePair,
    forms: Forms,
    chosen: Vec<usize>,
}

impl Tables {
    fn new(chosen: Vec<usize>) -> Tables {
        let types: Vec<&str> = chosen.iter().map(|cell| CELLS[*cell].0).collect();
        let (spec, table) = (compared::spec(), compared::table(&types));
        let rules = spec.rules().unwrap();
        let mapped = pair::mapped(&table, &rules, &spec).unwrap();
        let doris = mapped.doris_table(true);
        let pair = TablePair::of(&table, mapped, doris, &rules, &spec).unwrap();
        assert_eq!(pair.compared.len(), 1 + types.len(), "all are compared: {:?}", pair.notes);
        let forms = pair.forms(spec.comparing);
        Tables { spec, pair, forms, chosen }
    }

    /// What a row of the source is, for the comparison.
    fn of_source(&mut self, id: i64) -> FormedRow {
        let table = &self.pair.table;
        let mut rows = Rows::new(&table.database, &table.table, &table.columns, &table.keys);
        let values: Vec<Option<Vec<u8>>> = std::iter::once(Some(id.to_string().into_bytes()))
            .chain(self.chosen.iter().map(|chosen| cell(CELLS[*chosen].1)))
            .collect();
        rows.add(values.iter().map(|value| Ok(value.as_deref()))).unwrap();
        let mut formed = Vec::new();
        let forms = &mut self.forms;
        let mut source = SourceRows::new(&self.pair, &self.spec).unwrap();
        source
            .read(&rows.take(), &mut |row| {
                match row {
                    Loadable::Yes(cells) => formed.push(cells.formed(forms).unwrap()),
                    Loadable::No(why) => panic!("{why}"),
                }
                Ok(())
            })
            .unwrap();
        formed.remove(0)
    }

    /// What a row of Doris is, `other` of whose columns has another value.
    fn of_target(&mut self, id: i64, other: Option<usize>) -> FormedRow {
        self.forms.begin();
        self.forms.add(Some(id.to_string().as_bytes()));
        for (i, chosen) in self.chosen.iter().enumerate() {
            let (_, _, same, different) = CELLS[*chosen];
            self.forms.add(cell(if other == Some(i) { different } else { same }.as_bytes()).as_deref());
        }
        self.forms.row()
    }
}

#[test]
fn every_type_is_equal_to_what_doris_prints_of_it() {
    for (i, (ty, text, printed, other)) in CELLS.iter().enumerate() {
        let mut tables = Tables::new(vec![i]);
        let source = tables.of_source(7);
        let text = String::from_utf8_lossy(text);
        assert_eq!(source, tables.of_target(7, None), "{ty}: {text} and {printed}");
        assert_ne!(source, tables.of_target(7, Some(0)), "{ty}: {text} and {other}");
        assert_ne!(source.key, tables.of_target(8, None).key, "{ty}: the key");
    }
}

#[test]
fn a_value_that_cannot_be_loaded_equals_none_and_takes_no_other_row_along() {
    let year = CELLS.iter().position(|(ty, ..)| *ty == "date").unwrap();
    let mut tables = Tables::new(vec![year]);
    let table = tables.pair.table.clone();
    let mut rows = Rows::new(&table.database, &table.table, &table.columns, &table.keys);
    for (id, date) in [(1, "2024-02-29"), (2, "2024-00-00"), (3, "2024-02-29")] {
        rows.add([format!("{id}").as_bytes(), date.as_bytes()].into_iter().map(|value| Ok(Some(value)))).unwrap();
    }
    let mut source = SourceRows::new(&tables.pair, &tables.spec).unwrap();
    let (mut loadable, mut not) = (Vec::new(), Vec::new());
    source
        .read(&rows.take(), &mut |row| {
            match row {
                Loadable::Yes(cells) => loadable.push(cells.formed(&mut tables.forms).unwrap()),
                Loadable::No(why) => not.push(why),
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(loadable, [tables.of_target(1, None), tables.of_target(3, None)]);
    let why = "\"2024-00-00\" in the column c0 is no value of its type in Doris; change it in the source, or leave the column out by tables.columns";
    assert_eq!(not, [why]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of a table with any columns: a row is equal as it is, and is not with another value in any one of its cells.
    #[test]
    fn another_value_in_any_cell_is_a_difference(chosen in prop::collection::vec(0..CELLS.len(), 1..12), id in any::<i64>(), at in any::<prop::sample::Index>()) {
        let other = at.index(chosen.len());
        let mut tables = Tables::new(chosen);
        let source = tables.of_source(id);
        prop_assert_eq!(&source, &tables.of_target(id, None));
        let changed = tables.of_target(id, Some(other));
        prop_assert_eq!(&source.key, &changed.key);
        prop_assert_ne!(source.hash, changed.hash);
    }
}
