//! Rows of the source as the sink would load them: read as messages, decoded, converted and checked by the job's own code.

use super::pair::{FormedRow, Forms, TablePair};
use super::spec::VerifySpec;
use crate::canal::decode::{Decoder, Outcome};
use crate::canal::head::HeadReader;
use crate::doris::body::{BodySpec, Format, RowTexts};
use crate::error::{Error, Kind};
use crate::row::read::sized;
use crate::schema::DecoderSpec;
use crate::sync::columns::Added;
use crate::sync::open;
use crate::sync::rows::RowConverter;
use crate::sync::unread;

/// Reads the messages of one table.
pub struct SourceRows {
    decoder: Decoder,
    converter: Option<RowConverter>,
    added: Vec<Added>,
    texts: RowTexts,
    /// Of what is compared, the numbers among the columns.
    compared: Vec<usize>,
    keys: usize,
    heads: HeadReader,
    /// What says which value cannot be read; None once it has.
    unread: Option<DecoderSpec>,
}

/// A row of the source.
pub enum Loadable<'r> {
    /// Its cells can be asked for.
    Yes(&'r Cells<'r>),
    /// It cannot be loaded, and its key is not known; why.
    No(String),
}

/// The cells of a row that are compared, the key's first.
pub struct Cells<'r> {
    texts: &'r RowTexts,
    compared: &'r [usize],
    keys: usize,
}

impl Cells<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.compared.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.compared.is_empty()
    }

    /// What would be loaded.
    ///
    /// # Errors
    /// Why Doris would not take it.
    pub fn cell(&self, i: usize) -> Result<Option<&[u8]>, String> {
        self.texts.cell(self.compared[i]).map_err(ToString::to_string)
    }

    /// The row as it is compared; a cell that cannot be loaded equals none.
    ///
    /// # Errors
    /// Why a cell of the key cannot be loaded.
    pub fn formed(&self, forms: &mut Forms) -> Result<FormedRow, String> {
        forms.begin();
        for i in 0..self.len() {
            match self.cell(i) {
                Ok(cell) => forms.add(cell),
                Err(why) if i < self.keys => return Err(why),
                Err(_) => forms.add_bad(),
            }
        }
        Ok(forms.row())
    }
}

impl SourceRows {
    /// A reader for the rows of a table.
    ///
    /// # Errors
    /// The table in Doris cannot take the job's columns.
    pub fn new(pair: &TablePair, spec: &VerifySpec) -> Result<SourceRows, Error> {
        let types = &spec.sink.types;
        let mapped = &pair.mapped;
        let there = |name: &str| pair.doris.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        // Columns that Doris lacks are read with the others, and go nowhere.
        let mut doris = pair.doris.clone();
        let lacking = mapped.doris_table(false).columns.into_iter().filter(|column| !there(&column.name));
        doris.columns.extend(lacking);
        let body = BodySpec { binary: types.binary.into(), partial: true, ..BodySpec::new(Format::Json) };
        let columns = mapped.columns.iter().map(|column| (column.name.as_str(), &column.conversion));
        Ok(SourceRows {
            decoder: open::decoder(mapped, types)?.with_key(mapped.keys),
            converter: RowConverter::new(columns, pair.added.len()),
            added: pair.added.clone(),
            texts: RowTexts::new(&body, &mapped.written_fields(), &doris)?,
            compared: pair.compared.iter().map(|column| column.index).collect(),
            keys: pair.keys.len(),
            heads: HeadReader::default(),
            unread: Some(open::decoded(mapped, types)),
        })
    }

    /// Reads a message; `each` gets its rows.
    ///
    /// # Errors
    /// What `each` has; the message is not of Canal's form.
    pub fn read(
        &mut self,
        message: &[u8],
        each: &mut dyn FnMut(Loadable<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.decode(message) {
            return self.rows(each);
        }
        // One value that cannot be read takes no other row with it.
        let head =
            self.heads.read(message).map_err(|_| Error::new(Kind::Internal, "a message of the source is none"))?;
        match head.apart() {
            Some(rows) => {
                for row in rows {
                    match self.decode(row.as_bytes()) {
                        true => self.rows(each)?,
                        false => each(Loadable::No(self.reason(row.as_bytes())))?,
                    }
                }
                Ok(())
            }
            None => each(Loadable::No(self.reason(message))),
        }
    }

    /// Why a message cannot be read; of the first it is looked for.
    fn reason(&mut self, message: &[u8]) -> String {
        match self.unread.take() {
            Some(spec) => unread::reason(&spec, message),
            None => "a value is none of its column's type".into(),
        }
    }

    fn decode(&mut self, message: &[u8]) -> bool {
        let is_read = matches!(self.decoder.decode(message), Outcome::Rows(_));
        if let (true, Some(converter), false) = (is_read, &mut self.converter, self.added.is_empty()) {
            let head = self.decoder.head();
            converter.add(self.added.iter().map(|added| added.value(&head)));
        }
        is_read
    }

    fn rows(&mut self, each: &mut dyn FnMut(Loadable<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let broken = || Error::new(Kind::Internal, "the decoder's rows are not in order");
        let mut rest = self.decoder.rows();
        while !rest.is_empty() {
            let (row, after) = sized(rest).map_err(|_| broken())?;
            rest = after;
            let converted = match &mut self.converter {
                Some(converter) => converter.convert(row),
                None => Ok(row),
            };
            match converted {
                Ok(row) => {
                    self.texts.read(row).map_err(|_| broken())?;
                    each(Loadable::Yes(&Cells { texts: &self.texts, compared: &self.compared, keys: self.keys }))?;
                }
                Err(why) => each(Loadable::No(why.to_string()))?,
            }
        }
        Ok(())
    }
}
