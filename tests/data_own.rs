//! Data sets that come as folders of pictures, as parquet files, or with a split without labels: right on small real files,
//! one sentence on bad ones.

mod common;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use dim_tui::data::{DataError, Dataset, Images, Request, load};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};
use parquet::{
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
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

// ---- CIFAR-100

#[test]
fn cifar100_takes_fine_labels() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("cifar-100-binary");
    fs::create_dir_all(&place).unwrap();
    for (name, records) in [("train.bin", 50_000), ("test.bin", 10_000)] {
        // All zeros but for two records: coarse label, fine label, one brightness for each plane.
        let mut file = File::create(place.join(name)).unwrap();
        file.set_len(records * 3074).unwrap();
        for (at, coarse, fine) in [(0, 19, 99), (1234, 3, 42)] {
            file.seek(SeekFrom::Start(at * 3074)).unwrap();
            file.write_all(&[vec![coarse, fine], vec![10; 1024], vec![20; 1024], vec![30; 1024]].concat()).unwrap();
        }
    }
    let data = read("cifar100", dir.path(), 2000, 64).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.train.height), (2000, 10_000, 32));
    assert_eq!((data.train.labels[0], data.train.labels[1], data.test.labels[1234]), (99, 0, 42));
    assert_eq!(data.train.pixels[1234 * 3072..][..3072], [[10; 1024], [20; 1024], [30; 1024]].concat());
    assert_eq!((data.classes.len(), data.classes[0].as_str(), data.classes[99].as_str()), (100, "apple", "worm"));
    assert_eq!(data.classes[42], "leopard");

    let names: String = (0..100).map(|i| format!("thing {i}\n")).collect();
    write(&place.join("fine_label_names.txt"), names.as_bytes());
    assert_eq!(read("cifar100", &place, 1, 64).unwrap().classes[99], "thing 99");

    let mut file = File::options().write(true).open(place.join("test.bin")).unwrap();
    file.seek(SeekFrom::Start(7 * 3074 + 1)).unwrap();
    file.write_all(&[100]).unwrap();
    assert_says(&message(read("cifar100", &place, 1, 64)), &["test.bin", "labels from 0 to 99", "100 as label number 7"]);
    file.set_len(3074).unwrap();
    let text = message(read("cifar100", &place, 1, 64));
    assert_says(&text, &["expected 30740000 bytes", "found 3074", "cifar-100-binary.tar.gz"]);
    let empty = TempDir::new().unwrap();
    fs::create_dir(empty.path().join("cifar-100-python")).unwrap();
    let text = message(read("cifar100", empty.path(), 0, 64));
    assert_says(&text, &["cifar-100-binary/train.bin: not found", "for Python, take cifar-100-binary.tar.gz"]);
}

// ---- STL-10

/// Byte of plane c, row y, column x of image i.
fn stl_pixel(i: usize, c: usize, y: usize, x: usize) -> u8 {
    (i * 11 + c * 83 + y * 2 + x * 7) as u8
}

/// Images as the files have them: each plane column by column.
fn stl_images(first: usize, n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in first..first + n {
        for c in 0..3 {
            (0..96).for_each(|x| bytes.extend((0..96).map(|y| stl_pixel(i, c, y, x))));
        }
    }
    bytes
}

fn stl(dir: &TempDir) {
    let write = |name: &str, bytes: &[u8]| write(&dir.path().join("stl10_binary").join(name), bytes);
    write("train_X.bin", &stl_images(0, 3));
    write("train_y.bin", &[1, 10, 4]);
    write("test_X.bin", &stl_images(3, 2));
    write("test_y.bin", &[2, 3]);
    write("unlabeled_X.bin", &stl_images(5, 4));
}

