//! The one input of every estimator: scores of positive and of negative pairs.

use candle_core::Tensor;

use crate::{Error, Result, ops};

/// Critic scores of G groups; in each, R positives share K negatives.
///
/// A group has one anchor (in Deep InfoMax: the code of one image, or one location of it). Whoever fills this in keeps a positive
/// out of its own negatives; no estimator here can see that from the numbers.
#[derive(Debug, Clone)]
pub struct Scores {
    /// T, scores of pairs from the joint distribution, `[G, R]`.
    pub joint: Tensor,
    /// T', scores of pairs from the product of the marginals, `[G, K]`.
    pub marginal: Tensor,
}

impl Scores {
    /// Checks the shapes: two matrices of the same G ≥ 1, R ≥ 1, K ≥ 1, of one floating-point type.
    ///
    /// # Errors
    /// [`Error::Rank`], [`Error::Groups`], [`Error::Empty`] or [`Error::DType`].
    pub fn new(joint: Tensor, marginal: Tensor) -> Result<Self> {
        for (which, expected, t) in [("joint", "[G, R]", &joint), ("marginal", "[G, K]", &marginal)] {
            if t.rank() != 2 {
                return Err(Error::Rank { which, expected, found: t.dims().to_vec() });
            }
        }
        if joint.dims()[0] != marginal.dims()[0] {
            return Err(Error::Groups { joint: joint.dims()[0], marginal: marginal.dims()[0] });
        }
        for (which, t) in [("joint", &joint), ("marginal", &marginal)] {
            if t.elem_count() == 0 {
                return Err(Error::Empty { which, found: t.dims().to_vec() });
            }
        }
        if joint.dtype() != marginal.dtype() || !joint.dtype().is_float() {
            return Err(Error::DType { joint: joint.dtype(), marginal: marginal.dtype() });
        }
        Ok(Self { joint, marginal })
    }

    /// G, the number of groups.
    pub fn groups(&self) -> usize {
        self.joint.dims()[0]
    }

    /// R, the positives of each group.
    pub fn positives(&self) -> usize {
        self.joint.dims()[1]
    }

    /// K, the negatives of each group.
    pub fn negatives(&self) -> usize {
        self.marginal.dims()[1]
    }

    /// Both sides through `c·tanh(T/c)`: every score then lies within ±c.
    ///
    /// # Errors
    /// [`Error::Clip`] unless c is finite and above 0.
    pub fn clipped(&self, c: f64) -> Result<Self> {
        Ok(Self { joint: ops::clip_scores(&self.joint, c)?, marginal: ops::clip_scores(&self.marginal, c)? })
    }

    /// The same numbers, cut from the graph.
    pub fn detach(&self) -> Self {
        Self { joint: self.joint.detach(), marginal: self.marginal.detach() }
    }
}
