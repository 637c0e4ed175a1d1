//! Durations and sizes.

/// `500ms`, `10s`, `5min`, `1h`, with or without a blank; in milliseconds.
pub fn duration(text: &str) -> Option<u64> {
    with_unit(text, &[("ms", 1), ("s", 1000), ("sec", 1000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000)])
}

/// `64kb`, `100mb`, `2gb`, with or without a blank; in bytes.
pub fn size(text: &str) -> Option<u64> {
    let units =
        [("b", 1), ("k", 1 << 10), ("kb", 1 << 10), ("m", 1 << 20), ("mb", 1 << 20), ("g", 1 << 30), ("gb", 1 << 30)];
    with_unit(text, &units)
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        for (text, millis) in
            [("500ms", 500), ("10s", 10_000), ("10 s", 10_000), ("5min", 300_000), ("2H", 7_200_000), ("0s", 0)]
        {
            assert_eq!(duration(text), Some(millis), "{text}");
        }
        for (text, bytes) in [("100mb", 100 << 20), ("64 KB", 64 << 10), ("2g", 2 << 30), ("7b", 7)] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1.5s", "10 parsecs", "99999999999999999999s", "9999999999999999999h", "é"]
        {
            assert_eq!(duration(text), None, "{text}");
            assert_eq!(size(text), None, "{text}");
        }
    }
}
