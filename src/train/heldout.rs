//! What a probe needs from the networks: features of training and test images in evaluation mode, and the estimates on
//! held-out pairs. Runs on the trainer's thread and changes nothing: no statistics, no parameters, no draws of a step.

use candle_core::{DType, Device, Tensor};
use dim_estimators::Scores;

use super::{
    planned::Planned,
    trainer::{TrainError, Trainer},
};
use crate::{
    data::{Images, Kind},
    eval::{self, FactorKind, FactorValues, ProbeInput, Split},
    model::Features,
    nn::Stats,
    record::{Histogram, PerTerm},
};

/// Scores whose places are counted: those of the first batches until there are so many.
const COUNTED: usize = 1_000_000;

/// Images encoded at once.
const CHUNK: usize = 256;

/// The features of a split as they come in, batch after batch.
#[derive(Default)]
struct Collected {
    layers: [Vec<f32>; 3],
    labels: Vec<u8>,
}

/// What one pass over the test images gives.
struct HeldOut {
    test: Split,
    /// Estimates in nats.
    nats: PerTerm<f64>,
    guaranteed: PerTerm<f64>,
    histograms: Vec<Histogram>,
}

/// How the joint and the marginal scores of a term lie.
fn lying(batches: &[Scores], term: &str) -> Result<Vec<Histogram>, TrainError> {
    let histogram = |part: fn(&Scores) -> &Tensor, name: &str| -> Result<Option<Histogram>, TrainError> {
        let mut values: Vec<f32> = Vec::new();
        for scores in batches {
            if values.len() < COUNTED {
                values.extend(part(scores).to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?);
            }
        }
        Ok(Histogram::of(&format!("scores/{term}/{name}"), &values, eval::BINS))
    };
    Ok([histogram(|s| &s.joint, "joint")?, histogram(|s| &s.marginal, "marginal")?].into_iter().flatten().collect())
}

impl Trainer {
    /// Everything the probe thread fits on, as plain arrays. `seconds` is left 0.
    pub fn probe_input(&self) -> Result<ProbeInput, TrainError> {
        let HeldOut { test, nats, guaranteed, histograms } = self.heldout()?;
        Ok(ProbeInput {
            step: self.step,
            train: self.training_split()?,
            test,
            classes: self.dataset.classes.len(),
            pixels: (self.step == 0).then(|| self.pixels()),
            factors: self.factors(),
            mi_heldout: nats,
            mi_guaranteed: guaranteed,
            histograms,
            seconds: 0.0,
        })
    }

    fn encode(&self, images: &Images, indices: &[u32]) -> Result<Features, TrainError> {
        let images = images.batch(indices, &self.device)?;
        Ok(self.networks.encoder.forward(&images, Stats::Eval)?.detach())
    }

    /// The pixels of the images that probes see.
    fn pixels(&self) -> (eval::Features, eval::Features) {
        let pixels = |images: &Images, n: usize| {
            let (n, dim) = (n.min(images.len()), images.image_bytes());
            eval::Features::new(n, dim, images.seen(n).into_iter().map(|byte| f32::from(byte) / 255.0).collect())
        };
        (pixels(&self.dataset.train, self.config.probe.train), pixels(&self.dataset.test, self.config.probe.test))
    }

    /// What those images were drawn from, where that is known.
    fn factors(&self) -> Vec<FactorValues> {
        let (Some(train), Some(test)) = (&self.dataset.train.factors, &self.dataset.test.factors) else { return Vec::new() };
        let columns = train.columns.iter().zip(&test.columns);
        columns
            .map(|(train, test)| FactorValues {
                name: train.name.to_owned(),
                kind: match train.kind {
                    Kind::Continuous => FactorKind::Continuous,
                    Kind::Circular => FactorKind::Circular,
                    Kind::Categorical => FactorKind::Categorical { classes: train.names.len() },
                },
                train: train.values.clone(),
                test: test.values.clone(),
            })
            .collect()
    }

    /// The first `probe.train` training images (or all, if fewer) as features.
    fn training_split(&self) -> Result<Split, TrainError> {
        let images = &self.dataset.train;
        let n = self.config.probe.train.min(images.len());
        let mut split = Collected::default();
        for chunk in (0..n as u32).collect::<Vec<_>>().chunks(CHUNK) {
            split.take(&self.encode(images, chunk)?, &images.labels[chunk[0] as usize..], chunk.len())?;
        }
        Ok(split.finish())
    }

