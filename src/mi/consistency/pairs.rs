//! Images and their first rows as pairs (x, y), and which images are for what.

use candle_core::{Device, Tensor};

use crate::{
    data::Images,
    mi::{Error, training::Pairs},
    nn::{self, Draws},
};

/// h(Y_t) = Y_(t−3): what the data-processing test puts beside Y_t (Song & Ermon 2020, section 6.2).
const STEP_BACK: usize = 3;

/// What x and y are made of. Y_t is the image X whose first t rows are kept; the others are 0, the middle of [−1, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pairing {
    /// x = X, y = Y_t.
    Once,
    /// x = [X, X], y = [Y_t, Y_(t−3)]: y has nothing that Y_t has not.
    Twice,
    /// x = [X1, X2], y = [Y1_t, Y2_t] of two independent images.
    Two,
}

impl Pairing {
    /// The information of its pairs, as the tables write it.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Once => "I(X;Y_t)",
            Self::Twice => "I([X,X];[Y_t,Y_(t-3)])",
            Self::Two => "I([X1,X2];[Y1_t,Y2_t])",
        }
    }

    /// Images side by side in x, and in y.
    pub const fn images(self) -> usize {
        match self {
            Self::Once => 1,
            Self::Twice | Self::Two => 2,
        }
    }

    /// x and y of `drawn` for t = `t`, each [n, images · C·H·W].
    ///
    /// # Errors
    /// Candle's.
    pub fn pairs(self, images: &Images, drawn: Drawn<'_>, t: usize) -> Result<Pairs, Error> {
        let first = images.batch(drawn.first, &Device::Cpu)?;
        let (x, y) = match self {
            Self::Once => (vec![first.clone()], vec![first_rows(&first, t)?]),
            Self::Twice => {
                let less = first_rows(&first, t.saturating_sub(STEP_BACK))?;
                (vec![first.clone(), first.clone()], vec![first_rows(&first, t)?, less])
            }
            Self::Two => {
                let second = images.batch(drawn.second, &Device::Cpu)?;
                let masked = vec![first_rows(&first, t)?, first_rows(&second, t)?];
                (vec![first, second], masked)
            }
        };
        let flat = |parts: Vec<Tensor>| -> Result<Tensor, Error> { Ok(Tensor::cat(&parts, 1)?.flatten_from(1)?) };
        Ok((flat(x)?, flat(y)?))
    }
}

/// `images` [n, C, H, W] with all but the first `t` of their H rows 0.
fn first_rows(images: &Tensor, t: usize) -> Result<Tensor, Error> {
    let height = images.dim(2)?;
    let kept: Vec<f32> = (0..height).map(|row| if row < t { 1.0 } else { 0.0 }).collect();
    let kept = Tensor::from_vec(kept, (1, 1, height, 1), images.device())?;
    Ok(images.broadcast_mul(&kept)?)
}

/// Numbers of n images and of another one beside each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn<'a> {
    pub first: &'a [u32],
    pub second: &'a [u32],
}

impl<'a> Drawn<'a> {
    /// The first half of `numbers`, and beside each of them one of the other half. All are distinct and in random order, so that
    /// the two images of a pair are independent; by their place they would not be, where a set goes through its classes in turn.
    pub fn halves(numbers: &'a [u32]) -> Self {
        let (first, second) = numbers.split_at(numbers.len() / 2);
        Self { first, second }
    }

    /// Parts of `batch` pairs each.
    pub fn batches(self, batch: usize) -> impl Iterator<Item = Drawn<'a>> {
        let parts = self.first.chunks_exact(batch).zip(self.second.chunks_exact(batch));
        parts.map(|(first, second)| Drawn { first, second })
    }
}

/// How one seed deals out the images. No image is in two parts, and within one none is in two pairs.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    seed: u64,
    batch: usize,
    /// Of the training split: what critics are trained on.
    train: Vec<u32>,
    /// Of the training split: chooses the state of a critic.
    watch: Vec<u32>,
    /// Of the test split: what the estimates are of.
    held_out: Vec<u32>,
}

impl Deal {
    /// Pairs that choose the state of a critic, and pairs that the estimates are of; more if one batch is more, fewer if there are
    /// not as many, and whole batches.
    const WATCH: usize = 256;
    const HELD_OUT: usize = 1024;

    /// `images` of the training and of the test split, in batches of `batch` pairs.
    ///
    /// # Errors
    /// [`Error::Input`] where a part would not fill a batch.
    pub fn new(images: [usize; 2], batch: usize, seed: u64) -> Result<Self, Error> {
        let [train, test] = images;
        let whole = |wanted: usize, pairs: usize| wanted.max(batch).min(pairs) / batch * batch;
        // Every pair takes a second image. Half of a small training split at most is set aside.
        let (watch, held_out) = (whole(Self::WATCH, train / 4), whole(Self::HELD_OUT, test / 2));
        if watch == 0 || held_out == 0 {
            let needed = format!("it takes {} training and {} test images", 4 * batch, 2 * batch);
            return Err(Error::Input(format!("--batch {batch}: {needed}, and there are {train} and {test}")));
        }
        let draws = Draws { seed, attempt: 0 };
        let mut train = nn::permutation(&mut draws.rng("mi-consistency/train", 0), train);
        let watch = train.split_off(train.len() - 2 * watch);
        let held_out = nn::distinct(&mut draws.rng("mi-consistency/test", 0), 2 * held_out, test);
        Ok(Self { seed, batch, train, watch, held_out })
    }

