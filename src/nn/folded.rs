//! A hidden layer on the far side of a dot product: scores without the layer ever lying in memory twice.
//!
//! On the CPU each thread takes some hidden units and works through them in blocks that stay in its cache: matrix product,
//! BatchNorm, ReLU and the product with the other side, one after the other. A unit's values lie in a row, so that its
//! statistics are sums over a run. What the way back needs, the normalised values, is kept once. Elsewhere it is the same
//! from ordinary operations.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;

use super::{
    BatchNorm, Stats,
    gradients::{deposit, deposit_sums},
    host::{Cores, Held, Mat, Real, matmul, on_host, tensor, vectorized, with_scratch, zeros},
    linear, norm,
    sums::{gated_sums, sum},
    transpose::transposed,
};

/// Hidden units worked on at a time.
const BLOCK: usize = 128;

/// scores[n, p] = Σ_u a[n, u]·ReLU(BN(W x_p))_u + Σ_c b[n, c]·x_pc for `x` [P, C], `w` [U, C], `a` [N, U], `b` [N, C]: [N, P].
///
/// Differentiate it through [`super::Gradients`]: its parameters are beside Candle's graph.
///
/// # Errors
/// If shapes, types or devices do not fit each other.
pub fn folded_scores(x: &Tensor, w: &Var, norm: &BatchNorm, a: &Tensor, b: &Tensor, stats: Stats) -> Result<Tensor> {
    if !on_host(&[x, w, a, b]) {
        let hidden = norm.forward_relu(&linear(x, w, None)?, stats)?;
        return a.matmul(&hidden.t()?)? + b.matmul(&x.t()?)?;
    }
    match x.dtype() {
        DType::F32 => typed::<f32>(x, w, norm, a, b, stats),
        _ => typed::<f64>(x, w, norm, a, b, stats),
    }
}

fn typed<T: Real>(x: &Tensor, w: &Var, norm: &BatchNorm, a: &Tensor, b: &Tensor, stats: Stats) -> Result<Tensor> {
    let sizes = Sizes::of(x, w, a, b)?;
    let (x, a, b) = (x.contiguous()?, a.contiguous()?, b.contiguous()?);
    let moments = norm.fixed(stats, sizes.positions)?;
    let keep = a.track_op() || b.track_op() || x.track_op();
    let mut op = FoldedOp::<T> {
        sizes,
        weights: [w.as_tensor().clone(), norm.weight.as_tensor().clone(), norm.bias.as_tensor().clone()],
        batch_statistics: moments.is_none(),
        inverse_std: Vec::new(),
        normal: Vec::new(),
        scores: Mutex::new(None),
    };
    let moments = op.forward([&x, &a, &b], moments, keep)?;
    if stats == Stats::Train {
        let (mean, var): (Vec<f64>, Vec<f64>) = moments.into_iter().unzip();
        norm.track_numbers(&mean, &var, sizes.positions)?;
    }
    x.apply_op3(&a, &b, op)
}

/// N codes, U hidden units, P positions of C features.
#[derive(Clone, Copy)]
struct Sizes {
    codes: usize,
    units: usize,
    positions: usize,
    features: usize,
}

impl Sizes {
    fn of(x: &Tensor, w: &Tensor, a: &Tensor, b: &Tensor) -> Result<Self> {
        let ((positions, features), (units, across)) = (x.dims2()?, w.dims2()?);
        let ((codes, width), (rows, columns)) = (a.dims2()?, b.dims2()?);
        if across != features || columns != features || width != units || rows != codes {
            bail!("folded scores: x {:?}, w {:?}, a {:?} and b {:?} do not fit", x.dims(), w.dims(), a.dims(), b.dims());
        }
        Ok(Self { codes, units, positions, features })
    }

    /// Hidden units of each thread, equally many, so that sums run in an order fixed by the number of threads.
    fn share(&self) -> usize {
        self.units.div_ceil(rayon::current_num_threads()).next_multiple_of(16)
    }

    fn shares(&self) -> usize {
        self.units.div_ceil(self.share()).max(1)
    }
}

struct FoldedOp<T: Real> {
    sizes: Sizes,
    /// W, γ and β.
    weights: [Tensor; 3],
    /// Whether the statistics depend on the input, and so carry gradient.
    batch_statistics: bool,
    inverse_std: Vec<f64>,
    /// (W x − mean)/σ, [U, P]; empty if there is no way back.
    normal: Vec<T>,
    /// The result, until Candle takes it.
    scores: Mutex<Option<Vec<T>>>,
}

