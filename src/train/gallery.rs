//! The images themselves, for the Data view: some of a split, one looked into, and what augmentation makes of it.

use std::sync::Arc;

use candle_core::DType;

use super::{
    portrait::Pictures,
    trainer::{TrainError, Trainer},
};
use crate::data::{Column, Images, Kind};

/// Images handed out at once, at most.
pub const GALLERY: usize = 128;
/// Steps whose augmentation is shown.
const AHEAD: u64 = 6;

/// Which images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// What the encoder learns from.
    #[default]
    Training,
    /// Held out.
    Test,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    pub split: Split,
    /// Number of the first image shown.
    pub first: usize,
    /// Number of the one looked into.
    pub picked: usize,
}

/// Some images of a split, and one looked into.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    pub split: Split,
    /// Images in the split.
    pub total: usize,
    /// The number of the first of `pictures`. These have no labels where the split has none.
    pub first: usize,
    pub pictures: Arc<Pictures>,
    pub picked: usize,
    /// The picked image alone.
    pub whole: Arc<Pictures>,
    /// What it was drawn from.
    pub factors: Vec<FactorValue>,
    /// The steps whose batches could begin with it, and how it would look in them; none where nothing is augmented.
    pub steps: Vec<u64>,
    pub augmented: Option<Arc<Pictures>>,
    /// Class and images of it.
    pub counts: Vec<(String, usize)>,
}

/// One factor of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorValue {
    pub name: &'static str,
    /// The value as people write it.
    pub text: String,
    /// Its place in the range of the split, 0 to 1; `None` where it is a name.
    pub share: Option<f64>,
}

impl Trainer {
    /// The images wanted, at most [`GALLERY`]; what lies beyond the end is brought within. `None` if the split is empty. Takes nothing
    /// from the training: augmentation is a function of (seed, step).
    ///
    /// # Errors
    /// Those of the computation.
    pub fn gallery(&self, wanted: Wanted) -> Result<Option<Gallery>, TrainError> {
        let images = match wanted.split {
            Split::Training => self.dataset.training(),
            Split::Test => &self.dataset.test,
        };
        let total = images.len();
        if total == 0 {
            return Ok(None);
        }
        let (picked, first) = (wanted.picked.min(total - 1), wanted.first.min(total - 1));
        let shown: Vec<u32> = (first..total.min(first + GALLERY)).map(|i| i as u32).collect();
        let augment = wanted.split == Split::Training && !self.config.data.augment.is_off();
        let steps: Vec<u64> = if augment { (self.step + 1..=self.step + AHEAD).collect() } else { Vec::new() };
        Ok(Some(Gallery {
            split: wanted.split,
            total,
            first,
            pictures: Arc::new(self.pictures(images, &shown)?),
            picked,
            whole: Arc::new(self.pictures(images, &[picked as u32])?),
            factors: images.factors.iter().flat_map(|f| &f.columns).filter_map(|c| FactorValue::of(c, picked)).collect(),
            augmented: if augment { Some(Arc::new(self.augmented_at(picked as u32, &steps)?)) } else { None },
            steps,
            counts: self.counts(images),
        }))
    }

    fn pictures(&self, images: &Images, indices: &[u32]) -> Result<Pictures, TrainError> {
        let values = images.batch(indices, &self.device)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(self.of_values(images, indices, &values))
    }

