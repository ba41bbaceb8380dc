//! Times of the paper-size encoder's layers, forward and backward: `cargo bench --bench nn`.
//!
//! Medians over 20 runs on as many threads as `RAYON_NUM_THREADS` says (one per core without it).

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use dim_tui::nn::{Adam, BatchNorm, Conv, Draws, Linear, Stats, Store, grad_norm, rng};

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
    let forward = median(|| run().map(drop))?;
    let both = median(|| run()?.sqr()?.mean_all()?.backward().map(drop))?;
    let params = store.group("");
    let grads = run()?.sqr()?.mean_all()?.backward()?;
    let mut adam = Adam::new();
    let step = median(|| adam.step(&params, &grads, 1e-9, 1.0))?;
    let norm = median(|| grad_norm(&params, &grads).map(drop))?;
    println!("encoder, batch {BATCH}: forward {forward:.2} ms, forward and backward {both:.2} ms");
    println!(
        "{} parameters: adam {step:.2} ms, gradient norm {norm:.2} ms",
        params.iter().map(|(_, p)| p.elem_count()).sum::<usize>()
    );
    Ok(())
}

fn layer(name: &str, x: &Tensor, forward: impl Fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    let alone = median(|| forward(x).map(drop))?;
    let both = median(|| forward(x)?.sum_all()?.backward().map(drop))?;
    println!("{name:<22} forward {alone:>6.2} ms   forward and backward {both:>6.2} ms");
    Ok(())
}

fn random(shape: &[usize]) -> Result<Tensor> {
    let numbers = rng::normal(&mut Draws { seed: 1, attempt: 0 }.rng("bench", 0), shape.iter().product());
    Tensor::from_vec(numbers, shape, &Device::Cpu)
}

fn median(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..23 {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // The first three warm caches and pools.
    times.drain(..3);
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
