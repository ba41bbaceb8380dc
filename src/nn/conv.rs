//! Two-dimensional convolution, the one function of it.
//!
//! On the CPU each thread takes some images and works through them in blocks: im2col and a matrix product forward,
//! backward two products and col2im (Candle's own backward takes seconds). Elsewhere it is a product with patches.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;

use super::{
    gradients::deposit,
    host::{Cores, Held, Mat, Real, matmul, on_host, slice_of, tensor, with_scratch, zeros},
    im2col::{Geometry, col2im, im2col, images_to_columns, images_to_rows, row_stride, rows_to_images},
    layouts::remembering,
    params::Init,
    patches,
};

/// Cross-correlation of `x` [N, C, H, W] with `w` [O, C, k, k] and zero padding: [N, O, OH, OW], OH = (H + 2·pad − k)/stride + 1.
///
/// # Errors
/// If shapes, types or devices do not fit each other, or the kernel exceeds the padded image.
pub fn conv2d(x: &Tensor, w: &Tensor, stride: usize, pad: usize) -> Result<Tensor> {
    let geometry = geometry(x, w, stride, pad)?;
    if on_host(&[x, w]) {
        x.contiguous()?.apply_op2(&w.contiguous()?, ConvOp(geometry))
    } else {
        remembering(x, || patches::conv2d(x, w, &geometry))
    }
}

fn geometry(x: &Tensor, w: &Tensor, stride: usize, pad: usize) -> Result<Geometry> {
    let (images, channels, height, width) = x.dims4()?;
    let (outputs, inputs, kernel, across) = w.dims4()?;
    let fits = height + 2 * pad >= kernel && width + 2 * pad >= kernel;
    if inputs != channels || kernel != across || kernel == 0 || stride == 0 || !fits {
        bail!("conv2d: weight {:?} does not fit input {:?} with stride {stride} and padding {pad}", w.dims(), x.dims());
    }
    let out_height = (height + 2 * pad - kernel) / stride + 1;
    let out_width = (width + 2 * pad - kernel) / stride + 1;
    Ok(Geometry { images, channels, height, width, outputs, kernel, stride, pad, out_height, out_width })
}

/// Columns of the matrices worked on at a time: few enough to stay in the cache, enough to repay packing the weights.
const BLOCK_COLUMNS: usize = 64;

struct ConvOp(Geometry);

/// One thread's share of the backward pass.
struct Share<'a, T> {
    x: &'a [T],
    grad: &'a [T],
    /// [taps, O].
    by_w: &'a mut [T],
    by_x: Option<&'a mut [T]>,
}

impl ConvOp {
    /// Images per thread: consecutive ones, equally many, so that sums run in an order fixed by the number of threads.
    fn share(&self) -> usize {
        self.0.images.div_ceil(rayon::current_num_threads()).max(1)
    }

    /// Images worked on at a time within a share.
    fn block(&self) -> usize {
        (BLOCK_COLUMNS / self.0.positions()).clamp(1, self.share())
    }

    /// Numbers per image of the input and of the output.
    fn image_sizes(&self) -> (usize, usize) {
        (self.0.channels * self.0.plane(), self.0.outputs * self.0.positions())
    }

    fn forward<T: Real>(&self, x: &[T], w: &[T]) -> Vec<T> {
        let (g, share, block) = (&self.0, self.share(), self.block());
        let (x_image, y_image) = self.image_sizes();
        let (taps, widest) = (g.taps(), row_stride(block * g.positions()));
        let mut out = zeros(g.images * y_image);
        out.par_chunks_mut(share * y_image).zip(x.par_chunks(share * x_image)).for_each(|(out, x)| {
            with_scratch((taps + g.outputs) * widest, |scratch| {
                let (cols, rows) = scratch.split_at_mut(taps * widest);
                for (out, x) in out.chunks_mut(block * y_image).zip(x.chunks(block * x_image)) {
                    let images = x.len() / x_image;
                    let columns = images * g.positions();
                    let stride = row_stride(columns);
                    im2col(g, images, x, cols);
                    let size = [g.outputs, columns, taps];
                    if images == 1 {
                        // [O, P] is the output image itself.
                        matmul((out, columns), size, Mat::rows(w, taps), Mat::rows(cols, stride), false, Cores::One);
                    } else {
                        matmul((rows, stride), size, Mat::rows(w, taps), Mat::rows(cols, stride), false, Cores::One);
                        rows_to_images(g, images, rows, out);
                    }
                }
            });
        });
        out
    }

