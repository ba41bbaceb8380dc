//! The terms of a step: which are on, with which pairs, and how they are bound to the networks and settings in force.

use candle_core::Tensor;
use rand_chacha::ChaCha8Rng;

use super::{objective::Term, pairs, trainer::Trainer};
use crate::{
    config::{GlobalLayer, Locations, Mode},
    model::{Features, Pairs},
};

impl Trainer {
    /// The global term with its pairs for a batch of `batch` images; `None` if it is off.
    pub(super) fn global_term(&self, batch: usize, rng: &mut ChaCha8Rng) -> Option<Planned> {
        let t = &self.config.objective.global;
        let k = self.config.global_negatives().min(batch - 1);
        (t.mode != Mode::Off).then(|| Planned { which: Which::Global(t.layer), pairs: pairs::global(rng, batch, k) })
    }

    /// The local term likewise.
    pub(super) fn local_term(&self, batch: usize, rng: &mut ChaCha8Rng) -> Option<Planned> {
        let t = &self.config.objective.local;
        let cells = self.networks.encoder.shape().locations();
        let pool = if t.locations == Locations::Any { (batch - 1) * cells } else { batch - 1 };
        let k = self.config.local_negatives().min(pool);
        (t.mode != Mode::Off).then(|| Planned { which: Which::Local, pairs: pairs::local(rng, t.locations, batch, cells, k) })
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Global(GlobalLayer),
    Local,
}

/// A term and the pairs drawn for it.
#[derive(Debug)]
pub(super) struct Planned {
    which: Which,
    pub(super) pairs: Pairs,
}

impl Planned {
    /// The features its critic sees.
    pub fn features<'a>(&self, f: &'a Features) -> &'a Tensor {
        match self.which {
            Which::Global(GlobalLayer::Conv) => &f.conv,
            Which::Global(GlobalLayer::Fc) => &f.fc,
            Which::Local => &f.map,
        }
    }

    /// The term with the networks and settings in force.
    pub fn bind<'a>(&'a self, trainer: &'a Trainer) -> Term<'a> {
        let (config, networks) = (&trainer.config, &trainer.networks);
        let o = &config.objective;
        let terms = &trainer.estimators;
        let (mode, weight, critic, estimator, clip) = match self.which {
            Which::Global(_) => (o.global.mode, o.global.weight, &networks.global, &terms.global, config.global_clip()),
            Which::Local => (o.local.mode, o.local.weight, &networks.local, &terms.local, config.local_clip()),
        };
        Term {
            mode,
            weight,
            // `Networks::follow` ran with this configuration, so a term that is on has its critic.
            critic: critic.as_ref().expect("a term that is on has a critic"),
            estimator,
            pairs: &self.pairs,
            clip: estimator.clip(clip),
            include_positives: o.include_positives,
        }
    }
}
