//! Against images built by hand: where each pixel goes, and what becomes of it.

use super::*;
use crate::nn::Draws;

const OFF: Augment = Augment { crop: 0, flip: false, colour: 0.0 };

/// `n` images of 5×4 pixels in three planes, stored with `margin` around them; every byte is its place, so that no two agree.
fn images(n: usize, margin: usize) -> Images {
    let stored = 3 * (5 + 2 * margin) * (4 + 2 * margin);
    let pixels = (0..n * stored).map(|i| (i * 37 % 251) as u8).collect();
    Images { channels: 3, height: 5, width: 4, margin, pixels, labels: vec![], factors: None }
}

fn rng(step: u64) -> ChaCha8Rng {
    Draws { seed: 4, attempt: 0 }.rng("augment", step)
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Byte at plane c, row y, column x of what is seen of image i, the view shifted; 0 outside what is stored.
fn seen(images: &Images, i: usize, [c, y, x]: [usize; 3], [down, right]: [isize; 2]) -> u8 {
    let [rows, columns] = images.stored();
    let (y, x) = ((y + images.margin) as isize + down, (x + images.margin) as isize + right);
    if !(0..rows as isize).contains(&y) || !(0..columns as isize).contains(&x) {
        return 0;
    }
    images.pixels[((i * 3 + c) * rows + y as usize) * columns + x as usize]
}

/// What `augment` can make of image i: every shift, both ways round.
fn possible(images: &Images, i: usize, augment: &Augment) -> Vec<([isize; 2], bool, Vec<f32>)> {
    let reach = augment.crop as isize;
    let mut all = Vec::new();
    for flip in [false, true].into_iter().take(1 + usize::from(augment.flip)) {
        for shift in (-reach..=reach).flat_map(|down| (-reach..=reach).map(move |right| [down, right])) {
            let places = (0..3).flat_map(|c| (0..5).flat_map(move |y| (0..4).map(move |x| [c, y, if flip { 3 - x } else { x }])));
            let value = |at| f32::from(seen(images, i, at, shift)) / 127.5 - 1.0;
            all.push((shift, flip, places.map(value).collect()));
        }
    }
    all
}

#[test]
fn every_shift_and_turn_comes_up_equally_often_and_nothing_else() {
    for (margin, crop) in [(0, 1), (1, 1), (1, 2), (2, 1)] {
        let (images, augment) = (images(2, margin), Augment { crop, flip: true, colour: 0.0 });
        let indices: Vec<u32> = (0..4000).map(|i| i % 2).collect();
        let batch = images.augmented(&indices, &augment, &mut rng(1), &Device::Cpu).unwrap();
        assert_eq!(batch.dims(), [4000, 3, 5, 4]);
        let possible = [0, 1].map(|i| possible(&images, i, &augment));
        let mut counts = vec![0; possible[0].len()];
        for (n, values) in numbers(&batch).chunks_exact(60).enumerate() {
            let found = possible[n % 2].iter().position(|(.., image)| image == values);
            counts[found.expect("a shift of the image, turned around or not")] += 1;
        }
        let mean = 4000.0 / counts.len() as f64;
        // Five standard deviations of a count.
        assert!(counts.iter().all(|&c| (f64::from(c) - mean).abs() < 5.0 * mean.sqrt()), "{margin} {crop}: {counts:?}");
    }
}

#[test]
fn draws_are_those_of_the_generator_and_do_not_mix() {
    let images = images(3, 1);
    let indices = [0, 1, 2, 2, 1, 0];
    let of = |augment: &Augment, step| numbers(&images.augmented(&indices, augment, &mut rng(step), &Device::Cpu).unwrap());
    let all = Augment { crop: 1, flip: true, colour: 0.5 };
    assert_eq!(of(&all, 1), of(&all, 1));
    assert_ne!(of(&all, 1), of(&all, 2));
    assert_eq!(of(&OFF, 1), numbers(&images.batch(&indices, &Device::Cpu).unwrap()));
    // Shifts stay where they were when images are turned around too.
    let shift = Augment { crop: 1, ..OFF };
    let place = |augment: &Augment, step| -> Vec<[isize; 2]> {
        let values = of(augment, step);
        let images = values.chunks_exact(60).zip(indices);
        let places = images.map(|(v, i)| possible(&images_of(), i as usize, augment).into_iter().find(|p| p.2 == v).unwrap().0);
        places.collect()
    };
    fn images_of() -> Images {
        self::images(3, 1)
    }
    for step in 0..20 {
        assert_eq!(place(&shift, step), place(&Augment { flip: true, ..shift }, step));
    }
}

/// Mean brightness of the three planes.
fn luma(values: &[f64]) -> f64 {
    let mean = |plane: &[f64]| plane.iter().sum::<f64>() / plane.len() as f64;
    0.299 * mean(&values[..20]) + 0.587 * mean(&values[20..40]) + 0.114 * mean(&values[40..])
}

#[test]
fn colours_are_moved_as_brightness_contrast_and_saturation_say() {
    let bytes: Vec<u8> = (0..60).map(|i| 60 + (i * 37 % 101) as u8).collect();
    let plain: Vec<f64> = bytes.iter().map(|&b| f64::from(b)).collect();
    let apply = |factors: [f32; 3]| -> Vec<f64> {
        let mut out = vec![0.0; 60];
        recolour(&bytes, 20, factors, &mut out);
        out.iter().map(|&v| (f64::from(v) + 1.0) * 127.5).collect()
    };
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(close(&apply([1.0; 3]), &plain));
    assert!(close(&apply([1.3, 1.0, 1.0]), &plain.iter().map(|v| 1.3 * v).collect::<Vec<_>>()));
    let m = luma(&plain);
    assert!(close(&apply([1.0, 0.4, 1.0]), &plain.iter().map(|v| m + 0.4 * (v - m)).collect::<Vec<_>>()));
    // Without saturation all three planes are the image's grey.
    let grey: Vec<f64> = (0..20).map(|i| 0.299 * plain[i] + 0.587 * plain[20 + i] + 0.114 * plain[40 + i]).collect();
    assert!(close(&apply([1.0, 1.0, 0.0]), &[&grey[..], &grey, &grey].concat()));
    // Contrast and saturation leave the mean brightness alone; together they are one after the other.
    assert!((luma(&apply([0.8, 0.7, 0.5])) - 0.8 * m).abs() < 1e-3);
    let expected = plain.iter().enumerate().map(|(i, v)| {
        let (v, g) = (0.8 * v, 0.8 * grey[i % 20]);
        let (v, g) = (0.8 * m + 0.7 * (v - 0.8 * m), 0.8 * m + 0.7 * (g - 0.8 * m));
        g + 0.5 * (v - g)
    });
    assert!(close(&apply([0.8, 0.7, 0.5]), &expected.collect::<Vec<_>>()));
    let bright = apply([2.0, 2.0, 2.0]);
    assert!(bright.iter().all(|v| (0.0..=255.01).contains(v)) && bright.iter().any(|&v| v > 254.99));
}

#[test]
fn grey_images_are_recoloured_without_saturation() {
    let bytes: Vec<u8> = (0..20).map(|i| 50 + i * 5).collect();
    let mut out = vec![0.0; 20];
    recolour(&bytes, 20, [1.2, 0.5, 0.1], &mut out);
    let mean = bytes.iter().map(|&b| f64::from(b)).sum::<f64>() / 20.0;
    for (&byte, value) in bytes.iter().zip(out) {
        let expected = 1.2 * (mean + 0.5 * (f64::from(byte) - mean));
        assert!(((f64::from(value) + 1.0) * 127.5 - expected).abs() < 1e-3);
    }
}

#[test]
fn an_image_that_is_not_there_is_refused() {
    assert!(images(2, 1).augmented(&[2], &Augment { crop: 1, ..OFF }, &mut rng(0), &Device::Cpu).is_err());
    assert_eq!(images(2, 1).augmented(&[], &OFF, &mut rng(0), &Device::Cpu).unwrap().dims(), [0, 3, 5, 4]);
}
