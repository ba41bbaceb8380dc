//! What happens to critics and estimators when another estimator is put in force (`objective.on_swap`).

use dim_estimators::{Scores, State};

use super::{
    networks::{GLOBAL, LOCAL},
    planned::Planned,
    term_estimator::TermEstimators,
    trainer::{TrainError, Trainer},
};
use crate::{
    config::{Config, OnSwap},
    nn::Stats,
};

impl Trainer {
    /// The estimators that `config` names, with what carries over from those in force; drops the critics of a term whose estimator
    /// changes if `objective.on_swap` says so.
    pub(super) fn swapped(&mut self, config: &Config) -> Result<TermEstimators, TrainError> {
        let mut next = TermEstimators::new(config, &self.scripts)?;
        let policy = config.objective.on_swap;
        let changes = self.estimators.global.id != next.global.id || self.estimators.local.id != next.local.id;
        let align = changes && policy == OnSwap::Align;
        if align && self.step == 0 && self.config.probe.every == 0 {
            // No probe has set them yet, and scores are read with BatchNorm's running statistics.
            self.warm_statistics()?;
        }
        let scores = if align { self.next_scores()? } else { [None, None] };
        let [global, local] = scores;
        let same_clip = [self.config.global_clip() == config.global_clip(), self.config.local_clip() == config.local_clip()];
        for (group, old, new, scores, same_clip) in [
            (GLOBAL, &self.estimators.global, &mut next.global, global, same_clip[0]),
            (LOCAL, &self.estimators.local, &mut next.local, local, same_clip[1]),
        ] {
            new.alignment = old.alignment.clone();
            if old.id == new.id {
                // Under another clip a mean of the old scores says nothing of the new.
                new.memory = if same_clip { old.memory.clone() } else { State::default() };
            } else if policy == OnSwap::ResetCritics {
                self.networks.drop(group);
            } else if let Some(scores) = scores {
                new.alignment = old.alignment.swapped(&*old.estimator, &*new.estimator, &scores)?;
            }
        }
        Ok(next)
    }

    /// The scores that the global and the local term in force give the next batch, with BatchNorm's running statistics.
    pub(super) fn next_scores(&mut self) -> Result<[Option<Scores>; 2], TrainError> {
        let (batch, step) = (self.config.optim.batch, self.step + 1);
        let indices = self.order.indices(self.examples_seen, batch);
        let images = self.step_images(&indices, step)?;
        let features = self.networks.encoder.forward(&images, Stats::Eval)?.detach();
        let scores = |term: Option<Planned>| -> Result<Option<Scores>, TrainError> {
            let Some(term) = term else { return Ok(None) };
            Ok(Some(term.bind(self).scores(term.features(&features), &features.y, Stats::Eval)?.detach()))
        };
        let global = self.global_term(batch, &mut self.draws("negatives/global", step));
        let local = self.local_term(batch, &mut self.draws("negatives/local", step));
        Ok([scores(global)?, scores(local)?])
    }
}
