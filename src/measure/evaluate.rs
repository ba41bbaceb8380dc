//! The report on a frozen encoder: what is to be done for each part, and where what is found goes.

use std::time::Instant;

use super::{
    Error, Frozen, Layer, Progress, Protocol, Section, Subject,
    independence::{self, independence},
    jobs::{Job, side_by_side},
    probing::{self, Fit},
    reconstruction::{self, Reconstruction, reconstruction},
    report::{CodeRow, FactorRow, Named, Report},
};
use crate::{
    data::{Images, Kind},
    eval::{self, Factor, FactorKind, Features},
    mi::{self, Choice, CriticKind, Samples},
};

/// Two views of an image for the alignment: moved by so many pixels, and mirrored.
const SHIFT: usize = 2;
/// Training images that factors are fitted on at most: the time of a regression grows with the third power of these.
const FACTOR_ROWS: usize = 2_000;
/// Of the work, about this share is the encoding of images.
const ENCODING: f64 = 0.06;

/// Pixels, or an encoder's features of both splits.
pub(super) struct Side {
    pub encoder: &'static str,
    pub layers: Vec<(&'static str, Features, Features)>,
    /// The code of the test images' other views, if that is asked for.
    view: Option<Features>,
}

impl Side {
    fn code(&self) -> Result<(&Features, &Features), Error> {
        let found = self.layers.iter().find(|(name, ..)| *name == Layer::Y.name());
        found.map(|(_, train, test)| (train, test)).ok_or_else(|| Error::Input("the encoder has no code".into()))
    }
}

/// What a piece of work gives.
enum Found {
    Fit(Fit),
    Code(CodeRow),
    Ndm(Named<Option<f64>>),
    Mine(Named<mi::HeldOut>),
    Reconstruction(Named<Reconstruction>),
    Factors(Vec<FactorRow>),
}

/// Measures `subject` as `protocol` says, in as many pieces at a time as rayon has threads; `told` hears how far it is.
///
/// # Errors
/// Candle's, and [`Error::Input`] for images that a part cannot work on.
pub fn evaluate(
    subject: &Subject,
    protocol: &Protocol,
    sections: &[Section],
    seeds: u64,
    told: &mut dyn FnMut(&Progress),
) -> Result<Report, Error> {
    let started = Instant::now();
    let asked = |section| sections.contains(&section);
    let (train, test) = (&subject.dataset.train, &subject.dataset.test);
    let (n, m) = (protocol.train.min(train.len()), protocol.test.min(test.len()));
    let mut bench = Bench { subject, protocol, seeds, n, m, sides: Vec::new() };
    bench.sides = bench.encoded(sections, told)?;
    let image = asked(Section::Mine).then(|| samples(&pixels(train, n))).transpose()?;
    let mut jobs = Vec::new();
    for section in Section::ALL.into_iter().filter(|&s| asked(s)) {
        match (section, &image) {
            (Section::Probes, _) => jobs.extend(bench.probes()),
            (Section::Code, _) => jobs.extend(bench.coded().map(|side| bench.code(side))),
            (Section::Ndm, _) => jobs.extend(bench.coded().map(|side| bench.ndm(side))),
            (Section::Mine, Some(x)) => jobs.extend(bench.coded().map(|side| bench.mine(side, x))),
            (Section::Mine, None) => {}
            (Section::Reconstruction, _) => jobs.extend(bench.coded().map(|side| bench.reconstruction(side))),
            (Section::Factors, _) => jobs.extend(bench.sides.iter().flat_map(|side| bench.factors(side))),
        }
    }
    let found = side_by_side(jobs, ENCODING..1.0, told)?;
    let mut report = bench.report(found);
    if asked(Section::Factors) && train.factors.is_none() {
        report.notes.push("factors: these images were not drawn from known ones".into());
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
    /// Pixels (if a part reads them as it reads a layer), the trained encoder, the untrained one.
    sides: Vec<Side>,
}

impl Bench<'_> {
    /// What the parts read.
    fn encoded(&self, sections: &[Section], told: &mut dyn FnMut(&Progress)) -> Result<Vec<Side>, Error> {
        let (train, test) = (&self.subject.dataset.train, &self.subject.dataset.test);
        let all = [Section::Probes, Section::Factors].iter().any(|s| sections.contains(s));
        let layers: &[Layer] = if all { &Layer::ALL } else { &[Layer::Y] };
        let moved = sections.contains(&Section::Code).then(|| moved(test, self.m));
        let side = |encoder, frozen: &Frozen| {
            let of = |images: &Images, n| frozen.features(images, n, layers, &mut |_| ());
            let found = layers.iter().zip(of(train, self.n)?).zip(of(test, self.m)?);
            let view = moved.as_ref().map(|moved| frozen.features(moved, self.m, &[Layer::Y], &mut |_| ()));
            Ok(Side {
                encoder,
                layers: found.map(|((layer, train), test)| (layer.name(), train, test)).collect(),
                view: view.transpose()?.map(|mut view| view.remove(0)),
            })
        };
        let trained = || side("trained", &self.subject.trained);
        let untrained = || side("untrained", &self.subject.untrained()?);
        let job =
            |name: &str, work| Job { part: "encoding", name: format!("encoding images ({name})"), cost: 1.0, bytes: 0, work };
        let jobs = vec![job("trained", Box::new(trained) as Box<_>), job("untrained", Box::new(untrained))];
        let mut sides = side_by_side(jobs, 0.0..ENCODING, told)?;
        if all {
            let layers = vec![("pixels", pixels(train, self.n), pixels(test, self.m))];
            sides.insert(0, Side { encoder: "pixels", layers, view: None });
        }
        Ok(sides)
    }

    /// The sides that have a code.
    fn coded(&self) -> impl Iterator<Item = &Side> {
        self.sides.iter().filter(|side| side.encoder != "pixels")
    }

    fn probes(&self) -> Vec<Job<'_, Found>> {
        let data = &self.subject.dataset;
        let labels = (&data.train.labels[..self.n], &data.test.labels[..self.m]);
        let (seed, effort) = (self.subject.config.seed, self.protocol.effort);
        let asked = probing::Asked { labels, classes: data.classes.len(), seed, seeds: self.seeds, effort };
        probing::jobs(&self.sides, &asked).into_iter().map(|job| job.map(Found::Fit)).collect()
    }

