//! What the code makes of held-out images, for the Representation view: where they lie, which are near, and what the local critic sees in
//! one of them.

use std::sync::Arc;

use candle_core::Tensor;

use super::trainer::{TrainError, Trainer};
use crate::{
    data::Images,
    eval::{Features, Pca},
    model::Pairs,
    nn::Stats,
};

/// The first so many test images are shown.
const PICTURES: usize = 256;
/// Images encoded at once.
const CHUNK: usize = 64;
/// Neighbours and negatives that are named.
const NEAREST: usize = 8;

/// Codes of held-out images after a step, and one image looked into.
#[derive(Debug, Clone, PartialEq)]
pub struct Portrait {
    pub step: u64,
    pub pictures: Arc<Pictures>,
    /// Each image's code on the first two principal components.
    pub points: Vec<[f32; 2]>,
    /// Those components: the next portrait keeps their directions, so that the picture does not flip over.
    pub plane: Option<Pca>,
    /// Shares of the variance that the two explain.
    pub explained: [f64; 2],
    /// Share of the nearest neighbours, over all images, that show the class of the image whose they are.
    pub agreement: f64,
    pub picked: usize,
    /// The images whose codes have the largest cosine with that of the picked one, nearest first.
    pub neighbours: Vec<(usize, f32)>,
    /// What the local critic says; `None` without a local term.
    pub local: Option<LocalScores>,
}

/// Scores T of the picked image's code with places of images.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalScores {
    /// M: places a side.
    pub side: usize,
    /// T at each place of the picked image itself, row by row.
    pub map: Vec<f32>,
    /// The other images of the largest mean score: the negatives it is most easily mistaken for.
    pub hardest: Vec<(usize, f32)>,
}

/// Images as the screen draws them.
#[derive(Debug, PartialEq)]
pub struct Pictures {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// Image by image, plane by plane, row by row.
    pub pixels: Vec<u8>,
    pub labels: Vec<usize>,
    pub classes: Vec<String>,
}

impl Pictures {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of image `i`; none if there is no such image.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.channels * self.height * self.width;
        self.pixels.get(i * size..(i + 1) * size).unwrap_or_default()
    }

    /// Its class in words.
    pub fn class(&self, i: usize) -> &str {
        self.labels.get(i).and_then(|&label| self.classes.get(label)).map_or("", String::as_str)
    }
}

impl Trainer {
    /// The codes of the first test images as they are now, and what there is to see of image `picked`. `None` without images. `before`
    /// is the last portrait.
    ///
    /// # Errors
    /// Those of the computation.
    pub fn portrait(&self, picked: usize, before: Option<&Portrait>) -> Result<Option<Portrait>, TrainError> {
        let images = &self.dataset.test;
        let n = PICTURES.min(images.len());
        if n < 2 {
            return Ok(None);
        }
        let picked = picked.min(n - 1);
        let (codes, scores) = self.codes_and_scores(images, n, picked)?;
        let near = nearest(&codes);
        let labels: Vec<usize> = images.labels[..n].iter().map(|&l| usize::from(l)).collect();
        let asked = near.iter().enumerate().flat_map(|(i, all)| all.iter().map(move |(j, _)| (i, *j)));
        let (asked, agreeing) = asked.fold((0u32, 0u32), |(n, same), (i, j)| (n + 1, same + u32::from(labels[i] == labels[j])));
        // Codes that are no numbers lie nowhere.
        let plane = Pca::of(&codes, 2, before.and_then(|b| b.plane.as_ref()));
        let points = plane.as_ref().map_or_else(|| vec![f32::NAN; 2 * n], |plane| plane.project(&codes));
        let share = |axis: usize| plane.as_ref().and_then(|p| p.share.get(axis).copied()).unwrap_or(f64::NAN);
        Ok(Some(Portrait {
            step: self.step,
            points: points.chunks_exact(2).map(|p| [p[0], p[1]]).collect(),
            explained: [share(0), share(1)],
            plane,
            agreement: f64::from(agreeing) / f64::from(asked.max(1)),
            picked,
            neighbours: near[picked].clone(),
            local: scores.map(|scores| LocalScores::of(&scores, n, picked)),
            pictures: Arc::new(Pictures {
                channels: images.channels,
                height: images.height,
                width: images.width,
                pixels: images.seen(n),
                labels,
                classes: self.dataset.classes.clone(),
            }),
        }))
    }

    /// Codes [n, d], and the local critic's scores of every place of every image with the code of `picked`, [n · M · M].
    fn codes_and_scores(&self, images: &Images, n: usize, picked: usize) -> Result<(Features, Option<Vec<f32>>), TrainError> {
        let encode = |indices: &[u32]| -> Result<_, TrainError> {
            Ok(self.networks.encoder.forward(&images.batch(indices, &self.device)?, Stats::Eval)?.detach())
        };
        let anchor = encode(&[picked as u32])?.y;
        let (mut codes, mut scores) = (Vec::new(), Vec::new());
        for chunk in (0..n as u32).collect::<Vec<_>>().chunks(CHUNK) {
            let found = encode(chunk)?;
            codes.extend(found.y.flatten_all()?.to_vec1::<f32>()?);
            if let Some(critic) = &self.networks.local {
                let rows = found.map.dims()[0];
                let all = (0..rows as u32).collect();
                let pairs = Pairs { rows, groups: 1, positives: 1, negatives: rows, joint: vec![0], marginal: all };
                let (_, told): (Tensor, Tensor) = critic.score(&found.map, &anchor, &pairs, Stats::Eval)?;
                scores.extend(told.detach().flatten_all()?.to_vec1::<f32>()?);
            }
        }
        let dim = codes.len() / n;
        Ok((Features::new(n, dim, codes), (!scores.is_empty()).then_some(scores)))
    }
}

