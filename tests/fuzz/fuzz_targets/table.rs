//! Any bytes as the random numbers of the generator: tables of every type with messages made for them, damaged or not.
#![no_main]

#[path = "../../generator/mod.rs"]
mod generator;
#[path = "../../reference/mod.rs"]
mod reference;
#[path = "../../rows/mod.rs"]
mod rows;
#[path = "../../scenario/mod.rs"]
mod scenario;
#[path = "../../session/mod.rs"]
mod session;

use generator::{Tape, message, table};
use libfuzzer_sys::fuzz_target;
use session::{Session, compare};

fuzz_target!(|bytes: &[u8]| {
    let numbers: Vec<u32> =
        bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().expect("four bytes"))).collect();
    let mut tape = Tape::new(&numbers);
    let table = table(&mut tape);
    let mut session = Session::open(&table);
    for _ in 0..2 {
        let message = message::message(&mut tape, &table.spec.fields);
        let answer = session.decode(&message).expect("canonical rows");
        if let Err(difference) = compare(&table, &answer, &table.decode(&message)) {
            panic!("{difference}\nmessage: {}\ntable: {table:?}", String::from_utf8_lossy(&message));
        }
    }
});
