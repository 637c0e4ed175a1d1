//! One value of a row: how many bytes it has in the log, and the text that full data has for the same value.

use super::charset::Charset;
use super::input::Input;
use super::table_map::{LoggedColumn, ty};
use super::zone::Zone;
use super::{document, number, time};
use crate::error::{Error, Kind};
use crate::json::write::{Output, Style};
use crate::sync::mysql_type::{MysqlType, Size};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// How a column's values stand in the log.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Codec {
    /// Of so many bytes.
    Integer {
        len: usize,
        unsigned: bool,
    },
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// Of so many bytes, the highest first.
    Bit(usize),
    /// The number of ENUM's label or the bits of SET's, of so many bytes.
    Labels(usize),
    Year,
    Date,
    /// With so many digits of a fraction, as the next two.
    Time(u8),
    DateTime(u8),
    Timestamp(u8),
    OldTime,
    OldDateTime,
    OldTimestamp,
    /// Behind a length of so many bytes, as the next two.
    Text(usize, Arc<Charset>),
    Bytes(usize),
    Json(usize),
    /// BINARY, whose zeros at the end are not logged: behind a length of so many bytes, and the bytes that it has in all.
    Padded(usize, usize),
    Uuid,
    Inet4,
    Inet6,
}

/// Why a column of the log is not the one that it is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;

/// Bytes of the length before a value of up to `longest` bytes.
fn length_of(longest: u16) -> usize {
    if longest > 255 { 2 } else { 1 }
}

impl Codec {
    /// How values of a type stand in a column of the log. `charset`: of a column of texts.
    ///
    /// # Errors
    /// The column has values of another type.
    pub fn new(of: &MysqlType, logged: &LoggedColumn, charset: impl FnOnce() -> Arc<Charset>) -> Result<Codec, Unfit> {
        let longest = u16::from_le_bytes(logged.meta);
        let integer = |ty: u8, len: usize, unsigned: bool| {
            if logged.ty == ty { Ok(Codec::Integer { len, unsigned }) } else { Err(Unfit) }
        };
        let fits = |fits: bool, codec: Codec| if fits { Ok(codec) } else { Err(Unfit) };
        let fixed = |len: u16, codec: Codec| fits(logged.ty == ty::STRING && longest == len, codec);
        let blob = |size: &Size| {
            let len = match size {
                Size::Tiny => 1,
                Size::Plain => 2,
                Size::Medium => 3,
                Size::Long => 4,
            };
            if logged.ty == ty::BLOB && logged.meta[0] == len { Ok(usize::from(len)) } else { Err(Unfit) }
        };
        match of {
            MysqlType::TinyInt1 => integer(ty::TINY, 1, false),
            MysqlType::TinyInt { unsigned } => integer(ty::TINY, 1, *unsigned),
            MysqlType::SmallInt { unsigned } => integer(ty::SHORT, 2, *unsigned),
            MysqlType::MediumInt { unsigned } => integer(ty::INT_24, 3, *unsigned),
            MysqlType::Int { unsigned } => integer(ty::LONG, 4, *unsigned),
            MysqlType::BigInt { unsigned } => integer(ty::LONG_LONG, 8, *unsigned),
            MysqlType::Float => fits(logged.ty == ty::FLOAT, Codec::Float),
            MysqlType::Double => fits(logged.ty == ty::DOUBLE, Codec::Double),
            MysqlType::Decimal { precision, scale } => {
                let codec = Codec::Decimal { precision: *precision, scale: *scale };
                fits(logged.ty == ty::DECIMAL && logged.meta == [*precision, *scale], codec)
            }
            MysqlType::Bit(bits) => {
                let is_so = logged.ty == ty::BIT && logged.meta[0] + 8 * logged.meta[1] == *bits;
                fits(is_so, Codec::Bit(usize::from(bits.div_ceil(8))))
            }
            MysqlType::Date => fits(logged.ty == ty::DATE, Codec::Date),
            MysqlType::Year => fits(logged.ty == ty::YEAR, Codec::Year),
            MysqlType::Time(0) if logged.ty == ty::TIME => Ok(Codec::OldTime),
            MysqlType::DateTime(0) if logged.ty == ty::DATETIME => Ok(Codec::OldDateTime),
            MysqlType::Timestamp(0) if logged.ty == ty::TIMESTAMP => Ok(Codec::OldTimestamp),
            MysqlType::Time(digits) => fits(logged.ty == ty::TIME_2 && logged.meta[0] == *digits, Codec::Time(*digits)),
            MysqlType::DateTime(digits) => {
                fits(logged.ty == ty::DATETIME_2 && logged.meta[0] == *digits, Codec::DateTime(*digits))
            }
            MysqlType::Timestamp(digits) => {
                fits(logged.ty == ty::TIMESTAMP_2 && logged.meta[0] == *digits, Codec::Timestamp(*digits))
            }
            MysqlType::Char(_) if logged.ty == ty::STRING => Ok(Codec::Text(length_of(longest), charset())),
            MysqlType::Varchar(_) if matches!(logged.ty, ty::VARCHAR | ty::VAR_STRING) => {
                Ok(Codec::Text(length_of(longest), charset()))
            }
            MysqlType::Text(size) => Ok(Codec::Text(blob(size)?, charset())),
            MysqlType::Binary(len) => {
                let padded = Codec::Padded(length_of(longest), *len as usize);
                fits(logged.ty == ty::STRING && u32::from(longest) == *len, padded)
            }
            MysqlType::Varbinary(len) => {
                let is_so = matches!(logged.ty, ty::VARCHAR | ty::VAR_STRING) && u32::from(longest) == *len;
                fits(is_so, Codec::Bytes(length_of(longest)))
            }
            MysqlType::Blob(size) => Ok(Codec::Bytes(blob(size)?)),
            MysqlType::Enum(_) => fits(logged.ty == ty::ENUM, Codec::Labels(usize::from(logged.meta[0]))),
            MysqlType::Set(_) => fits(logged.ty == ty::SET, Codec::Labels(usize::from(logged.meta[0]))),
            MysqlType::Json if logged.ty == ty::JSON => Ok(Codec::Json(usize::from(logged.meta[0]))),
            // MariaDB's JSON is a text.
            MysqlType::Json if logged.ty == ty::BLOB => Ok(Codec::Text(usize::from(logged.meta[0]), charset())),
            MysqlType::Geometry(_) => fits(logged.ty == ty::GEOMETRY, Codec::Bytes(usize::from(logged.meta[0]))),
            MysqlType::Uuid => fixed(16, Codec::Uuid),
            MysqlType::Inet4 => fixed(4, Codec::Inet4),
            MysqlType::Inet6 => fixed(16, Codec::Inet6),
            MysqlType::Char(_) | MysqlType::Varchar(_) | MysqlType::Json | MysqlType::Unknown(_) => Err(Unfit),
        }
    }

