//! Times of the paper-size encoder's layers, forward and backward: `cargo bench --bench nn`.
//!
//! Median and best of 20 runs on as many threads as `RAYON_NUM_THREADS` says (one per core without it).

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use dim_tui::nn::{Adam, BatchNorm, Conv, Draws, Gradients, Linear, Stats, Store, grad_norm, rng};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;

fn main() -> Result<()> {
    let mut store = Store::new(Draws { seed: 0, attempt: 0 }, &Device::Cpu, DType::F32);
    for (input, output, size) in [(3, 64, 32), (64, 128, 16), (128, 256, 8)] {
        let conv = Conv::new(store.root().sub(&format!("conv{input}")), input, output, 4, 2, 1)?;
        let x = random(&[BATCH, input, size, size])?;
        // A second image of the same numbers that tracks gradient, as a deeper layer's input does.
        let tracked = if input > 3 { candle_core::Var::from_tensor(&x)?.into_inner() } else { x };
        layer(&format!("conv {input}→{output}"), &tracked, |x| conv.forward(x))?;
    }
    for (features, size) in [(64, 16), (128, 8), (256, 4)] {
        let norm = BatchNorm::new(store.root().sub(&format!("norm{features}")), features)?;
        let x = candle_core::Var::from_tensor(&random(&[BATCH, features, size, size])?)?;
        layer(&format!("norm+relu {features}×{size}×{size}"), &x, |x| norm.forward_relu(x, Stats::Train))?;
    }
    let fc = Linear::new(store.root().sub("fc"), 4096, 1024, false)?;
    let x = candle_core::Var::from_tensor(&random(&[BATCH, 4096])?)?;
    layer("linear 4096→1024", &x, |x| fc.forward(x))?;
    encoder()
}

/// The whole encoder, with the optimiser's step apart.
fn encoder() -> Result<()> {
    let mut store = Store::new(Draws { seed: 0, attempt: 0 }, &Device::Cpu, DType::F32);
    let mut root = store.root();
    let mut stages = Vec::new();
    for (i, (input, output)) in [(3, 64), (64, 128), (128, 256)].into_iter().enumerate() {
        let conv = Conv::new(root.sub(&format!("conv{i}")), input, output, 4, 2, 1)?;
        stages.push((conv, BatchNorm::new(root.sub(&format!("norm{i}")), output)?));
    }
    let fc = Linear::new(root.sub("fc"), 4096, 1024, false)?;
    let norm = BatchNorm::new(root.sub("norm"), 1024)?;
    let code = Linear::new(root.sub("code"), 1024, 64, true)?;
    let images = random(&[BATCH, 3, 32, 32])?;
    let run = || -> Result<Tensor> {
        let mut h = images.clone();
        for (conv, norm) in &stages {
            h = norm.forward_relu(&conv.forward(&h)?, Stats::Train)?;
        }
        code.forward(&norm.forward_relu(&fc.forward(&h.flatten_from(1)?)?, Stats::Train)?)
    };
    let forward = time(|| run().map(drop))?;
    let both = time(|| run()?.sqr()?.mean_all()?.backward().map(drop))?;
    let params = store.group("");
    let grads = Gradients::of(&run()?.sqr()?.mean_all()?)?;
    let mut adam = Adam::new();
    let step = time(|| adam.step(&params, &grads, 1e-9, 1.0))?;
    let norm = time(|| grad_norm(&params, &grads).map(drop))?;
    println!("encoder, batch {BATCH}\n    forward {forward}\n    both    {both}");
    println!("{} parameters\n    adam {step}\n    norm {norm}", params.iter().map(|(_, p)| p.elem_count()).sum::<usize>());
    Ok(())
}

fn layer(name: &str, x: &Tensor, forward: impl Fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    let alone = time(|| forward(x).map(drop))?;
    let weights = random(forward(x)?.dims())?;
    let both = time(|| (forward(x)? * &weights)?.sum_all()?.backward().map(drop))?;
    println!("{name}\n    forward {alone}\n    both    {both}");
    Ok(())
}

fn random(shape: &[usize]) -> Result<Tensor> {
    let numbers = rng::normal(&mut Draws { seed: 1, attempt: 0 }.rng("bench", 0), shape.iter().product());
    Tensor::from_vec(numbers, shape, &Device::Cpu)
}

/// What the runs of one thing took, in milliseconds.
struct Times {
    median: f64,
    best: f64,
    /// Processor time of all threads together: tells a busy machine from slow code.
    processor: f64,
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>6.2} ms (best {:.2}, processor {:.2})", self.median, self.best, self.processor)
    }
}

fn time(mut run: impl FnMut() -> Result<()>) -> Result<Times> {
    const RUNS: usize = 20;
    // The first runs warm caches and pools.
    for _ in 0..3 {
        run()?;
    }
    let mut times = Vec::with_capacity(RUNS);
    let before = processor_seconds();
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let processor = (processor_seconds() - before) * 1e3 / RUNS as f64;
    times.sort_by(f64::total_cmp);
    Ok(Times { median: times[RUNS / 2], best: times[0], processor })
}

/// Processor time of this process so far.
fn processor_seconds() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec on this stack, which the call fills in.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}
