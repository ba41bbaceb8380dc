//! The readers of CIFAR-10 and idx files: right on good files, one sentence on bad ones, never a panic.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use dim_tui::data::{DataError, Dataset, Request, cifar, idx, load};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tempfile::TempDir;

fn read(name: &str, dir: &Path, train_limit: usize) -> Result<Dataset, DataError> {
    load(name, &Request { dir, train_limit, side: 64, seed: 0, phase: &|_| {} })
}

/// The message of a failure: one line, naming the file (and no other error dressed up as one).
fn message<T: std::fmt::Debug>(result: Result<T, DataError>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(!text.contains('\n'), "more than one line: {text}");
    text
}

fn assert_says(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "`{text}` does not say `{part}`"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_images(count: u32, side: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = [2051, count, side, side].iter().flat_map(|w: &u32| w.to_be_bytes()).collect();
    bytes.extend((0..count * side * side).map(|i| (i * 7 % 251) as u8));
    bytes
}

fn idx_labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = [2049, labels.len() as u32].iter().flat_map(|w: &u32| w.to_be_bytes()).collect();
    bytes.extend(labels);
    bytes
}

fn written(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// 12 training and 5 test images below `folder`.
fn write_mnist(dir: &TempDir, folder: &str, packed: bool) {
    let test_labels = [9, 8, 7, 6, 5];
    let files = [
        ("train-images-idx3-ubyte", idx_images(12, 28)),
        ("train-labels-idx1-ubyte", idx_labels(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])),
        ("t10k-images-idx3-ubyte", idx_images(5, 28)),
        ("t10k-labels-idx1-ubyte", idx_labels(&test_labels)),
    ];
    for (name, bytes) in files {
        let (name, bytes) = if packed { (format!("{name}.gz"), gzip(&bytes)) } else { (name.into(), bytes) };
        written(dir, &format!("{folder}{name}"), &bytes);
    }
}

#[test]
fn idx_files_plain_and_gzipped_in_each_place() {
    for (name, folder) in [("mnist", ""), ("mnist", "mnist/"), ("fashion-mnist", "fashion-mnist/"), ("fashion-mnist", "")] {
        for packed in [false, true] {
            let dir = TempDir::new().unwrap();
            write_mnist(&dir, folder, packed);
            let data = read(name, dir.path(), 3).unwrap();
            assert_eq!((data.train.len(), data.test.len()), (3, 5));
            assert_eq!((data.train.channels, data.train.height, data.train.width), (1, 28, 28));
            assert_eq!(data.train.labels, [0, 1, 2]);
            assert_eq!(data.test.labels, [9, 8, 7, 6, 5]);
            assert_eq!(data.test.pixels, idx_images(5, 28)[16..]);
            assert_eq!(data.classes.len(), 10);
        }
    }
}

#[test]
fn a_missing_idx_file_is_named() {
    let dir = TempDir::new().unwrap();
    let text = message(read("mnist", dir.path(), 0));
    assert_says(&text, &["train-images-idx3-ubyte", "not found", "looked in", &dir.path().display().to_string()]);
    write_mnist(&dir, "fashion-mnist/", true);
    fs::remove_file(dir.path().join("fashion-mnist/train-labels-idx1-ubyte.gz")).unwrap();
    let text = message(read("fashion-mnist", dir.path(), 0));
    assert_says(&text, &["fashion-mnist/train-labels-idx1-ubyte: not found", "Fashion-MNIST needs"]);
}

