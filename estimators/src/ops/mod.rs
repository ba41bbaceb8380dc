//! Differentiable reductions over scores: softplus, log-sum-exp and their means.
//!
//! On the CPU with f32 or f64 each is one pass over the scores forward and one backward ([`Tensor::apply_op1`] with its own
//! backward); elsewhere they are written with Candle's operations. All are safe at any finite score, and the CPU passes give the
//! same bits whatever the number of threads.

mod bound;
mod clip;
mod kernel;
mod logsumexp;
mod mean;
mod softplus;

use candle_core::{DType, Tensor};

pub use crate::jsd::guaranteed as guaranteed_nats;
pub use bound::{at_least, at_most};
pub use clip::clip_scores;
pub use logsumexp::{log_add_exp, log_mean_exp_all, log_sum_exp_all, log_sum_exp_rows};
pub(crate) use mean::{Pointwise, mean_of};
pub use mean::{exp_mean, mean_all};
pub use softplus::{softplus, softplus_and_exp_mean, softplus_mean};

/// Whether the fused passes serve this tensor.
fn fused(t: &Tensor) -> bool {
    t.device().is_cpu() && matches!(t.dtype(), DType::F32 | DType::F64)
}
