//! Time of whole training steps at the paper's CIFAR-10 encoder: one JSON line a case.
//!
//! `cargo bench --bench step` runs the table of cases; with arguments, one case:
//! `cargo bench --bench step -- units=256 steps=40 objective.global.negatives=63`: `units` and `steps`, then any keys of the
//! config. As many threads as `RAYON_NUM_THREADS` says (one per core without it). `benches/against_pytorch.py` runs it in
//! turns with a PyTorch script. A bench that cannot run ends with a panic that says at what: nobody could act on an error.

use std::{path::Path, sync::Arc, time::Instant};

use candle_core::Device;
use dim_tui::{
    config::{self, Config},
    data,
    train::{Scripts, Trainer},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the yardstick runs: all three terms, JSD, one global negative, all local ones, batch 64.
const COMMON: &[&str] = &[
    "encoder.width=64",
    "encoder.fc=1024",
    "objective.global.mode=train",
    "objective.global.negatives=1",
    "objective.local.negatives=all",
    "data.train_limit=1024",
];

const CASES: &[&[&str]] = &[
    &["critic.units=256"],
    &["critic.units=2048"],
    &["critic.units=2048", "objective.global.negatives=63"],
    &["critic.units=256", "objective.local.negatives=1"],
    &["critic.units=256", "objective.local.locations=any", "objective.local.negatives=1"],
    &["critic.units=256", "objective.local.locations=any", "objective.local.negatives=all"],
    &["critic.units=256", "objective.estimator=dv"],
    &["critic.units=256", "objective.estimator=infonce"],
    &["critic.units=256", "critic.norm=layer"],
];

/// Steps before the clock starts: buffers are made in them.
const WARM: usize = 3;

fn main() {
    // SAFETY: no other thread runs yet. Candle's elementwise pool spins and takes the cores from the matrix products.
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    // `cargo bench` adds --bench.
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    // The trainer's thread: the reverse pass recurses over the graph.
    let work = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        if given.is_empty() {
            CASES.iter().for_each(|case| one(case.iter().map(|s| s.to_string()).collect(), 20));
        } else {
            let steps = given.iter().find_map(|a| a.strip_prefix("steps=")).map_or(20, |n| n.parse().expect("steps=N"));
            let keys = given.iter().filter(|a| !a.starts_with("steps="));
            one(keys.map(|a| a.strip_prefix("units=").map_or(a.clone(), |n| format!("critic.units={n}"))).collect(), steps);
        }
    });
    work.expect("a thread").join().expect("the steps are taken");
}

fn one(keys: Vec<String>, steps: usize) {
    let sets: Vec<String> = COMMON.iter().map(|s| s.to_string()).chain(keys.iter().cloned()).collect();
    let config: Config = config::load(None, &sets).expect("a valid config");
    let phase = |_: String| {};
    let request = data::Request { dir: Path::new(""), train_limit: config.data.train_limit, side: 64, seed: 0, phase: &phase };
    let dataset = Arc::new(data::load(&config.data.name, &request).expect("shapes are drawn"));
    let mut trainer = Trainer::new(Arc::new(config), Scripts::default(), dataset, Device::Cpu).expect("a trainer");
    let mut times = Vec::with_capacity(steps);
    let mut loss = 0.0;
    for i in 0..steps + WARM {
        let start = Instant::now();
        loss = trainer.step().expect("a step").row.loss;
        if i >= WARM {
            times.push(1e3 * start.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{{\"case\": {:?}, \"median_ms\": {:.1}, \"min_ms\": {:.1}, \"p90_ms\": {:.1}, \"loss\": {loss:.4}, \"peak_mib\": {}}}",
        keys.join(" "),
        times[steps / 2],
        times[0],
        times[steps * 9 / 10],
        peak_mib()
    );
}

/// Peak resident memory of this process so far; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
