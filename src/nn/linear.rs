//! The fully connected layer.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor, Var, bail};

use rayon::prelude::*;

use super::{
    gradients::{deposit, deposit_sums},
    host::{Cores, Held, Mat, Real, matmul, on_host, slice_of, tensor, vectorized, with_scratch, zeros},
    params::Init,
    stated::stated,
    transpose::transpose_into,
};

/// y = x Wᵀ + b over the last dimension.
#[derive(Debug, Clone)]
pub struct Linear {
    /// [outputs, inputs].
    pub weight: Var,
    /// [outputs].
    pub bias: Option<Var>,
}

impl Linear {
    /// PyTorch's default initial values, uniform on ±1/√inputs for both; makes `weight` and, if wanted, `bias`.
    pub fn new(mut init: Init<'_>, input: usize, output: usize, bias: bool) -> Result<Self> {
        let bound = 1.0 / (input as f64).sqrt();
        let weight = init.uniform("weight", (output, input), bound)?;
        let bias = if bias { Some(init.uniform("bias", output, bound)?) } else { None };
        Ok(Self { weight, bias })
    }

    /// [.., inputs] → [.., outputs].
    ///
    /// # Errors
    /// If the last dimension of `x` is not `inputs`, or types or devices differ.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        linear(x, &self.weight, self.bias.as_ref().map(Var::as_tensor))
    }

    /// [`Self::forward`], then ReLU, in one pass. The gradient of ReLU at exactly 0 is 0.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        linear_relu(x, &self.weight, self.bias.as_ref().map(Var::as_tensor))
    }
}

/// `x` [.., in] times `weight` [out, in] transposed, plus `bias` [out]: [.., out].
///
/// # Errors
/// As [`Linear::forward`].
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    apply(x, weight, bias, false)
}

/// [`linear`], then ReLU.
///
/// # Errors
/// As [`Linear::forward`].
pub fn linear_relu(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    apply(x, weight, bias, true)
}

fn apply(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, relu: bool) -> Result<Tensor> {
    let (output, input) = weight.dims2()?;
    let op = LinearOp { shape: shape(x, input, output, weight)?, input, output, from: 0, wide: input, relu };
    match bias {
        Some(b) if on_host(&[x, weight, b]) => x.contiguous()?.apply_op3(&weight.contiguous()?, &b.contiguous()?, op),
        None if on_host(&[x, weight]) => x.contiguous()?.apply_op2(&weight.contiguous()?, op),
        _ => composed(x, weight, bias, relu)?.reshape(op.shape),
    }
}

/// The rows of [`linear`] or [`linear_relu`] from Candle's ordinary operations, for devices without a kernel of ours.
fn composed(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, relu: bool) -> Result<Tensor> {
    let (output, input) = weight.dims2()?;
    let (flat, matrix) = (x.detach().reshape(((), input))?.contiguous()?, weight.detach());
    let rows = flat.matmul(&matrix.t()?)?;
    let rows = if let Some(b) = bias { rows.broadcast_add(&b.detach())? } else { rows };
    let open = relu.then(|| super::above_zero(&rows)).transpose()?;
    let (shape, to_x, to_weight) = (x.shape().clone(), x.track_op(), weight.track_op());
    let to_bias = bias.is_some_and(Tensor::track_op);
    stated([x, weight, bias.unwrap_or(weight)], super::gated(rows, open.as_ref())?, move |grad| {
        let grad = super::gated(grad.reshape(((), output))?, open.as_ref())?;
        let by_x = if to_x { Some(grad.matmul(&matrix)?.reshape(&shape)?) } else { None };
        let by_weight = if to_weight { Some(grad.t()?.matmul(&flat)?) } else { None };
        Ok([by_x, by_weight, if to_bias { Some(grad.sum(0)?) } else { None }])
    })
}

/// `x` [.., n] times columns `from..from + n` of `weight` [out, in], transposed: what one part of a concatenated input adds
/// to a layer's output, [.., out].
///
/// # Errors
/// If the weight has no such columns, or types or devices differ.
pub fn linear_part(x: &Tensor, weight: &Tensor, from: usize) -> Result<Tensor> {
    let (output, wide) = weight.dims2()?;
    let input = x.dim(candle_core::D::Minus1)?;
    if from + input > wide {
        bail!("linear: weight {:?} has no columns {from} to {}", weight.dims(), from + input);
    }
    let op = LinearOp { shape: shape(x, input, output, weight)?, input, output, from, wide, relu: false };
    if on_host(&[x, weight]) {
        return x.contiguous()?.apply_op2(&weight.contiguous()?, op);
    }
    // A copy: cuBLAS takes no columns out of the midst of a matrix from Candle.
    x.reshape(((), input))?.matmul(&weight.narrow(1, from, input)?.contiguous()?.t()?)?.reshape(op.shape)
}

