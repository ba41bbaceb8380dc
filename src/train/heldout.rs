//! What a probe needs from the networks: features of training and test images in evaluation mode, and the estimates on
//! held-out pairs. Runs on the trainer's thread and changes nothing: no statistics, no parameters, no draws of a step.

use candle_core::{DType, Tensor};
use dim_estimators::Scores;

use super::trainer::{Planned, TrainError, Trainer};
use crate::{
    data::Images,
    eval::{self, ProbeInput, Split},
    model::Features,
    nn::Stats,
    record::PerTerm,
};

/// Images encoded at once.
const CHUNK: usize = 256;

impl Trainer {
    /// Everything the probe thread fits on, as plain arrays. `seconds` is left 0.
    pub fn probe_input(&self) -> Result<ProbeInput, TrainError> {
        let probe = &self.config.probe;
        Ok(ProbeInput {
            step: self.step,
            train: self.split(&self.dataset.train, probe.train)?,
            test: self.split(&self.dataset.test, probe.test)?,
            classes: self.dataset.classes.len(),
            mi_heldout: self.heldout_estimates()?,
            seconds: 0.0,
        })
    }

    fn encode(&self, images: &Images, indices: &[u32]) -> Result<Features, TrainError> {
        let images = images.batch(indices, &self.device)?;
        Ok(self.networks.encoder.forward(&images, Stats::Eval)?.detach())
    }

    /// The first `n` images (or all, if fewer) as features.
    fn split(&self, images: &Images, n: usize) -> Result<Split, TrainError> {
        let n = n.min(images.len());
        let mut layers: [Vec<Tensor>; 3] = Default::default();
        let indices: Vec<u32> = (0..n as u32).collect();
        for chunk in indices.chunks(CHUNK) {
            let f = self.encode(images, chunk)?;
            for (layer, tensor) in layers.iter_mut().zip([f.conv, f.fc, f.y]) {
                layer.push(tensor);
            }
        }
        let [conv, fc, y] = layers.map(|parts| flatten(&parts));
        Ok(Split { conv: conv?, fc: fc?, y: y?, labels: images.labels[..n].to_vec() })
    }

    /// Estimates in nats over the first `probe.test` test images, at least 1,024, in whole batches of the training batch's size with the same
    /// K, the scores of all batches pooled before the estimator reads them (DV takes *one* log-mean-exp over all).
    fn heldout_estimates(&self) -> Result<PerTerm<f64>, TrainError> {
        let batch = self.config.optim.batch;
        let batches = self.config.probe.test.max(1024).div_ceil(batch).min(self.dataset.test.len() / batch);
        let mut scores: [Vec<Scores>; 2] = Default::default();
        for i in 0..batches {
            let indices: Vec<u32> = ((i * batch) as u32..((i + 1) * batch) as u32).collect();
            let features = self.encode(&self.dataset.test, &indices)?;
            let global = self.global_term(batch, &mut self.draws("heldout/global", i as u64));
            let local = self.local_term(batch, &mut self.draws("heldout/local", i as u64));
            for (all, planned) in scores.iter_mut().zip([global, local]) {
                if let Some(p) = planned {
                    let s = p.bind(self).scores(p.features(&features), &features.y, Stats::Eval)?;
                    all.push(Scores { joint: s.joint.detach(), marginal: s.marginal.detach() });
                }
            }
        }
        let [global, local] = scores;
        Ok(PerTerm {
            global: self.pooled(&global, self.global_term(batch, &mut self.draws("heldout/global", 0)))?,
            local: self.pooled(&local, self.local_term(batch, &mut self.draws("heldout/local", 0)))?,
        })
    }

    fn pooled(&self, scores: &[Scores], term: Option<Planned>) -> Result<Option<f64>, TrainError> {
        let Some(term) = term.filter(|_| !scores.is_empty()) else { return Ok(None) };
        let cat = |part: fn(&Scores) -> &Tensor| Tensor::cat(&scores.iter().map(part).collect::<Vec<_>>(), 0);
        let pooled = Scores::new(cat(|s| &s.joint)?, cat(|s| &s.marginal)?).map_err(candle_core::Error::wrap)?;
        let nats = term.bind(self).estimator.nats(&pooled).map_err(candle_core::Error::wrap)?;
        Ok(nats.map(|t| t.to_dtype(DType::F64)?.to_scalar()).transpose()?)
    }
}

fn flatten(parts: &[Tensor]) -> Result<eval::Features, TrainError> {
    let mut values = Vec::new();
    let (mut n, mut dim) = (0, 0);
    for part in parts {
        let (rows, columns) = part.dims2()?;
        (n, dim) = (n + rows, columns);
        values.extend(part.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(eval::Features { n, dim, values })
}
