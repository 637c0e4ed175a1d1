//! Any bytes as the random numbers of the generator: tables of every type with messages made for them, damaged or not.

use super::tape;
use crate::generator::{Tape, message, table};
use crate::session::{Session, compare};

pub fn run(input: &[u8]) {
    let numbers = tape(input);
    let mut tape = Tape::new(&numbers);
    let table = table(&mut tape);
    let mut session = Session::open(&table);
    let mut last: Option<Vec<u8>> = None;
    for _ in 0..3 {
        let message = message::next(&mut tape, &table.spec.fields, last.as_deref());
        let answer = session.decode(&message).expect("canonical rows");
        if let Err(difference) = compare(&table, &answer, &table.decode(&message)) {
            panic!("{difference}\nmessage: {}\ntable: {table:?}", String::from_utf8_lossy(&message));
        }
        last = Some(message);
    }
}
