//! Batch and layer normalisation.

use candle_core::{Result, Tensor, Var, bail};

use super::{
    batch_kernel::{BatchOp, Sizes, batch_moments},
    host::on_host,
    layouts::remembering,
    params::Init,
    stated::stated,
};

/// Added to every variance, as PyTorch has it.
pub(super) const EPS: f64 = 1e-5;
/// Weight of the present batch in the running statistics, as PyTorch has it.
const MOMENTUM: f64 = 0.1;

/// Which statistics BatchNorm normalises by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stats {
    /// The batch's own; the running ones move towards them.
    Train,
    /// The running ones; nothing is changed.
    Eval,
}

/// Batch normalisation per channel (Ioffe & Szegedy 2015), with PyTorch's conventions: ε = 1e-5, momentum 0.1,
/// biased variance to normalise by, unbiased variance into the running statistics.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// γ [features].
    pub weight: Var,
    /// β [features].
    pub bias: Var,
    running_mean: Var,
    running_var: Var,
}

impl BatchNorm {
    /// γ = 1, β = 0, running mean 0 and variance 1; makes `weight`, `bias` and the buffers `running_mean`, `running_var`.
    pub fn new(mut init: Init<'_>, features: usize) -> Result<Self> {
        Ok(Self {
            weight: init.constant("weight", features, 1.0)?,
            bias: init.constant("bias", features, 0.0)?,
            running_mean: init.buffer("running_mean", features, 0.0)?,
            running_var: init.buffer("running_var", features, 1.0)?,
        })
    }

    /// `x` [N, C] or [N, C, ..] normalised per channel, same shape.
    ///
    /// # Errors
    /// If the channels do not fit, or there is only one value per channel to take statistics of.
    pub fn forward(&self, x: &Tensor, stats: Stats) -> Result<Tensor> {
        self.apply(x, stats, false)
    }

