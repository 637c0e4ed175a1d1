//! What the fuzz targets run: [`cases`], on the reference decoder and encoder of the tests.

pub mod cases;
#[path = "../generator/mod.rs"]
mod generator;
#[path = "../packets/session.rs"]
mod packet_session;
#[path = "../reference/mod.rs"]
mod reference;
#[path = "../rows/mod.rs"]
mod rows;
#[path = "../scenario/mod.rs"]
mod scenario;
#[path = "../session/mod.rs"]
mod session;

/// A mutation for libFuzzer: of the JSON in the input, or else libFuzzer's own. Returns the new length.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    if seed % 3 == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let mut input = data[..size].to_vec();
    cases::mutation::mutate(&mut input, &mut cases::mutation::Numbers::new(seed.into()));
    input.truncate(max_size);
    data[..input.len()].copy_from_slice(&input);
    input.len()
}
