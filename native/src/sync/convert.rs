//! What is done to a decoded value before it is written: labels for numbers, zeros at the end, well-known text.

use super::mapping::Conversion;
use std::fmt::Write;

/// A value after its conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Converted {
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Why a value has no conversion: it is a bad value.
pub type BadValue = String;

impl Conversion {
    /// Converts a text as Canal wrote it; `None`: it stays as it is. A text that is no number has its labels already.
    ///
    /// # Errors
    /// There is no label of that number.
    pub fn text(&self, text: &str) -> Result<Option<String>, BadValue> {
        match self {
            Conversion::EnumLabel(labels) => {
                let Ok(index) = text.parse::<usize>() else { return Ok(None) };
                match index.checked_sub(1) {
                    None => Ok(Some(String::new())),
                    Some(at) => labels.get(at).map(|label| Some(label.clone())).ok_or_else(|| {
                        format!("the ENUM has {} labels, and the value is number {index}", labels.len())
                    }),
                }
            }
            Conversion::SetLabels(labels) => {
                let Ok(bits) = text.parse::<u64>() else { return Ok(None) };
                if labels.len() < 64 && bits >> labels.len() != 0 {
                    return Err(format!("the SET has {} labels, and the value is {bits}", labels.len()));
                }
                let chosen: Vec<&str> =
                    labels.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, l)| l.as_str()).collect();
                Ok(Some(chosen.join(",")))
            }
            Conversion::None | Conversion::Pad(_) | Conversion::Wkt => Ok(None),
        }
    }

    /// Converts bytes; `None`: they stay as they are.
    ///
    /// # Errors
    /// They are no geometry.
    pub fn bytes(&self, bytes: &[u8]) -> Result<Option<Converted>, BadValue> {
        match self {
            Conversion::Pad(length) if bytes.len() < *length as usize => {
                let mut padded = bytes.to_vec();
                padded.resize(*length as usize, 0);
                Ok(Some(Converted::Bytes(padded)))
            }
            Conversion::Wkt => well_known_text(bytes).map(|text| Some(Converted::Text(text))),
            _ => Ok(None),
        }
    }
}

/// Geometries in collections in collections; MySQL's own limit is its stack.
const DEEPEST: u32 = 64;

/// The text of MySQL's inner form, as `ST_AsText` writes it: four bytes of SRID, which are left out, and well-known binary.
///
/// # Errors
/// The bytes are no geometry.
pub fn well_known_text(bytes: &[u8]) -> Result<String, BadValue> {
    let mut reader = Reader { rest: bytes.get(4..).unwrap_or_default(), text: String::new() };
    match reader.geometry(None, 0) {
        Some(()) if reader.rest.is_empty() => Ok(reader.text),
        _ => Err(format!("{} bytes that are no geometry of MySQL", bytes.len())),
    }
}

struct Reader<'b> {
    rest: &'b [u8],
    text: String,
}

const NAMES: [&str; 7] =
    ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"];

impl Reader<'_> {
    /// A geometry with its head; `only`: the kind that it must have, whose name is not written.
    fn geometry(&mut self, only: Option<u32>, depth: u32) -> Option<()> {
        let big = match self.take::<1>()? {
            [0] => true,
            [1] => false,
            _ => return None,
        };
        let kind = self.number(big)?;
        let name = NAMES.get(kind.checked_sub(1)? as usize)?;
        if depth > DEEPEST || only.is_some_and(|only| only != kind) {
            return None;
        }
        if only.is_none() {
            self.text.push_str(name);
        }
        match kind {
            1 => self.between(|r| r.point(big)),
            2 => self.list(big, |r| r.point(big)),
            3 => self.list(big, |r| r.list(big, |r| r.point(big))),
            4 => self.list(big, |r| r.geometry(Some(1), depth + 1)),
            5 => self.list(big, |r| r.geometry(Some(2), depth + 1)),
            6 => self.list(big, |r| r.geometry(Some(3), depth + 1)),
            _ => self.list(big, |r| r.geometry(None, depth + 1)),
        }
    }

    fn between(&mut self, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.text.push('(');
        item(self)?;
        self.text.push(')');
        Some(())
    }

    fn list(&mut self, big: bool, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        let count = self.number(big)?;
        if count == 0 {
            self.text.push_str(" EMPTY");
            return Some(());
        }
        self.between(|r| {
            for i in 0..count {
                if i > 0 {
                    r.text.push(',');
                }
                item(r)?;
            }
            Some(())
        })
    }

    fn point(&mut self, big: bool) -> Option<()> {
        let x = self.double(big)?;
        let y = self.double(big)?;
        write!(self.text, "{x} {y}").ok()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }

    fn number(&mut self, big: bool) -> Option<u32> {
        let bytes = self.take()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Coordinates are finite in MySQL.
    fn double(&mut self, big: bool) -> Option<f64> {
        let bytes = self.take()?;
        let value = if big { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) };
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(labels: &[&str]) -> Vec<String> {
        labels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn numbers_become_labels() {
        let one = Conversion::EnumLabel(labels(&["small", "1,2", ""]));
        for (text, label) in [("1", "small"), ("2", "1,2"), ("3", ""), ("0", "")] {
            assert_eq!(one.text(text).unwrap().as_deref(), Some(label), "{text}");
        }
        assert_eq!(one.text("small"), Ok(None));
        assert_eq!(one.text("4").unwrap_err(), "the ENUM has 3 labels, and the value is number 4");
        let several = Conversion::SetLabels(labels(&["x y", "中", "ü"]));
        for (text, label) in [("0", ""), ("1", "x y"), ("6", "中,ü"), ("7", "x y,中,ü")] {
            assert_eq!(several.text(text).unwrap().as_deref(), Some(label), "{text}");
        }
        assert_eq!(several.text("8").unwrap_err(), "the SET has 3 labels, and the value is 8");
        let all: Vec<String> = (0..64).map(|i| format!("o{i}")).collect();
        let all = Conversion::SetLabels(all.clone()).text("18446744073709551615").unwrap().unwrap() == all.join(",");
        assert!(all);
    }

    #[test]
    fn short_binary_strings_get_their_zeros() {
        assert_eq!(Conversion::Pad(4).bytes(b"ab"), Ok(Some(Converted::Bytes(b"ab\0\0".to_vec()))));
        assert_eq!(Conversion::Pad(2).bytes(b"ab"), Ok(None));
    }

    fn geometry(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn geometries_become_text() {
        let point = "000000000101000000000000000000F03F0000000000000040";
        assert_eq!(well_known_text(&geometry(point)).unwrap(), "POINT(1 2)");
        let inner = &point[8..];
        let collection = format!("E6100000010700000002000000{inner}010700000000000000");
        assert_eq!(
            well_known_text(&geometry(&collection)).unwrap(),
            "GEOMETRYCOLLECTION(POINT(1 2),GEOMETRYCOLLECTION EMPTY)"
        );
        let points = format!("00000000010400000001000000{inner}");
        assert_eq!(well_known_text(&geometry(&points)).unwrap(), "MULTIPOINT((1 2))");
        for broken in ["", "00000000", "0000000001010000000000", "00000000010900000000000000", &collection[..60]] {
            assert!(well_known_text(&geometry(broken)).is_err(), "{broken}");
        }
        let deep = format!("00000000{}{}", "010700000001000000".repeat(70), "010700000000000000");
        assert!(well_known_text(&geometry(&deep)).is_err());
    }
}
