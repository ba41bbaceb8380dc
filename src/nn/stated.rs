//! A value with its way back stated, for devices without a kernel of ours.
//!
//! Composed of Candle's operations, a layer is a node of the graph for each of them, and each costs the way back two kernels more than
//! its own: zeros, and a sum with them. Here a layer is one node, and its gradients are written out.

use candle_core::{
    CpuStorage, CudaStorage, CustomOp3, Layout, MetalStorage, Result, Shape, Storage, Tensor, backend::BackendStorage, bail,
};

use super::gradients::keep;

/// Gradients of the inputs, given that of the value.
type Back = dyn Fn(&Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync;

/// `value`, which was computed from one to three `inputs` without a graph, as a node that leads back to them.
///
/// # Errors
/// Only those of the device: the value is copied once.
pub(super) fn stated<const N: usize>(
    inputs: [&Tensor; N],
    value: Tensor,
    back: impl Fn(&Tensor) -> Result<[Option<Tensor>; N]> + Send + Sync + 'static,
) -> Result<Tensor> {
    const { assert!(N >= 1 && N <= 3) };
    if inputs.iter().all(|input| !input.track_op()) {
        return Ok(value);
    }
    // A storage is copied whole, whatever part of it is meant.
    let whole = value.is_contiguous() && value.layout().start_offset() == 0;
    let value = if whole { value.detach() } else { value.force_contiguous()?.detach() };
    let back = Box::new(move |grad: &Tensor| Ok(back(grad)?.into()));
    // Candle's node has three: what is missing stands for the first, and gets nothing.
    let input = |i: usize| inputs[if i < N { i } else { 0 }];
    input(0).apply_op3(input(1), input(2), Stated { value, back })
}

struct Stated {
    value: Tensor,
    back: Box<Back>,
}

impl CustomOp3 for Stated {
    fn name(&self) -> &'static str {
        "stated"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (value, at) = self.value.storage_and_layout();
        let Storage::Cpu(value) = &*value else { bail!("stated: the value is on another device") };
        Ok((value.try_clone(at)?, self.value.shape().clone()))
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (value, at) = self.value.storage_and_layout();
        let Storage::Cuda(value) = &*value else { bail!("stated: the value is on another device") };
        Ok((value.try_clone(at)?, self.value.shape().clone()))
    }

    fn metal_fwd(
        &self,
        _: &MetalStorage,
        _: &Layout,
        _: &MetalStorage,
        _: &Layout,
        _: &MetalStorage,
        _: &Layout,
    ) -> Result<(MetalStorage, Shape)> {
        let (value, at) = self.value.storage_and_layout();
        let Storage::Metal(value) = &*value else { bail!("stated: the value is on another device") };
        Ok((value.try_clone(at)?, self.value.shape().clone()))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut by = (self.back)(&grad.contiguous()?)?.into_iter();
        let mut next = |input: &Tensor| keep(input, by.next().flatten());
        Ok((next(a)?, next(b)?, next(c)?))
    }
}
