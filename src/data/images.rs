//! A split of a data set: pixels as bytes, labels, and batches made of them.

use candle_core::{Device, Result, Tensor, bail};

use super::Factors;

/// Images of one size with their labels.
#[derive(Debug, Clone)]
pub struct Images {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// N·C·H·W bytes: image by image, plane by plane (red, green, blue), row by row.
    pub pixels: Vec<u8>,
    /// N class numbers.
    pub labels: Vec<u8>,
    /// The true factors, where the images were drawn from known ones.
    pub factors: Option<Factors>,
}

impl Images {
    /// How many images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one image, C·H·W.
    pub fn image_bytes(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The images at `indices` as `f32` `[n, C, H, W]`, a byte `x` becoming `x / 127.5 − 1`, in [−1, 1].
    ///
    /// # Errors
    /// An index past the end, or a failing upload to the device.
    pub fn batch(&self, indices: &[u32], device: &Device) -> Result<Tensor> {
        let size = self.image_bytes();
        let mut values = Vec::with_capacity(indices.len() * size);
        for &index in indices {
            let start = index as usize * size;
            let Some(image) = self.pixels.get(start..start + size) else {
                bail!("image {index} asked for, but there are only {}", self.len());
            };
            values.extend(image.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0));
        }
        Tensor::from_vec(values, (indices.len(), self.channels, self.height, self.width), device)
    }

    /// Keeps the first `n` images.
    pub fn truncate(&mut self, n: usize) {
        self.pixels.truncate(n.saturating_mul(self.image_bytes()));
        self.labels.truncate(n);
        if let Some(factors) = &mut self.factors {
            factors.truncate(n);
        }
    }
}
