//! Folders of pictures.

use super::*;

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
