//! Time of a linear probe on features as wide as the encoder's layers: `cargo bench --bench probe`.
//!
//! One JSON line a case. The probe is fitted on one thread, beside training. Features are noise around a class's own mean,
//! far enough apart that the fit has something to find.

use std::time::Instant;

use dim_tui::{
    eval::{Features, linear_accuracy},
    nn::{Draws, normal},
};

const CLASSES: usize = 10;

fn features(name: &str, n: usize, dim: usize, centres: &[f32]) -> (Features, Vec<u8>) {
    let mut values = normal(&mut Draws { seed: 0, attempt: 0 }.rng(name, dim as u64), n * dim);
    let labels: Vec<u8> = (0..n).map(|i| (i % CLASSES) as u8).collect();
    for (row, &label) in values.chunks_exact_mut(dim).zip(&labels) {
        row.iter_mut().zip(&centres[usize::from(label) * dim..]).for_each(|(v, c)| *v += 0.1 * c);
    }
    (Features::new(n, dim, values), labels)
}

fn main() {
    for (train, test) in [(1000, 1024), (5000, 2000)] {
        for (layer, dim) in [("conv", 4096), ("fc", 1024), ("y", 64)] {
            let centres = normal(&mut Draws { seed: 0, attempt: 0 }.rng("centres", dim as u64), CLASSES * dim);
            let (fit, labels) = features("train", train, dim, &centres);
            let (judge, test_labels) = features("test", test, dim, &centres);
            let start = Instant::now();
            let accuracy = linear_accuracy(&fit, &labels, &judge, &test_labels, CLASSES);
            let ms = 1e3 * start.elapsed().as_secs_f64();
            println!(
                "{{\"layer\": \"{layer}\", \"features\": {dim}, \"train\": {train}, \"test\": {test}, \"ms\": {ms:.0}, \"accuracy\": {accuracy:.3}}}"
            );
        }
    }
}
