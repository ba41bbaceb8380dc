//! A split of a data set: pixels as bytes, labels, and batches made of them.

use candle_core::{Device, Result, Tensor, bail};

use super::Factors;

/// Images of one size with their labels.
#[derive(Debug, Clone)]
pub struct Images {
    pub channels: usize,
    /// Rows and columns that are seen; see `margin`.
    pub height: usize,
    pub width: usize,
    /// Pixels stored beyond what is seen, on each of the four sides: room for augmentation to shift the view in.
    pub margin: usize,
    /// N·C·(H + 2·margin)·(W + 2·margin) bytes: image by image, plane by plane (red, green, blue), row by row.
    pub pixels: Vec<u8>,
    /// N class numbers; none at all if the images have no labels.
    pub labels: Vec<u8>,
    /// The true factors, where the images were drawn from known ones.
    pub factors: Option<Factors>,
}

impl Images {
    /// How many images.
    pub fn len(&self) -> usize {
        self.pixels.len().checked_div(self.stored_bytes()).unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of one image as it is seen, C·H·W.
    pub fn image_bytes(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Rows and columns of a stored plane.
    pub(super) fn stored(&self) -> [usize; 2] {
        [self.height + 2 * self.margin, self.width + 2 * self.margin]
    }

    fn stored_bytes(&self) -> usize {
        let [rows, columns] = self.stored();
        self.channels * rows * columns
    }

    /// The stored bytes of image `index`.
    pub(super) fn image(&self, index: u32) -> Result<&[u8]> {
        let (start, size) = (index as usize * self.stored_bytes(), self.stored_bytes());
        let Some(image) = self.pixels.get(start..start + size) else {
            bail!("image {index} asked for, but there are only {}", self.len());
        };
        Ok(image)
    }

    /// The images at `indices` as `f32` `[n, C, H, W]`, a byte `x` becoming `x / 127.5 − 1`, in [−1, 1].
    ///
    /// # Errors
    /// An index past the end, or a failing upload to the device.
    pub fn batch(&self, indices: &[u32], device: &Device) -> Result<Tensor> {
        let mut values = Vec::with_capacity(indices.len() * self.image_bytes());
        let scaled = |&byte: &u8| f32::from(byte) / 127.5 - 1.0;
        let ([rows, columns], margin) = (self.stored(), self.margin);
        for &index in indices {
            let image = self.image(index)?;
            if margin == 0 {
                values.extend(image.iter().map(scaled));
                continue;
            }
            for plane in image.chunks_exact(rows * columns) {
                let seen = plane.chunks_exact(columns).skip(margin).take(self.height);
                seen.for_each(|row| values.extend(row[margin..][..self.width].iter().map(scaled)));
            }
        }
        Tensor::from_vec(values, (indices.len(), self.channels, self.height, self.width), device)
    }

    /// The first `n` images (at most all) as they are seen, without margin: n·C·H·W bytes.
    pub fn seen(&self, n: usize) -> Vec<u8> {
        let ([rows, columns], margin) = (self.stored(), self.margin);
        let planes = self.pixels.chunks_exact((rows * columns).max(1)).take(n * self.channels);
        let seen = planes.flat_map(|plane| plane.chunks_exact(columns).skip(margin).take(self.height));
        seen.flat_map(|row| &row[margin..][..self.width]).copied().collect()
    }

    /// Keeps the first `n` images.
    pub fn truncate(&mut self, n: usize) {
        self.pixels.truncate(n.saturating_mul(self.stored_bytes()));
        self.labels.truncate(n);
        if let Some(factors) = &mut self.factors {
            factors.truncate(n);
        }
    }
}
