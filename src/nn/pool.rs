//! Max pooling.
//!
//! On the CPU each thread takes some planes. The place of each maximum is not kept but found again in the backward pass, which
//! costs less than the memory for it. Elsewhere it is made of slices and their maxima.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::host::{Held, Real, on_host, slice_of, tensor, zeros};

/// The largest of each `kernel`×`kernel` piece of the planes of `x` [N, C, H, W], `stride` apart: [N, C, OH, OW],
/// OH = (H − kernel)/stride + 1. The gradient goes to the first of equal maxima, as in PyTorch; a NaN counts as the largest.
///
/// # Errors
/// If `x` has not four dimensions, or its planes are smaller than the kernel.
pub fn max_pool(x: &Tensor, kernel: usize, stride: usize) -> Result<Tensor> {
    let (images, channels, height, width) = x.dims4()?;
    if kernel == 0 || stride == 0 || height < kernel || width < kernel {
        bail!("max_pool: {kernel}×{kernel} with stride {stride} does not fit input {:?}", x.dims());
    }
    let (out_height, out_width) = ((height - kernel) / stride + 1, (width - kernel) / stride + 1);
    if !on_host(&[x]) {
        return composed(x, kernel, stride, out_height, out_width);
    }
    x.contiguous()?.apply_op1(PoolOp { images, channels, height, width, kernel, stride, out_height, out_width })
}

/// The same as maxima of slices, one for each place of the kernel: Candle's own pooling has a wrong way back. Where two places hold the
/// maximum, both get a part of the gradient.
fn composed(x: &Tensor, kernel: usize, stride: usize, out_height: usize, out_width: usize) -> Result<Tensor> {
    let (images, channels, height, width) = x.dims4()?;
    let across = kernel.div_ceil(stride);
    let (rows, columns) = (out_height - 1 + across, out_width - 1 + across);
    // What is added behind lies in squares that no place of the kernel takes.
    let x = x.pad_with_zeros(2, 0, (rows * stride).saturating_sub(height))?.narrow(2, 0, rows * stride)?;
    let x = x.pad_with_zeros(3, 0, (columns * stride).saturating_sub(width))?.narrow(3, 0, columns * stride)?;
    let squares = x.contiguous()?.reshape(&[images, channels, rows, stride, columns, stride])?;
    let mut most: Option<Tensor> = None;
    for y in 0..kernel {
        let row = squares.narrow(2, y / stride, out_height)?.narrow(3, y % stride, 1)?;
        for x in 0..kernel {
            let place = row.narrow(4, x / stride, out_width)?.narrow(5, x % stride, 1)?.contiguous()?;
            most = Some(most.map_or(Ok(place.clone()), |most| most.maximum(&place))?);
        }
    }
    let Some(most) = most else { bail!("max_pool: a kernel of no size") };
    most.reshape((images, channels, out_height, out_width))
}

#[derive(Debug, Clone, Copy)]
struct PoolOp {
    images: usize,
    channels: usize,
    height: usize,
    width: usize,
    kernel: usize,
    stride: usize,
    out_height: usize,
    out_width: usize,
}

/// Whether `new` takes the place of the maximum `old`.
fn beats<T: Real>(new: T, old: T) -> bool {
    // Only a NaN differs from itself.
    #[allow(clippy::eq_op, reason = "the number types share no is_nan")]
    let nan = new != new;
    new > old || nan
}

impl PoolOp {
    fn forward<T: Real>(&self, x: &[T]) -> Vec<T> {
        let mut out = zeros(self.images * self.channels * self.out_height * self.out_width);
        let planes = out.par_chunks_mut(self.out_height * self.out_width).zip(x.par_chunks(self.height * self.width));
        planes.for_each(|(out, x)| {
            for (y, out) in out.chunks_exact_mut(self.out_width).enumerate() {
                for (down, row) in x[y * self.stride * self.width..].chunks(self.width).take(self.kernel).enumerate() {
                    for right in 0..self.kernel {
                        let values = row[right..].iter().step_by(self.stride);
                        let first = down == 0 && right == 0;
                        out.iter_mut().zip(values).for_each(|(o, &v)| *o = if first || beats(v, *o) { v } else { *o });
                    }
                }
            }
        });
        out
    }

