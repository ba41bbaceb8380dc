//! The CPU kernel of BatchNorm with or without ReLU: one pass forward, two backward.

use std::ops::Range;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{
    gradients::deposit_sums,
    host::{Held, Real, slice_of, tensor, vectorized, zeros},
    sums::{gated_sums, sum},
};

/// An input [images, channels, positions].
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub images: usize,
    pub channels: usize,
    pub positions: usize,
}

impl Sizes {
    fn count(&self) -> f64 {
        (self.images * self.positions) as f64
    }

    /// Calls `visit(slot, run)` for each image's run of positions of each of `len` channels from `first` on.
    fn for_runs(&self, first: usize, len: usize, mut visit: impl FnMut(usize, Range<usize>)) {
        for n in 0..self.images {
            for slot in 0..len {
                let start = (n * self.channels + first + slot) * self.positions;
                visit(slot, start..start + self.positions);
            }
        }
    }

    /// Calls `visit` with each image's values of `len` channels from `first` on, where there is one position only.
    fn for_rows<T>(&self, x: &[T], first: usize, len: usize, mut visit: impl FnMut(&[T])) {
        x.chunks_exact(self.channels).for_each(|row| visit(&row[first..first + len]));
    }
}

/// Mean and biased variance of each channel.
pub(super) fn batch_moments(x: &Tensor, sizes: Sizes) -> Result<(Vec<f64>, Vec<f64>)> {
    fn typed<T: Real>(x: &[T], sizes: Sizes) -> (Vec<f64>, Vec<f64>) {
        let count = sizes.count();
        // Each block of channels is read twice in a row, the second time from the cache. The mean comes first because
        // E[x²] − E[x]² cancels where the mean is large.
        let mut moments = vec![[0f64; 2]; sizes.channels];
        for_channel_blocks(sizes, &mut moments, |first, block| {
            if sizes.positions == 1 {
                let (mut sums, mut squares) = (vec![0f64; block.len()], vec![0f64; block.len()]);
                sizes.for_rows(x, first, block.len(), |row| add_row(&mut sums, row, |_, v| v));
                sums.iter_mut().for_each(|sum| *sum /= count);
                sizes.for_rows(x, first, block.len(), |row| add_row(&mut squares, row, |i, v| (v - sums[i]).powi(2)));
                let both = sums.into_iter().zip(squares);
                block.iter_mut().zip(both).for_each(|(moment, (mean, square))| *moment = [mean, square / count]);
                return;
            }
            sizes.for_runs(first, block.len(), |slot, run| block[slot][0] += sum(&x[run], |v| v));
            block.iter_mut().for_each(|moment| moment[0] /= count);
            sizes.for_runs(first, block.len(), |slot, run| {
                let mean = block[slot][0];
                block[slot][1] += sum(&x[run], |v| (v - mean) * (v - mean));
            });
            block.iter_mut().for_each(|moment| moment[1] /= count);
        });
        moments.into_iter().map(|[mean, var]| (mean, var)).unzip()
    }
    let held = Held::new(x)?;
    Ok(match x.dtype() {
        DType::F32 => typed::<f32>(held.slice()?, sizes),
        _ => typed::<f64>(held.slice()?, sizes),
    })
}

/// Hands blocks of channels, with their slots of `results`, to the threads.
fn for_channel_blocks<R: Send>(sizes: Sizes, results: &mut [R], work: impl Fn(usize, &mut [R]) + Sync) {
    // At least a few cache lines of each image per block.
    let block = 64usize.div_ceil(sizes.positions.max(1));
    results.par_chunks_mut(block).enumerate().for_each(|(i, part)| work(i * block, part));
}

/// Adds `term(i, vᵢ)` to each of the sums.
fn add_row<T: Real>(sums: &mut [f64], row: &[T], term: impl Fn(usize, f64) -> f64) {
    vectorized(
        #[inline(always)]
        || sums.iter_mut().zip(row).enumerate().for_each(|(i, (sum, v))| *sum += term(i, v.to_f64())),
    );
}

/// Normalise, scale, shift and, if wanted, ReLU; the statistics are saved here for the way back.
pub(super) struct BatchOp {
    pub sizes: Sizes,
    pub mean: Vec<f64>,
    pub inverse_std: Vec<f64>,
    /// Whether the statistics depend on the input, and so carry gradient.
    pub batch_statistics: bool,
    pub relu: bool,
}

impl BatchOp {
    fn forward<T: Real>(&self, x: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
        let p = self.sizes.positions;
        let mut out = zeros(x.len());
        let image = self.sizes.channels * p;
        out.par_chunks_mut(image.max(1)).zip(x.par_chunks(image.max(1))).for_each(|(out, x)| {
            for c in 0..self.sizes.channels {
                let scale = T::from_f64(weight[c].to_f64() * self.inverse_std[c]);
                let (mean, shift) = (T::from_f64(self.mean[c]), bias[c]);
                let run = out[c * p..][..p].iter_mut().zip(&x[c * p..][..p]);
                vectorized(
                    #[inline(always)]
                    || {
                        if self.relu {
                            // Written so that a NaN stays one.
                            run.for_each(|(y, &v)| {
                                let z = (v - mean) * scale + shift;
                                *y = if z <= T::zero() { T::zero() } else { z };
                            });
                        } else {
                            run.for_each(|(y, &v)| *y = (v - mean) * scale + shift);
                        }
                    },
                );
            }
        });
        out
    }

