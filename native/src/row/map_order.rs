//! The order in which a `java.util.HashMap` with Flink's `BinaryStringData` keys is walked.
//!
//! flink-json collects a JSON object in such a map, so this order is what a printed or serialised MAP shows. Sources:
//! `java.util.HashMap` (16 buckets, doubled beyond ¾ full, a split keeps the order inside a bucket) and Flink's
//! `MurmurHashUtils` (seed 42).

use crate::json::Refused;

/// From eight keys on, a bucket may become a tree, whose order depends on more than the keys.
const TREEIFY: u32 = 8;

/// The positions of the keys, in walking order. The keys differ from each other.
pub fn of<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Result<Vec<usize>, Refused> {
    let spread: Vec<u32> = keys
        .map(|key| {
            let h = murmur(key);
            h ^ (h >> 16)
        })
        .collect();
    let mut buckets = 16usize;
    let mut filled = vec![0u32; buckets];
    for (i, hash) in spread.iter().enumerate() {
        let count = &mut filled[*hash as usize & (buckets - 1)];
        *count += 1;
        if *count >= TREEIFY {
            return Err(Refused);
        }
        if i + 1 > buckets / 4 * 3 {
            buckets *= 2;
            filled = vec![0; buckets];
            for hash in &spread[..=i] {
                filled[*hash as usize & (buckets - 1)] += 1;
            }
        }
    }
    let mut order: Vec<usize> = (0..spread.len()).collect();
    order.sort_by_key(|i| spread[*i] as usize & (buckets - 1));
    Ok(order)
}

/// MurmurHash3 (x86, 32 bit), but for the last one to three bytes, which Flink mixes in one at a time as signed numbers.
fn murmur(bytes: &[u8]) -> u32 {
    let mix = |h: u32, k: u32| {
        let k = k.wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593);
        (h ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64)
    };
    let words = bytes.chunks_exact(4);
    let tail = words.remainder();
    let mut h = words.fold(42, |h, word| mix(h, u32::from_le_bytes(word.try_into().expect("4 bytes"))));
    h = tail.iter().fold(h, |h, byte| mix(h, *byte as i8 as u32));
    h ^= bytes.len() as u32;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85EB_CA6B);
    h ^= h >> 13;
    h = h.wrapping_mul(0xC2B2_AE35);
    h ^ (h >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_once_and_stable() {
        let keys: Vec<String> = (0..1000).map(|i| format!("key-{i}")).collect();
        let order = of(keys.iter().map(String::as_bytes)).unwrap();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_eq!(order, of(keys.iter().map(String::as_bytes)).unwrap());
    }
}