    /// Image numbers of the batch of step `step`: 2 · batch, for [`Drawn::halves`].
    pub fn batch(&self, step: u64) -> Vec<u32> {
        let mut rng = Draws { seed: self.seed, attempt: 0 }.rng("mi-consistency/batch", step);
        let places = nn::distinct(&mut rng, 2 * self.batch, self.train.len());
        places.into_iter().map(|place| self.train[place as usize]).collect()
    }

    /// The pairs that choose the state of a critic.
    pub fn watch(&self) -> Drawn<'_> {
        Drawn::halves(&self.watch)
    }

    /// The pairs that the estimates are of.
    pub fn held_out(&self) -> Drawn<'_> {
        Drawn::halves(&self.held_out)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// `n` images of 2 channels, 5 rows and 3 columns; no value of one occurs twice or is the middle.
    fn images(n: usize) -> Images {
        let pixels = (0..n * 30).map(|i| ((i * 7) % 251) as u8).collect();
        Images { channels: 2, height: 5, width: 3, margin: 0, pixels, labels: vec![0; n], factors: None }
    }

    /// The image `number` with the first `t` rows of each channel, by hand.
    fn by_hand(images: &Images, number: usize, t: usize) -> Vec<f32> {
        let image = &images.pixels[number * 30..(number + 1) * 30];
        let value = |(i, &byte): (usize, &u8)| if i / 3 % 5 < t { f32::from(byte) / 127.5 - 1.0 } else { 0.0 };
        image.iter().enumerate().map(value).collect()
    }

    fn rows(t: &Tensor) -> Vec<Vec<f32>> {
        t.to_vec2().unwrap()
    }

    #[test]
    fn each_pairing_is_made_of_the_rows_it_names() {
        let images = images(4);
        let drawn = Drawn { first: &[2, 0], second: &[1, 3] };
        for t in 0..=5 {
            let (x, y) = Pairing::Once.pairs(&images, drawn, t).unwrap();
            assert_eq!(rows(&x), [by_hand(&images, 2, 5), by_hand(&images, 0, 5)]);
            assert_eq!(rows(&y), [by_hand(&images, 2, t), by_hand(&images, 0, t)]);

            let beside = |number: [usize; 2], t: [usize; 2]| {
                [by_hand(&images, number[0], t[0]), by_hand(&images, number[1], t[1])].concat()
            };
            let (x, y) = Pairing::Twice.pairs(&images, drawn, t).unwrap();
            let less = t.saturating_sub(3);
            assert_eq!(rows(&x), [beside([2, 2], [5, 5]), beside([0, 0], [5, 5])]);
            assert_eq!(rows(&y), [beside([2, 2], [t, less]), beside([0, 0], [t, less])]);

            let (x, y) = Pairing::Two.pairs(&images, drawn, t).unwrap();
            assert_eq!(rows(&x), [beside([2, 1], [5, 5]), beside([0, 3], [5, 5])]);
            assert_eq!(rows(&y), [beside([2, 1], [t, t]), beside([0, 3], [t, t])]);
        }
    }

    #[test]
    fn no_image_is_in_two_parts_or_two_pairs() {
        let deal = Deal::new([1000, 300], 10, 7).unwrap();
        assert_eq!((deal.train.len(), deal.watch.len(), deal.held_out.len()), (500, 500, 300));
        let of_training: HashSet<u32> = deal.train.iter().chain(&deal.watch).copied().collect();
        let of_test: HashSet<u32> = deal.held_out.iter().copied().collect();
        assert_eq!((of_training.len(), of_test.len()), (1000, 300));
        let own: HashSet<u32> = deal.train.iter().copied().collect();
        for step in 1..=200 {
            let batch = deal.batch(step);
            assert!(batch.iter().all(|i| own.contains(i)));
            assert_eq!(batch.iter().collect::<HashSet<_>>().len(), 20, "an image twice in a batch");
            assert_eq!(batch, deal.batch(step), "a pure function of the step");
        }
        assert_eq!(deal.watch().batches(10).count(), 25);
        assert_eq!(deal.held_out().batches(10).count(), 15);
        assert_ne!(deal.batch(1), deal.batch(2));
        assert_ne!(deal.held_out, Deal::new([1000, 300], 10, 8).unwrap().held_out);
    }

    /// Image i of `shapes` has class i mod 10: pairs by place would tell one class from the other.
    #[test]
    fn the_class_of_an_image_does_not_tell_that_of_its_partner() {
        let deal = Deal::new([8192, 2048], 64, 0).unwrap();
        assert_eq!(deal.held_out().first.len(), 1024);
        let mut counts = [0u32; 10];
        for (a, b) in deal.held_out().first.iter().zip(deal.held_out().second) {
            counts[((b + 2048 - a) % 10) as usize] += 1;
        }
        // 102 ± 10 each; a fixed distance would put all into one.
        assert!(counts.iter().all(|&n| (60..150).contains(&n)), "{counts:?}");
    }

    #[test]
    fn parts_are_whole_batches_or_refused() {
        let deal = Deal::new([8192, 2048], 48, 0).unwrap();
        assert_eq!((deal.watch.len(), deal.held_out.len()), (2 * 240, 2 * 1008));
        let large = Deal::new([50_000, 10_000], 2000, 0).unwrap();
        assert_eq!((large.watch.len(), large.held_out.len()), (4000, 4000));
        let refused = Deal::new([8192, 2048], 1025, 0).unwrap_err().to_string();
        assert_eq!(refused, "--batch 1025: it takes 4100 training and 2050 test images, and there are 8192 and 2048");
        assert!(Deal::new([30, 2048], 8, 0).is_err());
    }
}
