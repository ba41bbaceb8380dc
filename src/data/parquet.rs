//! Labelled images in parquet files, as the Hugging Face hub keeps them: a column of structs with the encoded picture in `bytes`,
//! and a column of class numbers. The files' own metadata may name the classes.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use ::parquet::{
    data_type::ByteArray,
    file::reader::SerializedFileReader,
    record::{Field, Row, reader::RowIter},
    schema::types::{Type, TypePtr},
};
use candle_datasets::hub::FileReader;
use rayon::prelude::*;

use super::{
    DataError, Dataset, Images, MOST_CLASSES, Request, draw,
    picture::{Fit, planes},
};
use crate::config::ImageSize;

/// What such a file must hold.
const RIGHT: &str = "parquet files of images as on the Hugging Face hub are needed: a column of structs with `bytes` (PNG or JPEG), and \
                     a column `label` of whole numbers";
/// Pictures decoded at a time, by all threads together.
const TOGETHER: usize = 512;
/// The order of rows does not depend on the run's seed: runs with different seeds see the same images.
const SEED: u64 = 0x9a59e7;

/// What is wanted of the rows.
pub struct Wanted<'a> {
    pub size: ImageSize,
    pub fit: Fit,
    /// Labels are below.
    pub classes: usize,
    /// Keep the first so many images.
    pub limit: usize,
    /// Mix the rows first: on the hub they often come class after class.
    pub mixed: bool,
    /// What to say to one whose file is wrong.
    pub right: &'a str,
}

/// Images of the rows of `files`, one file after the other, and the names of the classes, if the first file tells them.
///
/// # Errors
/// A file that cannot be read or holds anything else.
pub fn read(files: &[PathBuf], wanted: &Wanted) -> Result<(Images, Option<Vec<String>>), DataError> {
    let tables = files.iter().map(|path| Table::open(path, wanted.right)).collect::<Result<Vec<_>, _>>()?;
    let mut places: Vec<usize> = (0..tables.iter().map(|table| table.rows).sum()).collect();
    if wanted.mixed {
        draw::shuffle(&mut draw::rng(SEED, "rows", places.len() as u64), &mut places);
    }
    let n = places.len().min(wanted.limit);
    let ImageSize { channels, side } = wanted.size;
    let mut images = Images { channels, height: side, width: side, margin: 0, pixels: vec![], labels: vec![0; n], factors: None };
    let bytes = n.saturating_mul(images.image_bytes());
    if n == 0 || images.pixels.try_reserve_exact(bytes).is_err() {
        let path = files.first().map_or(Path::new(""), PathBuf::as_path);
        return Err(DataError::foreign(path, "rows that fit into memory", places.len().to_string(), wanted.right));
    }
    images.pixels.resize(bytes, 0);
    let mut first = 0;
    for table in &tables {
        let places = &places[first..first + table.rows];
        first += table.rows;
        // The reader may panic on damaged pages.
        let done = catch_unwind(AssertUnwindSafe(|| table.read(places, wanted, &mut images)));
        done.unwrap_or_else(|_| Err(table.foreign("whole pages", "damaged ones".into(), wanted.right)))?;
    }
    let names = tables.first().and_then(Table::class_names);
    Ok((images, names))
}

/// One file, opened.
struct Table<'a> {
    path: &'a Path,
    reader: SerializedFileReader<File>,
    rows: usize,
    /// The two columns that are read.
    image: TypePtr,
    label: TypePtr,
}

