//! CIFAR-10 from its binary files ("binary version, suitable for C programs"), else from the hub.
//!
//! Six files of 10,000 records of 3,073 bytes: the label, then 32×32 red, green and blue bytes, row by row.

use std::path::{Path, PathBuf};

use super::{
    DataError, Dataset, Images, Request,
    files::{check_label, open, read_exactly},
    hub,
};

/// Bytes of one image.
const IMAGE: usize = 3 * 32 * 32;
/// Records of one file.
const RECORDS: usize = 10_000;
const FILE_BYTES: u64 = (RECORDS * (IMAGE + 1)) as u64;
const FOLDER: &str = "cifar-10-batches-bin";
const TRAIN: [&str; 5] = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST: &str = "test_batch.bin";
const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const RIGHT: &str = "the files of CIFAR-10's binary version (cifar-10-binary.tar.gz) are needed, 30730000 bytes each";

/// Loads CIFAR-10 from `request.dir`, or its `cifar-10-batches-bin`; from the hub if no folder is given.
///
/// # Errors
/// A missing, truncated or foreign file; a hub that cannot be reached.
pub fn load(request: &Request) -> Result<Dataset, DataError> {
    let (train, test, classes) = if request.dir.as_os_str().is_empty() {
        let (train, test) = hub::load(&hub::CIFAR10, request.phase)?;
        (train, test, CLASSES.map(String::from).to_vec())
    } else {
        let dir = find(request.dir)?;
        (request.phase)(format!("reading CIFAR-10 from {}", dir.display()));
        // Files past the limit are not read.
        let wanted = if request.train_limit == 0 { TRAIN.len() } else { request.train_limit.div_ceil(RECORDS) };
        let mut train = empty();
        for file in TRAIN.iter().take(wanted) {
            append(&mut train, read_file(&dir.join(file))?);
        }
        let classes = class_names(&dir.join("batches.meta.txt")).unwrap_or_else(|| CLASSES.map(String::from).to_vec());
        (train, read_file(&dir.join(TEST))?, classes)
    };
    Ok(Dataset { name: "cifar10".into(), train, test, classes })
}

/// Reads one file of 10,000 images, such as `data_batch_1.bin`.
///
/// # Errors
/// A missing, truncated, overlong or foreign file, or a label above 9.
pub fn read_file(path: &Path) -> Result<Images, DataError> {
    let bytes = read_exactly(path, &mut *open(path, RIGHT)?, 0, FILE_BYTES, RIGHT)?;
    let mut images = empty();
    images.pixels.reserve_exact(RECORDS * IMAGE);
    for (index, record) in bytes.chunks_exact(IMAGE + 1).enumerate() {
        check_label(path, index, record[0], RIGHT)?;
        images.labels.push(record[0]);
        images.pixels.extend_from_slice(&record[1..]);
    }
    Ok(images)
}

fn empty() -> Images {
    Images { channels: 3, height: 32, width: 32, pixels: Vec::new(), labels: Vec::new(), factors: None }
}

fn append(all: &mut Images, part: Images) {
    all.pixels.extend_from_slice(&part.pixels);
    all.labels.extend_from_slice(&part.labels);
}

/// The folder that holds the files: `dir` itself, or its `cifar-10-batches-bin`.
fn find(dir: &Path) -> Result<PathBuf, DataError> {
    let places = [dir.to_path_buf(), dir.join(FOLDER)];
    if let Some(place) = places.iter().find(|p| p.join(TRAIN[0]).exists() || p.join(TEST).exists()) {
        return Ok(place.clone());
    }
    let mut right = format!("--data must name {FOLDER} or the folder around it, with {} to _5.bin and {TEST}", TRAIN[0]);
    if dir.join("cifar-10-batches-py").exists() || dir.join("data_batch_1").exists() {
        right.push_str("; these are the files for Python, take cifar-10-binary.tar.gz instead");
    }
    Err(DataError::Missing { path: places[1].join(TRAIN[0]), right })
}

/// The ten names in `batches.meta.txt`; nothing if the file is missing or holds anything else.
fn class_names(path: &Path) -> Option<Vec<String>> {
    if std::fs::metadata(path).ok()?.len() > 10_000 {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
    (names.len() == 10).then_some(names)
}
