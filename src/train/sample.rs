//! A picture of training images as the encoder sees them.

use candle_core::DType;

use super::{TrainError, Trainer};
use crate::record::Picture;

/// At most so many images, so many beside each other.
const IMAGES: usize = 64;
const COLUMNS: usize = 8;

impl Trainer {
    /// The first images of the next step, augmented as that step will have them. Takes nothing from it: its images and draws are functions of the
    /// step.
    pub fn first_images(&mut self) -> Result<Picture, TrainError> {
        let batch = self.config.optim.batch;
        let indices = self.order.indices(self.examples_seen, batch);
        let images = self.step_images(&indices[..batch.min(IMAGES)], self.step + 1)?;
        let (_, channels, height, width) = images.dims4()?;
        let values = images.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        let bytes: Vec<u8> = values.iter().map(|v| ((v + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect();
        Ok(Picture::grid("images/training", &bytes, [channels, height, width], COLUMNS))
    }
}

#[cfg(test)]
mod tests {
    use crate::train::trainer::tests::{state, trainer};

    /// The picture holds the pixels of the batch that is trained on next, and taking it changes nothing.
    #[test]
    fn the_picture_is_that_of_the_next_step() {
        let edits = [("data.augment.crop", 3.into()), ("data.augment.flip", true.into()), ("data.augment.colour", 0.5.into())];
        let (mut looked, mut plain) = (trainer(&edits), trainer(&edits));
        let picture = looked.first_images().unwrap();
        assert_eq!((picture.width, picture.height), (8 * 33 + 1, 34), "eight images of 32×32 in a row");
        for _ in 0..2 {
            assert_eq!(looked.step().unwrap().row.loss.to_bits(), plain.step().unwrap().row.loss.to_bits());
        }
        assert_eq!(state(&looked), state(&plain));
        let mut again = trainer(&edits);
        again.step().unwrap();
        let seen = again.images.as_ref().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        // Image 2, third plane, row 5, column 7.
        let value = seen[2 * 3 * 1024 + 2 * 1024 + 5 * 32 + 7];
        let byte = picture.rgb[3 * (6 * 265 + 2 * 33 + 1 + 7) + 2];
        assert!((f32::from(byte) / 127.5 - 1.0 - value).abs() < 0.005, "{byte} for {value}");
    }

    /// Every positive and every negative of the held-out pairs is counted.
    #[test]
    fn held_out_scores_are_counted() {
        let t = trainer(&[("objective.global.mode", "monitor".into()), ("objective.local.negatives", 3.into())]);
        let input = t.probe_input().unwrap();
        let count = |name: &str| input.histograms.iter().find(|h| h.name == name).map(|h| h.counts.iter().sum::<u64>());
        // 1,024 held-out images in batches of 8: 64 locations each with 3 negatives; globally all 7 others.
        let (images, locations) = (1024, 64);
        assert_eq!(count("scores/local/joint"), Some(images * locations));
        assert_eq!(count("scores/local/marginal"), Some(images * locations * 3));
        assert_eq!((count("scores/global/joint"), count("scores/global/marginal")), (Some(images), Some(images * 7)));
    }
}