impl<'a> Table<'a> {
    fn open(path: &'a Path, right: &str) -> Result<Self, DataError> {
        let unreadable = |error| DataError::unreadable(path, &error, right);
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let opened = catch_unwind(|| SerializedFileReader::new(file));
        let reader = match opened {
            Ok(Ok(reader)) => reader,
            Ok(Err(error)) => return Err(DataError::foreign(path, "a parquet file", format!("something else ({error})"), right)),
            Err(_) => return Err(DataError::foreign(path, "a parquet file", "a damaged one", right)),
        };
        let meta = reader.metadata().file_metadata();
        let promised = u64::try_from(meta.num_rows()).unwrap_or(0);
        // A picture takes some bytes. Nothing is made ready for rows that cannot be there.
        let Some(rows) = usize::try_from(promised).ok().filter(|_| promised <= size) else {
            let found = format!("a promise of {promised} in {size} bytes");
            return Err(DataError::foreign(path, "as many rows as there are pictures", found, right));
        };
        let columns = meta.schema().get_fields();
        let holds_bytes = |column: &&TypePtr| column.is_group() && column.get_fields().iter().any(|f| f.name() == "bytes");
        let named = |names: [&str; 2]| names.into_iter().find_map(|name| columns.iter().find(|c| c.name() == name));
        let image = named(["image", "img"]).filter(holds_bytes).or_else(|| columns.iter().find(holds_bytes));
        let label = named(["label", "fine_label"]).filter(|column| column.is_primitive());
        let (Some(image), Some(label)) = (image.cloned(), label.cloned()) else {
            let found = columns.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ");
            return Err(DataError::foreign(path, "columns of images and labels", format!("the columns {found}"), right));
        };
        Ok(Self { path, reader, rows, image, label })
    }

    fn foreign(&self, expected: &str, found: String, right: &str) -> DataError {
        DataError::foreign(self.path, expected, found, right)
    }

    /// Puts the image and label of each row to its place of `places`, if there is one in `images`.
    fn read(&self, places: &[usize], wanted: &Wanted, images: &mut Images) -> Result<(), DataError> {
        let broken = |error| self.foreign("rows of images and labels", format!("what cannot be read ({error})"), wanted.right);
        let root = self.reader.metadata().file_metadata().schema();
        let columns = Type::group_type_builder(root.name()).with_fields(vec![self.image.clone(), self.label.clone()]);
        let rows = RowIter::from_file(Some(columns.build().map_err(broken)?), &self.reader).map_err(broken)?;
        let (mut pending, mut seen) = (Vec::with_capacity(TOGETHER), 0);
        for (index, row) in rows.enumerate().take(places.len()) {
            let row = row.map_err(broken)?;
            seen += 1;
            if places[index] < images.labels.len() {
                pending.push(self.row(index, places[index], &row, wanted)?);
            }
            if pending.len() == TOGETHER {
                self.decode(&mut pending, wanted, images)?;
            }
        }
        if seen < places.len() {
            return Err(self.foreign(&format!("{} rows", places.len()), seen.to_string(), wanted.right));
        }
        self.decode(&mut pending, wanted, images)
    }

    fn row(&self, index: usize, place: usize, row: &Row, wanted: &Wanted) -> Result<Encoded, DataError> {
        let (mut picture, mut label) = (None, None);
        for (name, field) in row.get_column_iter() {
            match field {
                Field::Group(inner) if name == self.image.name() => {
                    picture = inner.get_column_iter().find_map(|(name, field)| match field {
                        Field::Bytes(bytes) if name == "bytes" => Some(bytes.clone()),
                        _ => None,
                    });
                }
                field if name == self.label.name() => label = whole(field),
                _ => {}
            }
        }
        let expected = format!("a picture and a label from 0 to {}", wanted.classes - 1);
        let Some(picture) = picture else {
            return Err(self.foreign(&expected, format!("no picture in row {index}"), wanted.right));
        };
        match label.map(|label| (u8::try_from(label), label)) {
            Some((Ok(label), _)) if usize::from(label) < wanted.classes => Ok(Encoded { index, place, picture, label }),
            Some((_, label)) => Err(self.foreign(&expected, format!("{label} as label of row {index}"), wanted.right)),
            None => Err(self.foreign(&expected, format!("no label in row {index}"), wanted.right)),
        }
    }

    /// Decodes what is pending, in parallel, and puts it to its places.
    fn decode(&self, pending: &mut Vec<Encoded>, wanted: &Wanted, images: &mut Images) -> Result<(), DataError> {
        let decode = |row: &Encoded| planes(row.picture.data(), wanted.size, wanted.fit);
        let decoded: Vec<_> = pending.par_iter().map(decode).collect();
        let size = images.image_bytes();
        for (row, decoded) in pending.drain(..).zip(decoded) {
            let expected = match wanted.fit {
                Fit::Exact => format!("a picture of {0}×{0} pixels", wanted.size.side),
                Fit::Scale => "a picture (PNG or JPEG)".into(),
            };
            let found = |found| self.foreign(&expected, format!("{found} in row {}", row.index), wanted.right);
            images.pixels[row.place * size..][..size].copy_from_slice(&decoded.map_err(found)?);
            images.labels[row.place] = row.label;
        }
        Ok(())
    }