    /// Gradients by `x`, if there is a place for it, and by `w`, which is added to if `add`.
    fn backward<T: Real>(&self, [x, w, grad]: [&[T]; 3], mut by_x: Option<&mut [T]>, by_w: &mut [T], add: bool) {
        let (g, share) = (&self.0, self.share());
        let (x_image, y_image) = self.image_sizes();
        let shares = g.images.div_ceil(share);
        with_scratch(shares * w.len(), |partial| {
            let mut targets = by_x.as_mut().map(|values| values.chunks_mut(share * x_image));
            let inputs = x.chunks(share * x_image).zip(grad.chunks(share * y_image));
            let shares: Vec<_> = inputs
                .zip(partial.chunks_mut(w.len()))
                .map(|((x, grad), by_w)| Share { x, grad, by_w, by_x: targets.as_mut().and_then(Iterator::next) })
                .collect();
            shares.into_par_iter().for_each(|share| self.backward_share(w, share));
            sum_across(by_w, partial, g.outputs, add);
        });
    }

    fn backward_share<T: Real>(&self, w: &[T], mut share: Share<'_, T>) {
        let (g, block) = (&self.0, self.block());
        let (x_image, y_image) = self.image_sizes();
        let (taps, widest) = (g.taps(), row_stride(block * g.positions()));
        with_scratch((taps + 2 * g.outputs) * widest, |scratch| {
            let (cols, scratch) = scratch.split_at_mut(taps * widest);
            let (rows, across) = scratch.split_at_mut(g.outputs * widest);
            let blocks = share.x.chunks(block * x_image).zip(share.grad.chunks(block * y_image));
            for (index, (x, grad)) in blocks.enumerate() {
                let images = x.len() / x_image;
                let columns = images * g.positions();
                let stride = row_stride(columns);
                images_to_rows(g, images, grad, rows);
                images_to_columns(g, images, grad, across);
                im2col(g, images, x, cols);
                let by_rows = Mat::rows(rows, stride);
                // Turned round, and with the gradient in both orders, because a product reads fastest what lies in its order.
                let size = [taps, g.outputs, columns];
                matmul(
                    (share.by_w, g.outputs),
                    size,
                    Mat::rows(cols, stride),
                    Mat::rows(across, g.outputs),
                    index > 0,
                    Cores::One,
                );
                if let Some(by_x) = &mut share.by_x {
                    let size = [taps, columns, g.outputs];
                    matmul((cols, stride), size, Mat::rows(w, taps).t(), by_rows, false, Cores::One);
                    col2im(g, images, cols, &mut by_x[index * block * x_image..][..x.len()]);
                }
            }
        });
    }

    fn backward_tensors<T: Real>(&self, x: &Tensor, w: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (held_x, held_w, held_grad) = (Held::new(x)?, Held::new(w)?, Held::new(&grad)?);
        // An input that tracks nothing (the images of a first layer) gets no gradient; any other must get one.
        let mut by_x = x.track_op().then(|| zeros::<T>(x.elem_count()));
        let inputs = [held_x.slice()?, held_w.slice()?, held_grad.slice()?];
        let by_w = deposit(w, |by_w, add| self.backward(inputs, by_x.as_deref_mut(), by_w, add))?;
        Ok((by_x.map(|values| tensor(values, x.shape())).transpose()?, by_w))
    }
}

/// The sum of matrices [.., `rows`], one after the other in `parts`, turned to [`rows`, ..] and put, or added, to `out`.
fn sum_across<T: Real>(out: &mut [T], parts: &[T], rows: usize, add: bool) {
    /// Rows made together, so that what is read across is read in cache lines.
    const BAND: usize = 16;
    let (size, columns) = (out.len(), out.len() / rows.max(1));
    out.par_chunks_mut((BAND * columns).max(1)).enumerate().for_each(|(band, out)| {
        if !add {
            out.fill(T::zero());
        }
        for part in parts.chunks_exact(size) {
            for (column, values) in part.chunks_exact(rows).enumerate() {
                let targets = out.iter_mut().skip(column).step_by(columns);
                targets.zip(&values[band * BAND..]).for_each(|(sum, &v)| *sum += v);
            }
        }
    });
}

