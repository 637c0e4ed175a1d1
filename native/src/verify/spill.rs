//! Rows on disk while they wait for their other side, in parts by the hash of their keys: one part at a time is in memory. The files have no names, so
//! they are gone with the process, whatever ends it.

use super::balance::Side;
use super::pair::FormedRow;
use crate::error::{Error, Kind};
use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions, remove_file};
use std::hash::BuildHasher;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells files of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Rows in files: `[side u8][length of the key u32][key][hash 16]`, little end first.
#[derive(Debug)]
pub struct Spill {
    parts: Vec<BufWriter<File>>,
    by: RandomState,
}

impl Spill {
    /// How many parts: each has about that part of the rows.
    pub const PARTS: usize = 64;

    /// Empty files in the directory for temporary ones (`TMPDIR`).
    ///
    /// # Errors
    /// They cannot be made.
    pub fn new() -> Result<Spill, Error> {
        let parts = (0..Self::PARTS).map(|_| nameless()).collect::<Result<_, Error>>()?;
        Ok(Spill { parts, by: RandomState::new() })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn write(&mut self, side: Side, row: &FormedRow) -> Result<(), Error> {
        let part = self.by.hash_one(&row.key) as usize % Self::PARTS;
        let to = &mut self.parts[part];
        let mut put = || {
            to.write_all(&[u8::from(side == Side::Target)])?;
            to.write_all(&(row.key.len() as u32).to_le_bytes())?;
            to.write_all(&row.key)?;
            to.write_all(&row.hash.to_le_bytes())
        };
        put().map_err(failed)
    }

    /// Reads the rows of one part back, and frees its file.
    ///
    /// # Errors
    /// The disk does not give them.
    pub fn read(&mut self, part: usize, each: &mut dyn FnMut(Side, FormedRow)) -> Result<(), Error> {
        self.parts[part].flush().map_err(failed)?;
        let mut file = self.parts[part].get_ref().try_clone().map_err(failed)?;
        file.rewind().map_err(failed)?;
        let mut from = BufReader::new(&file);
        while let Some((side, row)) = next(&mut from).map_err(failed)? {
            each(side, row);
        }
        file.set_len(0).map_err(failed)
    }
}

fn next(from: &mut impl Read) -> io::Result<Option<(Side, FormedRow)>> {
    let mut side = [0];
    match from.read_exact(&mut side) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let (mut len, mut hash) = ([0; 4], [0; 16]);
    from.read_exact(&mut len)?;
    let mut key = vec![0; u32::from_le_bytes(len) as usize];
    from.read_exact(&mut key)?;
    from.read_exact(&mut hash)?;
    let side = if side == [1] { Side::Target } else { Side::Source };
    Ok(Some((side, FormedRow { key: key.into(), hash: u128::from_le_bytes(hash) })))
}

fn nameless() -> Result<BufWriter<File>, Error> {
    let name = format!("canal-native-verify-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path: PathBuf = std::env::temp_dir().join(name);
    let made = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
    let file = made.map_err(|e| failed(e).at(path.to_string_lossy()))?;
    remove_file(&path).map_err(failed)?;
    Ok(BufWriter::new(file))
}

fn failed(e: io::Error) -> Error {
    Error::new(
        Kind::Internal,
        "rows that wait for their other side cannot be kept on disk; name another directory by TMPDIR",
    )
    .caused_by(e)
}