#[test]
fn broken_idx_files_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let good = idx_images(3, 28);
    let packed = gzip(&good);
    let cases: [(&str, Vec<u8>, &[&str]); 8] = [
        ("empty", vec![], &["header of 16 bytes", "found 0"]),
        ("short", good[..2000].to_vec(), &["expected 2368 bytes", "found 2000"]),
        ("long", [&good[..], &[0]].concat(), &["expected 2368 bytes", "found more"]),
        ("labels", idx_labels(&[1; 20]), &["magic number 2051 (images)", "found 2049 (labels)"]),
        ("text", b"<!DOCTYPE html><html>not here</html>".to_vec(), &["magic number 2051"]),
        ("cut.gz", packed[..packed.len() / 2].to_vec(), &["expected 2368 bytes", "broke off"]),
        ("none", idx_images(0, 28), &["small images", "0 of 28×28"]),
        ("giant", [2051_u32, u32::MAX, u32::MAX, u32::MAX].iter().flat_map(|w| w.to_be_bytes()).collect(), &["4294967295"]),
    ];
    for (name, bytes, parts) in cases {
        let path = written(&dir, name, &bytes);
        let text = message(idx::read_images(&path));
        assert_says(&text, &[&path.display().to_string(), "is needed"]);
        assert_says(&text, parts);
    }
    let text = message(idx::read_labels(&written(&dir, "twelve", &idx_labels(&[0, 3, 12, 4]))));
    assert_says(&text, &["twelve", "labels from 0 to 9", "found 12 as label number 2"]);
    assert_says(&message(idx::read_labels(&written(&dir, "i", &good))), &["2049 (labels)", "2051 (images)"]);
    assert_says(&message(idx::read_images(&dir.path().join("absent"))), &["absent: not found"]);
    assert_says(&message(idx::read_images(dir.path())), &["expected a file"]);
}

#[test]
fn splits_that_do_not_fit_are_refused() {
    let dir = TempDir::new().unwrap();
    write_mnist(&dir, "", false);
    written(&dir, "t10k-labels-idx1-ubyte", &idx_labels(&[1; 4]));
    assert_says(&message(read("mnist", dir.path(), 0)), &["t10k-labels-idx1-ubyte", "5 labels", "found 4"]);
    written(&dir, "t10k-images-idx3-ubyte", &idx_images(4, 20));
    assert_says(&message(read("mnist", dir.path(), 0)), &["t10k-images-idx3-ubyte", "28×28", "found 20×20"]);
}

#[test]
fn a_gzip_bomb_is_stopped_at_what_its_header_promises() {
    let dir = TempDir::new().unwrap();
    let mut bytes = idx_images(2, 28);
    bytes.resize(64 << 20, 0);
    let path = written(&dir, "bomb.gz", &gzip(&bytes));
    assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
    assert_says(&message(idx::read_images(&path)), &["expected 1584 bytes, found more"]);
    assert_says(&message(cifar::read_file(&path)), &["expected 30730000 bytes, found more"]);
}

/// A record with this label, each plane of one brightness.
fn record(label: u8) -> Vec<u8> {
    [vec![label], vec![10; 1024], vec![20; 1024], vec![30; 1024]].concat()
}