    /// The names in the metadata that the hub's own library writes.
    fn class_names(&self) -> Option<Vec<String>> {
        let meta = self.reader.metadata().file_metadata().key_value_metadata()?;
        let text = meta.iter().find(|entry| entry.key == "huggingface")?.value.as_ref()?;
        let features: serde_json::Value = serde_json::from_str(text).ok()?;
        let names = features.get("info")?.get("features")?.get(self.label.name())?.get("names")?.as_array()?;
        names.iter().map(|name| name.as_str().map(String::from)).collect()
    }
}

/// A row, before its picture is decoded.
struct Encoded {
    index: usize,
    place: usize,
    picture: ByteArray,
    label: u8,
}

fn whole(field: &Field) -> Option<i64> {
    Some(match *field {
        Field::Byte(n) => n.into(),
        Field::Short(n) => n.into(),
        Field::Int(n) => n.into(),
        Field::Long(n) => n,
        Field::UByte(n) => n.into(),
        Field::UShort(n) => n.into(),
        Field::UInt(n) => n.into(),
        Field::ULong(n) => i64::try_from(n).unwrap_or(i64::MAX),
        _ => return None,
    })
}

/// Loads `*train*.parquet` and `*test*.parquet` (or `*validation*`, `*val*`) of `request.dir` or folders in it, the images scaled to
/// `request.side`. The rows of a split are mixed, the same way in every run.
///
/// # Errors
/// Files that are missing or hold anything else.
pub fn load(request: &Request) -> Result<Dataset, DataError> {
    let found = parquet_files(request.dir);
    let split = |parts: &[&str]| -> Result<Vec<PathBuf>, DataError> {
        let holds = |part: &str| {
            let below = |path: &&PathBuf| path.strip_prefix(request.dir).ok().map(|p| p.to_string_lossy().to_lowercase());
            found.iter().filter(|path| below(path).is_some_and(|p| p.contains(part))).cloned().collect::<Vec<_>>()
        };
        let Some(files) = parts.iter().map(|part| holds(part)).find(|files| !files.is_empty()) else {
            let right = "--data must name a folder with *train*.parquet, and *test*.parquet or *validation*.parquet".into();
            return Err(DataError::Missing { path: request.dir.join(format!("*{}*.parquet", parts[0])), right });
        };
        Ok(files)
    };
    let (train, test) = (split(&["train"])?, split(&["test", "val"])?);
    (request.phase)(format!("reading parquet files from {}", request.dir.display()));
    let size = ImageSize { channels: 3, side: request.side };
    let limit = if request.train_limit == 0 { usize::MAX } else { request.train_limit };
    let wanted = Wanted { size, fit: Fit::Scale, classes: MOST_CLASSES, limit, mixed: true, right: RIGHT };
    let (train_images, names) = read(&train, &wanted)?;
    let (test_images, _) = read(&test, &Wanted { limit: usize::MAX, ..wanted })?;
    let most = train_images.labels.iter().chain(&test_images.labels).max().map_or(0, |&label| usize::from(label) + 1);
    let names = names.filter(|names| names.len() >= most).unwrap_or_else(|| (0..most).map(|c| c.to_string()).collect());
    if most < 2 {
        return Err(DataError::foreign(&train[0], "labels of two classes at least", "one class only", RIGHT));
    }
    Ok(Dataset { name: "parquet".into(), train: train_images, test: test_images, unlabelled: None, classes: names })
}

/// The parquet files in `dir` and in folders in it, sorted.
fn parquet_files(dir: &Path) -> Vec<PathBuf> {
    let list = |dir: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(dir).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
    };
    let here = if dir.as_os_str().is_empty() { Vec::new() } else { list(dir) };
    let below: Vec<PathBuf> = here.iter().filter(|path| path.is_dir()).flat_map(|path| list(path)).collect();
    let mut found: Vec<PathBuf> = here.into_iter().chain(below).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "parquet") && path.is_file());
    found.sort();
    found
}