impl<T: Real> Drop for FoldedOp<T> {
    fn drop(&mut self) {
        if !self.normal.is_empty() {
            T::give_back(std::mem::take(&mut self.normal));
        }
    }
}

/// One thread's hidden units on the way forward.
struct Forward<'a, T> {
    first: usize,
    moments: &'a mut [(f64, f64)],
    scores: &'a mut [T],
    normal: Option<&'a mut [T]>,
}

/// One thread's hidden units on the way back.
struct Backward<'a, T> {
    first: usize,
    by_w: &'a mut [T],
    /// [units of this share, N].
    by_a: Vec<T>,
    by_x: Option<&'a mut [T]>,
    /// Σ dy and Σ dy·x̂ of each unit.
    sums: &'a mut [[f64; 2]],
}

impl<T: Real> FoldedOp<T> {
    /// Computes and keeps the scores; mean and biased variance of each unit. `fixed` are those to normalise by.
    fn forward(&mut self, [x, a, b]: [&Tensor; 3], fixed: Option<Vec<(f64, f64)>>, keep: bool) -> Result<Vec<(f64, f64)>> {
        let Sizes { codes, units, positions, features } = self.sizes;
        let (share, shares) = (self.sizes.share(), self.sizes.shares());
        let weights = self.weights.clone();
        let held = [x, a, b, &weights[0], &weights[1], &weights[2]].map(Held::new);
        let [x, a, b, w, gamma, beta] = held;
        let (x, a, b, w, gamma, beta) = (x?, a?, b?, w?, gamma?, beta?);
        let (x, a, b, w) = (x.slice::<T>()?, a.slice::<T>()?, b.slice::<T>()?, w.slice::<T>()?);
        let affine = [gamma.slice::<T>()?, beta.slice::<T>()?];
        if keep {
            self.normal = T::spare(units * positions);
            self.normal.resize(units * positions, T::default());
        }
        // Matrix products want the longest side of what they read to lie in a row.
        let across = transposed(x, positions, features);
        let mut moments = fixed.clone().unwrap_or_else(|| vec![(0.0, 0.0); units]);
        let mut scores = zeros(codes * positions);
        with_scratch((shares - 1) * scores.len(), |partial| {
            let places = std::iter::once(&mut scores[..]).chain(partial.chunks_mut(codes * positions));
            let mut kept = keep.then(|| self.normal.chunks_mut(share * positions));
            let parts: Vec<_> = (0..units)
                .step_by(share)
                .zip(moments.chunks_mut(share))
                .zip(places)
                .map(|((first, moments), scores)| Forward {
                    first,
                    moments,
                    scores,
                    normal: kept.as_mut().and_then(Iterator::next),
                })
                .collect();
            let fixed = fixed.is_some();
            let sizes = self.sizes;
            parts.into_par_iter().for_each(|part| forward_share(sizes, [&across, a, w], affine, fixed, part));
            for partial in partial.chunks(codes * positions) {
                add_to(&mut scores, partial);
            }
        });
        // The shortcut's part.
        let size = [codes, positions, features];
        matmul((&mut scores, positions), size, Mat::rows(b, features), Mat::rows(&across, positions), true, Cores::All);
        self.inverse_std = moments.iter().map(|(_, var)| norm::inverse_std(*var)).collect();
        self.scores = Mutex::new(Some(scores));
        Ok(moments)
    }