    /// One pass over the test images: the features of the first `probe.test`, and estimates in nats over the first
    /// `probe.test`, at least 1,024, in whole batches of the training batch's size with the same K, the scores of all batches
    /// pooled before the estimator reads them (DV takes *one* log-mean-exp over all).
    fn heldout(&self) -> Result<HeldOut, TrainError> {
        let (images, batch) = (&self.dataset.test, self.config.optim.batch);
        let probed = self.config.probe.test.min(images.len());
        let batches = self.config.probe.test.max(1024).div_ceil(batch).min(images.len() / batch);
        let mut split = Collected::default();
        let mut scores: [Vec<Scores>; 2] = Default::default();
        for (i, chunk) in (0..probed.max(batches * batch) as u32).collect::<Vec<_>>().chunks(batch).enumerate() {
            let features = self.encode(images, chunk)?;
            let start = i * batch;
            split.take(&features, &images.labels[start..], probed.saturating_sub(start).min(chunk.len()))?;
            if i >= batches {
                continue;
            }
            for (all, planned) in scores.iter_mut().zip(self.heldout_terms(i)) {
                if let Some(p) = planned {
                    let s = p.bind(self).scores(p.features(&features), &features.y, Stats::Eval)?;
                    all.push(Scores { joint: s.joint.detach(), marginal: s.marginal.detach() });
                }
            }
        }
        let mut histograms = lying(&scores[0], "global")?;
        histograms.extend(lying(&scores[1], "local")?);
        let guaranteed = PerTerm { global: self.guaranteed(&scores[0], true)?, local: self.guaranteed(&scores[1], false)? };
        let ([global, local], [global_term, local_term]) = (scores, self.heldout_terms(0));
        let nats = PerTerm { global: self.pooled(&global, global_term)?, local: self.pooled(&local, local_term)? };
        Ok(HeldOut { test: split.finish(), nats, guaranteed, histograms })
    }

    /// The global and the local term with the pairs of held-out batch `i`, the same at every probe of an attempt.
    fn heldout_terms(&self, i: usize) -> [Option<Planned>; 2] {
        let batch = self.config.optim.batch;
        let global = self.global_term(batch, &mut self.draws("heldout/global", i as u64));
        [global, self.local_term(batch, &mut self.draws("heldout/local", i as u64))]
    }

    /// Ξ of the batches' Jensen-Shannon divergences, of a term trained by `jsd`. None with positives among the negatives, where
    /// the divergence is not that of joint and marginals.
    fn guaranteed(&self, batches: &[Scores], global: bool) -> Result<Option<f64>, TrainError> {
        let term = if global { &self.estimators.global } else { &self.estimators.local };
        if term.name() != "jsd" || self.config.objective.include_positives {
            return Ok(None);
        }
        let value = |scores: &Scores| -> Result<f64, TrainError> {
            let objective = term.estimator.objective(scores).map_err(candle_core::Error::wrap)?;
            Ok(objective.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()?)
        };
        let values = batches.iter().map(value).collect::<Result<Vec<_>, _>>()?;
        Ok(dim_estimators::jsd::guaranteed_by_batches(&values))
    }

    fn pooled(&self, scores: &[Scores], term: Option<Planned>) -> Result<Option<f64>, TrainError> {
        let Some(term) = term.filter(|_| !scores.is_empty()) else { return Ok(None) };
        let cat = |part: fn(&Scores) -> &Tensor| Tensor::cat(&scores.iter().map(part).collect::<Vec<_>>(), 0);
        let pooled = Scores::new(cat(|s| &s.joint)?, cat(|s| &s.marginal)?).map_err(candle_core::Error::wrap)?;
        let nats = term.bind(self).estimator.estimator.nats(&pooled).map_err(candle_core::Error::wrap)?;
        Ok(nats.map(|t| t.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()).transpose()?)
    }
}

impl Collected {
    /// Adds the first `n` rows of a batch.
    fn take(&mut self, features: &Features, labels: &[u8], n: usize) -> Result<(), TrainError> {
        for (values, layer) in self.layers.iter_mut().zip([&features.conv, &features.fc, &features.y]) {
            values.extend(layer.narrow(0, 0, n)?.flatten_all()?.to_vec1::<f32>()?);
        }
        self.labels.extend(&labels[..n]);
        Ok(())
    }

    fn finish(self) -> Split {
        let n = self.labels.len();
        let [conv, fc, y] = self.layers.map(|values| eval::Features { n, dim: values.len().checked_div(n).unwrap_or(0), values });
        Split { conv, fc, y, labels: self.labels }
    }
}
