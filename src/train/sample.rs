//! A picture of training images as the encoder sees them.

use candle_core::DType;

use super::{TrainError, Trainer};
use crate::record::Picture;

/// At most so many images, so many beside each other.
const IMAGES: usize = 64;
const COLUMNS: usize = 8;

impl Trainer {
    /// The first images of the next step, augmented as that step will have them. Takes no draw from it: all are functions of the step.
    pub fn first_images(&self) -> Result<Picture, TrainError> {
        let batch = self.config.optim.batch;
        let indices = self.order.indices(self.examples_seen, batch);
        let images = self.step_images(&indices[..batch.min(IMAGES)], self.step + 1)?;
        let (_, channels, height, width) = images.dims4()?;
        let values = images.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        let bytes: Vec<u8> = values.iter().map(|v| ((v + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect();
        Ok(Picture::grid("images/training", &bytes, [channels, height, width], COLUMNS))
    }
}
