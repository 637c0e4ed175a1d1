//! Flat messages: JSON → changelog rows.

use super::changelog::{Changelog, Name};
use super::envelope::{Envelope, EnvelopeReader, Member};
use super::head::Head;
use super::image::ImageReader;
use super::input::Input;
use super::layout::Layouts;
use super::members::FlatMessage;
use super::mysql::BinaryColumns;
use super::value::Reading;
use crate::error::{Error, Kind};
use crate::json::scan::{Path, Vector, Work};
use crate::json::{Refused, string};
use crate::meta::Value;
use crate::schema::{DecoderSpec, MetadataKey, Semantics, Wire};
use arrow::array::ArrayRef;

pub use super::outcome::{Flags, Outcome, Reason};

/// A table's decoder. One thread at a time.
#[derive(Debug)]
pub struct Decoder {
    path: Path,
    envelope_reader: EnvelopeReader,
    image_reader: ImageReader,
    layouts: [Layouts; 2],
    binary: BinaryColumns,
    /// The last message was filtered out: the next one's images wait until its names are known.
    names_first: bool,
    input: Input,
    envelope: Envelope,
    changelog: Changelog,
}

/// A message to decode, on any path.
struct Decode<'d> {
    decoder: &'d mut Decoder,
    len: usize,
}

impl Work for Decode<'_> {
    type Out = Outcome;

    #[inline(always)]
    fn run<V: Vector>(self) -> Outcome {
        self.decoder.decode_on::<V>(self.len)
    }
}

impl Decoder {
    /// The same decoder on another path; they differ in speed only.
    pub fn on(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// A decoder as `spec` says.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] if two columns have the same name, or for metadata that no flat message
    /// has.
    pub fn new(spec: DecoderSpec) -> Result<Self, Error> {
        if spec.wire != Wire::Json {
            return Err(Error::new(Kind::InvalidSpec, "this decoder reads flat messages, no packets"));
        }
        let log = [MetadataKey::BinlogFile, MetadataKey::BinlogOffset];
        if let Some(key) = spec.metadata.iter().find(|key| log.contains(key)) {
            let error = Error::new(Kind::InvalidSpec, "no flat message has this metadata, only a packet");
            return Err(error.at(format!("{key:?}")));
        }
        let nulls = spec.lenient && spec.semantics == Semantics::Flink;
        Ok(Decoder {
            path: Path::best(),
            changelog: Changelog::new(&spec)?,
            envelope_reader: EnvelopeReader::default(),
            image_reader: ImageReader::new(&spec.fields, Reading::of(&spec), nulls),
            layouts: Default::default(),
            binary: BinaryColumns::default(),
            names_first: false,
            input: Input::default(),
            envelope: Envelope::default(),
        })
    }

    /// The same decoder of a table whose key are its first `keys` columns: an update whose `old` names none of them gives the row after it alone, whatever values it
    /// has of other columns. Under [`Semantics::Canal`] only, and without metadata of rows.
    pub fn with_key(mut self, keys: usize) -> Self {
        self.changelog.leave_out_before(keys);
        self
    }

    /// From now on messages of many tables are expected, which have these columns each.
    pub fn share(&mut self) {
        self.envelope_reader.share();
    }

    /// Decodes one message.
    pub fn decode(&mut self, message: &[u8]) -> Outcome {
        self.input_buffer(message.len())[..message.len()].copy_from_slice(message);
        self.decode_input(message.len())
    }

    /// Room for a message of `capacity` bytes, to be filled before [`decode_input`](Self::decode_input). Growing or shrinking
    /// it forgets what it held.
    pub fn input_buffer(&mut self, capacity: usize) -> &mut [u8] {
        self.input.buffer(capacity)
    }

    /// Bytes that the input buffer holds now.
    pub fn input_capacity(&self) -> usize {
        self.input.capacity()
    }

    /// Gives back memory beyond what messages of `capacity` bytes need.
    pub fn shrink(&mut self, capacity: usize) {
        self.input.shrink(capacity);
        self.changelog.shrink();
    }

    /// Decodes the first `len` bytes of the input buffer.
    ///
    /// # Panics
    /// If the buffer is smaller.
    pub fn decode_input(&mut self, len: usize) -> Outcome {
        self.path.run(Decode { decoder: self, len })
    }

    #[inline(always)]
    fn decode_on<V: Vector>(&mut self, len: usize) -> Outcome {
        let input = self.input.pad(len);
        self.changelog.clear_rows();
        let names_first = self.names_first;
        self.names_first = false;
        if !V::is_ascii(input, len) && simdutf8::basic::from_utf8(&input[..len]).is_err() {
            return Outcome::Delegate(Reason::Encoding);
        }
        if self.read::<V>(len, names_first).is_err() {
            return Outcome::Delegate(Reason::Syntax);
        }
        match self.filter() {
            Some(Outcome::Filtered) => {
                self.names_first = true;
                return Outcome::Filtered;
            }
            Some(outcome) => return outcome,
            None => {}
        }
        if names_first && self.read_images::<V>().is_err() {
            return Outcome::Delegate(Reason::Syntax);
        }
        if self.changelog.lacks_before() && self.read_before::<V>().is_err() {
            return Outcome::Delegate(Reason::Syntax);
        }
        let mut message = FlatMessage {
            buf: self.input.bytes(),
            len,
            envelope: &self.envelope,
            image_reader: &self.image_reader,
            binary: &mut self.binary,
            columns: self.changelog.columns.len(),
        };
        self.changelog.changes(&mut message, false)
    }

    /// The head of the last message, if it gave rows.
    pub fn head(&self) -> Head<'_> {
        Head::of(&self.envelope, self.input.bytes())
    }

