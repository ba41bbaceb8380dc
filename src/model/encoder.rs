//! The encoder E = f ∘ C: convolutions C(x), then a fully connected layer, then the code Y.
//!
//! Sizes are those of Hjelm et al. 2019, appendix A: stride-2 convolutions with BatchNorm and ReLU, a fully connected
//! layer with BatchNorm and ReLU, a linear code.

use candle_core::{Result, Tensor};

use crate::{
    config::EncoderChoice,
    nn::{self, BatchNorm, Conv, Init, Linear, Stats},
};

/// Everything that fixes an encoder's tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderShape {
    pub channels: usize,
    pub size: usize,
    pub kernel: usize,
    pub pad: usize,
    /// Number of convolutions.
    pub blocks: usize,
    /// Index of the convolution whose output is the local map.
    pub local: usize,
    pub width: usize,
    pub fc: usize,
    pub code: usize,
}

impl EncoderShape {
    /// `kind` must be resolved; `auto` counts as `conv32`.
    pub fn new(kind: EncoderChoice, width: usize, fc: usize, code: usize) -> Self {
        let (channels, size, kernel, pad, blocks, local) = match kind {
            EncoderChoice::Auto | EncoderChoice::Conv32 => (3, 32, 4, 1, 3, 1),
            EncoderChoice::Conv28 => (1, 28, 5, 2, 2, 1),
            EncoderChoice::Conv64 => (3, 64, 4, 1, 4, 2),
        };
        Self { channels, size, kernel, pad, blocks, local, width, fc, code }
    }

    /// Channels and side length of block `i`'s output.
    pub fn block(&self, i: usize) -> (usize, usize) {
        (self.width << i, self.size >> (i + 1))
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
        let (c, m) = self.block(self.blocks - 1);
        c * m * m
    }
}

/// What the encoder makes of N images.
#[derive(Debug, Clone)]
pub struct Features {
    /// The local map as rows, [N·L, C]; row i·L + l is location l (row-major) of image i.
    pub map: Tensor,
    /// The last convolution, flattened in channel, row, column order, [N, D].
    pub conv: Tensor,
    /// [N, fc]
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
    fc: Linear,
    bn_fc: BatchNorm,
    y: Linear,
}

impl Encoder {
    pub fn new(mut init: Init<'_>, shape: EncoderShape) -> Result<Self> {
        let mut blocks = Vec::with_capacity(shape.blocks);
        for i in 0..shape.blocks {
            let input = if i == 0 { shape.channels } else { shape.block(i - 1).0 };
            let output = shape.block(i).0;
            let conv = Conv::new(init.sub(&format!("conv{i}")), input, output, shape.kernel, 2, shape.pad)?;
            blocks.push((conv, BatchNorm::new(init.sub(&format!("bn{i}")), output)?));
        }
        Ok(Self {
            fc: Linear::new(init.sub("fc"), shape.conv_features(), shape.fc, false)?,
            bn_fc: BatchNorm::new(init.sub("bn_fc"), shape.fc)?,
            y: Linear::new(init.sub("y"), shape.fc, shape.code, true)?,
            shape,
            blocks,
        })
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
            if i == self.shape.local {
                map = Some(nn::location_rows(&x)?);
            }
        }
        let conv = x.flatten_from(1)?;
        let fc = self.bn_fc.forward_relu(&self.fc.forward(&conv)?, stats)?;
        let y = self.y.forward(&fc)?;
        let map = map.ok_or_else(|| candle_core::Error::Msg("the encoder has no local map".into()))?;
        Ok(Features { map, conv, fc, y })
    }
}
