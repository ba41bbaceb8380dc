//! Convolution from Candle's ordinary operations, for devices without a kernel of ours: patches, then one matrix product.
//!
//! Candle's own convolution has no fast way back on a GPU. Here the pixels of all patches are picked in one go, by their numbers, and the
//! way back adds up for each pixel what the patches it is in say of it, again by numbers.

use std::cell::RefCell;

use candle_core::{Result, Tensor, bail};

use super::{im2col::Geometry, stated::stated};

/// No pixel, no patch: `index_select` makes zeros of it.
const NONE: u32 = u32::MAX;

/// What [`super::conv2d`] computes: `x` [N, C, H, W] with `w` [O, C, k, k] to [N, O, OH, OW].
pub(super) fn conv2d(x: &Tensor, w: &Tensor, g: &Geometry) -> Result<Tensor> {
    let g = *g;
    let places = places(&g, x)?;
    let (taps, cells) = (g.kernel * g.kernel, g.out_height * g.out_width);
    let pixels = x.detach().permute((0, 2, 3, 1))?.contiguous()?.reshape((g.images, g.height * g.width, g.channels))?;
    let patches = pixels.index_select(&places.of_patches, 1)?.reshape((g.images * cells, taps * g.channels))?;
    let matrix = w.detach().permute((2, 3, 1, 0))?.contiguous()?.reshape((taps * g.channels, g.outputs))?;
    let y = patches.matmul(&matrix)?.reshape((g.images, g.out_height, g.out_width, g.outputs))?;
    let to_x = x.track_op();
    stated([x, w], y.permute((0, 3, 1, 2))?.contiguous()?, move |grad| {
        let grad = grad.permute((0, 2, 3, 1))?.contiguous()?.reshape((g.images * cells, g.outputs))?;
        let by_w = patches.t()?.matmul(&grad)?.reshape((g.kernel, g.kernel, g.channels, g.outputs))?;
        let by_w = by_w.permute((3, 2, 0, 1))?.contiguous()?;
        if !to_x {
            return Ok([None, Some(by_w)]);
        }
        let by_patch = grad.matmul(&matrix.t()?)?.reshape((g.images, cells * taps, g.channels))?;
        let by_pixel = by_patch.index_select(&places.of_pixels, 1)?;
        let by_pixel = by_pixel.reshape((g.images, g.height, g.width, places.most, g.channels))?.sum(3)?;
        Ok([Some(by_pixel.permute((0, 3, 1, 2))?.contiguous()?), Some(by_w)])
    })
}

/// Which pixel each tap of each patch sees, and which taps see each pixel.
#[derive(Clone)]
struct Places {
    /// [cells · taps]
    of_patches: Tensor,
    /// [pixels · most], filled up with [`NONE`].
    of_pixels: Tensor,
    /// Taps that see one pixel, at most.
    most: usize,
}

thread_local! {
    /// Those made so far, for the next step: a network has a few geometries.
    static KNOWN: RefCell<Vec<(Geometry, Places)>> = const { RefCell::new(Vec::new()) };
}
/// Geometries remembered, at most.
const REMEMBERED: usize = 32;

fn places(g: &Geometry, x: &Tensor) -> Result<Places> {
    // Whatever the number of images.
    let g = Geometry { images: 1, ..*g };
    KNOWN.with_borrow_mut(|known| {
        let same = |(of, places): &&(Geometry, Places)| *of == g && places.of_patches.device().same_device(x.device());
        if let Some((_, places)) = known.iter().find(same) {
            return Ok(places.clone());
        }
        let places = made(&g, x)?;
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        known.push((g, places.clone()));
        Ok(places)
    })
}

fn made(g: &Geometry, x: &Tensor) -> Result<Places> {
    if g.height * g.width >= NONE as usize || g.out_height * g.out_width * g.kernel * g.kernel >= NONE as usize {
        bail!("conv2d: images of {}×{} are too large for a device", g.height, g.width);
    }
    let inside = |out: usize, tap: usize, length: usize| (out * g.stride + tap).checked_sub(g.pad).filter(|&at| at < length);
    let mut of_patches = Vec::new();
    let mut seen = vec![Vec::new(); g.height * g.width];
    for (row, column) in (0..g.out_height).flat_map(|row| (0..g.out_width).map(move |column| (row, column))) {
        for (down, right) in (0..g.kernel).flat_map(|down| (0..g.kernel).map(move |right| (down, right))) {
            let pixel = inside(row, down, g.height).zip(inside(column, right, g.width)).map(|(y, x)| y * g.width + x);
            if let Some(pixel) = pixel {
                seen[pixel].push(of_patches.len() as u32);
            }
            of_patches.push(pixel.map_or(NONE, |pixel| pixel as u32));
        }
    }
    let most = seen.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut of_pixels = vec![NONE; most * seen.len()];
    for (places, taps) in of_pixels.chunks_exact_mut(most).zip(&seen) {
        places[..taps.len()].copy_from_slice(taps);
    }
    let device = x.device();
    let (all_taps, all_places) = (of_patches.len(), of_pixels.len());
    let of_patches = Tensor::from_vec(of_patches, all_taps, device)?;
    Ok(Places { of_patches, of_pixels: Tensor::from_vec(of_pixels, all_places, device)?, most })
}