    /// What came of the last message, and its metadata.
    pub fn changelog(&self) -> &Changelog {
        &self.changelog
    }

    /// The same, to answer for names.
    pub fn changelog_mut(&mut self) -> &mut Changelog {
        &mut self.changelog
    }

    /// See [`Changelog::rows`].
    pub fn rows(&self) -> &[u8] {
        self.changelog.rows()
    }

    /// See [`Changelog::output`].
    pub fn output(&self) -> &[u8] {
        self.changelog.output()
    }

    /// See [`Changelog::metadata`].
    pub fn metadata(&self) -> &[i64] {
        self.changelog.metadata()
    }

    /// See [`Changelog::export_metadata`].
    pub fn export_metadata(&self, slot: usize, from: usize) -> Option<ArrayRef> {
        self.changelog.export_metadata(slot, from)
    }

    /// See [`Changelog::metadata_value`].
    pub fn metadata_value(&self, slot: usize, index: usize) -> Option<Value<'_>> {
        self.changelog.metadata_value(slot, index)
    }

    /// See [`Changelog::pending_name`].
    pub fn pending_name(&self) -> Option<&[u8]> {
        self.changelog.pending_name()
    }

    /// See [`Changelog::verdict`].
    ///
    /// # Errors
    /// As there.
    pub fn verdict(&mut self, accepted: bool) -> Result<(), Error> {
        self.changelog.verdict(accepted)
    }

    /// Takes the message apart; its images too, unless they have to wait for the names.
    #[inline(always)]
    fn read<V: Vector>(&mut self, len: usize, names_first: bool) -> Result<(), Refused> {
        self.changelog.clear_images();
        let Decoder { changelog, image_reader, layouts: [data_layouts, old_layouts], input, .. } = self;
        let Changelog { columns, data, old, scratch, .. } = changelog;
        let input = input.bytes();
        self.envelope_reader.read::<V>(
            (input, len),
            &mut self.envelope,
            #[inline(always)]
            |member, pos| {
                if names_first {
                    return crate::json::skip::value_by::<V>(input, pos);
                }
                let (layouts, images) = if member == Member::Data {
                    (&mut *data_layouts, &mut *data)
                } else {
                    (&mut *old_layouts, &mut *old)
                };
                image_reader.read::<V>(columns, layouts, input, pos, images, scratch)
            },
        )
    }

    /// Reads the images that had to wait.
    #[inline(always)]
    fn read_images<V: Vector>(&mut self) -> Result<(), Refused> {
        let [data_layouts, old_layouts] = &mut self.layouts;
        let Changelog { columns, data, old, scratch, .. } = &mut self.changelog;
        for (member, layouts, images) in [(Member::Data, data_layouts, data), (Member::Old, old_layouts, old)] {
            if let Some((pos, _)) = self.envelope.span(member) {
                self.image_reader.read::<V>(columns, layouts, self.input.bytes(), pos, images, scratch)?;
            }
        }
        Ok(())
    }

    /// Reads `old` again, with all its values.
    #[cold]
    fn read_before<V: Vector>(&mut self) -> Result<(), Refused> {
        let Some((pos, _)) = self.envelope.span(Member::Old) else { return Ok(()) };
        let Changelog { columns, old, scratch, .. } = &mut self.changelog;
        old.clear();
        let unread_from = old.unread_from.take();
        let read = self.image_reader.read::<V>(columns, &mut self.layouts[1], self.input.bytes(), pos, old, scratch);
        old.unread_from = unread_from;
        read.map(drop)
    }

    /// The filters' answer: `None` lets the message pass. First the database, then the table, as in Flink's codec.
    fn filter(&mut self) -> Option<Outcome> {
        let Changelog { filters, scratch, .. } = &mut self.changelog;
        for (set, member, which) in
            [(filters.database, Member::Database, Name::Database), (filters.table, Member::Table, Name::Table)]
        {
            if !set {
                continue;
            }
            let Some([b'"', raw @ .., b'"']) = self.envelope.raw(member, self.input.bytes()) else {
                return Some(Outcome::Delegate(Reason::Metadata));
            };
            let mut name = raw;
            if raw.contains(&b'\\') {
                scratch.text.clear();
                if string::unescape(raw, &mut scratch.text).is_err() {
                    return Some(Outcome::Delegate(Reason::Metadata));
                }
                name = &scratch.text;
            }
            if let Some(outcome) = filters.judge(which, name) {
                return Some(outcome);
            }
        }
        None
    }
}
