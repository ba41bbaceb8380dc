//! Data sets that come as folders of pictures, as parquet files, or with a split without labels: right on small real files,
//! one sentence on bad ones.

#[path = "../common/mod.rs"]
mod common;
mod folder;
mod hub;
mod labelled;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use dim_tui::data::{DataError, Dataset, Images, Request, load};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};
use tempfile::TempDir;

fn read(name: &str, dir: &Path, train_limit: usize, side: usize) -> Result<Dataset, DataError> {
    load(name, &Request { dir, train_limit, side, seed: 0, phase: &|_| {} })
}

/// The message of a failure: one line.
fn message<T>(result: Result<T, DataError>) -> String {
    let text = result.err().expect("a refusal").to_string();
    assert!(!text.contains('\n'), "more than one line: {text}");
    text
}

fn assert_says(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "`{text}` does not say `{part}`"));
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A picture of one colour.
fn png(side: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut png = Vec::new();
    let bytes = colour.repeat((side * side) as usize);
    PngEncoder::new(&mut png).write_image(&bytes, side, side, ExtendedColorType::Rgb8).unwrap();
    png
}

fn jpeg(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let bytes = colour.repeat((width * height) as usize);
    JpegEncoder::new_with_quality(&mut jpeg, 95).encode(&bytes, width, height, ExtendedColorType::Rgb8).unwrap();
    jpeg
}

/// First red byte and label of each image.
fn reds(images: &Images) -> BTreeSet<(u8, u8)> {
    images.pixels.chunks_exact(images.image_bytes()).map(|image| image[0]).zip(images.labels.iter().copied()).collect()
}
/// Both encoders for 64×64 images, on images with and without labels, augmented, probed on the labelled ones.
#[test]
fn runs_on_stl10_and_on_a_folder_train_and_probe() {
    let dir = TempDir::new().unwrap();
    let write_stl = |name: &str, bytes: &[u8]| write(&dir.path().join("stl10_binary").join(name), bytes);
    let labels: Vec<u8> = (0..24).map(|i| i % 10 + 1).collect();
    write_stl("train_X.bin", &labelled::stl_images(0, 24));
    write_stl("test_X.bin", &labelled::stl_images(24, 24));
    ["train_y.bin", "test_y.bin"].iter().for_each(|name| write_stl(name, &labels));
    write_stl("unlabeled_X.bin", &labelled::stl_images(48, 20));
    for class in ["a", "b"] {
        (0..40).for_each(|i| write(&dir.path().join(format!("train/{class}/{i}.png")), &png(64, [i * 5, 90, 7])));
    }
    for (name, kind, on) in [("stl10", "auto", "conv64"), ("stl10", "alex64", "alex64"), ("folder", "alex64", "alex64")] {
        let out = dir.path().join(format!("run-{name}-{kind}"));
        let (name_is, kind_is) = (format!("data.name={name}"), format!("encoder.kind={kind}"));
        let more = [
            "encoder.width=2",
            "optim.batch=8",
            "optim.steps=4",
            "probe.every=2",
            "data.augment.crop=16",
            "data.augment.flip=true",
        ];
        let mut args = common::sets(&[&more[..], &[&name_is, &kind_is, "objective.global.mode=train"]].concat());
        args.extend(["--data".into(), dir.path().display().to_string()]);
        let output = common::batch(&out, &args);
        let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} {kind}: {wrong}");
        let text = format!("{said}{wrong}");
        assert!(text.contains(on), "{text}");
        let metrics = common::rows(&out.join("metrics.jsonl"));
        assert!(metrics.len() == 4 && metrics.iter().all(|row| row["loss"].is_f64()), "{metrics:?}");
        let probes = common::rows(&out.join("probes.jsonl"));
        assert!(probes.iter().all(|row| row["accuracy"]["linear"]["y"].is_f64()), "{probes:?}");
    }
}