/// The shape of `x` with its last dimension, which must be `from`, turned into `to`.
pub(super) fn shape(x: &Tensor, from: usize, to: usize, weight: &Tensor) -> Result<Shape> {
    let mut shape = x.dims().to_vec();
    match shape.last_mut() {
        Some(last) if *last == from => *last = to,
        _ => bail!("linear: weight {:?} does not fit input {:?}", weight.dims(), x.dims()),
    }
    Ok(Shape::from(shape))
}

/// Up to so many rows the transposed product is the faster one.
const FEW_ROWS: usize = 256;

/// `x` [rows, k] · `w` [k, n] + `bias`.
pub(super) fn product<T: Real>(x: &[T], w: Mat<'_, T>, [n, k]: [usize; 2], bias: Option<&[T]>) -> Vec<T> {
    let rows = x.len() / k.max(1);
    let mut out = zeros(rows * n);
    let x = Mat::rows(x, k);
    if rows <= FEW_ROWS {
        // wᵀ xᵀ reads the weights as they lie, x w would rearrange them first: for few rows that costs more than the product.
        with_scratch(rows * n, |turned| {
            matmul((turned, rows), [n, rows, k], w.t(), x.t(), false, Cores::All);
            transpose_into(turned, n, rows, &mut out);
        });
        if let Some(bias) = bias {
            out.chunks_exact_mut(n).for_each(|row| row.iter_mut().zip(bias).for_each(|(v, &b)| *v += b));
        }
    } else {
        if let Some(bias) = bias {
            out.chunks_exact_mut(n).for_each(|row| row.copy_from_slice(bias));
        }
        matmul((&mut out, n), [rows, n, k], x, w, bias.is_some(), Cores::All);
    }
    out
}

/// Numbers handed to a thread at a time.
const CHUNK: usize = 1 << 14;

/// ReLU in place, written so that a NaN stays one.
fn cut_off<T: Real>(values: &mut [T]) {
    let zero = T::zero();
    values.par_chunks_mut(CHUNK).for_each(|values| {
        vectorized(
            #[inline(always)]
            || values.iter_mut().for_each(|v| *v = if *v <= zero { zero } else { *v }),
        );
    });
}

/// A tensor's storage with its layout, as a kernel is handed them.
type Stored<'a> = (&'a CpuStorage, &'a Layout);

/// The product behind [`linear`] on the CPU; computes no gradient that nobody asks for, as Candle's own product does.
struct LinearOp {
    shape: Shape,
    input: usize,
    output: usize,
    /// The first of the weight's columns that is used.
    from: usize,
    /// All columns of the weight.
    wide: usize,
    relu: bool,
}