impl CustomOp2 for ConvOp {
    fn name(&self) -> &'static str {
        "conv2d-im2col"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, w: &CpuStorage, w_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let g = &self.0;
        let shape = Shape::from((g.images, g.outputs, g.out_height, g.out_width));
        let storage = match x {
            CpuStorage::F32(_) => CpuStorage::F32(self.forward(slice_of(x, x_at)?, slice_of(w, w_at)?)),
            _ => CpuStorage::F64(self.forward(slice_of(x, x_at)?, slice_of(w, w_at)?)),
        };
        Ok((storage, shape))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        match x.dtype() {
            candle_core::DType::F32 => self.backward_tensors::<f32>(x, w, grad),
            _ => self.backward_tensors::<f64>(x, w, grad),
        }
    }
}

/// A convolution layer without bias (BatchNorm follows it).
#[derive(Debug, Clone)]
pub struct Conv {
    /// [outputs, inputs, k, k].
    pub weight: Var,
    pub stride: usize,
    pub pad: usize,
}

impl Conv {
    /// PyTorch's default initial values, uniform on ±1/√(inputs·k·k); makes `weight`.
    pub fn new(mut init: Init<'_>, input: usize, output: usize, kernel: usize, stride: usize, pad: usize) -> Result<Self> {
        let bound = 1.0 / ((input * kernel * kernel) as f64).sqrt();
        let weight = init.uniform("weight", (output, input, kernel, kernel), bound)?;
        Ok(Self { weight, stride, pad })
    }

    /// [N, inputs, H, W] → [N, outputs, OH, OW].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv2d(x, &self.weight, self.stride, self.pad)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::nn::testing::{check_gradients, distance, random, weighted};

    /// (images, channels, outputs, height, width, kernel, stride, pad)
    fn cases() -> Vec<[usize; 8]> {
        let mut cases =
            vec![[2, 3, 4, 32, 32, 4, 2, 1], [1, 1, 1, 1, 1, 1, 1, 0], [3, 2, 2, 9, 5, 2, 3, 0], [2, 2, 3, 6, 6, 5, 5, 2]];
        for kernel in 1..=5 {
            for stride in 1..=2 {
                for pad in 0..=2 {
                    // Odd and even sides; a batch of one among them.
                    cases.push([1 + (kernel + pad) % 2, 2, 3, 7, 6, kernel, stride, pad]);
                }
            }
        }
        cases
    }

    #[test]
    fn forward_and_gradients_are_those_of_candles_own_convolution() {
        let mut compared = 0;
        for case @ [n, c, o, h, w, k, stride, pad] in cases() {
            let x = Var::from_tensor(&random("x", &[n, c, h, w])).unwrap();
            let weight = Var::from_tensor(&random("w", &[o, c, k, k])).unwrap();
            let ours = conv2d(&x, &weight, stride, pad).unwrap();
            let theirs = x.conv2d(&weight, pad, stride, 1, 1).unwrap();
            assert!(distance(&ours, &theirs) < 1e-12, "{case:?}");
            let ours = weighted(&ours).unwrap().backward().unwrap();
            // Candle refuses the backward pass where a stride leaves rows over; finite differences cover those below.
            let Ok(theirs) = weighted(&theirs).unwrap().backward() else { continue };
            compared += 1;
            for var in [&x, &weight] {
                assert!(distance(ours.get(var).unwrap(), theirs.get(var).unwrap()) < 1e-11, "{case:?}");
            }
        }
        // All fifteen of stride 1, at the least.
        assert!(compared >= 15, "{compared}");
    }