    fn backward(&self, [x, a, b, grad]: [&Tensor; 4]) -> Result<[Option<Tensor>; 3]> {
        let Sizes { codes, units, positions, features } = self.sizes;
        if self.normal.is_empty() && units * positions > 0 {
            bail!("folded scores: nothing was kept for the way back");
        }
        let (shares, want_x) = (self.sizes.shares(), x.track_op());
        let (held_x, held_a, held_b, held_grad) = (Held::new(x)?, Held::new(a)?, Held::new(b)?, Held::new(grad)?);
        let [held_w, held_gamma, held_beta] = self.weights.each_ref().map(Held::new);
        let (held_w, held_gamma, held_beta) = (held_w?, held_gamma?, held_beta?);
        let grad_across = transposed(held_grad.slice::<T>()?, codes, positions);
        let inputs = [held_x.slice::<T>()?, held_a.slice()?, held_w.slice()?, held_grad.slice()?, &grad_across];
        let affine = [held_gamma.slice()?, held_beta.slice()?];
        let (scored, features_of) = (Mat::rows(inputs[3], positions), Mat::rows(inputs[0], features));
        let b_rows = Mat::rows(held_b.slice()?, features);

        let mut by_b = zeros(codes * features);
        matmul((&mut by_b, features), [codes, features, positions], scored, features_of, false, Cores::All);
        let mut by_x = vec![T::default(); if want_x { positions * features } else { 0 }];
        if want_x {
            matmul((&mut by_x, features), [positions, features, codes], scored.t(), b_rows, false, Cores::All);
        }
        let mut by_a = zeros(codes * units);
        let mut sums = vec![[0f64; 2]; units];
        let share = self.sizes.share();
        let own = deposit(&self.weights[0], |by_w, add| {
            let spare = if want_x { (shares - 1) * by_x.len() } else { 0 };
            with_scratch(spare, |partial| {
                let mut places = std::iter::once(&mut by_x[..]).chain(partial.chunks_mut((positions * features).max(1)));
                let parts: Vec<_> = (0..units)
                    .step_by(share)
                    .zip(by_w.chunks_mut(share * features))
                    .zip(sums.chunks_mut(share))
                    .map(|((first, by_w), sums)| {
                        let by_a = vec![T::default(); codes * sums.len()];
                        Backward { first, by_w, by_a, by_x: if want_x { places.next() } else { None }, sums }
                    })
                    .collect();
                let done: Vec<_> = parts.into_par_iter().map(|part| self.backward_share(inputs, affine, add, part)).collect();
                for (first, part) in done {
                    for (unit, part) in part.chunks_exact(codes.max(1)).enumerate() {
                        by_a.chunks_exact_mut(units).zip(part).for_each(|(row, &v)| row[first + unit] = v);
                    }
                }
                for partial in partial.chunks((positions * features).max(1)) {
                    add_to(&mut by_x, partial);
                }
            });
        })?;
        let (by_beta, by_gamma): (Vec<f64>, Vec<f64>) = sums.iter().map(|s| (s[0], s[1])).unzip();
        let affine = [deposit_sums::<T>(&self.weights[1], &by_gamma)?, deposit_sums::<T>(&self.weights[2], &by_beta)?];
        if own.is_some() || affine.iter().any(Option::is_some) {
            bail!("folded scores are differentiated through nn::Gradients: their parameters are beside Candle's graph");
        }
        let by_x = if want_x { Some(tensor(by_x, x.shape())?) } else { None };
        Ok([by_x, Some(tensor(by_a, a.shape())?), Some(tensor(by_b, b.shape())?)])
    }

    /// One thread's part; its first unit and its columns of the gradient by `a`.
    fn backward_share(&self, inputs: [&[T]; 5], affine: [&[T]; 2], add: bool, mut part: Backward<'_, T>) -> (usize, Vec<T>) {
        let Sizes { codes, units, positions, features } = self.sizes;
        let [x, a, w, grad, grad_across] = inputs;
        let (x, grad) = (Mat::rows(x, features), Mat::rows(grad, positions));
        let width = part.sums.len();
        with_scratch(2 * BLOCK.min(width) * positions, |scratch| {
            for start in (0..width).step_by(BLOCK) {
                let (first, count) = (part.first + start, BLOCK.min(width - start));
                let (active, slope) = scratch[..2 * count * positions].split_at_mut(count * positions);
                let normal = &self.normal[first * positions..][..count * positions];
                for (i, (y, x)) in active.chunks_exact_mut(positions).zip(normal.chunks_exact(positions)).enumerate() {
                    activate(y, x, affine[0][first + i], affine[1][first + i]);
                }
                let size = [count, codes, positions];
                let own_a = (&mut part.by_a[start * codes..], codes);
                matmul(own_a, size, Mat::rows(active, positions), Mat::rows(grad_across, codes), false, Cores::One);
                let a_part = Mat::rows(&a[first..], units);
                matmul((slope, positions), [count, positions, codes], a_part.t(), grad, false, Cores::One);
                for i in 0..count {
                    let row = i * positions..(i + 1) * positions;
                    let scale = affine[0][first + i].to_f64() * self.inverse_std[first + i];
                    let values = (&normal[row.clone()], &active[row.clone()]);
                    part.sums[start + i] = self.by_unit(&mut slope[row], values, scale);
                }
                let size = [count, features, positions];
                let own_w = (&mut part.by_w[start * features..], features);
                matmul(own_w, size, Mat::rows(slope, positions), x, add, Cores::One);
                if let Some(by_x) = &mut part.by_x {
                    let (size, w) = ([positions, features, count], Mat::rows(&w[first * features..], features));
                    // The first share's place holds the shortcut's part already, each other's holds leavings.
                    matmul((by_x, features), size, Mat::rows(slope, positions).t(), w, start > 0 || part.first == 0, Cores::One);
                }
            }
        });
        (part.first, part.by_a)
    }

