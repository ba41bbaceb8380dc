//! What `shapes` promises: known, independent, balanced factors, and pixels that do not give the class away.

use std::{
    collections::HashSet,
    f32::consts::{PI, TAU},
    path::Path,
    sync::OnceLock,
};

use dim_tui::data::{Dataset, Images, Kind, Request, load};

fn shapes(train_limit: usize, seed: u64) -> Dataset {
    load("shapes", &Request { dir: Path::new(""), train_limit, side: 64, seed, phase: &|_| {} }).unwrap()
}

/// The whole set, drawn once for all tests.
fn all() -> &'static Dataset {
    static ALL: OnceLock<Dataset> = OnceLock::new();
    ALL.get_or_init(|| shapes(0, 0))
}

fn image(images: &Images, i: usize) -> &[u8] {
    &images.pixels[i * 3072..(i + 1) * 3072]
}

#[test]
fn sizes_labels_and_balance() {
    let data = all();
    assert_eq!((data.train.len(), data.test.len(), data.classes.len()), (8192, 2048, 10));
    for split in [&data.train, &data.test] {
        assert_eq!(split.pixels.len(), split.len() * 3 * 32 * 32);
        for class in 0..10 {
            let count = split.labels.iter().filter(|&&l| l == class).count();
            assert!(count.abs_diff(split.len() / 10) <= 1, "class {class} has {count} images");
        }
    }
}

#[test]
fn no_image_occurs_twice_in_both_splits_together() {
    let data = all();
    let mut seen = HashSet::new();
    for split in [&data.train, &data.test] {
        (0..split.len()).for_each(|i| assert!(seen.insert(image(split, i)), "image {i} again"));
    }
    assert_eq!(seen.len(), 8192 + 2048);
}

#[test]
fn the_same_whatever_the_seed_the_limit_and_the_threads() {
    let all = all();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let few = pool.install(|| shapes(100, 99));
    assert_eq!(few.train.len(), 100);
    assert_eq!(few.train.pixels, all.train.pixels[..100 * 3072]);
    assert_eq!(few.test.pixels, all.test.pixels);
    let (few, all) = (few.train.factors.unwrap(), all.train.factors.as_ref().unwrap());
    for (few, all) in few.columns.iter().zip(&all.columns) {
        assert_eq!(few.values, all.values[..100], "{}", few.name);
    }
}

#[test]
fn factors_fill_their_ranges_evenly() {
    let data = all();
    let factors = data.train.factors.as_ref().unwrap();
    let ranges = [
        ("hue", 0.0, 1.0),
        ("x", -5.0, 5.0),
        ("y", -5.0, 5.0),
        ("scale", 0.5, 0.8),
        ("rotation", -30.0, 30.0),
        ("level", 0.15, 0.3),
        ("noise", 0.0, 0.03),
    ];
    for (name, low, high) in ranges {
        let column = factors.get(name).unwrap();
        assert_ne!(column.kind, Kind::Categorical);
        assert!(column.values.iter().all(|&v| v >= low && v <= high), "{name} out of range");
        // Ten equal bins of a uniform draw: 819 each, standard deviation 27.
        for bin in 0..10 {
            let at = |k: i32| low + (high - low) * k as f32 / 10.0;
            let count = column.values.iter().filter(|&&v| v >= at(bin) && v < at(bin + 1)).count();
            assert!(count.abs_diff(819) < 5 * 27, "{name}: {count} in bin {bin}");
        }
    }
    let background = factors.get("background").unwrap();
    assert!(background.kind == Kind::Categorical && background.names.len() >= 4);
    for kind in 0..background.names.len() {
        let count = background.values.iter().filter(|&&v| v as usize == kind).count();
        assert!(count > 8192 / background.names.len() * 9 / 10, "{}: {count}", background.names[kind]);
    }
    let labels: Vec<f32> = data.train.labels.iter().map(|&l| f32::from(l)).collect();
    assert_eq!(factors.get("class").unwrap().values, labels);
}