    /// What other devices run, in double precision on this one.
    #[test]
    fn patches_give_what_the_kernel_gives() {
        for case @ [n, c, o, h, w, k, stride, pad] in cases() {
            let x = Var::from_tensor(&random("x", &[n, c, h, w])).unwrap();
            let weight = Var::from_tensor(&random("w", &[o, c, k, k])).unwrap();
            let kernel = conv2d(&x, &weight, stride, pad).unwrap();
            let patches = patches::conv2d(&x, &weight, &geometry(&x, &weight, stride, pad).unwrap()).unwrap();
            assert_eq!(kernel.dims(), patches.dims());
            assert!(distance(&kernel, &patches) < 1e-12, "{case:?}");
            let kernel = weighted(&kernel).unwrap().backward().unwrap();
            let patches = weighted(&patches).unwrap().backward().unwrap();
            for var in [&x, &weight] {
                assert!(distance(kernel.get(var).unwrap(), patches.get(var).unwrap()) < 1e-11, "{case:?}");
            }
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        for case @ [n, c, o, h, w, k, stride, pad] in cases() {
            let x = Var::from_tensor(&random("x", &[n, c, h, w])).unwrap();
            let weight = Var::from_tensor(&random("w", &[o, c, k, k])).unwrap();
            check_gradients(&format!("{case:?}"), &[&x, &weight], || weighted(&conv2d(&x, &weight, stride, pad)?));
        }
    }

    #[test]
    fn single_precision_agrees_with_double_and_repeats_to_the_bit() {
        let (x, w) = (random("x", &[8, 16, 16, 16]), random("w", &[32, 16, 4, 4]));
        let single = |t: &Tensor| Var::from_tensor(&t.to_dtype(DType::F32).unwrap()).unwrap();
        let (xs, ws) = (single(&x), single(&w));
        let (x, w) = (Var::from_tensor(&x).unwrap(), Var::from_tensor(&w).unwrap());
        let run = |x: &Var, w: &Var| {
            let y = conv2d(x, w, 2, 1).unwrap();
            let grads = weighted(&y).unwrap().backward().unwrap();
            [y, grads.get(x).unwrap().clone(), grads.get(w).unwrap().clone()]
        };
        let (double, first, second) = (run(&x, &w), run(&xs, &ws), run(&xs, &ws));
        for ((d, a), b) in double.iter().zip(&first).zip(&second) {
            assert!(distance(d, a) < 2e-6);
            let bits =
                |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(a), bits(b));
        }
    }

    #[test]
    fn strided_inputs_and_untracked_images_are_taken() {
        let w = Var::from_tensor(&random("w", &[2, 3, 3, 3])).unwrap();
        let x = random("x", &[2, 6, 5, 3]);
        let view = x.permute((0, 3, 1, 2)).unwrap();
        let y = conv2d(&view, &w, 1, 1).unwrap();
        assert!(distance(&y, &view.contiguous().unwrap().conv2d(&w, 1, 1, 1, 1).unwrap()) < 1e-12);
        let grads = weighted(&y).unwrap().backward().unwrap();
        assert!(grads.get(&w).is_some() && grads.get(&x).is_none());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |x: &[usize], w: &[usize], stride| conv2d(&random("x", x), &random("w", w), stride, 0).is_err();
        assert!(refused(&[1, 2, 5, 5], &[3, 1, 3, 3], 1));
        assert!(refused(&[1, 2, 5, 5], &[3, 2, 6, 6], 1));
        assert!(refused(&[1, 2, 5, 5], &[3, 2, 3, 2], 1));
        assert!(refused(&[1, 2, 5, 5], &[3, 2, 3, 3], 0));
    }

    #[test]
    fn initial_weights_fill_pytorchs_interval() {
        let mut store = crate::nn::Store::new(crate::nn::Draws { seed: 1, attempt: 0 }, &Device::Cpu, DType::F32);
        let conv = Conv::new(store.root().sub("conv"), 8, 16, 4, 2, 1).unwrap();
        assert!(store.params().contains_key("conv.weight"));
        let largest = crate::nn::testing::numbers(&conv.weight).into_iter().fold(0f64, |m, v| m.max(v.abs()));
        // 1/√(8·16); the largest of 2048 uniform draws lies within 1 % of the bound but for a chance of e⁻²⁰.
        let bound = 1.0 / 128f64.sqrt();
        assert!(largest <= bound * 1.000_001 && largest > 0.99 * bound);
    }
}