    /// Σ dy and Σ dy·(x − mean) of each channel, dy being 0 where ReLU cut off.
    fn sums<T: Real>(&self, x: &[T], y: &[T], grad: &[T]) -> Vec<[f64; 2]> {
        let mut sums = vec![[0f64; 2]; self.sizes.channels];
        for_channel_blocks(self.sizes, &mut sums, |first, block| {
            if self.sizes.positions == 1 {
                for n in 0..self.sizes.images {
                    let at = n * self.sizes.channels + first;
                    self.add_gated(block, first, [&x[at..], &y[at..], &grad[at..]]);
                }
                return;
            }
            self.sizes.for_runs(first, block.len(), |slot, run| {
                let passes = if self.relu { Some(&y[run.clone()]) } else { None };
                let more = gated_sums(&grad[run.clone()], passes, &x[run], self.mean[first + slot]);
                block[slot].iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            });
        });
        sums
    }

    /// Adds one image's values to the sums of the channels from `first` on, where there is one position only.
    fn add_gated<T: Real>(&self, sums: &mut [[f64; 2]], first: usize, [x, y, grad]: [&[T]; 3]) {
        let values = x.iter().zip(y).zip(grad).zip(&self.mean[first..]);
        vectorized(
            #[inline(always)]
            || {
                for (sum, (((&x, &y), &g), mean)) in sums.iter_mut().zip(values) {
                    let g = self.passed(y, g).to_f64();
                    sum[0] += g;
                    sum[1] += g * (x.to_f64() - mean);
                }
            },
        );
    }

    /// What of gradient `g` passes ReLU's output `y`.
    #[inline(always)]
    fn passed<T: Real>(&self, y: T, g: T) -> T {
        if self.relu && y <= T::zero() { T::zero() } else { g }
    }

    fn by_input<T: Real>(&self, x: &[T], y: &[T], grad: &[T], weight: &[T], sums: &[[f64; 2]]) -> Vec<T> {
        let (p, count) = (self.sizes.positions, self.sizes.count());
        let image = (self.sizes.channels * p).max(1);
        let mut out = zeros(x.len());
        let inputs = x.par_chunks(image).zip(y.par_chunks(image)).zip(grad.par_chunks(image));
        out.par_chunks_mut(image).zip(inputs).for_each(|(out, ((x, y), grad))| {
            for c in 0..self.sizes.channels {
                let scale = T::from_f64(weight[c].to_f64() * self.inverse_std[c]);
                // dx = γ/σ · (dy − mean(dy) − x̂·mean(dy·x̂))
                let (mut offset, mut slope) = (0.0, 0.0);
                if self.batch_statistics {
                    offset = sums[c][0] / count;
                    slope = sums[c][1] / count * self.inverse_std[c] * self.inverse_std[c];
                }
                let (mean, offset, slope) = (T::from_f64(self.mean[c]), T::from_f64(offset), T::from_f64(slope));
                let at = c * p..(c + 1) * p;
                let values = x[at.clone()].iter().zip(&y[at.clone()]).zip(&grad[at.clone()]);
                vectorized(
                    #[inline(always)]
                    || {
                        for (out, ((&v, &y), &g)) in out[at].iter_mut().zip(values) {
                            *out = scale * (self.passed(y, g) - offset - (v - mean) * slope);
                        }
                    },
                );
            }
        });
        out
    }

    fn backward<T: Real>(&self, [x, w, b, res, grad]: [&Tensor; 5]) -> Result<[Option<Tensor>; 3]> {
        let grad = grad.contiguous()?;
        let (held_x, held_w, held_y, held_grad) = (Held::new(x)?, Held::new(w)?, Held::new(res)?, Held::new(&grad)?);
        let (values, y, g) = (held_x.slice::<T>()?, held_y.slice::<T>()?, held_grad.slice::<T>()?);
        let sums = self.sums(values, y, g);
        let by_bias: Vec<f64> = sums.iter().map(|s| s[0]).collect();
        let by_weight: Vec<f64> = sums.iter().zip(&self.inverse_std).map(|(s, inverse)| s[1] * inverse).collect();
        let by_x =
            if x.track_op() { Some(tensor(self.by_input(values, y, g, held_w.slice()?, &sums), x.shape())?) } else { None };
        Ok([by_x, deposit_sums::<T>(w, &by_weight)?, deposit_sums::<T>(b, &by_bias)?])
    }
}

impl CustomOp3 for BatchOp {
    fn name(&self) -> &'static str {
        "batch-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_at: &Layout,
        w: &CpuStorage,
        w_at: &Layout,
        b: &CpuStorage,
        b_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let storage = match x {
            CpuStorage::F32(_) => CpuStorage::F32(self.forward(slice_of(x, x_at)?, slice_of(w, w_at)?, slice_of(b, b_at)?)),
            _ => CpuStorage::F64(self.forward(slice_of(x, x_at)?, slice_of(w, w_at)?, slice_of(b, b_at)?)),
        };
        Ok((storage, x_at.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [by_x, by_w, by_b] = match x.dtype() {
            DType::F32 => self.backward::<f32>([x, w, b, res, grad])?,
            _ => self.backward::<f64>([x, w, b, res, grad])?,
        };
        Ok((by_x, by_w, by_b))
    }
}
