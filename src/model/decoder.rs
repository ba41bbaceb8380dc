//! The decoder that reads an image back out of a code: what reconstruction is measured with (Hjelm et al. 2019, section 4.2).
//!
//! The paper trains one on the frozen encoder and gives no sizes for it. This one: two fully connected layers to a map of a quarter of the
//! side, then twice a 3×3 convolution to four times the channels that is folded out to twice the side (Shi et al. 2016).

use candle_core::{Result, Tensor, Var};

use crate::nn::{BatchNorm, Conv, Init, Linear, Stats};

/// Units of the hidden fully connected layer, and channels of the map that the image grows from.
const HIDDEN: usize = 512;
const CHANNELS: usize = 64;

/// Code in, image out.
#[derive(Debug)]
pub struct Decoder {
    hidden: Linear,
    map: Linear,
    norm: BatchNorm,
    middle: Conv,
    norm_middle: BatchNorm,
    last: Conv,
    /// [1, channels, 1, 1].
    bias: Var,
    /// A quarter of the image's side.
    side: usize,
}

impl Decoder {
    /// For codes of `code` numbers and images of `channels` × `size` × `size`; `size` must be a multiple of 4.
    ///
    /// # Errors
    /// Candle's.
    pub fn new(mut init: Init<'_>, code: usize, channels: usize, size: usize) -> Result<Self> {
        if size == 0 || !size.is_multiple_of(4) {
            candle_core::bail!("the decoder makes images whose side is a multiple of 4, not {size}");
        }
        let (side, half) = (size / 4, CHANNELS / 2);
        Ok(Self {
            hidden: Linear::new(init.sub("hidden"), code, HIDDEN, true)?,
            map: Linear::new(init.sub("map"), HIDDEN, CHANNELS * side * side, true)?,
            norm: BatchNorm::new(init.sub("norm"), CHANNELS)?,
            middle: Conv::new(init.sub("middle"), CHANNELS, 4 * half, 3, 1, 1)?,
            norm_middle: BatchNorm::new(init.sub("norm_middle"), half)?,
            last: Conv::new(init.sub("last"), half, 4 * channels, 3, 1, 1)?,
            bias: init.constant("bias", (1, channels, 1, 1), 0.0)?,
            side,
        })
    }

    /// Images [N, C, H, W] of codes `y` [N, code], in the scale of the encoder's input ([−1, 1], not cut off).
    ///
    /// # Errors
    /// Candle's.
    pub fn forward(&self, y: &Tensor, stats: Stats) -> Result<Tensor> {
        let n = y.dims()[0];
        let map = self.map.forward(&self.hidden.forward_relu(y)?)?.reshape((n, CHANNELS, self.side, self.side))?;
        let map = self.norm.forward_relu(&map, stats)?;
        let middle = self.norm_middle.forward_relu(&fold_out(&self.middle.forward(&map)?)?, stats)?;
        fold_out(&self.last.forward(&middle)?)?.broadcast_add(self.bias.as_tensor())
    }
}

/// [N, 4·C, H, W] → [N, C, 2·H, 2·W]: four channels become four neighbours.
fn fold_out(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    x.reshape(&[n, c / 4, 2, 2, h, w])?.permute(vec![0, 1, 4, 2, 5, 3])?.contiguous()?.reshape((n, c / 4, 2 * h, 2 * w))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::nn::{Draws, Store};

    #[test]
    fn four_channels_become_four_neighbours() {
        let x = Tensor::arange(0f32, 8.0, &Device::Cpu).unwrap().reshape((1, 4, 1, 2)).unwrap();
        // Channel c at column w is c·2 + w; channels 0..4 lie at (0,0), (0,1), (1,0), (1,1).
        let out = fold_out(&x).unwrap().squeeze(0).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(out, [[0.0, 2.0, 1.0, 3.0], [4.0, 6.0, 5.0, 7.0]]);
    }

    #[test]
    fn it_makes_images_of_every_size_there_is() {
        for (channels, size) in [(3, 32), (1, 28), (3, 64)] {
            let mut store = Store::new(Draws { seed: 0, attempt: 0 }, &Device::Cpu, DType::F32);
            let decoder = Decoder::new(store.root().sub("decoder"), 8, channels, size).unwrap();
            let y = Tensor::zeros((2, 8), DType::F32, &Device::Cpu).unwrap();
            assert_eq!(decoder.forward(&y, Stats::Train).unwrap().dims(), [2, channels, size, size]);
        }
        let mut store = Store::new(Draws { seed: 0, attempt: 0 }, &Device::Cpu, DType::F32);
        assert!(Decoder::new(store.root().sub("decoder"), 8, 3, 30).is_err());
    }
}
