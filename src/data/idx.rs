//! The idx files of MNIST and its likes, plain or gzipped.
//!
//! Images: big-endian u32 2051, count, rows, columns, then the bytes image by image, row by row.
//! Labels: big-endian u32 2049, count, then one byte each.

use std::{io::Read, path::Path};

use super::{
    DataError,
    files::{check_label, open, read_exactly, read_up_to},
};

const IMAGES: u32 = 2051;
const LABELS: u32 = 2049;
/// No idx file of this family comes near (MNIST's largest has 47 MB); a header that promises more is not believed.
const MOST: u64 = 1 << 28;

const RIGHT: &str = "an idx file of the MNIST family, complete, plain or gzipped, is needed";

/// What an idx image file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    pub count: usize,
    pub rows: usize,
    pub columns: usize,
    /// count·rows·columns grey bytes, row by row.
    pub pixels: Vec<u8>,
}

/// Reads `train-images-idx3-ubyte[.gz]` or the like.
///
/// # Errors
/// A missing, truncated, overlong or foreign file.
pub fn read_images(path: &Path) -> Result<IdxImages, DataError> {
    let mut reader = open(path, RIGHT)?;
    let [magic, count, rows, columns] = header::<4>(path, &mut *reader)?;
    check_magic(path, magic, IMAGES)?;
    let size = [rows, columns].iter().try_fold(u64::from(count), |n, &k| n.checked_mul(u64::from(k)));
    let Some(size) = size.filter(|&n| n > 0 && n <= MOST) else {
        return Err(DataError::foreign(path, "a handful of small images", format!("{count} of {rows}×{columns}"), RIGHT));
    };
    let pixels = read_exactly(path, &mut *reader, 16, size, RIGHT)?;
    Ok(IdxImages { count: count as usize, rows: rows as usize, columns: columns as usize, pixels })
}

/// Reads `train-labels-idx1-ubyte[.gz]` or the like: one class number, 0 to 9, per image.
///
/// # Errors
/// A missing, truncated, overlong or foreign file, or a label above 9.
pub fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut reader = open(path, RIGHT)?;
    let [magic, count] = header::<2>(path, &mut *reader)?;
    check_magic(path, magic, LABELS)?;
    if count == 0 || u64::from(count) > MOST {
        return Err(DataError::foreign(path, "a handful of labels", count.to_string(), RIGHT));
    }
    let labels = read_exactly(path, &mut *reader, 8, u64::from(count), RIGHT)?;
    labels.iter().enumerate().try_for_each(|(i, &label)| check_label(path, i, label, 10, RIGHT))?;
    Ok(labels)
}

/// The first `N` big-endian words.
fn header<const N: usize>(path: &Path, reader: &mut dyn Read) -> Result<[u32; N], DataError> {
    let (bytes, error) = read_up_to(reader, 4 * N as u64);
    let mut words = [0; N];
    for (word, four) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = four.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
    }
    if bytes.len() == 4 * N {
        return Ok(words);
    }
    let why = error.map(|error| format!(" before it broke off ({error})")).unwrap_or_default();
    let (expected, found) = (format!("a header of {} bytes", 4 * N), format!("{}{why}", bytes.len()));
    Err(DataError::foreign(path, expected, found, RIGHT))
}

fn check_magic(path: &Path, found: u32, expected: u32) -> Result<(), DataError> {
    let kind = |magic| match magic {
        IMAGES => " (images)",
        LABELS => " (labels)",
        _ => "",
    };
    if found == expected {
        return Ok(());
    }
    let expected = format!("magic number {expected}{}", kind(expected));
    Err(DataError::foreign(path, expected, format!("{found}{}", kind(found)), RIGHT))
}