impl LinearOp {
    fn weight<'a, T>(&self, w: &'a [T]) -> Mat<'a, T> {
        Mat::rows(&w[self.from.min(w.len())..], self.wide)
    }

    fn forward<T: Real>(&self, x: Stored<'_>, w: Stored<'_>, b: Option<Stored<'_>>) -> Result<CpuStorage> {
        let bias = b.map(|(storage, at)| slice_of::<T>(storage, at)).transpose()?;
        let w = self.weight(slice_of::<T>(w.0, w.1)?);
        let mut values = product(slice_of(x.0, x.1)?, w.t(), [self.output, self.input], bias);
        if self.relu {
            cut_off(&mut values);
        }
        Ok(T::to_cpu_storage_owned(values))
    }

    /// What of the gradient passes ReLU.
    fn passed(&self, res: &Tensor, grad: &Tensor) -> Result<Tensor> {
        fn typed<T: Real>(y: &[T], g: &[T], shape: &Shape) -> Result<Tensor> {
            let mut out = zeros(g.len());
            let parts = out.par_chunks_mut(CHUNK).zip(y.par_chunks(CHUNK)).zip(g.par_chunks(CHUNK));
            parts.for_each(|((out, y), g)| {
                let zero = T::zero();
                vectorized(
                    #[inline(always)]
                    || out.iter_mut().zip(y).zip(g).for_each(|((o, &y), &g)| *o = if y <= zero { zero } else { g }),
                );
            });
            tensor(out, shape)
        }
        let grad = grad.contiguous()?;
        if !self.relu {
            return Ok(grad);
        }
        let (held_y, held_g) = (Held::new(res)?, Held::new(&grad)?);
        match grad.dtype() {
            DType::F32 => typed::<f32>(held_y.slice()?, held_g.slice()?, grad.shape()),
            _ => typed::<f64>(held_y.slice()?, held_g.slice()?, grad.shape()),
        }
    }

    /// Gradients by `x` and by `w`, as far as they are tracked.
    fn backward<T: Real>(&self, x: &Tensor, w: &Tensor, grad: &Tensor) -> Result<[Option<Tensor>; 2]> {
        let rows = grad.elem_count() / self.output.max(1);
        let (held_x, held_w, held_grad) = (Held::new(x)?, Held::new(w)?, Held::new(grad)?);
        let grad = held_grad.slice::<T>()?;
        let by_x = if x.track_op() {
            let values = product(grad, self.weight(held_w.slice()?), [self.input, self.output], None);
            Some(tensor(values, x.shape())?)
        } else {
            None
        };
        if !w.track_op() {
            return Ok([by_x, None]);
        }
        let (grad, x) = (Mat::rows(grad, self.output), Mat::rows(held_x.slice()?, self.input));
        let by_w = deposit(w, |by_w, add| {
            let part = self.input < self.wide;
            if part && !add {
                by_w.fill(T::zero());
            }
            let target = (&mut by_w[self.from..], self.wide);
            matmul(target, [self.output, self.input, rows], grad.t(), x, add || part, Cores::All);
        })?;
        Ok([by_x, by_w])
    }

    fn by_bias<T: Real>(&self, b: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        if !b.track_op() {
            return Ok(None);
        }
        let held = Held::new(grad)?;
        let mut sums = vec![0f64; self.output];
        for row in held.slice::<T>()?.chunks_exact(self.output) {
            vectorized(
                #[inline(always)]
                || sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += v.to_f64()),
            );
        }
        deposit_sums::<T>(b, &sums)
    }
}