#[test]
fn cifar_files_in_both_places() {
    for folder in ["", "cifar-10-batches-bin/"] {
        let dir = TempDir::new().unwrap();
        let batch: Vec<u8> = (0..10_000).flat_map(|i| record((i % 10) as u8)).collect();
        // With a limit of 10,000 the other four are not looked at.
        written(&dir, &format!("{folder}data_batch_1.bin"), &batch);
        written(&dir, &format!("{folder}test_batch.bin"), &batch);
        let data = read("cifar10", dir.path(), 10_000).unwrap();
        assert_eq!((data.train.len(), data.test.len()), (10_000, 10_000));
        assert_eq!(data.train.pixels[..3072], record(0)[1..]);
        assert_eq!(data.test.labels[..11], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
        assert_eq!(data.classes[..2], ["airplane", "automobile"]);
        let text = message(read("cifar10", dir.path(), 10_001));
        assert_says(&text, &["data_batch_2.bin: not found", "30730000 bytes"]);

        let names = (0..10).map(|i| format!("thing {i}\n")).collect::<String>() + "\n";
        written(&dir, &format!("{folder}batches.meta.txt"), names.as_bytes());
        assert_eq!(read("cifar10", dir.path(), 10_000).unwrap().classes[9], "thing 9");
    }
}

#[test]
fn broken_cifar_files_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let says = |bytes: &[u8], parts: &[&str]| {
        let path = written(&dir, "data_batch_1.bin", bytes);
        let text = message(cifar::read_file(&path));
        assert_says(&text, &[&path.display().to_string(), "cifar-10-binary.tar.gz"]);
        assert_says(&text, parts);
    };
    says(&record(3), &["expected 30730000 bytes", "found 3073"]);
    says(b"", &["found 0"]);
    let mut batch: Vec<u8> = (0..10_000).flat_map(|_| record(9)).collect();
    batch.push(0);
    says(&batch, &["expected 30730000 bytes", "found more"]);
    batch.pop();
    batch[3073 * 7] = 10;
    says(&batch, &["labels from 0 to 9", "found 10 as label number 7"]);
    says(&gzip(&batch)[..20_000], &["broke off"]);

    let empty = TempDir::new().unwrap();
    let text = message(read("cifar10", empty.path(), 0));
    assert_says(&text, &["cifar-10-batches-bin/data_batch_1.bin: not found", "--data must name"]);
    fs::create_dir(empty.path().join("cifar-10-batches-py")).unwrap();
    assert_says(&message(read("cifar10", empty.path(), 0)), &["for Python", "cifar-10-binary.tar.gz"]);
}

#[test]
fn unknown_names_get_a_suggestion() {
    let none = Path::new("");
    assert_says(
        &message(read("cifer10", none, 0)),
        &["`cifer10`", "did you mean `cifar10`?", "shapes, cifar10, cifar100, stl10, mnist"],
    );
    assert!(!message(read("xyz", none, 0)).contains("did you mean"));
}

#[test]
fn batches_are_scaled_to_plus_minus_one() {
    let dir = TempDir::new().unwrap();
    write_mnist(&dir, "", false);
    let images = read("mnist", dir.path(), 0).unwrap().train;
    let device = candle_core::Device::Cpu;
    let batch = images.batch(&[11, 0, 3], &device).unwrap();
    assert_eq!(batch.dims(), [3, 1, 28, 28]);
    let values = batch.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (value, byte) in values.iter().zip(images.pixels[11 * 784..].iter().chain(&images.pixels[..784])) {
        assert!((value - (f32::from(*byte) / 255.0 * 2.0 - 1.0)).abs() < 1e-6);
    }
    let ends = values.iter().copied().fold((1.0_f32, -1.0_f32), |(l, h), v| (l.min(v), h.max(v)));
    assert!(ends.0 >= -1.0 && ends.1 <= 1.0);
    assert!(images.batch(&[12], &device).unwrap_err().to_string().contains("only 12"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Random bytes, random bytes behind a believable header, and either of them gzipped and cut.
    #[test]
    fn no_bytes_make_a_reader_panic(
        tail in prop::collection::vec(any::<u8>(), 0..4000),
        header in prop::option::of((prop_oneof![Just(2051_u32), Just(2049)], any::<[u16; 3]>(), 0_u32..40)),
        packed in any::<bool>(),
        cut in 0.0..1.2_f64,
    ) {
        let mut bytes = Vec::new();
        if let Some((magic, [_, rows, columns], count)) = header {
            bytes.extend([magic, count, rows.into(), columns.into()].iter().flat_map(|w: &u32| w.to_be_bytes()));
        }
        bytes.extend(tail);
        let mut bytes = if packed { gzip(&bytes) } else { bytes };
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        let dir = TempDir::new().unwrap();
        let path = written(&dir, "any", &bytes);
        if let Ok(images) = idx::read_images(&path) {
            prop_assert_eq!(images.pixels.len(), images.count * images.rows * images.columns);
        }
        if let Ok(labels) = idx::read_labels(&path) {
            prop_assert!(labels.iter().all(|&label| label < 10));
        }
        prop_assert!(cifar::read_file(&path).is_err());
    }
}
