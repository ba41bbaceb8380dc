//! The published facts about CIFAR-10 and Fashion-MNIST, on the real files where they are at hand.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use dim_tui::data::{Request, cifar, idx, load};

/// The folder of real data, or nothing (and says so).
fn real(data: &str, below: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("DIM_TUI_DATA").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    if dir.join(below).exists() {
        return Some(dir);
    }
    println!("skipped: no {data} under {}", dir.display());
    None
}

/// Images per class of each training file, as counted from the published files (sha256 `cee91656...`, ...).
const PER_CLASS: [[usize; 10]; 5] = [
    [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981],
    [984, 1007, 1010, 995, 1010, 988, 1008, 1026, 987, 985],
    [994, 1042, 965, 997, 990, 1029, 978, 1015, 961, 1029],
    [1003, 963, 1041, 976, 1004, 1021, 1004, 981, 1024, 983],
    [1014, 1014, 952, 1016, 997, 1025, 980, 977, 1003, 1022],
];

fn counts(labels: &[u8]) -> [usize; 10] {
    let mut counts = [0; 10];
    labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    counts
}

#[test]
fn cifar10_is_what_was_published() {
    let Some(dir) = real("CIFAR-10", "cifar-10-batches-bin/test_batch.bin") else { return };
    let phases = std::sync::Mutex::new(Vec::new());
    let phase = |text: String| phases.lock().unwrap().push(text);
    let data = load("cifar10", &Request { dir: &dir, train_limit: 0, side: 64, seed: 0, phase: &phase }).unwrap();
    assert!(phases.lock().unwrap()[0].starts_with("reading CIFAR-10"));
    assert_eq!((data.train.len(), data.test.len()), (50_000, 10_000));
    assert_eq!(data.train.labels[..10], [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    assert_eq!(data.test.labels[..10], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
    assert_eq!((counts(&data.train.labels), counts(&data.test.labels)), ([5000; 10], [1000; 10]));
    for (file, expected) in data.train.labels.chunks(10_000).zip(PER_CLASS) {
        assert_eq!(counts(file), expected);
    }
    for (channel, expected) in [0.4914, 0.4822, 0.4465].into_iter().enumerate() {
        let plane = |image: &[u8]| image[channel * 1024..][..1024].iter().map(|&b| u64::from(b)).sum::<u64>();
        let sum: u64 = data.train.pixels.chunks(3072).map(plane).sum();
        let mean = sum as f64 / (50_000.0 * 1024.0 * 255.0);
        assert!((mean - expected).abs() < 5e-5, "channel {channel}: {mean}");
    }
    let images: HashSet<&[u8]> = data.train.pixels.chunks(3072).chain(data.test.pixels.chunks(3072)).collect();
    assert_eq!(images.len(), 60_000, "all images differ");
    assert_eq!((data.classes[0].as_str(), data.classes[9].as_str()), ("airplane", "truck"));
}

#[test]
fn cifar10_rows_run_along_the_file() {
    // Neighbours within a row and within a column of a photograph are alike, those half a row apart are not: a reader
    // with a wrong plane or row length would mix them up.
    let Some(dir) = real("CIFAR-10", "cifar-10-batches-bin/test_batch.bin") else { return };
    let images = cifar::read_file(&dir.join("cifar-10-batches-bin/test_batch.bin")).unwrap();
    let step = |by: usize| {
        let plane = images.pixels.chunks(1024).step_by(3);
        plane.flat_map(|p| (0..512).map(|i| p[i].abs_diff(p[i + by]))).map(u64::from).sum::<u64>() as f64
    };
    let (right, down, across) = (step(1), step(32), step(48));
    assert!(right < 0.5 * across && down < 0.5 * across, "{right} {down} {across}");
}

#[test]
fn fashion_mnist_test_split_is_what_was_published() {
    let Some(dir) = real("Fashion-MNIST", "fashion-mnist/t10k-images-idx3-ubyte.gz") else { return };
    let folder = dir.join("fashion-mnist");
    let labels = idx::read_labels(&folder.join("t10k-labels-idx1-ubyte.gz")).unwrap();
    assert_eq!(labels[..10], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]);
    assert_eq!(counts(&labels), [1000; 10]);
    let images = idx::read_images(&folder.join("t10k-images-idx3-ubyte.gz")).unwrap();
    assert_eq!((images.count, images.rows, images.columns, images.pixels.len()), (10_000, 28, 28, 7_840_000));
    // Clothes stand in the middle of the picture: the outermost frame is nearly black, the middle is not.
    let mean = |keep: &dyn Fn(usize, usize) -> bool| {
        let (mut sum, mut n) = (0_u64, 0_u64);
        for (i, &byte) in images.pixels.iter().enumerate() {
            if keep(i / 28 % 28, i % 28) {
                (sum, n) = (sum + u64::from(byte), n + 1);
            }
        }
        sum as f64 / n as f64
    };
    assert!(mean(&|row, column| row % 27 == 0 && column % 27 == 0) < 10.0);
    assert!(mean(&|row, column| (10..18).contains(&row) && (10..18).contains(&column)) > 100.0);
}

#[test]
fn the_missing_training_split_is_named() {
    let Some(dir) = real("Fashion-MNIST", "fashion-mnist/t10k-images-idx3-ubyte.gz") else { return };
    if dir.join("fashion-mnist/train-images-idx3-ubyte.gz").exists() {
        println!("skipped: Fashion-MNIST is complete under {}", dir.display());
        return;
    }
    let request = Request { dir: &dir, train_limit: 0, side: 64, seed: 0, phase: &|_| {} };
    let text = load("fashion-mnist", &request).unwrap_err().to_string();
    assert!(text.contains("fashion-mnist/train-images-idx3-ubyte: not found"), "{text}");
}