impl CustomOp2 for LinearOp {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, w: &CpuStorage, w_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = match x {
            CpuStorage::F32(_) => self.forward::<f32>((x, x_at), (w, w_at), None)?,
            _ => self.forward::<f64>((x, x_at), (w, w_at), None)?,
        };
        Ok((values, self.shape.clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, res: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = self.passed(res, grad)?;
        let [by_x, by_w] = match x.dtype() {
            DType::F32 => self.backward::<f32>(x, w, &grad)?,
            _ => self.backward::<f64>(x, w, &grad)?,
        };
        Ok((by_x, by_w))
    }
}

impl CustomOp3 for LinearOp {
    fn name(&self) -> &'static str {
        "linear-bias"
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
        let values = match x {
            CpuStorage::F32(_) => self.forward::<f32>((x, x_at), (w, w_at), Some((b, b_at)))?,
            _ => self.forward::<f64>((x, x_at), (w, w_at), Some((b, b_at)))?,
        };
        Ok((values, self.shape.clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = self.passed(res, grad)?;
        let ([by_x, by_w], by_b) = match x.dtype() {
            DType::F32 => (self.backward::<f32>(x, w, &grad)?, self.by_bias::<f32>(b, &grad)?),
            _ => (self.backward::<f64>(x, w, &grad)?, self.by_bias::<f64>(b, &grad)?),
        };
        Ok((by_x, by_w, by_b))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::nn::{
        params::Store,
        rng::Draws,
        testing::{check_gradients, distance, random, weighted},
    };

    #[test]
    fn values_and_gradients_are_those_of_the_formula() {
        for shape in [&[5usize, 3][..], &[2, 4, 3], &[1, 3], &[3]] {
            let x = Var::from_tensor(&random("x", shape)).unwrap();
            let w = Var::from_tensor(&random("w", &[4, 3])).unwrap();
            let b = Var::from_tensor(&random("b", &[4])).unwrap();
            let y = linear(&x, &w, Some(&b)).unwrap();
            let want = x.reshape(((), 3)).unwrap().matmul(&w.t().unwrap()).unwrap().broadcast_add(&b).unwrap();
            assert_eq!(&y.dims()[..shape.len() - 1], &shape[..shape.len() - 1]);
            assert!(distance(&y.reshape(((), 4)).unwrap(), &want) < 1e-13);
            check_gradients("with bias", &[&x, &w, &b], || weighted(&linear(&x, &w, Some(&b))?));
            check_gradients("with relu", &[&x, &w, &b], || weighted(&linear_relu(&x, &w, Some(&b))?));
            check_gradients("without", &[&x, &w], || weighted(&linear(&x, &w, None)?));
        }
    }

    #[test]
    fn a_leading_untracked_input_gets_no_gradient_and_weights_may_be_computed() {
        let (x, w) = (random("x", &[5, 3]), Var::from_tensor(&random("w", &[4, 3])).unwrap());
        // A weight that is itself the outcome of an operation, and a transposed input.
        let doubled = (w.as_tensor() * 2.0).unwrap();
        let grads = weighted(&linear(&x, &doubled, None).unwrap()).unwrap().backward().unwrap();
        assert!(grads.get(&x).is_none());
        check_gradients("computed weight", &[&w], || weighted(&linear(&x, &(w.as_tensor() * 2.0)?, None)?));
        let turned = random("x", &[3, 5]).t().unwrap();
        assert!(distance(&linear(&turned, &w, None).unwrap(), &turned.matmul(&w.t().unwrap()).unwrap()) < 1e-13);
        assert!(linear(&random("x", &[5, 4]), &w, None).is_err());
    }

    #[test]
    fn relu_has_no_gradient_at_zero_and_keeps_nan() {
        let x = Var::new(&[[0f64], [2.0], [-2.0], [f64::NAN]], &Device::Cpu).unwrap();
        let w = Tensor::new(&[[3f64]], &Device::Cpu).unwrap();
        let y = linear_relu(&x, &w, None).unwrap();
        let values = crate::nn::testing::numbers(&y);
        assert!(values[..3] == [0.0, 6.0, 0.0] && values[3].is_nan());
        let grads = y.narrow(0, 0, 3).unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(crate::nn::testing::numbers(grads.get(&x).unwrap())[..3], [0.0, 3.0, 0.0]);
    }

    #[test]
    fn a_part_is_its_columns() {
        for (rows, out, wide) in [(3, 4, 7), (300, 5, 6)] {
            let (w, x) = (Var::from_tensor(&random("w", &[out, wide])).unwrap(), random("x", &[rows, 3]));
            let x = Var::from_tensor(&x).unwrap();
            for from in 0..=wide - 3 {
                let want = x.matmul(&w.narrow(1, from, 3).unwrap().t().unwrap()).unwrap();
                assert!(distance(&linear_part(&x, &w, from).unwrap(), &want) < 1e-13);
                check_gradients("part", &[&x, &w], || weighted(&linear_part(&x, &w, from)?));
            }
            assert!(linear_part(&x, &w, wide - 2).is_err());
            // Both parts in one pass: each adds its columns.
            let loss = || weighted(&(linear_part(&x, &w, 0)? + linear_part(&x, &w, 3)?)?);
            let plain = loss().unwrap().backward().unwrap();
            let ours = crate::nn::Gradients::of(&loss().unwrap()).unwrap();
            assert!(distance(plain.get(&w).unwrap(), &ours.tensor(&w).unwrap()) < 1e-13);
        }
    }

    #[test]
    fn the_layer_names_and_bounds_its_parameters() {
        let mut store = Store::new(Draws { seed: 3, attempt: 0 }, &Device::Cpu, DType::F32);
        let layer = Linear::new(store.root().sub("fc"), 16, 300, true).unwrap();
        assert_eq!(store.params().keys().collect::<Vec<_>>(), ["fc.bias", "fc.weight"]);
        let y = layer.forward(&random("x", &[2, 16]).to_dtype(DType::F32).unwrap()).unwrap();
        assert_eq!(y.dims(), [2, 300]);
        for var in store.params().values() {
            let largest = crate::nn::testing::numbers(var).into_iter().fold(0f64, |m, v| m.max(v.abs()));
            // ±1/√16, and 300 draws come within 5 % of it but for a chance of e⁻¹⁵.
            assert!(largest <= 0.25 && largest > 0.2375);
        }
    }
}