    /// [`Self::forward`], then ReLU, in one pass over memory. The gradient of ReLU at exactly 0 is 0.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_relu(&self, x: &Tensor, stats: Stats) -> Result<Tensor> {
        self.apply(x, stats, true)
    }

    fn apply(&self, x: &Tensor, stats: Stats, relu: bool) -> Result<Tensor> {
        let sizes = self.sizes(x, stats)?;
        if !on_host(&[x, &self.weight, &self.bias]) {
            return remembering(x, || self.apply_composed(x, stats, relu, sizes));
        }
        let x = x.contiguous()?;
        let (mean, var) = match stats {
            Stats::Train => {
                let (mean, var) = batch_moments(&x, sizes)?;
                self.track_numbers(&mean, &var, sizes.images * sizes.positions)?;
                (mean, var)
            }
            Stats::Eval => (numbers(&self.running_mean)?, numbers(&self.running_var)?),
        };
        let inverse_std = var.iter().map(|v| inverse_std(*v)).collect();
        let op = BatchOp { sizes, mean, inverse_std, batch_statistics: stats == Stats::Train, relu };
        x.apply_op3(&self.weight, &self.bias, op)
    }

    /// Mean and variance of each feature to normalise by; `None` if they are those of the batch of `count` values to come.
    pub(super) fn fixed(&self, stats: Stats, count: usize) -> Result<Option<Vec<(f64, f64)>>> {
        match stats {
            Stats::Train if count < 2 => bail!("BatchNorm needs more than one value per channel while training"),
            Stats::Train => Ok(None),
            Stats::Eval => Ok(Some(numbers(&self.running_mean)?.into_iter().zip(numbers(&self.running_var)?).collect())),
        }
    }

    /// Moves the running statistics towards the mean and (biased) variance of `count` values.
    pub(super) fn track_numbers(&self, mean: &[f64], var: &[f64], count: usize) -> Result<()> {
        self.track(&vector(mean, &self.running_mean)?, &vector(var, &self.running_var)?, count as f64)
    }

    fn sizes(&self, x: &Tensor, stats: Stats) -> Result<Sizes> {
        let features = self.weight.elem_count();
        let &[images, channels, ref rest @ ..] = x.dims() else {
            bail!("BatchNorm: input {:?} has no channels", x.dims());
        };
        let positions = rest.iter().product();
        if channels != features {
            bail!("BatchNorm over {features} channels: input is {:?}", x.dims());
        }
        if stats == Stats::Train && images * positions < 2 {
            bail!("BatchNorm needs more than one value per channel while training: input is {:?}", x.dims());
        }
        Ok(Sizes { images, channels, positions })
    }

    /// Moves the running statistics towards the batch's mean and (biased) variance.
    fn track(&self, mean: &Tensor, var: &Tensor, count: f64) -> Result<()> {
        let unbiased = count / (count - 1.0);
        self.running_mean.set(&((self.running_mean.as_detached_tensor() * (1.0 - MOMENTUM))? + (mean * MOMENTUM)?)?)?;
        let var = (var * (MOMENTUM * unbiased))?;
        self.running_var.set(&((self.running_var.as_detached_tensor() * (1.0 - MOMENTUM))? + var)?)
    }

    /// The same from Candle's ordinary operations, for devices without a kernel of ours.
    fn apply_composed(&self, x: &Tensor, stats: Stats, relu: bool, sizes: Sizes) -> Result<Tensor> {
        let count = (sizes.images * sizes.positions) as f64;
        let by_feature = (sizes.images, sizes.channels, sizes.positions);
        let shaped = |vector: Tensor| vector.reshape((1, sizes.channels, 1));
        let flat = x.detach().reshape(by_feature)?;
        let (mean, var) = match stats {
            Stats::Train => {
                let mean = flat.mean_keepdim((0, 2))?;
                let var = flat.broadcast_sub(&mean)?.sqr()?.mean_keepdim((0, 2))?;
                self.track(&mean.flatten_all()?, &var.flatten_all()?, count)?;
                (mean, var)
            }
            Stats::Eval => (shaped(self.running_mean.as_detached_tensor())?, shaped(self.running_var.as_detached_tensor())?),
        };
        let inverse_std = (var + EPS)?.sqrt()?.recip()?;
        let normal = flat.broadcast_sub(&mean)?.broadcast_mul(&inverse_std)?;
        let weight = shaped(self.weight.as_detached_tensor())?;
        let y = normal.broadcast_mul(&weight)?.broadcast_add(&shaped(self.bias.as_detached_tensor())?)?;
        let open = relu.then(|| super::above_zero(&y)).transpose()?;
        let y = super::gated(y, open.as_ref())?;
        let scale = (weight * inverse_std)?;
        let (shape, features) = (x.shape().clone(), sizes.channels);
        stated([x, &self.weight, &self.bias], y.reshape(x.shape())?, move |grad| {
            let grad = super::gated(grad.reshape(by_feature)?, open.as_ref())?;
            let by_bias = grad.sum_keepdim((0, 2))?;
            let by_weight = (&grad * &normal)?.sum_keepdim((0, 2))?;
            let inner = match stats {
                Stats::Train => {
                    let along = normal.broadcast_mul(&by_weight.affine(1.0 / count, 0.0)?)?;
                    (grad - along)?.broadcast_sub(&by_bias.affine(1.0 / count, 0.0)?)?
                }
                Stats::Eval => grad,
            };
            let by_x = inner.broadcast_mul(&scale)?.reshape(&shape)?;
            Ok([Some(by_x), Some(by_weight.reshape(features)?), Some(by_bias.reshape(features)?)])
        })
    }
}

/// 1/σ as BatchNorm has it.
pub(super) fn inverse_std(var: f64) -> f64 {
    1.0 / (var + EPS).sqrt()
}

fn vector(values: &[f64], like: &Tensor) -> Result<Tensor> {
    Tensor::new(values, like.device())?.to_dtype(like.dtype())
}

fn numbers(vector: &Tensor) -> Result<Vec<f64>> {
    vector.to_dtype(candle_core::DType::F64)?.to_vec1()
}

/// Layer normalisation over the last dimension (Ba, Kiros & Hinton 2016), ε = 1e-5.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// γ [features].
    pub weight: Var,
    /// β [features].
    pub bias: Var,
}

impl LayerNorm {
    /// γ = 1, β = 0; makes `weight` and `bias`.
    pub fn new(mut init: Init<'_>, features: usize) -> Result<Self> {
        Ok(Self { weight: init.constant("weight", features, 1.0)?, bias: init.constant("bias", features, 0.0)? })
    }

