//! CIFAR-100 and STL-10, whose files are like those of CIFAR-10.

use super::*;

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
pub fn stl_images(first: usize, n: usize) -> Vec<u8> {
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
