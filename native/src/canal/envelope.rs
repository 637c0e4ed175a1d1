//! A message's members: where each value is, without reading more of it than must be.

use super::outline::Hole;
use super::template::{Left, Seen, Templates};
use crate::json::keys::{Keys, Order, Place};
use crate::json::scan::Vector;
use crate::json::{Refused, blank, next_or_end, skip};
use std::num::NonZeroU64;

/// The members that anything here reads, in the order of [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// All members, by their names.
pub(super) const ALL: [Member; 14] = {
    use Member::*;
    [Data, Database, Es, Gtid, Id, IsDdl, MysqlType, Old, PkNames, Sql, SqlType, Table, Ts, Type]
};

/// One message's members. A span covers the value as it stands in the document.
#[derive(Debug, Default, Clone)]
pub struct Envelope {
    spans: [(usize, usize); NAMES.len()],
    present: u16,
    /// The number of the outline that the message follows to its end: of messages with one number the members that do not [change](Hole::changes) are the same,
    /// or missing in all.
    pub(super) outline: Option<NonZeroU64>,
}

impl Envelope {
    /// The value of `member`, or `None` if the message lacks it.
    #[inline(always)]
    pub fn span(&self, member: Member) -> Option<(usize, usize)> {
        (self.present & 1 << member as usize != 0).then(|| self.spans[member as usize])
    }

    #[inline(always)]
    pub(super) fn set(&mut self, member: Member, start: usize, end: usize) {
        self.present |= 1 << member as usize;
        self.spans[member as usize] = (start, end);
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

/// Bytes of templates of a decoder, which there may be hundreds of.
const TEMPLATE_BYTES: usize = 64 << 10;

/// Takes envelopes apart, one after the other.
#[derive(Debug)]
pub struct EnvelopeReader {
    keys: Keys,
    order: Order,
    templates: Templates,
}

impl Default for EnvelopeReader {
    fn default() -> Self {
        EnvelopeReader::remembering(TEMPLATE_BYTES)
    }
}

impl EnvelopeReader {
    /// One that keeps so many bytes of what is the same in message after message of a table, of all tables together.
    pub fn remembering(bytes: usize) -> EnvelopeReader {
        EnvelopeReader { keys: Keys::new(NAMES.into_iter()), order: Order::default(), templates: Templates::new(bytes) }
    }

    /// From now on the names of databases and tables are not taken to be the same from message to message.
    pub fn share(&mut self) {
        self.templates.leave_out_names();
    }
}

impl EnvelopeReader {
    /// Reads the object that the document begins with; what follows it is not looked at, as in Jackson's `readTree`. The message is `len` bytes of `buf`.
    ///
    /// `images` is called for `data` and `old`, with the position of the value, and returns the position after it.
    ///
    /// # Errors
    /// Not strict JSON, not an object, or a member of [`NAMES`] occurs twice.
    #[inline(always)]
    pub fn read<V: Vector>(
        &mut self,
        (buf, len): (&[u8], usize),
        envelope: &mut Envelope,
        mut images: impl FnMut(Member, usize) -> Result<usize, Refused>,
    ) -> Result<(), Refused> {
        envelope.present = 0;
        envelope.outline = None;
        match self.templates.follow::<V>((buf, len), envelope, &mut images)? {
            Ok(()) => Ok(()),
            Err(left) => self.members::<V>((buf, len), envelope, left, &mut images),
        }
    }

    /// Reads the members from where a template was left, one by one.
    #[inline(never)]
    fn members<V: Vector>(
        &mut self,
        (buf, len): (&[u8], usize),
        envelope: &mut Envelope,
        left: Left,
        images: &mut impl FnMut(Member, usize) -> Result<usize, Refused>,
    ) -> Result<(), Refused> {
        let (mut pos, mut done, mut place) = match left.hole {
            None => (object(buf)?, false, Place::default()),
            Some(hole) => {
                let (pos, done) = next_or_end(buf, left.pos, b'}')?;
                (pos, done, hole.key.map(Place::after).unwrap_or_default())
            }
        };
        if left.hole.is_none() && buf[pos] == b'}' {
            return Ok(());
        }
        V::vectorize(
            #[inline(always)]
            || {
                while !done {
                    let (key, start) = self.keys.read(&mut self.order, &mut place, buf, pos)?;
                    let member = key.map(|key| ALL[key]);
                    let end = value::<V>(member, buf, start, images)?;
                    if let Some(member) = member {
                        if envelope.span(member).is_some() {
                            return Err(Refused);
                        }
                        envelope.set(member, start, end);
                    }
                    (pos, done) = next_or_end(buf, end, b'}')?;
                }
                Ok(())
            },
        )?;
        if self.templates.learns() {
            self.learn((buf, len))?;
        }
        Ok(())
    }

    /// Makes a template of a message that was read and is in order.
    #[cold]
    fn learn(&mut self, (buf, len): (&[u8], usize)) -> Result<(), Refused> {
        let (mut pos, mut done, mut place) = (object(buf)?, false, Place::default());
        let mut seen = Vec::new();
        while !done {
            let (key, start) = self.keys.read(&mut self.order, &mut place, buf, pos)?;
            let end = skip::value(buf, start)?;
            seen.push(Seen { hole: Hole { member: key.map(|key| ALL[key]), key: place.last() }, start, end });
            (pos, done) = next_or_end(buf, end, b'}')?;
        }
        self.templates.learn((buf, len), &seen, pos);
        Ok(())
    }
}

/// Reads the value of a member, or of one that nobody knows.
#[inline(always)]
pub(super) fn value<V: Vector>(
    member: Option<Member>,
    buf: &[u8],
    pos: usize,
    images: &mut impl FnMut(Member, usize) -> Result<usize, Refused>,
) -> Result<usize, Refused> {
    match member {
        Some(member @ (Member::Data | Member::Old)) => images(member, pos),
        Some(Member::Es | Member::Ts | Member::Id) => skip::natural(buf, pos),
        _ => skip::value_by::<V>(buf, pos),
    }
}

/// The position of the first key, or of the closing bracket, of the object that the document is.
fn object(buf: &[u8]) -> Result<usize, Refused> {
    let start = blank(buf, 0);
    if buf[start] == b'{' { Ok(blank(buf, start + 1)) } else { Err(Refused) }
}
