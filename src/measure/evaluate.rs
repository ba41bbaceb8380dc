//! The report on a frozen encoder, part by part.

use serde::Serialize;

use super::{
    Error, Frozen, Layer, Protocol, Section, Subject,
    independence::{self, independence},
    reconstruction::{self, Reconstruction, reconstruction},
};
use crate::{
    data::{Images, Kind},
    eval::{self, Factor, FactorKind, Features, PROBES, Task},
    mi::{self, Choice, CriticKind, Samples},
};

/// Two views of an image for the alignment: moved by so many pixels, and mirrored.
const SHIFT: usize = 2;
/// Training images that factors are fitted on at most: the time of a regression grows with the third power of these.
const FACTOR_ROWS: usize = 2_000;

/// Everything that was asked for; what was not is empty.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub step: u64,
    /// Passes over the training images at that step.
    pub epochs: f64,
    pub data: String,
    pub protocol: &'static str,
    /// Training and test images that were used.
    pub train: usize,
    pub test: usize,
    pub seeds: u64,
    pub classes: Vec<String>,
    /// Accuracy of always answering the most frequent class.
    pub chance: f64,
    pub probes: Vec<ProbeRow>,
    pub code: Vec<CodeRow>,
    /// NDM of trained and untrained code, nats.
    pub ndm: Vec<Named<Option<f64>>>,
    /// MINE(X; Y) of trained and untrained code, nats with a 95 % interval.
    pub mine: Vec<Named<mi::HeldOut>>,
    pub reconstruction: Vec<Named<Reconstruction>>,
    pub factors: Vec<FactorRow>,
    /// What was asked for and cannot be had here.
    pub notes: Vec<String>,
    pub seconds: f64,
}

/// A number of the trained or the untrained encoder.
#[derive(Debug, Clone, Serialize)]
pub struct Named<T> {
    pub encoder: &'static str,
    pub value: T,
}

/// One probe on one layer.
#[derive(Debug, Clone, Serialize)]
pub struct ProbeRow {
    /// `trained`, `untrained`, or `pixels`, which has one layer only.
    pub encoder: &'static str,
    pub layer: &'static str,
    pub probe: &'static str,
    /// Of the first seed, on the images it was fitted on.
    pub train_accuracy: f64,
    /// Mean over the seeds; with one seed, of a fit on all training images.
    pub test_accuracy: f64,
    /// Of that mean. A seed is another start of the MLP, and another sample (a bootstrap) of the training images for the probes that have
    /// no chance in them, whose mean then lies a little below a fit on all of them.
    pub standard_error: Option<f64>,
    /// `[true][predicted]` test images, of the first seed.
    pub confusion: Vec<Vec<u32>>,
}

/// How the code of test images spreads.
#[derive(Debug, Clone, Serialize)]
pub struct CodeRow {
    pub encoder: &'static str,
    /// RankMe (Garrido et al. 2023) of the codes as they are, and the same less their mean.
    pub rank_me: f64,
    pub centred_rank: f64,
    /// Directions that hold most of the variance, (Σλ)²/Σλ².
    pub participation: f64,
    pub units: usize,
    /// Units that do not move: a deviation below a hundredth of the median unit's.
    pub idle: usize,
    /// Standard deviation of each unit.
    pub deviations: Vec<f64>,
    /// Mean squared distance of the normalised codes of two views of an image (Wang & Isola 2020): an image, and the same moved by two
    /// pixels and mirrored. 0: they are the same.
    pub alignment: f64,
    /// ln of the mean of e^(−2·squared distance) over pairs of images (ibid.): the lower the more evenly codes spread.
    pub uniformity: f64,
}

/// How well a factor that the images were drawn from is read from a layer.
#[derive(Debug, Clone, Serialize)]
pub struct FactorRow {
    pub encoder: &'static str,
    pub layer: &'static str,
    pub factor: &'static str,
    /// `R²` or `accuracy`.
    pub measure: &'static str,
    pub score: f64,
    /// What knowing nothing reaches.
    pub baseline: f64,
}

