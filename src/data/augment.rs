//! Augmentation of a training batch: shifted, turned around and recoloured images.
//!
//! What happens to an image is drawn from a generator that the caller derives from (seed, step, attempt), always the same numbers
//! in the same order whatever is switched on, so that switching one thing on leaves the others as they were.

use candle_core::{Device, Result, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Images, draw};
use crate::config::Augment;

/// Brightness of red, green and blue to the eye (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// What happens to one image.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drawn {
    /// Row and column of the stored image that come to the top left; may lie outside.
    corner: [isize; 2],
    flip: bool,
    /// Factors of brightness, contrast and saturation.
    factors: [f32; 3],
}

impl Drawn {
    fn draw(rng: &mut ChaCha8Rng, augment: &Augment, margin: usize) -> Self {
        let crop = augment.crop as u64;
        let mut shifted = || margin as isize + draw::below(rng, 2 * crop + 1) as isize - crop as isize;
        let corner = [shifted(), shifted()];
        let flip = rng.next_u32() >> 31 == 1 && augment.flip;
        let factors = [(); 3].map(|()| 1.0 + augment.colour as f32 * draw::uniform(rng, -1.0, 1.0));
        Self { corner, flip, factors }
    }
}

impl Images {
    /// As [`Images::batch`], each image augmented by draws from `rng`. A pixel x becomes, with factors b, c and s of brightness,
    /// contrast and saturation, c·b·x + (1 − c)·b·m, m being the image's mean brightness; then s times that and 1 − s times its
    /// grey; what leaves 0 to 255 is cut off at the end.
    ///
    /// # Errors
    /// As [`Images::batch`].
    pub fn augmented(&self, indices: &[u32], augment: &Augment, rng: &mut ChaCha8Rng, device: &Device) -> Result<Tensor> {
        let images = indices
            .iter()
            .map(|&index| Ok((self.image(index)?, Drawn::draw(rng, augment, self.margin))))
            .collect::<Result<Vec<_>>>()?;
        let size = self.image_bytes();
        let mut values = vec![0.0; indices.len() * size];
        if size > 0 {
            let scratch = || vec![0; size];
            values.par_chunks_mut(size).zip(images).for_each_init(scratch, |seen, (out, (image, drawn))| {
                self.view(image, drawn, seen);
                if augment.colour > 0.0 {
                    recolour(seen, self.height * self.width, drawn.factors, out);
                } else {
                    out.iter_mut().zip(&*seen).for_each(|(value, &byte)| *value = f32::from(byte) / 127.5 - 1.0);
                }
            });
        }
        Tensor::from_vec(values, (indices.len(), self.channels, self.height, self.width), device)
    }

    /// The H×W piece of the stored `image` at `drawn.corner`, black outside, turned around if drawn so.
    fn view(&self, image: &[u8], drawn: Drawn, seen: &mut [u8]) {
        let [rows, columns] = self.stored();
        let [top, left] = drawn.corner;
        // The columns of the view that lie within the stored image.
        let from = (-left).clamp(0, self.width as isize) as usize;
        let to = (columns as isize - left).clamp(from as isize, self.width as isize) as usize;
        let planes = seen.chunks_exact_mut(self.height * self.width).zip(image.chunks_exact(rows * columns));
        for (seen, stored) in planes {
            for (y, row) in seen.chunks_exact_mut(self.width).enumerate() {
                row.fill(0);
                let source = top + y as isize;
                if (0..rows as isize).contains(&source) && from < to {
                    let start = source as usize * columns + (left + from as isize) as usize;
                    row[from..to].copy_from_slice(&stored[start..start + to - from]);
                }
                if drawn.flip {
                    row.reverse();
                }
            }
        }
    }
}

/// `seen`, planes of `positions` bytes, recoloured and scaled to [−1, 1].
fn recolour(seen: &[u8], positions: usize, [brightness, contrast, saturation]: [f32; 3], out: &mut [f32]) {
    let mean = |plane: &[u8]| plane.iter().map(|&byte| u64::from(byte)).sum::<u64>() as f32 / plane.len() as f32;
    let (red, green_blue) = seen.split_at(positions);
    let slope = contrast * brightness;
    let base = (1.0 - contrast) * brightness;
    let scaled = |value: f32| value.clamp(0.0, 255.0) / 127.5 - 1.0;
    if green_blue.len() != 2 * positions {
        // Grey images have no saturation.
        let base = base * mean(seen);
        return out.iter_mut().zip(seen).for_each(|(value, &byte)| *value = scaled(slope * f32::from(byte) + base));
    }
    let (green, blue) = green_blue.split_at(positions);
    let base = base * (LUMA[0] * mean(red) + LUMA[1] * mean(green) + LUMA[2] * mean(blue));
    let (out_red, rest) = out.split_at_mut(positions);
    let (out_green, out_blue) = rest.split_at_mut(positions);
    let outs = out_red.iter_mut().zip(out_green).zip(out_blue);
    for (((&red, &green), &blue), ((to_red, to_green), to_blue)) in red.iter().zip(green).zip(blue).zip(outs) {
        let [red, green, blue] = [red, green, blue].map(f32::from);
        let grey = (1.0 - saturation) * (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue);
        *to_red = scaled(slope * (saturation * red + grey) + base);
        *to_green = scaled(slope * (saturation * green + grey) + base);
        *to_blue = scaled(slope * (saturation * blue + grey) + base);
    }
}

#[cfg(test)]
#[path = "augment_tests.rs"]
mod tests;
