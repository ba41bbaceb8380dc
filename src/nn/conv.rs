//! Two-dimensional convolution, the one function of it.
//!
//! On the CPU: im2col and a matrix product forward; backward two products and col2im (Candle's own backward costs seconds).

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, Var, bail};

use super::{
    host::{Held, Mat, Real, matmul, on_host, slice_of, tensor, with_scratch},
    im2col::{Geometry, col2im, im2col, images_to_rows, rows_to_images},
    params::Init,
};

/// Cross-correlation of `x` [N, C, H, W] with `w` [O, C, k, k] and zero padding: [N, O, OH, OW], OH = (H + 2·pad − k)/stride + 1.
///
/// # Errors
/// If shapes, types or devices do not fit each other, or the kernel exceeds the padded image.
pub fn conv2d(x: &Tensor, w: &Tensor, stride: usize, pad: usize) -> Result<Tensor> {
    let geometry = geometry(x, w, stride, pad)?;
    if on_host(&[x, w]) { x.contiguous()?.apply_op2(&w.contiguous()?, ConvOp(geometry)) } else { x.conv2d(w, pad, stride, 1, 1) }
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

struct ConvOp(Geometry);

impl ConvOp {
    fn forward<T: Real>(&self, x: &[T], w: &[T]) -> Vec<T> {
        let g = &self.0;
        let (taps, columns) = (g.taps(), g.columns());
        let mut out = vec![T::default(); g.outputs * columns];
        with_scratch(taps * columns, |cols| {
            im2col(g, x, cols);
            with_scratch(g.outputs * columns, |rows| {
                matmul(rows, [g.outputs, columns, taps], Mat::rows(w, taps), Mat::rows(cols, columns), false);
                rows_to_images(g, rows, &mut out);
            });
        });
        out
    }

    /// Gradients by `x` (if wanted) and by `w`.
    fn backward<T: Real>(&self, x: &[T], w: &[T], grad: &[T], want_x: bool) -> (Option<Vec<T>>, Vec<T>) {
        let g = &self.0;
        let (taps, columns) = (g.taps(), g.columns());
        let mut by_w = vec![T::default(); w.len()];
        let mut by_x = None;
        with_scratch(g.outputs * columns, |rows| {
            images_to_rows(g, grad, rows);
            with_scratch(taps * columns, |cols| {
                im2col(g, x, cols);
                matmul(&mut by_w, [g.outputs, taps, columns], Mat::rows(rows, columns), Mat::rows(cols, columns).t(), false);
                if want_x {
                    matmul(cols, [taps, columns, g.outputs], Mat::rows(w, taps).t(), Mat::rows(rows, columns), false);
                    let mut sum = vec![T::default(); x.len()];
                    col2im(g, cols, &mut sum);
                    by_x = Some(sum);
                }
            });
        });
        (by_x, by_w)
    }

    fn backward_tensors<T: Real>(&self, x: &Tensor, w: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (held_x, held_w, held_grad) = (Held::new(x)?, Held::new(w)?, Held::new(&grad)?);
        // An input that tracks nothing (the images of a first layer) gets no gradient; any other must get one.
        let (by_x, by_w) = self.backward::<T>(held_x.slice()?, held_w.slice()?, held_grad.slice()?, x.track_op());
        let by_x = by_x.map(|values| tensor(values, x.shape())).transpose()?;
        Ok((by_x, Some(tensor(by_w, w.shape())?)))
    }
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