/// Of each row the other rows of the largest cosine, nearest first; the cosine with a row of zeros is 0.
fn nearest(codes: &Features) -> Vec<Vec<(usize, f32)>> {
    let length = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    let unit: Vec<Vec<f32>> = (0..codes.n).map(|i| codes.row(i).iter().map(|v| v / length(codes.row(i))).collect()).collect();
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let of = |i: usize| {
        let others = (0..codes.n).filter(|j| *j != i);
        let mut all: Vec<(usize, f32)> = others.map(|j| (j, cosine(&unit[i], &unit[j]))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(NEAREST);
        all
    };
    (0..codes.n).map(of).collect()
}

impl LocalScores {
    /// Of all scores [n · M · M].
    fn of(scores: &[f32], n: usize, picked: usize) -> Self {
        let places = scores.len() / n;
        let mean = |image: &[f32]| image.iter().sum::<f32>() / places as f32;
        let mut others: Vec<(usize, f32)> =
            scores.chunks_exact(places).map(mean).enumerate().filter(|(i, _)| *i != picked).collect();
        others.sort_by(|a, b| b.1.total_cmp(&a.1));
        others.truncate(NEAREST);
        Self { side: places.isqrt(), map: scores[picked * places..(picked + 1) * places].to_vec(), hardest: others }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trainer::tests::{state, trainer},
        *,
    };

    #[test]
    fn it_shows_the_codes_as_they_are_and_changes_nothing() {
        let mut t = trainer(&[]);
        t.step().unwrap();
        let before = state(&t);
        let seen = t.portrait(3, None).unwrap().unwrap();
        assert_eq!(state(&t), before);
        assert_eq!((seen.step, seen.picked), (1, 3));
        let n = seen.pictures.len();
        assert!(n == seen.points.len() && n <= PICTURES);
        assert_eq!(seen.pictures.image(3).len(), 3 * 32 * 32);
        assert_eq!(seen.neighbours.len(), NEAREST);
        assert!(seen.neighbours.iter().all(|(i, cosine)| *i != 3 && *i < n && cosine.abs() < 1.001));
        assert!(seen.neighbours.windows(2).all(|w| w[0].1 >= w[1].1), "nearest first");
        assert!((0.0..=1.0).contains(&seen.agreement));
        // The next step is the same as if nobody had looked.
        let (mut other, row) = (trainer(&[]), t.step().unwrap().row);
        other.step().unwrap();
        assert_eq!(other.step().unwrap().row.loss.to_bits(), row.loss.to_bits());
    }

    #[test]
    fn the_picture_does_not_flip_over() {
        let mut t = trainer(&[]);
        t.step().unwrap();
        let first = t.portrait(0, None).unwrap().unwrap();
        // The components of a moment ago, turned round.
        let mut before = first.clone();
        before.plane.as_mut().unwrap().axes.iter_mut().for_each(|v| *v = -*v);
        let second = t.portrait(0, Some(&before)).unwrap().unwrap();
        let turned: Vec<[f32; 2]> = first.points.iter().map(|p| p.map(|v| -v)).collect();
        assert_eq!(second.points, turned);
    }

    /// The map's scores are those that the local term itself gives for the image in evaluation mode.
    #[test]
    fn the_map_holds_the_scores_of_the_local_term() {
        let mut t = trainer(&[("objective.local.locations", "same".into())]);
        t.step().unwrap();
        let seen = t.portrait(2, None).unwrap().unwrap().local.unwrap();
        let images = t.dataset.test.batch(&[0, 1, 2, 3], &t.device).unwrap();
        let features = t.networks.encoder.forward(&images, Stats::Eval).unwrap();
        let term = t.local_term(4, &mut t.draws("test", 0)).unwrap();
        let scores = term.bind(&t).scores(term.features(&features), &features.y, Stats::Eval).unwrap();
        let joint = scores.joint.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let places = seen.side * seen.side;
        assert_eq!(seen.map.len(), places);
        for (a, b) in seen.map.iter().zip(&joint[2 * places..3 * places]) {
            assert!((a - b).abs() < 1e-4 * b.abs().max(1.0), "{a} {b}");
        }
    }

    #[test]
    fn the_hardest_negative_has_the_largest_mean_score() {
        // Three images of 2×2 places; the code is that of image 1.
        let scores = [0.0, 0.0, 0.0, 4.0, 9.0, 9.0, 9.0, 9.0, 2.0, 2.0, 2.0, 2.0];
        let found = LocalScores::of(&scores, 3, 1);
        assert_eq!((found.side, found.map), (2, vec![9.0; 4]));
        assert_eq!(found.hardest, [(2, 2.0), (0, 1.0)]);
    }

    #[test]
    fn without_a_local_term_there_is_no_map() {
        let t = trainer(&[("objective.local.mode", "off".into()), ("objective.global.mode", "train".into())]);
        assert_eq!(t.portrait(999, None).unwrap().unwrap().local, None);
    }
}
