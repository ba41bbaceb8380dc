//! The encoder E = f ∘ C: convolutions C(x), then a fully connected layer, then the code Y.
//!
//! Sizes are those of Hjelm et al. 2019, appendix A: stride-2 convolutions with BatchNorm and ReLU, a fully connected
//! layer with BatchNorm and ReLU, a linear code. `alex64` is their AlexNet for 64×64 images: 3×3 convolutions and max pooling.

use candle_core::{Result, Tensor};

use crate::{
    config::{EncoderChoice, ImageSize},
    nn::{self, BatchNorm, Conv, Init, Linear, Stats},
};

/// A convolution with BatchNorm and ReLU, then max pooling or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Channels of the output, as a multiple of the encoder's width.
    pub times: usize,
    pub kernel: usize,
    pub stride: usize,
    pub pad: usize,
    /// 3×3 with stride 2.
    pub pool: bool,
}

/// Side and stride of what is pooled.
const POOL: (usize, usize) = (3, 2);

const fn halving(times: usize, kernel: usize, pad: usize) -> Block {
    Block { times, kernel, stride: 2, pad, pool: false }
}
const fn alex(times: usize, pool: bool) -> Block {
    Block { times, kernel: 3, stride: 1, pad: 1, pool }
}

const CONV32: [Block; 3] = [halving(1, 4, 1), halving(2, 4, 1), halving(4, 4, 1)];
const CONV28: [Block; 2] = [halving(1, 5, 2), halving(2, 5, 2)];
const CONV64: [Block; 4] = [halving(1, 4, 1), halving(2, 4, 1), halving(4, 4, 1), halving(8, 4, 1)];
/// `alex64x64` of the paper's official code (`cortex_DIM/configs/convnets.py`, with width 96 and two layers of 4096 units), where
/// sides go 64 → 31 → 15 → 15 → 15 → 7 and the third convolution is the local map, 384×15×15.
const ALEX64: [Block; 5] = [alex(1, true), alex(2, true), alex(4, false), alex(4, false), alex(2, true)];

/// Everything that fixes an encoder's tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderShape {
    pub channels: usize,
    pub size: usize,
    pub blocks: &'static [Block],
    /// Index of the block whose output is the local map.
    pub local: usize,
    /// Number of fully connected layers before the code.
    pub fc_layers: usize,
    pub width: usize,
    pub fc: usize,
    pub code: usize,
}

impl EncoderShape {
    /// `kind` must be resolved; `auto` counts as `conv32`.
    pub fn new(kind: EncoderChoice, width: usize, fc: usize, code: usize) -> Self {
        let (blocks, local, fc_layers): (&'static [Block], _, _) = match kind {
            EncoderChoice::Auto | EncoderChoice::Conv32 => (&CONV32, 1, 1),
            EncoderChoice::Conv28 => (&CONV28, 1, 1),
            EncoderChoice::Conv64 => (&CONV64, 2, 1),
            EncoderChoice::Alex64 => (&ALEX64, 2, 2),
        };
        let images = kind.images().unwrap_or(ImageSize { channels: 3, side: 32 });
        Self { channels: images.channels, size: images.side, blocks, local, fc_layers, width, fc, code }
    }

    /// Channels and side length of block `i`'s output.
    pub fn block(&self, i: usize) -> (usize, usize) {
        let side = self.blocks[..=i].iter().fold(self.size, |side, block| {
            let side = (side + 2 * block.pad - block.kernel) / block.stride + 1;
            if block.pool { (side - POOL.0) / POOL.1 + 1 } else { side }
        });
        (self.width * self.blocks[i].times, side)
    }
    /// Channels of the local map.
    pub fn map_channels(&self) -> usize {
        self.block(self.local).0
    }
    /// L = M·M locations of the local map.
    pub fn locations(&self) -> usize {
        self.block(self.local).1.pow(2)
    }
    /// Length of the flattened last convolution.
    pub fn conv_features(&self) -> usize {
        let (c, m) = self.block(self.blocks.len() - 1);
        c * m * m
    }
}

/// What the encoder makes of N images.
#[derive(Debug, Clone)]
pub struct Features {
    /// The local map as rows, [N·L, C]; row i·L + l is location l (row-major) of image i.
    pub map: Tensor,
    /// The last convolution (pooled, where it is), flattened in channel, row, column order, [N, D].
    pub conv: Tensor,
    /// The last fully connected layer before the code, [N, fc].
    pub fc: Tensor,
    /// The code Y, [N, code].
    pub y: Tensor,
}

impl Features {
    /// The same numbers, through which no gradient flows.
    pub fn detach(&self) -> Self {
        Self { map: self.map.detach(), conv: self.conv.detach(), fc: self.fc.detach(), y: self.y.detach() }
    }
}

#[derive(Debug)]
pub struct Encoder {
    shape: EncoderShape,
    blocks: Vec<(Conv, BatchNorm)>,
    fc: Vec<(Linear, BatchNorm)>,
    y: Linear,
}

