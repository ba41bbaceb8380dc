//! Reading whole files of a promised size, plain or gzipped, without trusting them.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

use super::DataError;

/// The first two bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a regular file, unpacking it if it begins like gzip (whatever it is called).
///
/// Nothing but a regular file is opened: a pipe would hang, a device would never end.
pub fn open(path: &Path, right: &str) -> Result<Box<dyn Read>, DataError> {
    let unreadable = |error: io::Error| DataError::unreadable(path, &error, right);
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(DataError::foreign(path, "a file", "something else", right));
    }
    let mut plain = BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
    let packed = io::BufRead::fill_buf(&mut plain).map_err(unreadable)?.starts_with(&GZIP);
    Ok(if packed { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) })
}

/// Reads up to `limit` bytes; what a broken gzip stream yields before it breaks off counts, with the reason beside it.
///
/// Memory grows with what is really there, never with what a header promises.
pub fn read_up_to(reader: &mut dyn Read, limit: u64) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::new();
    let error = reader.take(limit).read_to_end(&mut bytes).err();
    (bytes, error)
}

/// Reads the rest, which must be exactly `size` bytes. `already` bytes went before (a header) and count in messages.
pub fn read_exactly(path: &Path, reader: &mut dyn Read, already: u64, size: u64, right: &str) -> Result<Vec<u8>, DataError> {
    let (bytes, error) = read_up_to(reader, size + 1);
    let found = bytes.len() as u64;
    let expected = || format!("{} bytes", already + size);
    match error {
        Some(error) => {
            let found = format!("{} before it broke off ({error})", already + found);
            Err(DataError::foreign(path, expected(), found, right))
        }
        None if found > size => Err(DataError::foreign(path, expected(), "more", right)),
        None if found < size => Err(DataError::foreign(path, expected(), (already + found).to_string(), right)),
        None => Ok(bytes),
    }
}

/// Labels must be below `classes`. `index` says where the label stands.
pub fn check_label(path: &Path, index: usize, label: u8, classes: usize, right: &str) -> Result<(), DataError> {
    if usize::from(label) < classes {
        return Ok(());
    }
    let expected = format!("labels from 0 to {}", classes - 1);
    Err(DataError::foreign(path, expected, format!("{label} as label number {index}"), right))
}

/// The lines of a small text file that are not empty, if there are `count` of them; nothing if the file is missing or holds
/// anything else.
pub fn lines_of(path: &Path, count: usize) -> Option<Vec<String>> {
    if std::fs::metadata(path).ok()?.len() > 10_000 {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let lines: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
    (lines.len() == count).then_some(lines)
}
