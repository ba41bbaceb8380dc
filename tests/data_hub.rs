//! The hub without a network: what is in its cache is read, and read as the binary files are; else there is a sentence.
//!
//! The hub's client reads environment variables, so each case runs in a process of its own: this test binary again, which
//! then only runs [`child`].

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Output},
    sync::Arc,
    time::{Duration, Instant},
};

use dim_tui::data::{Request, load};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use parquet::{
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::writer::SerializedFileWriter,
    schema::parser::parse_message_type,
};
use tempfile::TempDir;

/// Runs only as a child: loads the data set named and prints what came of it.
#[test]
fn child() {
    let Ok(name) = std::env::var("DIM_TUI_TEST_HUB") else { return };
    let phase = |text: String| println!("phase: {text}");
    match load(&name, &Request { dir: Path::new(""), train_limit: 0, side: 64, seed: 0, phase: &phase }) {
        Ok(data) => {
            println!("train: {:?} {:?}", data.train.labels, data.train.pixels);
            println!("test: {:?} {:?}", data.test.labels, data.test.pixels);
        }
        Err(error) => println!("error: {error}"),
    }
}

/// Loads `name` in a process with this hub home and these variables; what it printed, and how long it took.
fn hub(name: &str, home: &Path, variables: &[(&str, &str)]) -> (String, Duration) {
    let start = Instant::now();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    for other in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT", "HF_TOKEN"] {
        command.env_remove(other);
    }
    command.env("DIM_TUI_TEST_HUB", name).env("HF_HOME", home).envs(variables.iter().copied());
    let Output { stdout, .. } = command.output().unwrap();
    (String::from_utf8(stdout).unwrap(), start.elapsed())
}

/// Byte of channel c, row y, column x of image i.
fn pixel(i: usize, c: usize, y: usize, x: usize) -> u8 {
    (i * 50 + c * 80 + y * 3 + x * 5) as u8
}

/// Three images of a split as the hub keeps them: a parquet file of PNG images and labels.
fn write_parquet(path: &Path, colours: usize, side: usize, labels: &[&str]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let labels: String = labels.iter().map(|name| format!("optional int64 {name}; ")).collect();
    let schema =
        format!("message schema {{ optional group img {{ optional binary bytes; optional binary path (UTF8); }} {labels} }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let pngs: Vec<ByteArray> = (0..3).map(|i| ByteArray::from(png(i, colours, side))).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&pngs, Some(&[2, 2, 2]), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&[], Some(&[1, 1, 1]), None).unwrap();
    column.close().unwrap();
    // The first column of labels counts; others say something else.
    for labels in [[4, 0, 9], [1, 2, 3]] {
        let Some(mut column) = group.next_column().unwrap() else { break };
        column.typed::<Int64Type>().write_batch(&labels, Some(&[1, 1, 1]), None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

fn png(i: usize, colours: usize, side: usize) -> Vec<u8> {
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (y, x)));
    let bytes: Vec<u8> = places.flat_map(|(y, x)| (0..colours).map(move |c| pixel(i, c, y, x))).collect();
    let colour = if colours == 3 { ExtendedColorType::Rgb8 } else { ExtendedColorType::L8 };
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&bytes, side as u32, side as u32, colour).unwrap();
    png
}

/// What the child prints of a split of the three images, planes row by row.
fn expected(colours: usize, side: usize) -> String {
    let mut pixels = Vec::new();
    for i in 0..3 {
        for c in 0..colours {
            (0..side).for_each(|y| pixels.extend((0..side).map(|x| pixel(i, c, y, x))));
        }
    }
    format!("[4, 0, 9] {pixels:?}")
}

#[test]
fn cached_files_are_read_as_the_binary_ones_are_even_offline() {
    for (name, folder, config, colours, side) in [
        ("cifar10", "datasets--cifar10", "plain_text", 3, 32),
        ("cifar100", "datasets--uoft-cs--cifar100", "cifar100", 3, 32),
        ("mnist", "datasets--ylecun--mnist", "mnist", 1, 28),
        ("fashion-mnist", "datasets--zalando-datasets--fashion_mnist", "fashion_mnist", 1, 28),
    ] {
        let home = TempDir::new().unwrap();
        let cache = home.path().join("hub").join(folder);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        fs::create_dir_all(cache.join("refs/refs/convert")).unwrap();
        fs::write(cache.join("refs/refs/convert/parquet"), commit).unwrap();
        let labels: &[&str] = if name == "cifar100" { &["fine_label", "coarse_label"] } else { &["label"] };
        for split in ["train", "test"] {
            let file = cache.join("snapshots").join(commit).join(config).join(split).join("0000.parquet");
            write_parquet(&file, colours, side, labels);
        }
        let (text, _) = hub(name, home.path(), &[("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://127.0.0.1:9")]);
        assert!(text.contains("from the hub's cache"), "{text}");
        for split in ["train", "test"] {
            assert!(text.contains(&format!("{split}: {}", expected(colours, side))), "{name}: {text}");
        }

        // A damaged image is a sentence.
        let damaged = cache.join("snapshots").join(commit).join(config).join("train/0000.parquet");
        let mut bytes = fs::read(&damaged).unwrap();
        let at = bytes.windows(4).position(|w| w == b"\x89PNG").unwrap();
        bytes[at..at + 8].fill(0);
        fs::write(&damaged, bytes).unwrap();
        let (text, _) = hub(name, home.path(), &[("HF_HUB_OFFLINE", "1")]);
        assert!(text.contains("error: ") && text.contains("--data DIR"), "{name}: {text}");
    }
}

#[test]
fn offline_it_says_what_to_do_instead() {
    let home = TempDir::new().unwrap();
    for (name, instead) in
        [("cifar10", "cifar-10-batches-bin"), ("cifar100", "cifar-100-binary"), ("mnist", "idx"), ("fashion-mnist", "idx")]
    {
        let (text, took) = hub(name, home.path(), &[("HF_HUB_OFFLINE", "1")]);
        let line = text.lines().find(|line| line.contains("error: ")).unwrap_or_else(|| panic!("no error in: {text}"));
        assert!(line.contains("HF_HUB_OFFLINE") && line.contains("--data DIR") && line.contains(instead), "{line}");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

#[test]
fn a_hub_out_of_reach_is_given_up_soon() {
    let home = TempDir::new().unwrap();
    // Nothing listens on this port, and no proxy is asked.
    let direct = [("HF_ENDPOINT", "http://127.0.0.1:9"), ("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1")];
    let (text, took) = hub("cifar10", home.path(), &direct);
    assert!(text.contains("phase: downloading CIFAR-10 from the hub ..."), "{text}");
    let line = text.lines().find(|line| line.contains("error: ")).unwrap_or_else(|| panic!("no error in: {text}"));
    assert!(line.contains("cannot be had from the hub") && line.contains("--data DIR"), "{line}");
    assert!(took < Duration::from_secs(55), "{took:?}");
    println!("{took:?}: {line}");
}