impl Encoder {
    pub fn new(mut init: Init<'_>, shape: EncoderShape) -> Result<Self> {
        let mut blocks = Vec::with_capacity(shape.blocks.len());
        for (i, block) in shape.blocks.iter().enumerate() {
            let input = if i == 0 { shape.channels } else { shape.block(i - 1).0 };
            let output = shape.block(i).0;
            let conv = Conv::new(init.sub(&format!("conv{i}")), input, output, block.kernel, block.stride, block.pad)?;
            blocks.push((conv, BatchNorm::new(init.sub(&format!("bn{i}")), output)?));
        }
        let mut fc = Vec::with_capacity(shape.fc_layers);
        for i in 0..shape.fc_layers {
            // The first has no number: checkpoints know it by that name.
            let (input, number) = if i == 0 { (shape.conv_features(), String::new()) } else { (shape.fc, (i + 1).to_string()) };
            let linear = Linear::new(init.sub(&format!("fc{number}")), input, shape.fc, false)?;
            fc.push((linear, BatchNorm::new(init.sub(&format!("bn_fc{number}")), shape.fc)?));
        }
        Ok(Self { y: Linear::new(init.sub("y"), shape.fc, shape.code, true)?, shape, blocks, fc })
    }

    pub fn shape(&self) -> EncoderShape {
        self.shape
    }

    /// `images` [N, C, H, W], scaled to [−1, 1].
    pub fn forward(&self, images: &Tensor, stats: Stats) -> Result<Features> {
        let mut x = images.clone();
        let mut map = None;
        for (i, (conv, bn)) in self.blocks.iter().enumerate() {
            x = bn.forward_relu(&conv.forward(&x)?, stats)?;
            if self.shape.blocks[i].pool {
                x = nn::max_pool(&x, POOL.0, POOL.1)?;
            }
            if i == self.shape.local {
                map = Some(nn::location_rows(&x)?);
            }
        }
        let conv = x.flatten_from(1)?;
        let mut fc = conv.clone();
        for (linear, bn) in &self.fc {
            fc = bn.forward_relu(&linear.forward(&fc)?, stats)?;
        }
        let y = self.y.forward(&fc)?;
        let map = map.ok_or_else(|| candle_core::Error::Msg("the encoder has no local map".into()))?;
        Ok(Features { map, conv, fc, y })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::nn::{Draws, Store};

    /// Sides and channels as the paper and its official code have them.
    #[test]
    fn shapes_are_those_of_the_paper() {
        let blocks = |kind, width| {
            let shape = EncoderShape::new(kind, width, 8, 4);
            (0..shape.blocks.len()).map(|i| shape.block(i)).collect::<Vec<_>>()
        };
        assert_eq!(blocks(EncoderChoice::Conv32, 64), [(64, 16), (128, 8), (256, 4)]);
        assert_eq!(blocks(EncoderChoice::Conv28, 64), [(64, 14), (128, 7)]);
        assert_eq!(blocks(EncoderChoice::Conv64, 64), [(64, 32), (128, 16), (256, 8), (512, 4)]);
        assert_eq!(blocks(EncoderChoice::Alex64, 96), [(96, 31), (192, 15), (384, 15), (384, 15), (192, 7)]);
        let alex = EncoderShape::new(EncoderChoice::Alex64, 96, 4096, 64);
        assert_eq!((alex.map_channels(), alex.locations(), alex.conv_features()), (384, 225, 192 * 49));
    }

    #[test]
    fn features_have_the_sizes_that_the_shape_says() {
        for kind in [EncoderChoice::Conv28, EncoderChoice::Conv32, EncoderChoice::Conv64, EncoderChoice::Alex64] {
            let shape = EncoderShape::new(kind, 2, 6, 5);
            let mut store = Store::new(Draws { seed: 1, attempt: 0 }, &Device::Cpu, DType::F32);
            let encoder = Encoder::new(store.root(), shape).unwrap();
            let n = 3 * shape.channels * shape.size * shape.size;
            let images: Vec<f32> = (0..n).map(|i| (i * 7 % 13) as f32 / 6.0 - 1.0).collect();
            let images = Tensor::from_vec(images, (3, shape.channels, shape.size, shape.size), &Device::Cpu).unwrap();
            let features = encoder.forward(&images, Stats::Train).unwrap();
            assert_eq!(features.map.dims(), [3 * shape.locations(), shape.map_channels()], "{kind:?}");
            assert_eq!(features.conv.dims(), [3, shape.conv_features()], "{kind:?}");
            assert_eq!((features.fc.dims(), features.y.dims()), (&[3, 6][..], &[3, 5][..]), "{kind:?}");
            assert_eq!(store.params().contains_key("fc2.weight"), kind == EncoderChoice::Alex64);
        }
    }
}