#[test]
fn factors_are_independent() {
    let factors = all().train.factors.as_ref().unwrap();
    let standard = |values: &[f32]| -> Vec<f64> {
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let deviation = (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt();
        values.iter().map(|&v| (f64::from(v) - mean) / deviation).collect()
    };
    // Beside each factor its distance from the middle, so that a bent dependence shows too.
    let columns: Vec<_> = factors.columns.iter().map(|c| (c.name, standard(&c.values))).collect();
    let bent = |values: &[f64]| standard(&values.iter().map(|v| (v * v) as f32).collect::<Vec<_>>());
    for (i, (a, x)) in columns.iter().enumerate() {
        for (b, y) in &columns[i + 1..] {
            for (x, y) in [(x.clone(), y.clone()), (bent(x), bent(y)), (bent(x), y.clone()), (x.clone(), bent(y))] {
                let r = x.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() / x.len() as f64;
                // The correlation of 8192 independent pairs has standard deviation 0.011.
                assert!(r.abs() < 0.055, "{a} and {b} correlate: {r:.3}");
            }
        }
    }
}

/// Mean colour of the pixels of image `i` within `radius` pixels of (x, y).
fn colour_near(images: &Images, i: usize, x: f32, y: f32, radius: f32) -> [f32; 3] {
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for place in 0..1024 {
        let (px, py) = ((place % 32) as f32 - 15.5, (place / 32) as f32 - 15.5);
        if (px - x).hypot(py - y) <= radius {
            count += 1.0;
            (0..3).for_each(|c| sum[c] += f32::from(image(images, i)[c * 1024 + place]) / 255.0);
        }
    }
    sum.map(|s| s / count)
}

#[test]
fn pixels_show_what_the_factors_say() {
    let data = &all().test;
    let factors = data.factors.as_ref().unwrap();
    let of = |name: &str, i: usize| factors.get(name).unwrap().values[i];
    for i in (0..2048).filter(|&i| data.labels[i] == 0) {
        let (x, y) = (of("x", i), of("y", i));
        let radius = of("scale", i) * 16.0;
        // Circles: the colour inside is the hue's (red, yellow, green, cyan, blue, magenta at sixths) ...
        let [r, g, b] = colour_near(data, i, x, y, radius - 2.0);
        let wave = |offset: f32| (TAU * (of("hue", i) - offset)).cos();
        let agreement = r * wave(0.0) + g * wave(1.0 / 3.0) + b * wave(2.0 / 3.0);
        assert!(agreement > 0.25, "image {i}: {r} {g} {b} is not hue {}", of("hue", i));
        // ... and it covers the area of its radius: colourful pixels are counted.
        let colourful = (0..1024).filter(|&p| {
            let v = [0, 1, 2].map(|c| f32::from(image(data, i)[c * 1024 + p]) / 255.0);
            let spread = v.iter().copied().fold(0.0, f32::max) - v.iter().copied().fold(1.0, f32::min);
            spread > 0.17
        });
        let (found, expected) = (colourful.count() as f32, PI * (0.97 * radius).powi(2));
        assert!((found / expected - 1.0).abs() < 0.15, "image {i}: {found} pixels, expected {expected}");
    }
}

#[test]
fn raw_pixels_do_not_give_the_class_away() {
    let data = all();
    let mut means = vec![vec![0.0_f32; 3072]; 10];
    for (i, &label) in data.train.labels.iter().enumerate() {
        let share = 10.0 / data.train.len() as f32 / 255.0;
        means[label as usize].iter_mut().zip(image(&data.train, i)).for_each(|(m, &p)| *m += f32::from(p) * share);
    }
    let right = (0..data.test.len()).filter(|&i| {
        let distance =
            |mean: &[f32]| mean.iter().zip(image(&data.test, i)).map(|(m, &p)| (m - f32::from(p) / 255.0).powi(2)).sum::<f32>();
        let nearest = (0..10).min_by(|&a, &b| distance(&means[a]).total_cmp(&distance(&means[b]))).unwrap();
        nearest == usize::from(data.test.labels[i])
    });
    let accuracy = right.count() as f64 / data.test.len() as f64;
    println!("nearest class mean on raw pixels: {accuracy:.3}");
    assert!(accuracy < 0.45, "colour and place alone give the class: {accuracy}");
}
