//! Rows of a table by their numbers, for devices without a kernel of ours.
//!
//! Forward it is Candle's `index_select`. Candle's way back adds one row after the other in a single thread of a GPU; here each row of
//! the table collects the gradients of the places it went to, by another `index_select`.

use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, Layout, MetalStorage, Result, Shape, Storage, Tensor, backend::BackendStorage, bail,
};

/// No row: `index_select` makes zeros of it.
const NONE: u32 = u32::MAX;

/// Rows `index` of `x` [R, W], each as often as it is named: [index, W].
///
/// # Errors
/// If `x` has not two dimensions, or those of the device.
pub(super) fn rows(x: &Tensor, index: &[u32]) -> Result<Tensor> {
    let count = x.dim(0)?;
    let mut times = vec![0usize; count];
    for &row in index {
        match times.get_mut(row as usize) {
            Some(times) => *times += 1,
            None => bail!("there is no row {row} among {count}"),
        }
    }
    let most = times.iter().copied().max().unwrap_or(0).max(1);
    let mut back = vec![NONE; count * most];
    for (place, &row) in index.iter().enumerate().rev() {
        let left = &mut times[row as usize];
        *left -= 1;
        back[row as usize * most + *left] = place as u32;
    }
    let device = x.device();
    let op = RowsOp { index: Tensor::new(index, device)?, back: Tensor::from_vec(back, count * most, device)?, most };
    x.contiguous()?.apply_op1(op)
}

struct RowsOp {
    index: Tensor,
    /// For each row of the table, the places it went to, filled up with [`NONE`]: [R · most].
    back: Tensor,
    most: usize,
}

impl RowsOp {
    fn shape(&self, x: &Layout) -> Result<Shape> {
        Ok(Shape::from((self.index.elem_count(), x.shape().dims2()?.1)))
    }
}

impl CustomOp1 for RowsOp {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn cpu_fwd(&self, x: &CpuStorage, at: &Layout) -> Result<(CpuStorage, Shape)> {
        let (index, index_at) = self.index.storage_and_layout();
        let Storage::Cpu(index) = &*index else { bail!("rows: table and index are on different devices") };
        Ok((x.index_select(index, at, index_at, 0)?, self.shape(at)?))
    }

    fn cuda_fwd(&self, x: &CudaStorage, at: &Layout) -> Result<(CudaStorage, Shape)> {
        let (index, index_at) = self.index.storage_and_layout();
        let Storage::Cuda(index) = &*index else { bail!("rows: table and index are on different devices") };
        Ok((x.index_select(index, at, index_at, 0)?, self.shape(at)?))
    }

    fn metal_fwd(&self, x: &MetalStorage, at: &Layout) -> Result<(MetalStorage, Shape)> {
        let (index, index_at) = self.index.storage_and_layout();
        let Storage::Metal(index) = &*index else { bail!("rows: table and index are on different devices") };
        Ok((x.index_select(index, at, index_at, 0)?, self.shape(at)?))
    }

    fn bwd(&self, x: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (count, width) = x.dims2()?;
        let collected = grad.contiguous()?.index_select(&self.back, 0)?;
        Ok(Some(collected.reshape((count, self.most, width))?.sum(1)?))
    }
}
