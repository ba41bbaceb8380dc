//! Batch and layer normalisation.

use candle_core::{Result, Tensor, Var, bail};

use super::{
    batch_kernel::{BatchOp, Sizes, batch_moments},
    host::on_host,
    params::Init,
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
            return self.apply_composed(x, stats, relu, sizes);
        }
        let x = x.contiguous()?;
        let (mean, var) = match stats {
            Stats::Train => {
                let (mean, var) = batch_moments(&x, sizes)?;
                self.track(&vector(&mean, &self.running_mean)?, &vector(&var, &self.running_var)?, sizes)?;
                (mean, var)
            }
            Stats::Eval => (numbers(&self.running_mean)?, numbers(&self.running_var)?),
        };
        let inverse_std = var.iter().map(|v| 1.0 / (v + EPS).sqrt()).collect();
        let op = BatchOp { sizes, mean, inverse_std, batch_statistics: stats == Stats::Train, relu };
        x.apply_op3(&self.weight, &self.bias, op)
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
    fn track(&self, mean: &Tensor, var: &Tensor, sizes: Sizes) -> Result<()> {
        let count = (sizes.images * sizes.positions) as f64;
        let unbiased = count / (count - 1.0);
        self.running_mean.set(&((self.running_mean.as_detached_tensor() * (1.0 - MOMENTUM))? + (mean * MOMENTUM)?)?)?;
        let var = (var * (MOMENTUM * unbiased))?;
        self.running_var.set(&((self.running_var.as_detached_tensor() * (1.0 - MOMENTUM))? + var)?)
    }

    /// The same from Candle's ordinary operations, for devices without a kernel of ours.
    fn apply_composed(&self, x: &Tensor, stats: Stats, relu: bool, sizes: Sizes) -> Result<Tensor> {
        let flat = x.reshape((sizes.images, sizes.channels, sizes.positions))?;
        let (mean, var) = match stats {
            Stats::Train => {
                let mean = flat.mean_keepdim((0, 2))?;
                let var = flat.broadcast_sub(&mean)?.sqr()?.mean_keepdim((0, 2))?;
                self.track(&mean.flatten_all()?.detach(), &var.flatten_all()?.detach(), sizes)?;
                (mean, var)
            }
            Stats::Eval => {
                // Copies: the graph outlives the next change of the running statistics.
                let shaped = |var: &Var| var.as_detached_tensor().copy()?.reshape((1, sizes.channels, 1));
                (shaped(&self.running_mean)?, shaped(&self.running_var)?)
            }
        };
        let shaped = |var: &Var| var.reshape((1, sizes.channels, 1));
        let normal = flat.broadcast_sub(&mean)?.broadcast_div(&(var + EPS)?.sqrt()?)?;
        let y = normal.broadcast_mul(&shaped(&self.weight)?)?.broadcast_add(&shaped(&self.bias)?)?;
        // Candle's own relu has gradient 1 at 0.
        let y = if relu { (&y * y.gt(0.0)?.to_dtype(y.dtype())?)? } else { y };
        y.reshape(x.shape())
    }
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