#[test]
fn stl10_has_upright_middles_and_images_without_labels() {
    let dir = TempDir::new().unwrap();
    stl(&dir);
    let data = read("stl10", dir.path(), 0, 32).unwrap();
    let unlabelled = data.unlabelled.as_ref().unwrap();
    assert_eq!((data.train.len(), data.test.len(), unlabelled.len(), data.training().len()), (3, 2, 4, 4));
    assert_eq!((&data.train.labels[..], &data.test.labels[..], unlabelled.labels.len()), (&[0, 9, 3][..], &[1, 2][..], 0));
    assert_eq!((data.classes[0].as_str(), data.classes[9].as_str()), ("airplane", "truck"));
    for (images, first) in [(&data.train, 0), (&data.test, 3), (unlabelled, 5)] {
        let batch = images.batch(&[1, 0], &candle_core::Device::Cpu).unwrap();
        assert_eq!(batch.dims(), [2, 3, 64, 64]);
        let values = batch.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (at, value) in values.into_iter().enumerate() {
            let (i, c, y, x) = (at / 12288, at / 4096 % 3, at / 64 % 64, at % 64);
            let byte = stl_pixel(first + 1 - i, c, y + 16, x + 16);
            assert_eq!(value, f32::from(byte) / 127.5 - 1.0, "{i} {c} {y} {x}");
        }
    }
    // The limit is on what is trained on; the labelled images are all there.
    let few = read("stl10", &dir.path().join("stl10_binary"), 2, 32).unwrap();
    assert_eq!((few.training().len(), few.train.len()), (2, 3));
}

#[test]
fn broken_stl10_files_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    assert_says(&message(read("stl10", Path::new(""), 0, 64)), &["stl10_binary/train_X.bin", "not downloaded by itself"]);
    stl(&dir);
    let place = dir.path().join("stl10_binary");
    let cases: [(&str, Vec<u8>, &[&str]); 5] = [
        ("train_X.bin", stl_images(0, 2), &["train_X.bin", "expected 82944 bytes", "found 55296"]),
        ("train_y.bin", vec![1, 0, 3], &["train_y.bin", "labels from 1 to 10", "0 as label number 1"]),
        ("test_y.bin", vec![], &["test_y.bin", "found none"]),
        ("unlabeled_X.bin", stl_images(0, 2)[..40_000].to_vec(), &["unlabeled_X.bin", "27648 bytes", "12352 at the end"]),
        ("unlabeled_X.bin", vec![], &["unlabeled_X.bin", "an empty file"]),
    ];
    for (name, bytes, parts) in cases {
        stl(&dir);
        write(&place.join(name), &bytes);
        let text = message(read("stl10", dir.path(), 0, 64));
        assert_says(&text, parts);
        assert_says(&text, &["stl10_binary.tar.gz"]);
    }
    stl(&dir);
    fs::remove_file(place.join("unlabeled_X.bin")).unwrap();
    assert_says(&message(read("stl10", dir.path(), 0, 64)), &["unlabeled_X.bin: not found"]);
}

// ---- folders

#[test]
fn folders_are_classes_in_the_order_of_their_names() {
    let dir = TempDir::new().unwrap();
    for (class, red) in [("cat", 40), ("ant", 10), ("bee", 20)] {
        for i in 0..4 {
            write(&dir.path().join(format!("train/{class}/{i}.png")), &png(48, [red + i, 0, 0]));
        }
        write(&dir.path().join(format!("test/{class}/a.PNG")), &png(32, [red + 9, 0, 0]));
        write(&dir.path().join(format!("train/{class}/notes.txt")), b"no picture");
        write(&dir.path().join(format!("train/{class}/.hidden.png")), b"no picture");
    }
    write(&dir.path().join("train/readme.md"), b"no class");
    let data = read("folder", dir.path(), 0, 32).unwrap();
    assert_eq!(data.classes, ["ant", "bee", "cat"]);
    assert_eq!((data.train.len(), data.test.len(), data.train.height, data.train.width), (12, 3, 32, 32));
    assert_eq!(reds(&data.test), [(19, 0), (29, 1), (49, 2)].into());
    let all: BTreeSet<_> = [(10, 0), (20, 1), (40, 2)].iter().flat_map(|&(red, c)| (0..4).map(move |i| (red + i, c))).collect();
    assert_eq!(reds(&data.train), all);
    // Mixed, the same way each time; the limit takes from the mixture.
    assert!(!data.train.labels.is_sorted());
    let few = read("folder", dir.path(), 7, 32).unwrap();
    assert_eq!((few.train.len(), few.test.len()), (7, 3));
    assert_eq!(few.train.pixels, data.train.pixels[..few.train.pixels.len()]);
    assert_eq!(read("folder", dir.path(), 0, 64).unwrap().train.width, 64);
}

