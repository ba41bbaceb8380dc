//! The concatenate-and-convolve critic (Hjelm et al. 2019, figure 3): an MLP on [feature; code], hidden-hidden-1.
//!
//! For the local term this is the paper's stack of 1×1 convolutions. The first layer splits,
//! `W[m; y] = W_m m + W_y y`, so that each part is computed once per row and once per code and only added per pair.

use candle_core::{Result, Tensor};

use super::{CriticShape, Pairs};
use crate::nn::{self, Init, Linear};

#[derive(Debug)]
pub struct ConcatCritic {
    /// Width of the feature's part of the input.
    feature: usize,
    l0: Linear,
    l1: Linear,
    l2: Linear,
}

impl ConcatCritic {
    pub fn new(mut init: Init<'_>, shape: CriticShape) -> Result<Self> {
        Ok(Self {
            feature: shape.feature,
            l0: Linear::new(init.sub("l0"), shape.feature + shape.code, shape.hidden, true)?,
            l1: Linear::new(init.sub("l1"), shape.hidden, shape.hidden, true)?,
            l2: Linear::new(init.sub("l2"), shape.hidden, 1, true)?,
        })
    }

    /// Flat scores of the joint and of the marginal pairs.
    pub fn score(&self, features: &Tensor, codes: &Tensor, pairs: &Pairs) -> Result<(Tensor, Tensor)> {
        let of_feature = nn::linear_part(features, &self.l0.weight, 0)?;
        let of_code = nn::linear_part(codes, &self.l0.weight, self.feature)?;
        let of_code = match &self.l0.bias {
            None => of_code,
            Some(b) => of_code.broadcast_add(b)?,
        };
        let score = |entries: &[u32]| -> Result<Tensor> {
            let h = nn::relu_of_pair_sums(&of_feature, &of_code, &pairs.split(entries))?;
            self.l2.forward(&self.l1.forward_relu(&h)?)?.flatten_all()
        };
        Ok((score(&pairs.joint)?, score(&pairs.marginal)?))
    }
}
