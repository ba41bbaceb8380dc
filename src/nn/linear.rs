//! The fully connected layer.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor, Var, bail};

use super::{
    host::{Cores, Held, Mat, Real, matmul, on_host, slice_of, tensor, with_scratch},
    params::Init,
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
}

/// `x` [.., in] times `weight` [out, in] transposed, plus `bias` [out]: [.., out].
///
/// # Errors
/// As [`Linear::forward`].
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (output, input) = weight.dims2()?;
    let mut shape = x.dims().to_vec();
    match shape.last_mut() {
        Some(last) if *last == input => *last = output,
        _ => bail!("linear: weight {:?} does not fit input {:?}", weight.dims(), x.dims()),
    }
    let op = LinearOp { shape: Shape::from(shape), input, output };
    match bias {
        Some(b) if on_host(&[x, weight, b]) => x.contiguous()?.apply_op3(&weight.contiguous()?, &b.contiguous()?, op),
        None if on_host(&[x, weight]) => x.contiguous()?.apply_op2(&weight.contiguous()?, op),
        _ => {
            let rows = x.reshape(((), input))?.matmul(&weight.t()?)?;
            let rows = if let Some(b) = bias { rows.broadcast_add(b)? } else { rows };
            rows.reshape(op.shape)
        }
    }
}

/// Up to so many rows the transposed product is the faster one.
const FEW_ROWS: usize = 256;

/// The product behind [`linear`] on the CPU; computes no gradient that nobody asks for, as Candle's own product does.
struct LinearOp {
    shape: Shape,
    input: usize,
    output: usize,
}

impl LinearOp {
    fn forward<T: Real>(&self, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T> {
        let rows = x.len() / self.input.max(1);
        let mut out = vec![T::default(); rows * self.output];
        let (x, w) = (Mat::rows(x, self.input), Mat::rows(w, self.input));
        let zero = T::zero();
        if rows <= FEW_ROWS {
            // W xᵀ reads the weights as they lie, x Wᵀ would rearrange them first: for few rows that costs more than the product.
            with_scratch(rows * self.output, |turned| {
                matmul((turned, rows), [self.output, rows, self.input], w, x.t(), false, Cores::All);
                for (r, out) in out.chunks_exact_mut(self.output).enumerate() {
                    for (o, value) in out.iter_mut().enumerate() {
                        *value = turned[o * rows + r] + bias.map_or(zero, |b| b[o]);
                    }
                }
            });
        } else {
            if let Some(bias) = bias {
                out.chunks_exact_mut(self.output).for_each(|row| row.copy_from_slice(bias));
            }
            matmul((&mut out, self.output), [rows, self.output, self.input], x, w.t(), bias.is_some(), Cores::All);
        }
        out
    }

    /// Gradients by `x` (if it tracks any) and by `w`.
    fn backward<T: Real>(&self, x: &Tensor, w: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Tensor)> {
        let rows = grad.elem_count() / self.output.max(1);
        let (held_x, held_w, held_grad) = (Held::new(x)?, Held::new(w)?, Held::new(grad)?);
        let grad_rows = Mat::rows(held_grad.slice::<T>()?, self.output);
        let mut by_w = vec![T::default(); self.output * self.input];
        let x_rows = Mat::rows(held_x.slice()?, self.input);
        matmul((&mut by_w, self.input), [self.output, self.input, rows], grad_rows.t(), x_rows, false, Cores::All);
        let by_x = if x.track_op() {
            let mut by_x = vec![T::default(); rows * self.input];
            let w_rows = Mat::rows(held_w.slice()?, self.input);
            matmul((&mut by_x, self.input), [rows, self.input, self.output], grad_rows, w_rows, false, Cores::All);
            Some(tensor(by_x, x.shape())?)
        } else {
            None
        };
        Ok((by_x, tensor(by_w, w.shape())?))
    }

    fn by_bias<T: Real>(&self, grad: &Tensor) -> Result<Tensor> {
        let held = Held::new(grad)?;
        let mut sums = vec![0f64; self.output];
        for row in held.slice::<T>()?.chunks_exact(self.output) {
            sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += v.to_f64());
        }
        tensor(sums.into_iter().map(T::from_f64).collect::<Vec<T>>(), self.output)
    }

    fn run(&self, x: (&CpuStorage, &Layout), w: (&CpuStorage, &Layout), b: Option<(&CpuStorage, &Layout)>) -> Result<CpuStorage> {
        fn typed<T: Real>(
            op: &LinearOp,
            x: (&CpuStorage, &Layout),
            w: (&CpuStorage, &Layout),
            b: Option<(&CpuStorage, &Layout)>,
        ) -> Result<CpuStorage> {
            let bias = b.map(|(storage, at)| slice_of::<T>(storage, at)).transpose()?;
            Ok(T::to_cpu_storage_owned(op.forward(slice_of::<T>(x.0, x.1)?, slice_of(w.0, w.1)?, bias)))
        }
        match x.0 {
            CpuStorage::F32(_) => typed::<f32>(self, x, w, b),
            _ => typed::<f64>(self, x, w, b),
        }
    }
}

impl CustomOp2 for LinearOp {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, w: &CpuStorage, w_at: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((self.run((x, x_at), (w, w_at), None)?, self.shape.clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (by_x, by_w) = match x.dtype() {
            DType::F32 => self.backward::<f32>(x, w, &grad)?,
            _ => self.backward::<f64>(x, w, &grad)?,
        };
        Ok((by_x, Some(by_w)))
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
        Ok((self.run((x, x_at), (w, w_at), Some((b, b_at)))?, self.shape.clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _b: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let ((by_x, by_w), by_b) = match x.dtype() {
            DType::F32 => (self.backward::<f32>(x, w, &grad)?, self.by_bias::<f32>(&grad)?),
            _ => (self.backward::<f64>(x, w, &grad)?, self.by_bias::<f64>(&grad)?),
        };
        Ok((by_x, Some(by_w), Some(by_b)))
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
