//! See cases/packet.rs.
#![no_main]

use canal_native_fuzz::cases;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| cases::packet::run(input));