    /// A piece of the report on one side. `cost` is in about seconds.
    fn job<'a>(
        &self,
        section: Section,
        (what, side): (&str, &'a Side),
        cost: f64,
        work: impl FnOnce(&'a Side) -> Result<Found, Error> + Send + 'a,
    ) -> Job<'a, Found> {
        let widest = side.layers.iter().map(|(_, train, test)| train.values.len() + test.values.len()).max();
        Job {
            part: section.name(),
            name: format!("{what} ({})", side.encoder),
            cost,
            // In double precision, once beside a copy.
            bytes: 12 * widest.unwrap_or(0),
            work: Box::new(move || work(side)),
        }
    }

    fn code<'a>(&self, side: &'a Side) -> Job<'a, Found> {
        self.job(Section::Code, ("spread of the code", side), 1e-9 * (self.m * self.m) as f64 * 64.0, |side| {
            let (_, test) = side.code()?;
            let collapse = eval::collapse(test);
            Ok(Found::Code(CodeRow {
                encoder: side.encoder,
                rank_me: collapse.rank_me,
                centred_rank: collapse.centred_rank,
                participation: collapse.participation,
                units: collapse.deviations.len(),
                idle: collapse.idle,
                deviations: collapse.deviations,
                alignment: side.view.as_ref().map_or(f64::NAN, |view| eval::alignment(test, view)),
                uniformity: eval::uniformity(test),
            }))
        })
    }

    fn ndm<'a>(&self, side: &'a Side) -> Job<'a, Found> {
        let (steps, batch) = (self.protocol.ndm_steps, self.protocol.ndm_batch.min(self.n));
        let settings = independence::Settings { seed: self.subject.config.seed, steps, batch: self.protocol.ndm_batch };
        let cost = 4e-5 * steps as f64 * batch as f64;
        self.job(Section::Ndm, ("dependence of the units", side), cost, move |side| {
            let (train, test) = side.code()?;
            let value = independence(train, test, settings, &mut || ())?;
            Ok(Found::Ndm(Named { encoder: side.encoder, value }))
        })
    }

    /// A critic of image and code, trained on most of the pairs, asked about others; by `mine`, as in the paper.
    fn mine<'a>(&self, side: &'a Side, image: &'a Samples) -> Job<'a, Found> {
        let settings = mi::Settings {
            seed: self.subject.config.seed,
            steps: self.protocol.mine_steps,
            batch: 64,
            critic: CriticKind::Separable,
        };
        let cost = 4e-6 * settings.steps as f64 * image.columns() as f64;
        let job = self.job(Section::Mine, ("information of image and code", side), cost, move |side| {
            let y = samples(side.code()?.0)?;
            let mut measured = mi::measure(image, &y, &[Choice::new("mine", &[])?], settings, &mut || ())?;
            Ok(Found::Mine(Named { encoder: side.encoder, value: measured.estimates.remove(0) }))
        });
        Job { bytes: 8 * image.rows() * image.columns(), ..job }
    }

    fn reconstruction<'a>(&'a self, side: &'a Side) -> Job<'a, Found> {
        let data = &self.subject.dataset;
        let settings = reconstruction::Settings { seed: self.subject.config.seed, steps: self.protocol.decoder_steps };
        let cost = 6e-5 * settings.steps as f64 * (data.train.height * data.train.width) as f64;
        self.job(Section::Reconstruction, ("reconstruction from the code", side), cost, move |side| {
            let (train, test) = side.code()?;
            let value = reconstruction((train, &data.train), (test, &data.test), settings, &mut || ())?;
            Ok(Found::Reconstruction(Named { encoder: side.encoder, value }))
        })
    }

    /// Training images that factors are fitted on.
    fn factor_rows(&self) -> usize {
        self.n.min(FACTOR_ROWS)
    }

    /// Every factor of the images from every layer; none where the images were not drawn from known ones.
    fn factors<'a>(&'a self, side: &'a Side) -> impl Iterator<Item = Job<'a, Found>> {
        let n = self.factor_rows();
        let known = self.subject.dataset.train.factors.is_some();
        side.layers.iter().filter(move |_| known).map(move |layer| {
            let (name, features, _) = layer;
            let what = if *name == side.encoder { "factors".to_owned() } else { format!("factors from {name}") };
            let cost = 0.4e-9 * (n.min(features.dim) as f64).powi(3);
            let job = self
                .job(Section::Factors, (&what, side), cost, move |side| Ok(Found::Factors(self.factors_of(side.encoder, layer))));
            Job { bytes: 8 * n * (features.dim + n.min(features.dim)) + 8 * self.m * features.dim, ..job }
        })
    }

    fn factors_of(&self, encoder: &'static str, (layer, features, test): &(&'static str, Features, Features)) -> Vec<FactorRow> {
        let data = &self.subject.dataset;
        let (Some(train), Some(judged)) = (&data.train.factors, &data.test.factors) else { return Vec::new() };
        let n = self.factor_rows();
        let fitted = Features::new(n, features.dim, features.values[..n * features.dim].to_vec());
        let columns = train.columns.iter().zip(&judged.columns);
        let factors = columns.map(|(column, judged)| Factor {
            kind: match column.kind {
                Kind::Continuous => FactorKind::Continuous,
                Kind::Circular => FactorKind::Circular,
                Kind::Categorical => FactorKind::Categorical { classes: column.names.len() },
            },
            train: &column.values[..n],
            test: &judged.values[..self.m],
        });
        let found = eval::read_factors(&fitted, test, &factors.collect::<Vec<_>>());
        let rows = train.columns.iter().zip(found).map(|(column, found)| FactorRow {
            encoder,
            layer,
            factor: column.name,
            measure: if column.kind == Kind::Categorical { "accuracy" } else { "R²" },
            score: found.value,
            baseline: found.baseline,
        });
        rows.collect()
    }

    /// What was found, each in its place; the order within a part is that of the jobs.
    fn report(&self, found: Vec<Found>) -> Report {
        let mut report = self.empty();
        let mut fits = Vec::new();
        for found in found {
            match found {
                Found::Fit(fit) => fits.push(fit),
                Found::Code(row) => report.code.push(row),
                Found::Ndm(value) => report.ndm.push(value),
                Found::Mine(value) => report.mine.push(value),
                Found::Reconstruction(value) => report.reconstruction.push(value),
                Found::Factors(rows) => report.factors.extend(rows),
            }
        }
        report.probes = probing::rows(fits);
        let most = independence::certifiable(self.m);
        for ndm in report.ndm.iter().filter(|ndm| ndm.value.is_some_and(|v| v > most)) {
            report.notes.push(format!(
                "NDM of the {} code is above {most:.1} nats, the most that {} codes can certify: far from independent, how far is unknown",
                ndm.encoder, self.m,
            ));
        }
        for mine in &report.mine {
            report.notes.push(format!("MINE of the {} code: {}", mine.encoder, mine.value.note));
        }
        report
    }

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
            factor_train: self.factor_rows(),
            notes: Vec::new(),
            seconds: 0.0,
        }
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
