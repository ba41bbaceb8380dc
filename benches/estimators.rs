//! Time of each estimator's reading and of its gradient, on the scores of a batch of 64: `cargo bench --bench estimators`.
//!
//! A bench that cannot run ends with a panic: nobody could act on an error. One JSON line an estimator and shape: [G, R] joint and [G, K] marginal scores of the local term at one location each
//! (4096 × 1, K = 63) and shared over an image's locations (64 × 64, K = 4032).

use std::time::Instant;

use candle_core::{Device, Tensor, Var};
use dim_estimators::{Scores, by_name, names};
use dim_tui::nn::{Draws, normal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 30;

fn scores(name: &str, shape: (usize, usize)) -> Var {
    let mut rng = Draws { seed: 0, attempt: 0 }.rng(name, 0);
    let values = normal(&mut rng, shape.0 * shape.1);
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).expect("as many numbers")).expect("a variable")
}

fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            1e3 * start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn main() {
    // SAFETY: no other thread runs yet. Candle's elementwise pool spins and takes the cores from everyone.
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    for (groups, positives, negatives) in [(4096, 1, 63), (64, 64, 4032)] {
        let (joint, marginal) = (scores("joint", (groups, positives)), scores("marginal", (groups, negatives)));
        for name in names() {
            let estimator = by_name(&name).expect("the table's own name");
            let read = || {
                let scores = Scores::new(joint.as_tensor().clone(), marginal.as_tensor().clone()).expect("scores");
                estimator.read(&scores).expect("a reading")
            };
            let forward = median(|| drop(read()));
            let both = median(|| drop(read().objective.backward().expect("gradients")));
            println!(
                "{{\"estimator\": \"{name}\", \"groups\": {groups}, \"positives\": {positives}, \"negatives\": {negatives}, \
                 \"read_ms\": {forward:.2}, \"with_gradient_ms\": {both:.2}}}"
            );
        }
    }
}
