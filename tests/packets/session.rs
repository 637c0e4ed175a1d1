//! Drives the decoder of packets as the shim does, on all paths at once.
#![allow(dead_code)]

use crate::reference::changelog::Reference;
use crate::reference::value::Row;
use crate::session::read_rows;
use canal_native::canal::decode::Outcome;
use canal_native::canal::packet::{COUNTS, PacketDecoder};
use canal_native::json::scan::Path;

/// What a packet came to.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    pub rows: Vec<Row>,
    /// Flat messages that were handed on.
    pub delegated: Vec<String>,
    /// What is wrong with it, if strict mode reports it.
    pub broken: Option<String>,
    pub counts: [i64; COUNTS],
}

/// One table.
pub struct PacketSession {
    table: Reference,
    decoder: PacketDecoder,
    others: Vec<(Path, PacketDecoder)>,
    dictionaries: Vec<Vec<crate::reference::value::Value>>,
}

impl PacketSession {
    pub fn open(table: &Reference) -> PacketSession {
        let decoder = || PacketDecoder::new(table.spec.clone()).expect("a valid specification");
        let others = Path::all().into_iter().filter(|path| *path != Path::best());
        PacketSession {
            others: others.map(|path| (path, decoder().on(path))).collect(),
            decoder: decoder(),
            dictionaries: vec![Vec::new(); table.spec.metadata.len()],
            table: table.clone(),
        }
    }

    /// Decodes a packet to its end, with the filters' verdicts.
    pub fn decode(&mut self, packet: &[u8]) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let mut outcome = self.step(|decoder| decoder.decode(packet))?;
        loop {
            match outcome {
                // Without rows the metadata are those of an entry before.
                Outcome::Rows(_) if self.decoder.changelog().rows().is_empty() => {}
                Outcome::Rows(flags) => {
                    let changelog = self.decoder.changelog();
                    answer.rows.extend(read_rows(&self.table, changelog, flags, &mut self.dictionaries)?);
                }
                Outcome::Delegate(_) => answer.delegated.push(self.text()?),
                Outcome::Broken => answer.broken = Some(self.text()?),
                Outcome::Dropped if !self.decoder.more() => {}
                Outcome::DatabaseVerdict | Outcome::TableVerdict => {
                    let wanted =
                        if outcome == Outcome::DatabaseVerdict { &self.table.database } else { &self.table.table };
                    let wanted = wanted.clone().ok_or("a verdict without a filter")?;
                    let accepted = self.decoder.changelog().pending_name() == Some(wanted.as_bytes());
                    self.decoder.changelog_mut().verdict(accepted).map_err(|e| e.to_string())?;
                    for (_, other) in &mut self.others {
                        other.changelog_mut().verdict(accepted).map_err(|e| e.to_string())?;
                    }
                }
                other => return Err(format!("{other:?} of a packet")),
            }
            let asks = matches!(outcome, Outcome::DatabaseVerdict | Outcome::TableVerdict);
            if !self.decoder.more() && !asks {
                break;
            }
            outcome = self.step(PacketDecoder::proceed)?;
        }
        answer.counts =
            std::array::from_fn(|i| self.decoder.changelog().metadata()[self.table.spec.metadata.len() + i]);
        Ok(answer)
    }

    fn step(&mut self, step: impl Fn(&mut PacketDecoder) -> Outcome) -> Result<Outcome, String> {
        let outcome = step(&mut self.decoder);
        for (path, decoder) in &mut self.others {
            let other = step(decoder);
            let same = other == outcome
                && decoder.changelog().output() == self.decoder.changelog().output()
                && decoder.changelog().metadata() == self.decoder.changelog().metadata()
                && decoder.more() == self.decoder.more();
            if !same {
                return Err(format!("{} gives {other:?}, {} {outcome:?}", path.name(), Path::best().name()));
            }
        }
        Ok(outcome)
    }

    fn text(&self) -> Result<String, String> {
        String::from_utf8(self.decoder.changelog().rows().to_vec()).map_err(|e| e.to_string())
    }
}
