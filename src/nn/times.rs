//! A layer's weight used the other way round: how a layer behind a dot product moves to the product's other side.

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor};

use super::{
    gradients::deposit,
    host::{Cores, Held, Mat, Real, matmul, on_host, slice_of, tensor},
    linear::{product, shape},
};

/// `x` [.., out] times `weight` [out, in] as it stands: [.., in]. It is how a layer behind a dot product moves to the
/// product's other side.
///
/// # Errors
/// If the last dimension of `x` is not `out`, or types or devices differ.
pub fn times(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (output, input) = weight.dims2()?;
    let op = TimesOp { shape: shape(x, output, input, weight)?, input, output };
    if on_host(&[x, weight]) {
        return x.contiguous()?.apply_op2(&weight.contiguous()?, op);
    }
    x.reshape(((), output))?.matmul(weight)?.reshape(op.shape)
}

/// The product behind [`times`] on the CPU.
struct TimesOp {
    shape: Shape,
    input: usize,
    output: usize,
}

impl TimesOp {
    fn backward<T: Real>(&self, x: &Tensor, w: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let rows = grad.elem_count() / self.input.max(1);
        let (held_x, held_w, held_grad) = (Held::new(x)?, Held::new(w)?, Held::new(grad)?);
        let grad = held_grad.slice::<T>()?;
        let by_x = if x.track_op() {
            let w = Mat::rows(held_w.slice()?, self.input);
            Some(tensor(product(grad, w.t(), [self.output, self.input], None), x.shape())?)
        } else {
            None
        };
        if !w.track_op() {
            return Ok((by_x, None));
        }
        let (grad, x) = (Mat::rows(grad, self.input), Mat::rows(held_x.slice()?, self.output));
        let size = [self.output, self.input, rows];
        let by_w = deposit(w, |by_w, add| matmul((by_w, self.input), size, x.t(), grad, add, Cores::All))?;
        Ok((by_x, by_w))
    }
}

impl CustomOp2 for TimesOp {
    fn name(&self) -> &'static str {
        "times"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, w: &CpuStorage, w_at: &Layout) -> Result<(CpuStorage, Shape)> {
        fn typed<T: Real>(x: &[T], w: &[T], size: [usize; 2]) -> CpuStorage {
            T::to_cpu_storage_owned(product(x, Mat::rows(w, size[0]), size, None))
        }
        let size = [self.input, self.output];
        let values = match x {
            CpuStorage::F32(_) => typed::<f32>(slice_of(x, x_at)?, slice_of(w, w_at)?, size),
            _ => typed::<f64>(slice_of(x, x_at)?, slice_of(w, w_at)?, size),
        };
        Ok((values, self.shape.clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        match x.dtype() {
            DType::F32 => self.backward::<f32>(x, w, &grad),
            _ => self.backward::<f64>(x, w, &grad),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;
    use crate::nn::testing::{check_gradients, distance, random, weighted};

    #[test]
    fn it_is_the_product_with_the_weight_as_it_stands() {
        for (rows, out, wide) in [(3, 4, 7), (300, 5, 6)] {
            let var = |name: &str, shape: &[usize]| Var::from_tensor(&random(name, shape)).unwrap();
            let (w, x) = (var("w", &[out, wide]), var("x", &[rows, out]));
            assert!(distance(&times(&x, &w).unwrap(), &x.matmul(&w).unwrap()) < 1e-13);
            check_gradients("times", &[&x, &w], || weighted(&times(&x, &w)?));
            assert!(times(&var("y", &[rows, wide]), &w).is_err());
        }
    }
}