    /// `x` [.., features] normalised over its last dimension, same shape.
    ///
    /// # Errors
    /// If the last dimension does not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mean = x.mean_keepdim(candle_core::D::Minus1)?;
        let centred = x.broadcast_sub(&mean)?;
        let var = centred.sqr()?.mean_keepdim(candle_core::D::Minus1)?;
        let normal = centred.broadcast_div(&(var + EPS)?.sqrt()?)?;
        normal.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::nn::{
        params::Store,
        rng::Draws,
        testing::{check_gradients, distance, numbers, random, weighted},
    };

    fn layer(features: usize, dtype: DType) -> (Store, BatchNorm) {
        let mut store = Store::new(Draws { seed: 5, attempt: 0 }, &Device::Cpu, dtype);
        let norm = BatchNorm::new(store.root().sub("norm"), features).unwrap();
        norm.weight.set(&(random("gamma", &[features]) + 1.5).unwrap().to_dtype(dtype).unwrap()).unwrap();
        norm.bias.set(&random("beta", &[features]).to_dtype(dtype).unwrap()).unwrap();
        (store, norm)
    }

    const SHAPES: [&[usize]; 4] = [&[7, 3], &[4, 3, 5, 2], &[2, 70, 1, 3], &[3, 2, 4, 4]];

    #[test]
    fn a_column_by_hand() {
        let (_, norm) = layer(1, DType::F64);
        norm.weight.set(&Tensor::new(&[2f64], &Device::Cpu).unwrap()).unwrap();
        norm.bias.set(&Tensor::new(&[1f64], &Device::Cpu).unwrap()).unwrap();
        // Mean 3, biased variance (4+1+1+4)/4 = 2.5, unbiased 10/3.
        let x = Tensor::new(&[[1f64], [2.], [4.], [5.]], &Device::Cpu).unwrap();
        let y = numbers(&norm.forward(&x, Stats::Train).unwrap());
        for (y, centred) in y.iter().zip([-2.0, -1.0, 1.0, 2.0]) {
            assert!((y - (1.0 + 2.0 * centred / 2.50001f64.sqrt())).abs() < 1e-12);
        }
        assert!((numbers(&norm.running_mean)[0] - 0.3).abs() < 1e-12);
        assert!((numbers(&norm.running_var)[0] - (0.9 + 1.0 / 3.0)).abs() < 1e-12);
        // The second batch moves them on from there; evaluation uses them and leaves them alone.
        norm.forward(&x, Stats::Train).unwrap();
        let (mean, var) = (0.3 * 0.9 + 0.3, (0.9 + 1.0 / 3.0) * 0.9 + 1.0 / 3.0);
        let y = numbers(&norm.forward(&x, Stats::Eval).unwrap());
        assert!((y[0] - (1.0 + 2.0 * (1.0 - mean) / (var + 1e-5f64).sqrt())).abs() < 1e-12);
        assert!((numbers(&norm.running_mean)[0] - mean).abs() < 1e-12 && (numbers(&norm.running_var)[0] - var).abs() < 1e-12);
    }

    #[test]
    fn gradients_are_finite_differences() {
        for shape in SHAPES {
            let (_store, norm) = layer(shape[1], DType::F64);
            let x = Var::from_tensor(&random("x", shape)).unwrap();
            for stats in [Stats::Train, Stats::Eval] {
                // One move of the running statistics, so that evaluation is no identity; then they stay put: finite
                // differences call the layer often, and evaluation must not see a moving target.
                norm.forward(&x, Stats::Train).unwrap();
                let what = format!("{shape:?} {stats:?}");
                check_gradients(&what, &[&x, &norm.weight, &norm.bias], || weighted(&norm.forward(&x, stats)?));
                check_gradients(&what, &[&x, &norm.weight, &norm.bias], || weighted(&norm.forward_relu(&x, stats)?));
            }
        }
    }

