//! The CPU kernel of BatchNorm with or without ReLU: one pass forward, two backward.

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{
    gradients::deposit_sums,
    host::{Held, Real, slice_of, tensor, vectorized},
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
}

/// Mean and biased variance of each channel.
pub(super) fn batch_moments(x: &Tensor, sizes: Sizes) -> Result<(Vec<f64>, Vec<f64>)> {
    fn typed<T: Real>(x: &[T], sizes: Sizes) -> (Vec<f64>, Vec<f64>) {
        let count = sizes.count();
        // Each block of channels is read twice in a row, the second time from the cache. The mean comes first because
        // E[x²] − E[x]² cancels where the mean is large.
        let mut moments = vec![[0f64; 2]; sizes.channels];
        for_channel_blocks(sizes, &mut moments, |first, block| {
            let mut lanes = vec![[[0f64; LANES]; 1]; block.len()];
            for_runs(sizes, first, block.len(), |slot, at| {
                let run = &x[at..][..sizes.positions];
                let lanes = &mut lanes[slot];
                vectorized(|| add_lanes(lanes, run.len(), |i| [run[i].to_f64()]));
            });
            for (moment, lanes) in block.iter_mut().zip(&mut lanes) {
                moment[0] = lanes[0].iter().sum::<f64>() / count;
                *lanes = [[0.0; LANES]];
            }
            for_runs(sizes, first, block.len(), |slot, at| {
                let (run, mean) = (&x[at..][..sizes.positions], block[slot][0]);
                let lanes = &mut lanes[slot];
                vectorized(|| add_lanes(lanes, run.len(), |i| [(run[i].to_f64() - mean) * (run[i].to_f64() - mean)]));
            });
            for (moment, lanes) in block.iter_mut().zip(&lanes) {
                moment[1] = lanes[0].iter().sum::<f64>() / count;
            }
        });
        moments.into_iter().map(|[mean, var]| (mean, var)).unzip()
    }
    let held = Held::new(x)?;
    Ok(match x.dtype() {
        DType::F32 => typed::<f32>(held.slice()?, sizes),
        _ => typed::<f64>(held.slice()?, sizes),
    })
}

/// Independent partial sums, so that additions need not wait for each other. Their number fixes the order of summation.
const LANES: usize = 8;

/// Adds `term(i)`, for each place i of a run of `len`, to lane i mod 8.
#[inline(always)]
pub(super) fn add_lanes<const K: usize>(lanes: &mut [[f64; LANES]; K], len: usize, term: impl Fn(usize) -> [f64; K]) {
    let whole = len - len % LANES;
    for start in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            for (sums, term) in lanes.iter_mut().zip(term(start + lane)) {
                sums[lane] += term;
            }
        }
    }
    for i in whole..len {
        for (sums, term) in lanes.iter_mut().zip(term(i)) {
            sums[i - whole] += term;
        }
    }
}

/// Hands blocks of channels, with their slots of `results`, to the threads.
fn for_channel_blocks<R: Send>(sizes: Sizes, results: &mut [R], work: impl Fn(usize, &mut [R]) + Sync) {
    // At least a few cache lines of each image per block.
    let block = 64usize.div_ceil(sizes.positions.max(1));
    results.par_chunks_mut(block).enumerate().for_each(|(i, part)| work(i * block, part));
}

/// Calls `visit(slot, start)` for each image's run of positions of each of `len` channels from `first` on.
fn for_runs(sizes: Sizes, first: usize, len: usize, mut visit: impl FnMut(usize, usize)) {
    for n in 0..sizes.images {
        for slot in 0..len {
            visit(slot, (n * sizes.channels + first + slot) * sizes.positions);
        }
    }
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
        let mut out = vec![T::default(); x.len()];
        let image = self.sizes.channels * p;
        out.par_chunks_mut(image.max(1)).zip(x.par_chunks(image.max(1))).for_each(|(out, x)| {
            for c in 0..self.sizes.channels {
                let scale = T::from_f64(weight[c].to_f64() * self.inverse_std[c]);
                let (mean, shift) = (T::from_f64(self.mean[c]), bias[c]);
                let run = out[c * p..][..p].iter_mut().zip(&x[c * p..][..p]);
                vectorized(|| {
                    if self.relu {
                        // Written so that a NaN stays one.
                        run.for_each(|(y, &v)| {
                            let z = (v - mean) * scale + shift;
                            *y = if z <= T::zero() { T::zero() } else { z };
                        });
                    } else {
                        run.for_each(|(y, &v)| *y = (v - mean) * scale + shift);
                    }
                });
            }
        });
        out
    }

    /// Σ dy and Σ dy·(x − mean) of each channel, dy being 0 where ReLU cut off.
    fn sums<T: Real>(&self, x: &[T], y: &[T], grad: &[T]) -> Vec<[f64; 2]> {
        let p = self.sizes.positions;
        let mut sums = vec![[0f64; 2]; self.sizes.channels];
        for_channel_blocks(self.sizes, &mut sums, |first, block| {
            let mut lanes = vec![[[0f64; LANES]; 2]; block.len()];
            for_runs(self.sizes, first, block.len(), |slot, at| {
                let mean = self.mean[first + slot];
                let (x, y, grad) = (&x[at..][..p], &y[at..][..p], &grad[at..][..p]);
                let lanes = &mut lanes[slot];
                vectorized(|| {
                    add_lanes(lanes, p, |i| {
                        let g = self.passed(y[i], grad[i]).to_f64();
                        [g, g * (x[i].to_f64() - mean)]
                    });
                });
            });
            for (sum, lanes) in block.iter_mut().zip(&lanes) {
                *sum = lanes.map(|lane| lane.iter().sum());
            }
        });
        sums
    }

    #[inline(always)]
    /// What of gradient `g` passes ReLU's output `y`.
    fn passed<T: Real>(&self, y: T, g: T) -> T {
        if self.relu && y <= T::zero() { T::zero() } else { g }
    }

    fn by_input<T: Real>(&self, x: &[T], y: &[T], grad: &[T], weight: &[T], sums: &[[f64; 2]]) -> Vec<T> {
        let (p, count) = (self.sizes.positions, self.sizes.count());
        let image = (self.sizes.channels * p).max(1);
        let mut out = vec![T::default(); x.len()];
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
                vectorized(|| {
                    for (out, ((&v, &y), &g)) in out[at].iter_mut().zip(values) {
                        *out = scale * (self.passed(y, g) - offset - (v - mean) * slope);
                    }
                });
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