    /// The image as the first of the batch of each of these steps.
    fn augmented_at(&self, index: u32, steps: &[u64]) -> Result<Pictures, TrainError> {
        let mut values = Vec::new();
        for &step in steps {
            values.extend(self.step_images(&[index], step)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(self.of_values(self.dataset.training(), &vec![index; steps.len()], &values))
    }

    fn of_values(&self, images: &Images, indices: &[u32], values: &[f32]) -> Pictures {
        let label = |&i: &u32| images.labels.get(i as usize).map(|&l| usize::from(l));
        Pictures {
            channels: images.channels,
            height: images.height,
            width: images.width,
            pixels: values.iter().map(|v| ((v + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect(),
            labels: indices.iter().filter_map(label).collect(),
            classes: self.dataset.classes.clone(),
        }
    }

    fn counts(&self, images: &Images) -> Vec<(String, usize)> {
        let mut counts = vec![0; self.dataset.classes.len()];
        for &label in &images.labels {
            if let Some(count) = counts.get_mut(usize::from(label)) {
                *count += 1;
            }
        }
        if images.labels.is_empty() { Vec::new() } else { self.dataset.classes.iter().cloned().zip(counts).collect() }
    }
}

impl FactorValue {
    fn of(column: &Column, image: usize) -> Option<Self> {
        let value = *column.values.get(image)?;
        let name = column.name;
        if column.kind == Kind::Categorical {
            let text = column.names.get(value as usize).map_or_else(|| value.to_string(), |name| (*name).to_owned());
            return Some(Self { name, text, share: None });
        }
        let whole = column.values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let (low, high) = if column.kind == Kind::Circular { (0.0, 1.0) } else { whole };
        let share = f64::from((value - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
        let digits = if high - low > 5.0 { 1 } else { 3 };
        Some(Self { name, text: format!("{value:.digits$}"), share: Some(share) })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trainer::tests::{state, trainer},
        *,
    };

    #[test]
    fn it_shows_the_bytes_of_the_data_set_and_changes_nothing() {
        let mut t = trainer(&[]);
        let before = state(&t);
        let wanted = Wanted { split: Split::Test, first: 20, picked: 23 };
        let seen = t.gallery(wanted).unwrap().unwrap();
        let images = &t.dataset.test;
        assert_eq!((seen.total, seen.first, seen.picked), (images.len(), 20, 23));
        assert_eq!(seen.pictures.image(3), &images.pixels[23 * 3072..24 * 3072], "byte for byte");
        assert_eq!(seen.whole.image(0), seen.pictures.image(3));
        assert_eq!(seen.whole.class(0), t.dataset.classes[usize::from(images.labels[23])]);
        assert_eq!(seen.counts.iter().map(|(_, n)| n).sum::<usize>(), images.len());
        assert_eq!((seen.augmented, seen.steps), (None, Vec::new()), "held-out images are never augmented");
        let class = seen.factors.iter().find(|f| f.name == "class").unwrap();
        assert_eq!((class.text.as_str(), class.share), (seen.whole.class(0), None));
        let hue = seen.factors.iter().find(|f| f.name == "hue").unwrap();
        let true_hue = images.factors.as_ref().unwrap().get("hue").unwrap().values[23];
        assert!((hue.share.unwrap() - f64::from(true_hue)).abs() < 1e-6);
        assert_eq!(state(&t), before);
        let mut other = trainer(&[]);
        assert_eq!(t.step().unwrap().row.loss.to_bits(), other.step().unwrap().row.loss.to_bits());
        // Beyond the end is the end.
        let last = t.gallery(Wanted { split: Split::Training, first: usize::MAX, picked: usize::MAX }).unwrap().unwrap();
        assert_eq!((last.picked, last.pictures.len()), (last.total - 1, 1));
    }

    /// The first image of the next step's batch is shown as that step will have it.
    #[test]
    fn augmented_images_are_those_of_the_steps() {
        let edits = [("data.augment.crop", 3.into()), ("data.augment.flip", true.into()), ("data.augment.colour", 0.5.into())];
        let mut t = trainer(&edits);
        let first = t.order.indices(t.examples_seen, 1)[0];
        let seen = t.gallery(Wanted { split: Split::Training, first: 0, picked: first as usize }).unwrap().unwrap();
        assert_eq!(seen.steps, (1..=AHEAD).collect::<Vec<_>>());
        let shown = seen.augmented.unwrap();
        t.step().unwrap();
        let batch = t.images.as_ref().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (byte, value) in shown.image(0).iter().zip(&batch[..3072]) {
            assert!((f32::from(*byte) / 127.5 - 1.0 - value).abs() < 0.005, "{byte} for {value}");
        }
        assert_ne!(shown.image(0), shown.image(1), "another step, another look");
        // Off: there is nothing to show.
        let plain = trainer(&[]).gallery(Wanted::default()).unwrap().unwrap();
        assert_eq!((plain.augmented, plain.split), (None, Split::Training));
    }
}
