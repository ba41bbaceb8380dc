//! The encode-and-dot-product critic (Hjelm et al. 2019, figure 4): T(m, y) = ⟨φ(m), ψ(y)⟩.
//!
//! Each side is W₂·ReLU(BN(W₁x)) + b₂ + W_s x to `units`. A dot product is linear in both arguments, so φ's last layer
//! moves to the side of the few codes:
//!
//! ```text
//! ⟨W₂r + b + W_s m, y'⟩ = ⟨r, W₂ᵀy'⟩ + ⟨m, W_sᵀy'⟩ + ⟨b, y'⟩
//! ```
//!
//! which replaces a units × units product on N·L rows by one on N rows. With a LayerNorm at the end of φ that is not
//! possible, and φ is computed in full.

use candle_core::{Result, Tensor};

use super::{CriticShape, Pairs};
use crate::{
    config::CriticNorm,
    nn::{self, BatchNorm, Init, LayerNorm, Linear, Stats},
};

/// One side: x [n, in] → [n, units].
#[derive(Debug)]
struct Side {
    w1: Linear,
    bn: BatchNorm,
    w2: Linear,
    shortcut: Linear,
    ln: Option<LayerNorm>,
}

impl Side {
    fn new(mut init: Init<'_>, input: usize, units: usize, norm: CriticNorm) -> Result<Self> {
        let w1 = Linear::new(init.sub("w1"), input, units, false)?;
        let bn = BatchNorm::new(init.sub("bn"), units)?;
        let w2 = Linear::new(init.sub("w2"), units, units, true)?;
        let shortcut = Linear { weight: near_identity(init.sub("shortcut"), input, units)?, bias: None };
        let ln = match norm {
            CriticNorm::None => None,
            CriticNorm::Layer => Some(LayerNorm::new(init.sub("ln"), units)?),
        };
        Ok(Self { w1, bn, w2, shortcut, ln })
    }

    /// ReLU(BN(W₁x)), [n, units]
    fn hidden(&self, x: &Tensor, stats: Stats) -> Result<Tensor> {
        self.bn.forward_relu(&self.w1.forward(x)?, stats)
    }

    fn embed(&self, x: &Tensor, stats: Stats) -> Result<Tensor> {
        let out = (self.w2.forward(&self.hidden(x, stats)?)? + self.shortcut.forward(x)?)?;
        match &self.ln {
            None => Ok(out),
            Some(ln) => ln.forward(&out),
        }
    }
}

/// W_s [units, in]: 1 on the diagonal, U(−0.01, 0.01) elsewhere (the official code's initialisation).
fn near_identity(mut init: Init<'_>, input: usize, units: usize) -> Result<candle_core::Var> {
    let mut w = nn::uniform(&mut init.rng("weight"), units * input, -0.01, 0.01);
    for i in 0..units.min(input) {
        w[i * input + i] = 1.0;
    }
    init.tensor("weight", w, &[units, input])
}

#[derive(Debug)]
pub struct DotCritic {
    feature: Side,
    code: Side,
}

impl DotCritic {
    pub fn new(mut init: Init<'_>, shape: CriticShape, side: &str) -> Result<Self> {
        Ok(Self {
            feature: Side::new(init.sub(side), shape.feature, shape.units, shape.norm)?,
            code: Side::new(init.sub("code"), shape.code, shape.units, shape.norm)?,
        })
    }

    /// All scores at once, [N, P]: row i holds T(·, Y_i).
    pub fn matrix(&self, features: &Tensor, codes: &Tensor, stats: Stats) -> Result<Tensor> {
        if self.feature.ln.is_some() {
            return self.plain(features, codes, stats);
        }
        let code = self.code.embed(codes, stats)?;
        let folded = nn::times(&code, &self.feature.w2.weight)?;
        let folded_shortcut = nn::times(&code, &self.feature.shortcut.weight)?;
        let side = &self.feature;
        let scores = nn::folded_scores(features, &side.w1.weight, &side.bn, &folded, &folded_shortcut, stats)?;
        match &self.feature.w2.bias {
            None => Ok(scores),
            Some(b) => scores.broadcast_add(&code.matmul(&b.unsqueeze(1)?)?),
        }
    }

    /// The same, with every feature embedded in full.
    pub(super) fn plain(&self, features: &Tensor, codes: &Tensor, stats: Stats) -> Result<Tensor> {
        self.code.embed(codes, stats)?.matmul(&self.feature.embed(features, stats)?.t()?)
    }

    /// Flat scores of the joint and of the marginal pairs.
    pub fn score(&self, features: &Tensor, codes: &Tensor, pairs: &Pairs, stats: Stats) -> Result<(Tensor, Tensor)> {
        let scores = self.matrix(features, codes, stats)?;
        if pairs.all_others(codes.dim(0)?) {
            return nn::own_and_others(&scores, &pairs.joint, &pairs.marginal);
        }
        Ok((nn::pick(&scores, &pairs.joint)?, nn::pick(&scores, &pairs.marginal)?))
    }
}
