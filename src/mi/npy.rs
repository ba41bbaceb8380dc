//! Arrays in NumPy's `.npy` format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//!
//! Candle reads it too, but takes big-endian, transposed and truncated files for other mistakes; whoever exports an array
//! should be told which of them it is.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use super::Error;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The most that is read of what has no size.
const MOST_PIPED: u64 = 1 << 30;

/// Numbers in row-major order with their shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// The numbers, in the width they are to be computed in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Integers and truth values, as doubles: the computation has no use for them as they are.
    Whole(Vec<f64>),
}

impl Values {
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) | Self::Whole(v) => v.len(),
        }
    }

    /// As doubles.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::F32(v) => v.iter().map(|&v| f64::from(v)).collect(),
            Self::F64(v) | Self::Whole(v) => v.clone(),
        }
    }
}

/// Whether these bytes begin as an `.npy` file does.
pub(super) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Reads a file.
///
/// # Errors
/// [`Error::Read`], or [`Error::File`] with one sentence on what is wrong and what would be right.
pub(super) fn read(path: &Path) -> Result<Array, Error> {
    parse(&bytes_of(path)?).map_err(|what| Error::file(path, what))
}

/// All bytes of a file. A pipe may be one; of anything that is no regular file, the end must come some time.
///
/// # Errors
/// [`Error::Read`], or [`Error::File`] if it does not end.
pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.into(), source };
    let mut file = File::open(path).map_err(failed)?;
    let regular = file.metadata().map_err(failed)?.is_file();
    let mut bytes = Vec::new();
    if regular {
        file.read_to_end(&mut bytes).map_err(failed)?;
    } else {
        file.take(MOST_PIPED + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if !regular && bytes.len() as u64 > MOST_PIPED {
        return Err(Error::file(path, "no regular file, and more than a GiB comes out of it; save the array to a file"));
    }
    Ok(bytes)
}

/// Reads the bytes of a file; on failure, what is wrong with them.
pub(super) fn parse(bytes: &[u8]) -> Result<Array, String> {
    if !is_npy(bytes) {
        return Err("not a .npy file (numpy.save writes one)".into());
    }
    let cut = || "truncated: the file ends within its header".to_owned();
    let (&[major, _minor], rest) = bytes[MAGIC.len()..].split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk::<2>().map(|(n, rest)| (usize::from(u16::from_le_bytes(*n)), rest)),
        2 | 3 => rest.split_first_chunk::<4>().map(|(n, rest)| (u32::from_le_bytes(*n) as usize, rest)),
        _ => return Err(format!("version {major} of the .npy format is unknown")),
    }
    .ok_or_else(cut)?;
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = String::from_utf8_lossy(header);
    let shape = shape(&header)?;
    let (element, width) = element(&header)?;
    match field(&header, "fortran_order") {
        Some(v) if v.starts_with("False") => {}
        // One column or one row lies in memory the same either way.
        Some(v) if v.starts_with("True") && shape.iter().filter(|&&n| n != 1).count() <= 1 => {}
        Some(v) if v.starts_with("True") => {
            return Err("stored column by column (fortran_order); save numpy.ascontiguousarray(a) instead".into());
        }
        _ => return Err("the header has no fortran_order of True or False".into()),
    }
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).and_then(|n| Some((n, n.checked_mul(width)?)));
    let Some((count, needed)) = count else { return Err(format!("the shape {shape:?} is too large for any file")) };
    if data.len() < needed {
        return Err(format!("truncated: shape {shape:?} needs {needed} bytes of numbers, the file has {}", data.len()));
    }
    if data.len() > needed {
        return Err(format!("shape {shape:?} needs {needed} bytes of numbers, the file has {}", data.len()));
    }
    let values = decode(&element, data).ok_or_else(|| wrong_type(&element))?;
    debug_assert_eq!(values.len(), count);
    Ok(Array { shape, values })
}

/// What follows `'name':` in the header's dictionary.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{name}'"))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn shape(header: &str) -> Result<Vec<usize>, String> {
    let inside = field(header, "shape").and_then(|v| v.strip_prefix('(')?.split_once(')')).map(|(inside, _)| inside);
    let inside = inside.ok_or("the header has no shape")?;
    let sizes = inside.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::parse);
    sizes.collect::<Result<_, _>>().map_err(|_| format!("the header's shape ({inside}) is not made of sizes"))
}

/// Kind and width of an element (`f4`), and the width in bytes.
fn element(header: &str) -> Result<(String, usize), String> {
    let descr = field(header, "descr").ok_or("the header has no descr")?;
    let Some((code, _)) = descr.strip_prefix('\'').and_then(|d| d.split_once('\'')) else {
        return Err("the elements are records; a plain array of numbers is needed".into());
    };
    let kind = code.trim_start_matches(['<', '>', '=', '|']);
    if code.starts_with('>') && !kind.ends_with('1') {
        return Err(format!("big-endian ('{code}'); save a.astype('<{kind}') instead"));
    }
    let width = kind.get(1..).and_then(|digits| digits.parse().ok()).filter(|w| [1, 2, 4, 8].contains(w));
    width.map(|w| (kind.to_owned(), w)).ok_or_else(|| wrong_type(kind))
}

fn wrong_type(kind: &str) -> String {
    format!("elements of type '{kind}' are no use here; save a.astype('float32') or 'float64'")
}

fn decode(element: &str, data: &[u8]) -> Option<Values> {
    /// Each W bytes through `convert`.
    fn each<const W: usize, T>(data: &[u8], convert: impl Fn([u8; W]) -> T) -> Vec<T> {
        data.as_chunks::<W>().0.iter().map(|b| convert(*b)).collect()
    }
    Some(match element {
        "f4" => Values::F32(each(data, f32::from_le_bytes)),
        "f8" => Values::F64(each(data, f64::from_le_bytes)),
        "i1" => Values::Whole(each(data, |b| i8::from_le_bytes(b).into())),
        "i2" => Values::Whole(each(data, |b| i16::from_le_bytes(b).into())),
        "i4" => Values::Whole(each(data, |b| i32::from_le_bytes(b).into())),
        "i8" => Values::Whole(each(data, |b| i64::from_le_bytes(b) as f64)),
        "u1" | "b1" => Values::Whole(each(data, |b| u8::from_le_bytes(b).into())),
        "u2" => Values::Whole(each(data, |b| u16::from_le_bytes(b).into())),
        "u4" => Values::Whole(each(data, |b| u32::from_le_bytes(b).into())),
        "u8" => Values::Whole(each(data, |b| u64::from_le_bytes(b) as f64)),
        _ => return None,
    })
}

/// Writes a file.
///
/// # Errors
/// [`Error::Write`].
pub(super) fn write(path: &Path, array: &Array) -> Result<(), Error> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    let (kind, numbers): (_, Vec<u8>) = match &array.values {
        Values::F32(v) => ("f4", v.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Values::F64(v) | Values::Whole(v) => ("f8", v.iter().flat_map(|v| v.to_le_bytes()).collect()),
    };
    let sizes: String = array.shape.iter().map(|n| format!("{n},")).collect();
    let header = format!("{{'descr': '<{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // Magic, version, length and header together fill whole blocks of 64 bytes, the last of them a line's end.
    let total = (bytes.len() + 2 + header.len() + 1).next_multiple_of(64);
    let padded = total - bytes.len() - 2;
    bytes.extend((padded as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = padded - 1).into_bytes());
    bytes.extend(numbers);
    fs::write(path, bytes).map_err(|source| Error::Write { path: path.into(), source })
}
