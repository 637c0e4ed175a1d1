//! A message's members: where each value is, without reading more of it than must be.

use crate::json::keys::{Keys, Order, Place};
use crate::json::{Refused, blank, next_or_end, skip};

/// The members that anything here reads, in the order of [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Member {
    Data,
    Database,
    Es,
    Gtid,
    Id,
    IsDdl,
    MysqlType,
    Old,
    PkNames,
    Sql,
    SqlType,
    Table,
    Ts,
    Type,
}

/// The members' names.
pub const NAMES: [&str; 14] = [
    "data",
    "database",
    "es",
    "gtid",
    "id",
    "isDdl",
    "mysqlType",
    "old",
    "pkNames",
    "sql",
    "sqlType",
    "table",
    "ts",
    "type",
];

const ALL: [Member; 14] = {
    use Member::*;
    [Data, Database, Es, Gtid, Id, IsDdl, MysqlType, Old, PkNames, Sql, SqlType, Table, Ts, Type]
};

/// One message's members. A span covers the value as it stands in the document.
#[derive(Debug, Default, Clone)]
pub struct Envelope {
    spans: [(usize, usize); NAMES.len()],
    present: u16,
}

impl Envelope {
    /// The value of `member`, or `None` if the message lacks it.
    #[inline(always)]
    pub fn span(&self, member: Member) -> Option<(usize, usize)> {
        (self.present & 1 << member as usize != 0).then(|| self.spans[member as usize])
    }

    /// The raw text of the value of `member`.
    #[inline(always)]
    pub fn raw<'b>(&self, member: Member, buf: &'b [u8]) -> Option<&'b [u8]> {
        self.span(member).map(|(start, end)| &buf[start..end])
    }

    /// The content of `member` if it is a string without escapes.
    #[inline(always)]
    pub fn plain<'b>(&self, member: Member, buf: &'b [u8]) -> Option<&'b [u8]> {
        match self.raw(member, buf) {
            Some([b'"', text @ .., b'"']) if !text.contains(&b'\\') => Some(text),
            _ => None,
        }
    }
}

/// Takes envelopes apart, one after the other.
#[derive(Debug)]
pub struct EnvelopeReader {
    keys: Keys,
    order: Order,
    repeated: [Repeated; 3],
}

impl Default for EnvelopeReader {
    fn default() -> Self {
        EnvelopeReader {
            keys: Keys::new(NAMES.into_iter()),
            order: Order::default(),
            repeated: [Repeated::default(), Repeated::default(), Repeated::default()],
        }
    }
}

impl EnvelopeReader {
    /// Reads the object that the document begins with; what follows it is not looked at, as in Jackson's `readTree`.
    ///
    /// `images` is called for `data` and `old`, with the position of the value, and returns the position after it.
    ///
    /// # Errors
    /// Not strict JSON, not an object, or a member of [`NAMES`] occurs twice.
    #[inline(always)]
    pub fn read(
        &mut self,
        buf: &[u8],
        envelope: &mut Envelope,
        mut images: impl FnMut(Member, usize) -> Result<usize, Refused>,
    ) -> Result<(), Refused> {
        envelope.present = 0;
        let start = blank(buf, 0);
        if buf[start] != b'{' {
            return Err(Refused);
        }
        let mut pos = blank(buf, start + 1);
        if buf[pos] == b'}' {
            return Ok(());
        }
        let mut place = Place::default();
        loop {
            let (key, value) = self.keys.read(&mut self.order, &mut place, buf, pos)?;
            let member = key.map(|key| ALL[key]);
            let end = match member {
                Some(member @ (Member::Data | Member::Old)) => images(member, value)?,
                Some(Member::MysqlType) => self.repeated[0].skip(buf, value)?,
                Some(Member::SqlType) => self.repeated[1].skip(buf, value)?,
                Some(Member::PkNames) => self.repeated[2].skip(buf, value)?,
                _ => skip::value(buf, value)?,
            };
            if let Some(member) = member {
                let bit = 1 << member as usize;
                if envelope.present & bit != 0 {
                    return Err(Refused);
                }
                envelope.present |= bit;
                envelope.spans[member as usize] = (value, end);
            }
            let (next, done) = next_or_end(buf, end, b'}')?;
            if done {
                return Ok(());
            }
            pos = next;
        }
    }
}

/// Objects and arrays that come again and again, one per table of the topic: what was validated once is only compared.
#[derive(Debug, Default)]
struct Repeated {
    /// Most recently used first.
    seen: Vec<Box<[u8]>>,
}

impl Repeated {
    /// Tables that are followed at the same time.
    const WAYS: usize = 8;
    /// Longer values are not kept.
    const MAX_LEN: usize = 64 * 1024;

    #[inline(always)]
    fn skip(&mut self, buf: &[u8], pos: usize) -> Result<usize, Refused> {
        // A container ends with its bracket, so a value that begins with a whole container is that container.
        match self.seen.first() {
            Some(last) if buf[pos..].starts_with(last) => Ok(pos + last.len()),
            _ => self.search(buf, pos),
        }
    }

    #[inline(never)]
    fn search(&mut self, buf: &[u8], pos: usize) -> Result<usize, Refused> {
        if let Some(i) = self.seen.iter().position(|seen| buf[pos..].starts_with(seen)) {
            let end = pos + self.seen[i].len();
            self.seen[..=i].rotate_right(1);
            return Ok(end);
        }
        let end = skip::value(buf, pos)?;
        if matches!(buf[pos], b'{' | b'[') && end - pos <= Self::MAX_LEN {
            self.seen.truncate(Self::WAYS - 1);
            self.seen.insert(0, buf[pos..end].into());
        }
        Ok(end)
    }
}
