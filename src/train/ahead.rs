//! The images of the next step, sent to a GPU while it still computes this one.

use candle_core::Tensor;

use super::{TrainError, trainer::Trainer};
use crate::config::Augment;

/// Images with all that they depend on: whatever changes in between, a step takes no others than its own.
pub(super) struct Ahead {
    of: Source,
    images: Tensor,
}

#[derive(PartialEq)]
struct Source {
    indices: Vec<u32>,
    step: u64,
    attempt: u64,
    augment: Augment,
}

impl Trainer {
    fn source(&self, indices: &[u32], step: u64) -> Source {
        Source { indices: indices.to_vec(), step, attempt: self.attempt, augment: self.config.data.augment }
    }

    /// The images at `indices` as step `step` sees them; those sent ahead, if they are these.
    pub(super) fn images_now(&mut self, indices: &[u32], step: u64) -> Result<Tensor, TrainError> {
        match self.ahead.take() {
            Some(ahead) if ahead.of == self.source(indices, step) => Ok(ahead.images),
            _ => self.step_images(indices, step),
        }
    }

    /// Sends the images of step `step`, `batch` of them from place `from` of the endless sequence.
    pub(super) fn look_ahead(&mut self, from: u64, step: u64, batch: usize) {
        let indices = self.order.indices(from, batch);
        // What cannot be had now is asked for again when it is needed, and then it is an error.
        let images = self.step_images(&indices, step).ok();
        self.ahead = images.map(|images| Ahead { of: self.source(&indices, step), images });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::train::trainer::tests::{state, trainer};

    /// Steps whose images came ahead are the steps without, also if batch or augmentation have changed since.
    #[test]
    fn what_was_sent_ahead_changes_no_number() {
        let edits = [("data.augment.flip", true.into()), ("data.augment.crop", 2.into())];
        let (mut ahead, mut plain) = (trainer(&edits), trainer(&edits));
        for changed in
            [None, Some(("optim.batch", toml::Value::Integer(6))), Some(("data.augment.crop", toml::Value::Integer(4))), None]
        {
            ahead.look_ahead(ahead.examples_seen, ahead.step + 1, ahead.config.optim.batch);
            assert!(ahead.ahead.is_some());
            if let Some((key, value)) = &changed {
                for trainer in [&mut ahead, &mut plain] {
                    let config = trainer.config.with(&[(key.to_string(), value.clone())]).unwrap();
                    trainer.apply(Arc::new(config)).unwrap();
                }
            }
            assert_eq!(ahead.step().unwrap().row.loss.to_bits(), plain.step().unwrap().row.loss.to_bits(), "{changed:?}");
            assert!(ahead.ahead.is_none(), "the CPU has nothing to wait for");
        }
        assert_eq!(state(&ahead), state(&plain));
    }
}
