//! Convolution from Candle's ordinary operations, for devices without a kernel of ours: patches, then one matrix product.
//!
//! Candle's own convolution has no fast way back on a GPU. Here the image is cut into squares of the stride's side, channels last; a
//! patch is then a few neighbouring squares, so that both passes are slices, one rearrangement and products of matrices.

use candle_core::{Result, Tensor};

use super::im2col::Geometry;

/// What [`super::conv2d`] computes: `x` [N, C, H, W] with `w` [O, C, k, k] to [N, O, OH, OW].
pub(super) fn conv2d(x: &Tensor, w: &Tensor, g: &Geometry) -> Result<Tensor> {
    // Squares a kernel covers on each axis.
    let across = g.kernel.div_ceil(g.stride);
    let squares = squares(x, g, across)?;
    let mut parts = Vec::with_capacity(across * across);
    for y in 0..across {
        for x in 0..across {
            parts.push(squares.narrow(1, y, g.out_height)?.narrow(2, x, g.out_width)?);
        }
    }
    let patches = Tensor::cat(&parts, 3)?;
    let taps = patches.dim(3)?;
    let rows = patches.contiguous()?.reshape((g.images * g.positions(), taps))?;
    let y = rows.matmul(&turned(w, g, across)?)?;
    y.reshape((g.images, g.out_height, g.out_width, g.outputs))?.permute((0, 3, 1, 2))?.contiguous()
}

/// The padded image in squares of the stride's side: [N, rows, columns, stride²·C].
fn squares(x: &Tensor, g: &Geometry, across: usize) -> Result<Tensor> {
    let (rows, columns) = (g.out_height - 1 + across, g.out_width - 1 + across);
    // As long as the squares need: with zeros behind, or without what no kernel reaches.
    let fitted = |x: Tensor, dim: usize, length: usize| {
        let behind = length.saturating_sub(x.dim(dim)? + g.pad);
        x.pad_with_zeros(dim, g.pad, behind)?.narrow(dim, 0, length)
    };
    let x = x.permute((0, 2, 3, 1))?;
    let x = fitted(fitted(x, 1, rows * g.stride)?, 2, columns * g.stride)?.contiguous()?;
    let split = x.reshape(&[g.images, rows, g.stride, columns, g.stride, g.channels])?;
    split.permute([0, 1, 3, 2, 4, 5])?.contiguous()?.reshape((g.images, rows, columns, g.stride * g.stride * g.channels))
}

/// The weights in the order of a patch, zeros where a kernel ends within a square: [taps, O].
fn turned(w: &Tensor, g: &Geometry, across: usize) -> Result<Tensor> {
    let (side, missing) = (across * g.stride, across * g.stride - g.kernel);
    let w = w.pad_with_zeros(2, 0, missing)?.pad_with_zeros(3, 0, missing)?.contiguous()?;
    let split = w.reshape(&[g.outputs, g.channels, across, g.stride, across, g.stride])?;
    split.permute([2, 4, 3, 5, 1, 0])?.contiguous()?.reshape((side * side * g.channels, g.outputs))
}