/// An encoder's features of both splits.
struct Side {
    encoder: &'static str,
    layers: Vec<(&'static str, Features, Features)>,
}

impl Side {
    fn code(&self) -> Result<(&Features, &Features), Error> {
        let found = self.layers.iter().find(|(name, ..)| *name == Layer::Y.name());
        found.map(|(_, train, test)| (train, test)).ok_or_else(|| Error::Input("the encoder has no code".into()))
    }
}

/// Measures `subject` as `protocol` says; `told` hears what is being done.
///
/// # Errors
/// Candle's, and [`Error::Input`] for images that a part cannot work on.
pub fn evaluate(
    subject: &Subject,
    protocol: &Protocol,
    sections: &[Section],
    seeds: u64,
    told: &mut dyn FnMut(String),
) -> Result<Report, Error> {
    let started = std::time::Instant::now();
    let (train, test) = (&subject.dataset.train, &subject.dataset.test);
    let (n, m) = (protocol.train.min(train.len()), protocol.test.min(test.len()));
    let untrained = subject.untrained()?;
    let mut sides = Vec::new();
    for (encoder, frozen) in [("trained", &subject.trained), ("untrained", &untrained)] {
        told(format!("encoding images ({encoder})"));
        let of = |images: &Images, n| frozen.features(images, n, &Layer::ALL, &mut |_| ());
        let layers = Layer::ALL.iter().zip(of(train, n)?).zip(of(test, m)?);
        sides.push(Side { encoder, layers: layers.map(|((layer, train), test)| (layer.name(), train, test)).collect() });
    }
    let mut bench = Bench { subject, protocol, seeds, n, m, told };
    let mut report = bench.empty();
    for section in sections {
        match section {
            Section::Probes => report.probes = bench.probes(&sides),
            Section::Code => report.code = bench.code(&sides, [&subject.trained, &untrained])?,
            Section::Ndm => report.ndm = bench.ndm(&sides)?,
            Section::Mine => report.mine = bench.mine(&sides)?,
            Section::Reconstruction => report.reconstruction = bench.reconstruction(&sides)?,
            Section::Factors if train.factors.is_some() => report.factors = bench.factors(&sides),
            Section::Factors => report.notes.push("factors: these images were not drawn from known ones".into()),
        }
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// What all parts share.
struct Bench<'a> {
    subject: &'a Subject,
    protocol: &'a Protocol,
    seeds: u64,
    n: usize,
    m: usize,
    told: &'a mut dyn FnMut(String),
}

impl Bench<'_> {
    fn empty(&self) -> Report {
        let (config, data) = (&self.subject.config, &self.subject.dataset);
        Report {
            step: self.subject.step,
            epochs: (self.subject.step * config.optim.batch as u64) as f64 / data.training().len().max(1) as f64,
            data: data.name.clone(),
            protocol: self.protocol.name,
            train: self.n,
            test: self.m,
            seeds: self.seeds,
            classes: data.classes.clone(),
            chance: eval::chance(&data.test.labels[..self.m], data.classes.len()),
            probes: Vec::new(),
            code: Vec::new(),
            ndm: Vec::new(),
            mine: Vec::new(),
            reconstruction: Vec::new(),
            factors: Vec::new(),
            notes: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Every probe on every layer, on those of the untrained encoder, and on pixels.
    fn probes(&mut self, sides: &[Side]) -> Vec<ProbeRow> {
        let data = &self.subject.dataset;
        let pixels = (pixels(&data.train, self.n), pixels(&data.test, self.m));
        let layers = sides.iter().flat_map(|s| s.layers.iter().map(|(layer, train, test)| (s.encoder, *layer, train, test)));
        let all: Vec<_> = [("pixels", "pixels", &pixels.0, &pixels.1)].into_iter().chain(layers).collect();
        let mut rows = Vec::new();
        for (encoder, layer, train, test) in all {
            for kind in PROBES.iter().map(|p| p.kind) {
                (self.told)(format!("{} probe on {layer} ({encoder})", kind.name()));
                let task = Task {
                    train,
                    labels: &data.train.labels[..self.n],
                    test,
                    test_labels: &data.test.labels[..self.m],
                    classes: data.classes.len(),
                    seed: self.subject.config.seed,
                    effort: self.protocol.effort,
                };
                let once = eval::judge(kind, &task);
                let first = task.seed;
                let seeds: Vec<u64> = (0..self.seeds).map(|i| first.wrapping_add(i)).collect();
                let found = (seeds.len() > 1).then(|| eval::several(kind, &task, &seeds));
                rows.push(ProbeRow {
                    encoder,
                    layer,
                    probe: kind.name(),
                    train_accuracy: once.train_accuracy,
                    test_accuracy: found.as_ref().map_or(once.test_accuracy, |f| f.mean),
                    standard_error: found.map(|f| f.error),
                    confusion: once.confusion,
                });
            }
        }
        rows
    }

    fn code(&mut self, sides: &[Side], encoders: [&Frozen; 2]) -> Result<Vec<CodeRow>, Error> {
        let moved = moved(&self.subject.dataset.test, self.m);
        let mut rows = Vec::new();
        for (side, frozen) in sides.iter().zip(encoders) {
            (self.told)(format!("spread of the code ({})", side.encoder));
            let (_, test) = side.code()?;
            let view = frozen.features(&moved, self.m, &[Layer::Y], &mut |_| ())?.remove(0);
            let collapse = eval::collapse(test);
            rows.push(CodeRow {
                encoder: side.encoder,
                rank_me: collapse.rank_me,
                centred_rank: collapse.centred_rank,
                participation: collapse.participation,
                units: collapse.deviations.len(),
                idle: collapse.idle,
                deviations: collapse.deviations,
                alignment: eval::alignment(test, &view),
                uniformity: eval::uniformity(test),
            });
        }
        Ok(rows)
    }

    fn ndm(&mut self, sides: &[Side]) -> Result<Vec<Named<Option<f64>>>, Error> {
        let seed = self.subject.config.seed;
        let settings = independence::Settings { seed, steps: self.protocol.ndm_steps, batch: self.protocol.ndm_batch };
        let mut found = Vec::new();
        for side in sides {
            (self.told)(format!("dependence of the units ({})", side.encoder));
            let (train, test) = side.code()?;
            found.push(Named { encoder: side.encoder, value: independence(train, test, settings, &mut || ())? });
        }
        Ok(found)
    }

    /// A critic of image and code, trained on most of the pairs, asked about others; by `mine`, as in the paper.
    fn mine(&mut self, sides: &[Side]) -> Result<Vec<Named<mi::HeldOut>>, Error> {
        let x = samples(&pixels(&self.subject.dataset.train, self.n))?;
        let settings = mi::Settings {
            seed: self.subject.config.seed,
            steps: self.protocol.mine_steps,
            batch: 64,
            critic: CriticKind::Separable,
        };
        let mut found = Vec::new();
        for side in sides {
            (self.told)(format!("information of image and code ({})", side.encoder));
            let y = samples(side.code()?.0)?;
            let choices = [Choice::new("mine", &[])?];
            let measured = mi::measure(&x, &y, &choices, settings, &mut || ())?;
            found.extend(measured.estimates.into_iter().map(|value| Named { encoder: side.encoder, value }));
        }
        Ok(found)
    }

    fn reconstruction(&mut self, sides: &[Side]) -> Result<Vec<Named<Reconstruction>>, Error> {
        let data = &self.subject.dataset;
        let settings = reconstruction::Settings { seed: self.subject.config.seed, steps: self.protocol.decoder_steps };
        let mut found = Vec::new();
        for side in sides {
            (self.told)(format!("reconstruction from the code ({})", side.encoder));
            let (train, test) = side.code()?;
            let value = reconstruction((train, &data.train), (test, &data.test), settings, &mut || ())?;
            found.push(Named { encoder: side.encoder, value });
        }
        Ok(found)
    }

    /// Every factor of the images from every layer.
    fn factors(&mut self, sides: &[Side]) -> Vec<FactorRow> {
        let data = &self.subject.dataset;
        let (Some(train), Some(test)) = (&data.train.factors, &data.test.factors) else { return Vec::new() };
        let mut rows = Vec::new();
        for side in sides {
            for (layer, features, test_features) in &side.layers {
                (self.told)(format!("factors from {layer} ({})", side.encoder));
                let n = self.n.min(FACTOR_ROWS);
                let fitted = Features::new(n, features.dim, features.values[..n * features.dim].to_vec());
                let factors: Vec<Factor> = train
                    .columns
                    .iter()
                    .zip(&test.columns)
                    .map(|(column, judged)| Factor {
                        kind: match column.kind {
                            Kind::Continuous => FactorKind::Continuous,
                            Kind::Circular => FactorKind::Circular,
                            Kind::Categorical => FactorKind::Categorical { classes: column.names.len() },
                        },
                        train: &column.values[..n],
                        test: &judged.values[..self.m],
                    })
                    .collect();
                for (column, found) in train.columns.iter().zip(eval::read_factors(&fitted, test_features, &factors)) {
                    rows.push(FactorRow {
                        encoder: side.encoder,
                        layer,
                        factor: column.name,
                        measure: if column.kind == Kind::Categorical { "accuracy" } else { "R²" },
                        score: found.value,
                        baseline: found.baseline,
                    });
                }
            }
        }
        rows
    }
}

/// The first `n` images as they are, in [0, 1].
fn pixels(images: &Images, n: usize) -> Features {
    Features::new(n, images.image_bytes(), images.seen(n).into_iter().map(|byte| f32::from(byte) / 255.0).collect())
}

fn samples(features: &Features) -> Result<Samples, Error> {
    Samples::new(features.values.iter().map(|&v| f64::from(v)).collect(), features.n, features.dim)
}

/// The first `n` images moved right by two pixels, what is beside the image repeating its edge, then mirrored.
fn moved(images: &Images, n: usize) -> Images {
    let seen = images.seen(n);
    let mut other = Images { pixels: seen.clone(), margin: 0, labels: images.labels[..n].to_vec(), factors: None, ..*images };
    let width = images.width;
    for (row, original) in other.pixels.chunks_exact_mut(width).zip(seen.chunks_exact(width)) {
        for (x, value) in row.iter_mut().enumerate() {
            *value = original[(width - 1 - x).saturating_sub(SHIFT)];
        }
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_view_is_moved_then_mirrored() {
        let images =
            Images { channels: 1, height: 1, width: 5, pixels: vec![1, 2, 3, 4, 5], margin: 0, labels: vec![0], factors: None };
        assert_eq!(moved(&images, 1).pixels, [3, 2, 1, 1, 1]);
    }
}