#[test]
fn jpegs_are_cut_to_their_middle_and_scaled() {
    let dir = TempDir::new().unwrap();
    for (class, colour) in [("a", [200, 30, 90]), ("b", [15, 160, 220])] {
        write(&dir.path().join(format!("train/{class}/1.jpg")), &jpeg(100, 70, colour));
        write(&dir.path().join(format!("val/{class}/1.JPEG")), &jpeg(33, 150, colour));
    }
    let data = read("folder", dir.path(), 0, 64).unwrap();
    for images in [&data.train, &data.test] {
        for (image, &label) in images.pixels.chunks_exact(3 * 4096).zip(&images.labels) {
            let colour = [[200, 30, 90], [15, 160, 220]][usize::from(label)];
            for (plane, colour) in image.chunks_exact(4096).zip(colour) {
                // What JPEG loses of one colour.
                assert!(plane.iter().all(|&byte| byte.abs_diff(colour) <= 4), "{label} {colour}");
            }
        }
    }
}

#[test]
fn tiny_imagenets_layout_is_known() {
    let dir = TempDir::new().unwrap();
    let mut list = String::new();
    for (class, red) in [("n01", 10), ("n02", 20)] {
        for i in 0..3 {
            write(&dir.path().join(format!("train/{class}/images/{class}_{i}.JPEG")), &png(64, [red + i, 0, 0]));
        }
        write(&dir.path().join(format!("train/{class}/{class}_boxes.txt")), b"0 0 63 63");
        write(&dir.path().join(format!("val/images/val_{red}.JPEG")), &png(64, [red + 5, 0, 0]));
        list.push_str(&format!("val_{red}.JPEG\t{class}\t0\t0\t63\t63\n"));
    }
    write(&dir.path().join("val/val_annotations.txt"), list.as_bytes());
    // Its test pictures have no labels and are left alone.
    write(&dir.path().join("test/images/test_0.JPEG"), &png(64, [99, 0, 0]));
    let data = read("folder", dir.path(), 0, 64).unwrap();
    assert_eq!((data.classes.as_slice(), data.train.len()), (&["n01".to_string(), "n02".to_string()][..], 6));
    assert_eq!(reds(&data.test), [(15, 0), (25, 1)].into());

    write(&dir.path().join("val/val_annotations.txt"), b"val_10.JPEG\tn01\nval_20.JPEG\tn77\n");
    assert_says(&message(read("folder", dir.path(), 0, 64)), &["val_annotations.txt", "n77\" in line 2", "FILE, a tab, CLASS"]);
    write(&dir.path().join("val/val_annotations.txt"), b"../../etc/passwd\tn01\n");
    assert_says(&message(read("folder", dir.path(), 0, 64)), &["in line 1"]);
}

#[test]
fn a_tenth_of_each_class_is_held_out_where_there_is_no_test_folder() {
    let dir = TempDir::new().unwrap();
    for (class, red) in [("a", 0), ("b", 100)] {
        (0..30).for_each(|i| write(&dir.path().join(format!("train/{class}/{i:02}.png")), &png(32, [red + i, 0, 0])));
    }
    let data = read("folder", dir.path(), 0, 32).unwrap();
    let (train, test) = (reds(&data.train), reds(&data.test));
    assert_eq!((train.len(), test.len()), (54, 6));
    assert!(train.is_disjoint(&test), "no image is in both");
    assert_eq!(test.iter().filter(|(_, label)| *label == 0).count(), 3);
    let again = read("folder", dir.path(), 0, 32).unwrap();
    assert_eq!((again.train.pixels, again.test.pixels), (data.train.pixels, data.test.pixels));
}