    /// From dy, which is overwritten by the gradient before BatchNorm: Σ dy and Σ dy·x̂, dy being 0 where ReLU cut off.
    fn by_unit(&self, dy: &mut [T], (normal, active): (&[T], &[T]), scale: f64) -> [f64; 2] {
        let sums = gated_sums(dy, Some(active), normal, 0.0);
        // dx = γ/σ · (dy − mean(dy) − x̂·mean(dy·x̂))
        let counted = if self.batch_statistics { sums.map(|s| s / dy.len() as f64) } else { [0.0; 2] };
        let [scale, offset, slope] = [scale, counted[0], counted[1]].map(T::from_f64);
        let zero = T::zero();
        vectorized(
            #[inline(always)]
            || {
                for ((d, &x), &y) in dy.iter_mut().zip(normal).zip(active) {
                    let passed = if y <= zero { zero } else { *d };
                    *d = scale * (passed - offset - x * slope);
                }
            },
        );
        sums
    }
}

/// `x` is [C, P] here.
fn forward_share<T: Real>(sizes: Sizes, [x, a, w]: [&[T]; 3], affine: [&[T]; 2], fixed: bool, mut part: Forward<'_, T>) {
    let Sizes { codes, units, positions, features } = sizes;
    let x = Mat::rows(x, positions);
    let width = part.moments.len();
    let block = BLOCK.min(width) * positions;
    with_scratch(2 * block, |scratch| {
        let (spare, active) = scratch.split_at_mut(block);
        for start in (0..width).step_by(BLOCK) {
            let (first, count) = (part.first + start, BLOCK.min(width - start));
            let normal = match &mut part.normal {
                Some(kept) => &mut kept[start * positions..][..count * positions],
                None => &mut spare[..count * positions],
            };
            let active = &mut active[..count * positions];
            let own = Mat::rows(&w[first * features..], features);
            matmul((normal, positions), [count, positions, features], own, x, false, Cores::One);
            let rows = normal.chunks_exact_mut(positions).zip(active.chunks_exact_mut(positions));
            for (i, (normal, active)) in rows.enumerate() {
                normalise(normal, &mut part.moments[start + i], fixed);
                activate(active, normal, affine[0][first + i], affine[1][first + i]);
            }
            let a_part = Mat::rows(&a[first..], units);
            let size = [codes, positions, count];
            matmul((part.scores, positions), size, a_part, Mat::rows(active, positions), start > 0, Cores::One);
        }
    });
}

/// (x − mean)/σ in place, by the moments given if they are `fixed`, else by the row's own, which are put there.
fn normalise<T: Real>(x: &mut [T], moments: &mut (f64, f64), fixed: bool) {
    if !fixed {
        let count = x.len() as f64;
        let mean = sum(x, |v| v) / count;
        *moments = (mean, sum(x, |v| (v - mean) * (v - mean)) / count);
    }
    let (mean, inverse) = (T::from_f64(moments.0), T::from_f64(norm::inverse_std(moments.1)));
    vectorized(
        #[inline(always)]
        || x.iter_mut().for_each(|v| *v = (*v - mean) * inverse),
    );
}

/// ReLU(γ·x̂ + β), written so that a NaN stays one.
fn activate<T: Real>(y: &mut [T], normal: &[T], gamma: T, beta: T) {
    let zero = T::zero();
    vectorized(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(normal) {
                let z = x * gamma + beta;
                *y = if z <= zero { zero } else { z };
            }
        },
    );
}

fn add_to<T: Real>(sum: &mut [T], part: &[T]) {
    let parts = sum.par_chunks_mut(1 << 14).zip(part.par_chunks(1 << 14));
    parts.for_each(|(sum, part)| {
        vectorized(
            #[inline(always)]
            || sum.iter_mut().zip(part).for_each(|(s, &v)| *s += v),
        )
    });
}

impl<T: Real> CustomOp3 for FoldedOp<T> {
    fn name(&self) -> &'static str {
        "folded-scores"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ready = self.scores.lock().ok().and_then(|mut scores| scores.take());
        let Some(scores) = ready else { bail!("folded scores are computed once") };
        Ok((T::to_cpu_storage_owned(scores), Shape::from((self.sizes.codes, self.sizes.positions))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        a: &Tensor,
        b: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [by_x, by_a, by_b] = self.backward([x, a, b, &grad.contiguous()?])?;
        Ok((by_x, by_a.filter(|_| a.track_op()), by_b.filter(|_| b.track_op())))
    }
}

#[cfg(test)]
#[path = "folded_tests.rs"]
mod tests;
