//! A split of a data set: pixels as bytes, labels, and batches made of them.

use candle_core::{DType, Device, Result, Tensor, bail};

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
        let shape = (indices.len(), self.channels, self.height, self.width);
        if device.is_cpu() {
            return Tensor::from_vec(self.gather(indices, |byte| f32::from(byte) / 127.5 - 1.0)?, shape, device);
        }
        on_device(self.gather(indices, |byte| byte)?, shape, device)
    }

    /// What is seen of the images at `indices`, each byte made into a number.
    fn gather<T>(&self, indices: &[u32], number: impl Fn(u8) -> T) -> Result<Vec<T>> {
        let mut values = Vec::with_capacity(indices.len() * self.image_bytes());
        let ([rows, columns], margin) = (self.stored(), self.margin);
        for &index in indices {
            let image = self.image(index)?;
            if margin == 0 {
                values.extend(image.iter().map(|&byte| number(byte)));
                continue;
            }
            for plane in image.chunks_exact(rows * columns) {
                let seen = plane.chunks_exact(columns).skip(margin).take(self.height);
                seen.for_each(|row| values.extend(row[margin..][..self.width].iter().map(|&byte| number(byte))));
            }
        }
        Ok(values)
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

/// Bytes to where they are computed with, a quarter of what the numbers would be, and made numbers there.
fn on_device(bytes: Vec<u8>, shape: (usize, usize, usize, usize), device: &Device) -> Result<Tensor> {
    Tensor::from_vec(bytes, shape, device)?.to_dtype(DType::F32)?.affine(1.0 / 127.5, -1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path of other devices, on this one.
    #[test]
    fn bytes_become_the_same_numbers_on_a_device() {
        // Two images of 1×1 pixels, stored with a margin of one.
        let pixels: Vec<u8> = (0..18).map(|i| 15 * i).collect();
        let images = Images { channels: 1, height: 1, width: 1, margin: 1, pixels, labels: vec![0, 1], factors: None };
        let want = images.batch(&[1, 0], &Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let bytes = images.gather(&[1, 0], |byte| byte).unwrap();
        assert_eq!(bytes, [195, 60]);
        let have = on_device(bytes, (2, 1, 1, 1), &Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(have.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-6), "{have:?} {want:?}");
        assert!((want[0] - (195.0 / 127.5 - 1.0)).abs() < 1e-6);
    }
}
