//! Bytes as the files of data sets: the first one says which, the others are the file.

use std::{fs, io::Write, path::Path, sync::Arc};

use dim_tui::data::{self, Request, cifar, idx};
use flate2::{Compression, write::GzEncoder};
use parquet::{
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::writer::SerializedFileWriter,
    schema::parser::parse_message_type,
};

/// Bytes that repeat a record of CIFAR-10 to a whole file.
const WHOLE: usize = 10_000;
const RECORD: usize = 1 + 3 * 32 * 32;

pub fn check(bytes: &[u8]) {
    let Some((kind, file)) = bytes.split_first() else { return };
    let folder = super::folder();
    let at = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(&path, file).expect("it is written");
        path
    };
    match kind % 6 {
        0 => match idx::read_images(&at("images-idx3-ubyte")) {
            Ok(found) => assert_eq!(found.pixels.len(), found.count * found.rows * found.columns),
            Err(e) => super::sentence(&e.to_string(), "images-idx3-ubyte"),
        },
        1 => match idx::read_labels(&at("labels-idx1-ubyte")) {
            Ok(found) => assert!(!found.is_empty() && found.iter().all(|label| *label < 10)),
            Err(e) => super::sentence(&e.to_string(), "labels-idx1-ubyte"),
        },
        2 => match cifar::read_file(&at("data_batch_1.bin")) {
            Ok(found) => assert_eq!((found.labels.len(), found.pixels.len()), (WHOLE, WHOLE * (RECORD - 1))),
            Err(e) => super::sentence(&e.to_string(), "data_batch_1.bin"),
        },
        3 => {
            for name in ["train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.jpg"] {
                at(name);
            }
            load("folder", folder.path());
        }
        4 => {
            at("train.parquet");
            at("test.parquet");
            load("parquet", folder.path());
        }
        _ => {
            for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"] {
                at(name);
            }
            load("mnist", folder.path());
        }
    }
}

fn load(name: &str, dir: &Path) {
    let request = Request { dir, train_limit: 100, side: 32, seed: 0, phase: &|_| {} };
    match data::load(name, &request) {
        Ok(found) => assert!(!found.train.is_empty() && found.classes.len() > 1),
        Err(e) => super::sentence(&e.to_string(), &dir.display().to_string()),
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("memory takes it");
    packed.finish().expect("memory takes it")
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn png() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(5, 4, |x, y| image::Rgb([x as u8 * 40, y as u8 * 50, 7]))
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("memory takes it");
    png.into_inner()
}

/// Two pictures with their labels.
fn parquet_file() -> Vec<u8> {
    let schema = "message schema { optional group image { optional binary bytes; } optional int64 label; }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).expect("memory takes it");
    let mut group = file.next_row_group().expect("memory takes it");
    let mut column = group.next_column().expect("memory takes it").expect("a first column");
    let pictures = vec![ByteArray::from(png()); 2];
    column.typed::<ByteArrayType>().write_batch(&pictures, Some(&[2, 2]), None).expect("memory takes it");
    column.close().expect("memory takes it");
    let mut column = group.next_column().expect("memory takes it").expect("a second column");
    column.typed::<Int64Type>().write_batch(&[0, 1], Some(&[1, 1]), None).expect("memory takes it");
    column.close().expect("memory takes it");
    group.close().expect("memory takes it");
    file.into_inner().expect("memory takes it")
}

pub fn seeds() -> Vec<Vec<u8>> {
    let images = [words(&[2051, 2, 2, 3]), vec![7; 12]].concat();
    let labels = [words(&[2049, 3]), vec![0, 9, 4]].concat();
    vec![
        super::tagged(0, &images),
        super::tagged(0, &gzipped(&images)),
        super::tagged(0, &words(&[2051, u32::MAX, u32::MAX, u32::MAX])),
        super::tagged(1, &labels),
        super::tagged(1, &gzipped(&labels)),
        super::tagged(2, &vec![3; RECORD]),
        super::tagged(2, &gzipped(&vec![1; WHOLE * RECORD])),
        super::tagged(3, &png()),
        super::tagged(3, &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0]),
        super::tagged(4, &parquet_file()),
        super::tagged(5, &images),
    ]
}
