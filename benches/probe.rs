//! Time of a linear probe on features as wide as the encoder's layers, and what a whole probe costs the training that goes
//! on beside it: `cargo bench --bench probe`.
//!
//! One JSON line a case. The probe is fitted on one thread. Features of the first part are noise around a class's own mean,
//! far enough apart that the fit has something to find. The second part trains with the shipped config in blocks, in turns
//! with and without one probe. A bench that cannot run ends with a panic that says at what: nobody could act on an error.

use std::{path::Path, sync::Arc, time::Instant};

use candle_core::Device;
use dim_tui::{
    config, data,
    eval::{Features, ProbeThread, linear_accuracy},
    nn::{Draws, normal},
    train::{Scripts, Trainer},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Steps of a block: enough that the fit ends within it.
const BLOCK: usize = 40;
/// Pairs of blocks.
const ROUNDS: usize = 7;

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
    // SAFETY: no other thread runs yet. Candle's elementwise pool spins and takes the cores from the matrix products.
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    fits();
    // The trainer's thread: the reverse pass recurses over the graph.
    let work = std::thread::Builder::new().stack_size(64 << 20).spawn(beside_training);
    work.expect("a thread").join().expect("the steps are taken");
}

fn beside_training() {
    let config = config::load(None, &[]).expect("the shipped config");
    let every = config.probe.every;
    let request =
        data::Request { dir: Path::new(""), train_limit: config.data.train_limit, side: 64, seed: 0, phase: &|_: String| {} };
    let dataset = Arc::new(data::load(&config.data.name, &request).expect("shapes are drawn"));
    let mut trainer = Trainer::new(Arc::new(config), Scripts::default(), dataset, Device::Cpu).expect("a trainer");
    let mut thread = ProbeThread::spawn().expect("a thread");
    let (mut without, mut with, mut features) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let block = |trainer: &mut Trainer| (0..BLOCK).for_each(|_| drop(trainer.step().expect("a step")));
        let start = Instant::now();
        block(&mut trainer);
        let plain = start.elapsed();
        let start = Instant::now();
        let input = trainer.probe_input().expect("features");
        let encoded = start.elapsed();
        thread.submit(input).expect("an idle thread");
        block(&mut trainer);
        thread.wait().expect("a fit");
        // The first round makes buffers.
        if round > 0 {
            without.push(1e3 * plain.as_secs_f64());
            with.push(1e3 * start.elapsed().as_secs_f64());
            features.push(1e3 * encoded.as_secs_f64());
        }
    }
    let step = median(&mut without) / BLOCK as f64;
    let cost = median(&mut with) - median(&mut without);
    println!(
        "{{\"step_ms\": {step:.1}, \"probe_ms\": {cost:.0}, \"features_ms\": {:.0}, \"every\": {every}, \"share\": {:.3}}}",
        median(&mut features),
        cost / (step * every as f64)
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn fits() {
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