    fn backward<T: Real>(&self, x: &[T], grad: &[T]) -> Vec<T> {
        let mut by_x = zeros(x.len());
        let plane = self.height * self.width;
        let planes = by_x.par_chunks_mut(plane).zip(x.par_chunks(plane)).zip(grad.par_chunks(self.out_height * self.out_width));
        planes.for_each(|((by_x, x), grad)| {
            for (at, &grad) in grad.iter().enumerate() {
                let corner = at / self.out_width * self.stride * self.width + at % self.out_width * self.stride;
                let mut best = corner;
                for down in 0..self.kernel {
                    let start = corner + down * self.width;
                    for place in start..start + self.kernel {
                        best = if beats(x[place], x[best]) { place } else { best };
                    }
                }
                by_x[best] += grad;
            }
        });
        by_x
    }
}

impl CustomOp1 for PoolOp {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, at: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = Shape::from((self.images, self.channels, self.out_height, self.out_width));
        let storage = match x {
            CpuStorage::F32(_) => CpuStorage::F32(self.forward(slice_of(x, at)?)),
            _ => CpuStorage::F64(self.forward(slice_of(x, at)?)),
        };
        Ok((storage, shape))
    }

    fn bwd(&self, x: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (held_x, held_grad) = (Held::new(x)?, Held::new(&grad)?);
        let by_x = match x.dtype() {
            DType::F32 => tensor(self.backward::<f32>(held_x.slice()?, held_grad.slice()?), x.shape())?,
            _ => tensor(self.backward::<f64>(held_x.slice()?, held_grad.slice()?), x.shape())?,
        };
        Ok(Some(by_x))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::nn::testing::{check_gradients, distance, elsewhere, numbers, random, weighted};

    /// [N, C, H, W], kernel, stride; rows and columns left over among them.
    const CASES: [([usize; 4], usize, usize); 6] = [
        ([2, 3, 9, 7], 3, 2),
        ([1, 2, 8, 8], 3, 2),
        ([2, 1, 6, 4], 2, 2),
        ([1, 1, 5, 6], 3, 1),
        ([1, 2, 4, 3], 1, 1),
        ([1, 1, 7, 8], 2, 3),
    ];

    #[test]
    fn forward_is_candles_own() {
        for (shape, kernel, stride) in CASES {
            let x = random("x", &shape);
            let theirs = x.max_pool2d_with_stride(kernel, stride).unwrap();
            let ours = max_pool(&x, kernel, stride).unwrap();
            assert_eq!(ours.dims(), theirs.dims());
            assert_eq!(distance(&ours, &theirs), 0.0, "{shape:?} {kernel} {stride}");
            let there = elsewhere(|| max_pool(&x, kernel, stride)).unwrap();
            assert_eq!(there.dims(), theirs.dims());
            assert_eq!(distance(&there, &theirs), 0.0, "elsewhere: {shape:?} {kernel} {stride}");
        }
    }

    /// The numbers drawn differ by more than the step of a finite difference, so that no maximum changes its place.
    #[test]
    fn gradients_are_finite_differences() {
        for (shape, kernel, stride) in CASES {
            let x = Var::from_tensor(&random("x", &shape)).unwrap();
            let what = format!("{shape:?} {kernel} {stride}");
            check_gradients(&what, &[&x], || weighted(&max_pool(&x, kernel, stride)?));
            check_gradients(&what, &[&x], || elsewhere(|| weighted(&max_pool(&x, kernel, stride)?)));
        }
    }

    #[test]
    fn overlapping_pieces_add_up_and_the_first_of_equals_takes_all() {
        // The 9 is the largest of all four 2×2 pieces; in the second image all are equal.
        let values = [[0f64, 0., 0., 0., 9., 0., 0., 0., 0.], [1.; 9]].concat();
        let x = Var::from_tensor(&Tensor::from_vec(values, (2, 1, 3, 3), &Device::Cpu).unwrap()).unwrap();
        let y = max_pool(&x, 2, 1).unwrap();
        assert_eq!(numbers(&y), [9., 9., 9., 9., 1., 1., 1., 1.]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        let expected = [[0., 0., 0., 0., 4., 0., 0., 0., 0.], [1., 1., 0., 1., 1., 0., 0., 0., 0.]].concat();
        assert_eq!(numbers(grads.get(&x).unwrap()), expected);
    }

    #[test]
    fn a_nan_comes_through_and_what_does_not_fit_is_refused() {
        let x = Tensor::from_vec(vec![1f32, f32::NAN, 3.0, 2.0], (1, 1, 2, 2), &Device::Cpu).unwrap();
        assert!(numbers(&max_pool(&x, 2, 1).unwrap())[0].is_nan());
        assert!(max_pool(&x, 3, 2).is_err() && max_pool(&x, 0, 1).is_err() && max_pool(&x, 1, 0).is_err());
    }
}
