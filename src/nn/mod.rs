//! What Candle lacks: seeded init and draws, fast convolution, BatchNorm, Adam with reachable state.
//!
//! Everything here knows tensors and nothing of images, critics or configs. On the CPU the layers run own kernels for f32 and f64; on
//! other devices the same functions are made of Candle's ordinary operations. Given a number of threads (rayon's global pool), every
//! result on the CPU is the same to the bit: work is partitioned, and sums are ordered, by sizes alone, never by who finishes first.

pub mod adam;
pub mod conv;
pub mod folded;
pub mod gradients;
pub mod layouts;
mod linear;
pub mod norm;
pub mod pairs;
pub mod params;
pub mod pool;
pub mod rng;
pub mod times;
pub mod transpose;

mod batch_kernel;
mod host;
mod im2col;
mod patches;
mod rows;
mod stated;
mod sums;

pub use adam::Adam;
pub use conv::{Conv, conv2d};
pub use folded::folded_scores;
pub use gradients::{Gradients, grad_norm};
pub use linear::{Linear, linear, linear_part, linear_relu};
pub use norm::{BatchNorm, LayerNorm, Stats};
pub use pairs::{own_and_others, pick, relu_of_pair_sums};
pub use params::{Init, Store};
pub use pool::max_pool;
pub use rng::{Draws, below, distinct, normal, permutation, uniform};
pub use times::times;
pub use transpose::location_rows;

/// ReLU in Candle's operations, with gradient 0 at exactly 0: that of Candle's own is 1 there.
fn relu(x: &candle_core::Tensor) -> candle_core::Result<candle_core::Tensor> {
    x * above_zero(x)?
}

/// `x` where `open` is 1, if there is such a gate.
fn gated(x: candle_core::Tensor, open: Option<&candle_core::Tensor>) -> candle_core::Result<candle_core::Tensor> {
    open.map_or(Ok(x.clone()), |open| x * open)
}

/// 1 where `x` is above 0, else 0; no gradient leads through it.
fn above_zero(x: &candle_core::Tensor) -> candle_core::Result<candle_core::Tensor> {
    let x = x.detach();
    x.gt(&x.zeros_like()?)?.to_dtype(x.dtype())
}

#[cfg(test)]
pub(crate) mod testing;
