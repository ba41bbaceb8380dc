//! How much of the image can be read back out of the code: a decoder is trained on frozen codes to the least squared error, and judged on
//! held-out images.

use candle_core::{DType, Device, Tensor};
use serde::Serialize;

use super::Error;
use crate::{
    data::Images,
    eval::{Features, Shape, Standardiser, ms_ssim, ssim},
    model::Decoder,
    nn::{self, Adam, Draws, Gradients, Stats, Store},
};

/// Means over held-out images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reconstruction {
    /// Mean squared error of a value in [0, 1].
    pub mse: f64,
    /// That of the mean training image, which knows nothing of the code.
    pub mse_of_mean: f64,
    /// Structural similarity, 1 for the same image (Wang et al. 2004).
    pub ssim: Option<f64>,
    /// The same over several scales (Wang, Simoncelli & Bovik 2003). Theirs has five scales and a window of 11 pixels, which takes images
    /// of 176; smaller ones have a window of 7 and as many scales as fit (three at 32 pixels), and such values compare with their like
    /// only: hence the next two numbers.
    pub ms_ssim: Option<f64>,
    pub ms_ssim_scales: usize,
    pub ms_ssim_window: usize,
}

/// How long to train.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub seed: u64,
    pub steps: u64,
}

const LR: f64 = 1e-3;
const BATCH: usize = 64;

/// Trains a decoder from `codes` to the first images of `train`, and judges it on those of `test`. `told` is called after each step.
///
/// # Errors
/// [`Error::Input`] if the images are of a size that the decoder does not make; Candle's.
pub fn reconstruction(
    (codes, train): (&Features, &Images),
    (test_codes, test): (&Features, &Images),
    settings: Settings,
    told: &mut dyn FnMut(),
) -> Result<Reconstruction, Error> {
    if train.height != train.width || !train.height.is_multiple_of(4) {
        let (w, h) = (train.width, train.height);
        return Err(Error::Input(format!("the decoder makes square images whose side is a multiple of 4, not {w}×{h}")));
    }
    let scale = Standardiser::fit(codes);
    let (codes, test_codes) = (scale.apply(codes), scale.apply(test_codes));
    let draws = Draws { seed: settings.seed, attempt: 0 };
    let mut store = Store::new(draws, &Device::Cpu, DType::F32);
    let decoder = Decoder::new(store.root().sub("decoder"), codes.dim, train.channels, train.height)?;
    let params = store.group("decoder");
    let (mut adam, mut gradients) = (Adam::new(), Gradients::default());
    for step in 1..=settings.steps {
        let rows = nn::distinct(&mut draws.rng("decoder/rows", step), BATCH, codes.n);
        let images = train.batch(&rows, &Device::Cpu)?;
        let loss = (decoder.forward(&rows_of(&codes, &rows)?, Stats::Train)? - images)?.sqr()?.mean_all()?;
        gradients.update(&loss)?;
        // The rate falls to nought, so that the last steps do not leave their noise behind.
        let rate = LR * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / settings.steps as f64).cos());
        adam.step(&params, &gradients, rate, 1.0)?;
        told();
    }
    judge(&decoder, &test_codes, test, &mean_image(train, codes.n))
}

fn rows_of(codes: &Features, rows: &[u32]) -> Result<Tensor, Error> {
    let values: Vec<f32> = rows.iter().flat_map(|&i| codes.row(i as usize)).copied().collect();
    Ok(Tensor::from_vec(values, (rows.len(), codes.dim), &Device::Cpu)?)
}

/// Value by value over the first `n` images, in [0, 1].
fn mean_image(images: &Images, n: usize) -> Vec<f64> {
    let mut mean = vec![0.0; images.image_bytes()];
    for image in images.seen(n).chunks_exact(images.image_bytes()) {
        mean.iter_mut().zip(image).for_each(|(m, &byte)| *m += f64::from(byte));
    }
    mean.iter_mut().for_each(|m| *m /= 255.0 * n.max(1) as f64);
    mean
}

fn judge(decoder: &Decoder, codes: &Features, images: &Images, mean: &[f64]) -> Result<Reconstruction, Error> {
    let (size, seen) = (images.image_bytes(), images.seen(codes.n));
    let shape = Shape { channels: images.channels, height: images.height, width: images.width };
    let (mut mse, mut mse_of_mean, mut similar, mut similar_scales, mut scales) = (0.0, 0.0, Some(0.0), Some(0.0), (0, 0));
    for rows in (0..codes.n as u32).collect::<Vec<_>>().chunks(256) {
        let decoded = decoder.forward(&rows_of(codes, rows)?, Stats::Eval)?.flatten_all()?.to_vec1::<f32>()?;
        for (&row, decoded) in rows.iter().zip(decoded.chunks_exact(size)) {
            let original = &seen[row as usize * size..][..size];
            let original: Vec<f32> = original.iter().map(|&byte| f32::from(byte) / 255.0).collect();
            // Out of [−1, 1], cut off where no image can be.
            let decoded: Vec<f32> = decoded.iter().map(|v| (0.5 * (v + 1.0)).clamp(0.0, 1.0)).collect();
            mse += squared(original.iter().zip(&decoded).map(|(a, b)| f64::from(a - b)));
            mse_of_mean += squared(original.iter().zip(mean).map(|(a, m)| f64::from(*a) - m));
            similar = similar.zip(ssim(&original, &decoded, shape, 1.0)).map(|(sum, value)| sum + value);
            let several = ms_ssim(&original, &decoded, shape, 1.0);
            similar_scales = similar_scales.zip(several).map(|(sum, several)| sum + several.value);
            scales = several.map_or((0, 0), |several| (several.scales, several.window));
        }
    }
    let n = codes.n.max(1) as f64;
    Ok(Reconstruction {
        mse: mse / n,
        mse_of_mean: mse_of_mean / n,
        ssim: similar.map(|sum| sum / n),
        ms_ssim: similar_scales.map(|sum| sum / n),
        ms_ssim_scales: scales.0,
        ms_ssim_window: scales.1,
    })
}

/// Mean square.
fn squared(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    values.map(|v| v * v).sum::<f64>() / n
}