    /// Takes the next value of a row, without its length.
    ///
    /// # Errors
    /// The row ends before it does.
    #[inline]
    pub fn cell<'e>(&self, input: &mut Input<'e>) -> Result<&'e [u8], Error> {
        let len = match self {
            Codec::Integer { len, .. } | Codec::Bit(len) | Codec::Labels(len) => *len,
            Codec::Text(prefix, _) | Codec::Bytes(prefix) | Codec::Json(prefix) | Codec::Padded(prefix, _) => {
                input.unsigned(*prefix)? as usize
            }
            Codec::Float | Codec::OldTimestamp => 4,
            Codec::Double | Codec::OldDateTime => 8,
            Codec::Decimal { precision, scale } => number::decimal_len(*precision, *scale),
            Codec::Year => 1,
            Codec::Date | Codec::OldTime => 3,
            Codec::Time(digits) => 3 + time::fraction_len(*digits),
            Codec::DateTime(digits) => 5 + time::fraction_len(*digits),
            Codec::Timestamp(digits) => 4 + time::fraction_len(*digits),
            // As short strings, behind their length.
            Codec::Uuid | Codec::Inet4 | Codec::Inet6 => input.u8()? as usize,
        };
        input.take(len)
    }

    /// Writes a value as a JSON string. `scratch` is for anything.
    ///
    /// # Errors
    /// It is none of the column's.
    #[inline]
    pub fn write(&self, cell: &[u8], zone: &Zone, out: &mut Output, scratch: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Codec::Integer { len, unsigned } => {
                let mut word = [0; 8];
                let cell = &cell[..cell.len().min(8)];
                word[..cell.len()].copy_from_slice(cell);
                let value = u64::from_le_bytes(word);
                out.push(b'"');
                if *unsigned {
                    out.unsigned(value);
                } else {
                    let unused = 64 - 8 * (*len).clamp(1, 8) as u32;
                    out.integer((value << unused) as i64 >> unused);
                }
                out.push(b'"');
                return Ok(());
            }
            Codec::Labels(_) => {
                let value = Input::new(cell).unsigned(cell.len())?;
                out.push(b'"');
                out.unsigned(value);
                out.push(b'"');
                return Ok(());
            }
            Codec::Bit(_) => {
                let value = cell.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
                out.push(b'"');
                out.unsigned(value);
                out.push(b'"');
                return Ok(());
            }
            Codec::Text(_, charset) => {
                if **charset == Charset::Utf8 {
                    return text(cell, out);
                }
                scratch.clear();
                charset.decode(cell, scratch);
                return text(scratch, out);
            }
            Codec::Bytes(_) => {
                out.latin1_string(cell, Style::Fastjson);
                return Ok(());
            }
            Codec::Padded(_, len) => {
                scratch.clear();
                scratch.extend_from_slice(cell);
                scratch.resize((*len).max(cell.len()), 0);
                out.latin1_string(scratch, Style::Fastjson);
                return Ok(());
            }
            _ => {}
        }
        scratch.clear();
        self.print(cell, zone, scratch)?;
        if let Codec::Json(_) = self {
            return text(scratch, out);
        }
        out.push(b'"');
        out.raw(scratch);
        out.push(b'"');
        Ok(())
    }

    /// Writes the text of a value that has more than one form.
    fn print(&self, cell: &[u8], zone: &Zone, to: &mut Vec<u8>) -> Result<(), Error> {
        let mut input = Input::new(cell);
        match self {
            Codec::Float => number::double(f64::from(f32::from_bits(input.u32()?)), to),
            Codec::Double => number::double(f64::from_bits(input.u64()?), to),
            Codec::Decimal { precision, scale } => number::decimal(cell, *precision, *scale, to)?,
            Codec::Year => time::year(cell, to)?,
            Codec::Date => time::date(cell, to)?,
            Codec::Time(digits) => time::time(cell, *digits, to)?,
            Codec::DateTime(digits) => time::datetime(cell, *digits, to)?,
            Codec::Timestamp(digits) => time::timestamp(cell, *digits, |utc| zone.local(utc), to)?,
            Codec::OldTime => time::old::time(cell, to)?,
            Codec::OldDateTime => time::old::datetime(cell, to)?,
            Codec::OldTimestamp => time::old::timestamp(cell, |utc| zone.local(utc), to)?,
            Codec::Json(_) => document::document(cell, to)?,
            Codec::Uuid => uuid(&padded(cell), to),
            Codec::Inet4 => to.extend_from_slice(Ipv4Addr::from(padded(cell)).to_string().as_bytes()),
            Codec::Inet6 => inet6(padded(cell), to),
            Codec::Integer { .. }
            | Codec::Bit(_)
            | Codec::Labels(_)
            | Codec::Text(..)
            | Codec::Bytes(_)
            | Codec::Padded(..) => {}
        }
        Ok(())
    }
}

fn text(text: &[u8], out: &mut Output) -> Result<(), Error> {
    out.string(text, Style::Fastjson).map_err(|_| Error::new(Kind::Source, "it is not UTF-8"))
}

/// Zeros at the end are not logged.
fn padded<const N: usize>(cell: &[u8]) -> [u8; N] {
    let mut all = [0; N];
    let len = cell.len().min(N);
    all[..len].copy_from_slice(&cell[..len]);
    all
}

/// In the log a UUID's bytes stand as in its text, whatever order MariaDB keeps them in.
fn uuid(bytes: &[u8; 16], to: &mut Vec<u8>) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            to.push(b'-');
        }
        to.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
}

/// An address as the server writes it: one whose first six parts are zero ends in the form of version 4.
fn inet6(bytes: [u8; 16], to: &mut Vec<u8>) {
    let [.., a, b, c, d] = bytes;
    let text = match bytes[..12].iter().all(|byte| *byte == 0) && (a, b) != (0, 0) {
        true => format!("::{}", Ipv4Addr::new(a, b, c, d)),
        false => Ipv6Addr::from(bytes).to_string(),
    };
    to.extend_from_slice(text.as_bytes());
}