    #[test]
    fn the_composed_path_for_other_devices_is_the_kernels() {
        for shape in SHAPES {
            for (stats, relu) in [(Stats::Train, false), (Stats::Train, true), (Stats::Eval, false), (Stats::Eval, true)] {
                let ((_a, ours), (_b, composed)) = (layer(shape[1], DType::F64), layer(shape[1], DType::F64));
                let x = Var::from_tensor(&random("x", shape)).unwrap();
                let run = |norm: &BatchNorm, y: Tensor| {
                    let grads = weighted(&y).unwrap().backward().unwrap();
                    let by = |v: &Var| grads.get(v).unwrap().clone();
                    let running = [norm.running_mean.as_tensor().clone(), norm.running_var.as_tensor().clone()];
                    [vec![y, by(&x), by(&norm.weight), by(&norm.bias)], running.to_vec()].concat()
                };
                let sizes = composed.sizes(&x, stats).unwrap();
                let a = run(&ours, ours.apply(&x, stats, relu).unwrap());
                let b = run(&composed, composed.apply_composed(&x, stats, relu, sizes).unwrap());
                assert!(a.iter().zip(&b).all(|(a, b)| distance(a, b) < 1e-12), "{shape:?} {stats:?} {relu}");
            }
        }
    }

    #[test]
    fn relu_has_no_gradient_at_zero_and_keeps_nan() {
        let mut store = Store::new(Draws { seed: 5, attempt: 0 }, &Device::Cpu, DType::F64);
        let norm = BatchNorm::new(store.root(), 1).unwrap();
        // Running mean 0, shift 0: the input 0 comes out as exactly 0.
        let x = Var::new(&[[0f64], [2.0], [-2.0]], &Device::Cpu).unwrap();
        let sizes = norm.sizes(&x, Stats::Eval).unwrap();
        for y in [norm.apply(&x, Stats::Eval, true).unwrap(), norm.apply_composed(&x, Stats::Eval, true, sizes).unwrap()] {
            let grads = y.sum_all().unwrap().backward().unwrap();
            let slope = 1.0 / 1.00001f64.sqrt();
            let by_x = numbers(grads.get(&x).unwrap());
            assert!(by_x[0] == 0.0 && (by_x[1] - slope).abs() < 1e-12 && by_x[2] == 0.0, "{by_x:?}");
        }
        let y = norm.forward_relu(&Tensor::new(&[[f64::NAN]], &Device::Cpu).unwrap(), Stats::Eval).unwrap();
        assert!(numbers(&y)[0].is_nan());
    }

    #[test]
    fn single_precision_survives_a_mean_far_from_zero_and_repeats_to_the_bit() {
        let x = (random("x", &[8, 20, 6, 6]) + 1000.0).unwrap();
        let (_a, single) = layer(20, DType::F32);
        let (_b, double) = layer(20, DType::F64);
        let xs = x.to_dtype(DType::F32).unwrap();
        // The same rounded input for both, so that only the arithmetic differs.
        let want = double.forward_relu(&xs.to_dtype(DType::F64).unwrap(), Stats::Train).unwrap();
        let first = single.forward_relu(&xs, Stats::Train).unwrap();
        assert!(distance(&first, &want) < 1e-4);
        assert_eq!(numbers(&first), numbers(&single.forward_relu(&xs, Stats::Train).unwrap()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (_store, norm) = layer(3, DType::F64);
        assert!(norm.forward(&random("x", &[4, 2]), Stats::Eval).is_err());
        assert!(norm.forward(&random("x", &[3]), Stats::Eval).is_err());
        // One value per channel has no variance.
        assert!(norm.forward(&random("x", &[1, 3]), Stats::Train).is_err());
        assert!(norm.forward(&random("x", &[1, 3]), Stats::Eval).is_ok());
    }

    #[test]
    fn layer_norm_rows_have_mean_and_spread_of_gamma_and_beta() {
        let mut store = Store::new(Draws { seed: 5, attempt: 0 }, &Device::Cpu, DType::F64);
        let norm = LayerNorm::new(store.root(), 4).unwrap();
        let x = Tensor::new(&[[1f64, 2., 4., 5.]], &Device::Cpu).unwrap();
        let y = numbers(&norm.forward(&x).unwrap());
        for (y, centred) in y.iter().zip([-2.0, -1.0, 1.0, 2.0]) {
            assert!((y - centred / 2.50001f64.sqrt()).abs() < 1e-12);
        }
        for shape in [&[3usize, 4][..], &[2, 3, 4], &[40, 4]] {
            norm.weight.set(&random("gamma", &[4])).unwrap();
            norm.bias.set(&random("beta", &[4])).unwrap();
            let x = Var::from_tensor(&random("x", shape)).unwrap();
            check_gradients("layer norm", &[&x, &norm.weight, &norm.bias], || weighted(&norm.forward(&x)?));
        }
    }
}
