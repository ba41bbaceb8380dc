//! Shapes and strides that an NVIDIA GPU is told again and again.
//!
//! For each operation on a tensor that is not contiguous, and for each sum, Candle sends the GPU a few whole numbers and frees them
//! after. Under [`remembering`] it keeps what it has sent, by content and for good: only for work that sends nothing small but layouts.

use candle_core::Tensor;

/// Does `work`, remembering layouts on the device of `t`.
#[cfg(feature = "cuda")]
pub(super) fn remembering<R>(t: &Tensor, work: impl FnOnce() -> R) -> R {
    let _guard = t.device().as_cuda_device().ok().map(|cuda| cuda.enable_cuda_graph_htod_cache());
    work()
}

/// Does `work`: only NVIDIA GPUs are told layouts.
#[cfg(not(feature = "cuda"))]
pub(super) fn remembering<R>(_: &Tensor, work: impl FnOnce() -> R) -> R {
    work()
}
