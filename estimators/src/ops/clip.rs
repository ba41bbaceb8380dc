//! Score clipping.

use candle_core::Tensor;

use crate::{Error, Result};

/// `c·tanh(T/c)`, elementwise: the identity near 0, within ±c everywhere, smooth.
///
/// # Errors
/// [`Error::Clip`] unless c is finite and above 0.
pub fn clip_scores(t: &Tensor, c: f64) -> Result<Tensor> {
    if !c.is_finite() || c <= 0. {
        return Err(Error::Clip(c));
    }
    Ok(((t / c)?.tanh()? * c)?)
}