#[test]
fn folders_that_are_none_of_this_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let says = |parts: &[&str]| assert_says(&message(read("folder", dir.path(), 0, 32)), parts);
    says(&["train: not found", "train/CLASS/*.png"]);
    assert_says(&message(read("folder", Path::new(""), 0, 32)), &["train: not found", "--data must name"]);
    assert_says(&message(read("parquet", Path::new(""), 0, 32)), &["*train*.parquet: not found", "--data must name"]);
    write(&dir.path().join("train/only/1.png"), &png(32, [1; 3]));
    says(&["2 to 256 folders of classes", "found 1"]);
    fs::create_dir_all(dir.path().join("train/other")).unwrap();
    fs::create_dir_all(dir.path().join("test/third")).unwrap();
    says(&["test/third", "a class that train has too"]);
    fs::remove_dir(dir.path().join("test/third")).unwrap();
    says(&["pictures for testing, found none"]);
    fs::remove_dir(dir.path().join("test")).unwrap();
    write(&dir.path().join("train/only/2.png"), &png(32, [1; 3])[..50]);
    says(&["train/only/2.png", "a picture (PNG or JPEG)", "cannot be read"]);
    (0..300).for_each(|i| fs::create_dir_all(dir.path().join(format!("train/c{i}"))).unwrap());
    says(&["2 to 256 folders of classes, found 302", "its number a byte"]);
}

// ---- parquet

/// A table of pictures, a text and labels, as the hub writes it; a class name for each of `names`.
fn write_parquet(path: &Path, rows: &[(Vec<u8>, i64)], names: &[&str]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let schema = "message schema { optional binary caption (UTF8); optional group image { optional binary bytes; \
                  optional binary path (UTF8); } optional int64 label; }";
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let meta = format!(
        "{{\"info\": {{\"features\": {{\"label\": {{\"names\": [{}], \"_type\": \"ClassLabel\"}}}}}}}}",
        names.join(", ")
    );
    let meta = (!names.is_empty()).then(|| vec![KeyValue::new("huggingface".into(), meta)]);
    let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(meta).build());
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    // Two groups of rows.
    for rows in rows.chunks(rows.len().div_ceil(2)) {
        let mut group = writer.next_row_group().unwrap();
        let pictures: Vec<ByteArray> = rows.iter().map(|(bytes, _)| ByteArray::from(bytes.clone())).collect();
        let texts = vec![ByteArray::from("words"); rows.len()];
        for (values, level) in [(&texts[..], 1), (&pictures, 2), (&[], 1)] {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(values, Some(&vec![level; rows.len()]), None).unwrap();
            column.close().unwrap();
        }
        let labels: Vec<i64> = rows.iter().map(|(_, label)| *label).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&labels, Some(&vec![1; rows.len()]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// `n` rows, class after class as often on the hub, red being the number of the row.
fn rows(first: u8, n: u8) -> Vec<(Vec<u8>, i64)> {
    (0..n).map(|i| (png(20, [first + i, 50, 60]), i64::from(i * 3 / n))).collect()
}

#[test]
fn parquet_files_are_put_together_mixed_and_scaled() {
    let dir = TempDir::new().unwrap();
    write_parquet(&dir.path().join("data/train-00000-of-00002.parquet"), &rows(0, 12), &["ant", "bee", "cat"]);
    write_parquet(&dir.path().join("data/train-00001-of-00002.parquet"), &rows(100, 9), &["ant", "bee", "cat"]);
    write_parquet(&dir.path().join("data/validation-00000-of-00001.parquet"), &rows(200, 6), &[]);
    let data = read("parquet", dir.path(), 0, 32).unwrap();
    assert_eq!(data.classes, ["ant", "bee", "cat"]);
    assert_eq!((data.train.len(), data.test.len(), data.train.height), (21, 6, 32));
    let expected = |first: u8, n: u8| (0..n).map(move |i| (first + i, i * 3 / n));
    assert_eq!(reds(&data.train), expected(0, 12).chain(expected(100, 9)).collect());
    assert_eq!(reds(&data.test), expected(200, 6).collect());
    assert_eq!(data.train.pixels[1024..3072], [[50; 1024], [60; 1024]].concat());
    assert!(!data.train.labels.is_sorted(), "mixed");
    let few = read("parquet", dir.path(), 8, 32).unwrap();
    assert_eq!((few.train.len(), few.test.len()), (8, 6));
    assert_eq!(few.train.pixels, data.train.pixels[..few.train.pixels.len()]);
    // A test file goes before one of validation; without names in the files, classes are numbers.
    write_parquet(&dir.path().join("test/0000.parquet"), &rows(220, 3), &[]);
    assert_eq!(reds(&read("parquet", dir.path(), 0, 32).unwrap().test), expected(220, 3).collect());
    fs::remove_dir_all(dir.path().join("data")).unwrap();
    write_parquet(&dir.path().join("train.parquet"), &rows(0, 12), &[]);
    assert_eq!(read("parquet", dir.path(), 0, 64).unwrap().classes, ["0", "1", "2"]);
}

#[test]
fn broken_parquet_files_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let says = |parts: &[&str]| assert_says(&message(read("parquet", dir.path(), 0, 32)), parts);
    let train = dir.path().join("train.parquet");
    says(&["*train*.parquet: not found", "*validation*.parquet"]);
    write_parquet(&train, &rows(0, 6), &[]);
    says(&["*test*.parquet: not found"]);
    write_parquet(&dir.path().join("test.parquet"), &rows(0, 6), &[]);
    assert!(read("parquet", dir.path(), 0, 32).is_ok());

    let good = fs::read(&train).unwrap();
    fs::write(&train, b"not parquet at all").unwrap();
    says(&["train.parquet", "a parquet file", "something else"]);
    fs::write(&train, &good[..good.len() / 2]).unwrap();
    says(&["train.parquet", "a parquet file"]);
    for (label, found) in [(256, "256 as label of row 1"), (-1, "-1 as label of row 1")] {
        write_parquet(&train, &[(png(20, [1; 3]), 0), (png(20, [1; 3]), label)], &[]);
        says(&["train.parquet", "label from 0 to 255", found]);
    }
    write_parquet(&train, &[(png(20, [1; 3]), 0), (b"no picture".to_vec(), 1)], &[]);
    says(&["train.parquet", "a picture (PNG or JPEG)", "cannot be read", "in row 1"]);
    write_parquet(&train, &[(png(20, [1; 3]), 0)], &[]);
    write_parquet(&dir.path().join("test.parquet"), &[(png(20, [1; 3]), 0)], &[]);
    says(&["two classes at least"]);

    let schema = Arc::new(parse_message_type("message schema { optional int64 label; optional int64 other; }").unwrap());
    let writer = SerializedFileWriter::new(File::create(&train).unwrap(), schema, Default::default()).unwrap();
    writer.close().unwrap();
    says(&["columns of images and labels", "the columns label, other", "a column of structs with `bytes`"]);
}

/// Whatever byte is wrong, there is a sentence or an image, never a panic that reaches us.
#[test]
fn damaged_parquet_never_breaks_through() {
    let dir = TempDir::new().unwrap();
    let train = dir.path().join("train.parquet");
    write_parquet(&train, &rows(0, 4), &["a", "b", "c"]);
    write_parquet(&dir.path().join("test.parquet"), &rows(0, 4), &[]);
    let good = fs::read(&train).unwrap();
    for at in (0..good.len()).step_by(1 + good.len() / 400) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        fs::write(&train, bytes).unwrap();
        if let Err(error) = read("parquet", dir.path(), 0, 32) {
            assert!(error.to_string().contains("train.parquet"), "{error}");
        }
    }
}

// ---- a run on them

/// Both encoders for 64×64 images, on images with and without labels, augmented, probed on the labelled ones.
#[test]
fn runs_on_stl10_and_on_a_folder_train_and_probe() {
    let dir = TempDir::new().unwrap();
    let write_stl = |name: &str, bytes: &[u8]| write(&dir.path().join("stl10_binary").join(name), bytes);
    let labels: Vec<u8> = (0..24).map(|i| i % 10 + 1).collect();
    write_stl("train_X.bin", &stl_images(0, 24));
    write_stl("test_X.bin", &stl_images(24, 24));
    ["train_y.bin", "test_y.bin"].iter().for_each(|name| write_stl(name, &labels));
    write_stl("unlabeled_X.bin", &stl_images(48, 20));
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
