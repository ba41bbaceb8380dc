//! The networks of a run and their parameters: which exist follows from the configuration in force.

use std::collections::BTreeSet;

use candle_core::{DType, Device, Result, Var};

use crate::{
    config::{Config, CriticKind, GlobalLayer, Mode, Objective},
    model::{Critic, Discriminator, Encoder, EncoderShape, critic::CriticShape},
    nn::{Draws, Store},
};

/// Top-level parameter groups, as they are named in checkpoints.
pub const ENCODER: &str = "encoder";
pub const GLOBAL: &str = "global";
pub const LOCAL: &str = "local";
pub const PRIOR: &str = "prior";

/// Parameters with their names.
type Params = Vec<(String, Var)>;

#[derive(Debug)]
pub struct Networks {
    store: Store,
    pub encoder: Encoder,
    /// Absent until its term is first switched on. Kept when the term is switched off again.
    pub global: Option<Critic>,
    pub local: Option<Critic>,
    pub discriminator: Option<Discriminator>,
}

impl Networks {
    pub fn new(config: &Config, device: &Device) -> Result<Self> {
        let mut store = Store::new(Draws { seed: config.seed, attempt: 0 }, device, DType::F32);
        let e = &config.encoder;
        let shape = EncoderShape::new(config.resolved_encoder(), e.width, e.fc, e.code);
        let encoder = Encoder::new(store.root().sub(ENCODER), shape)?;
        let mut networks = Self { store, encoder, global: None, local: None, discriminator: None };
        networks.follow(config)?;
        Ok(networks)
    }

    /// Builds what the configuration asks for and is missing, and starts a critic of another kind anew.
    /// Returns the groups that are new, whose moments must be forgotten.
    pub fn follow(&mut self, config: &Config) -> Result<Vec<&'static str>> {
        let mut fresh = Vec::new();
        let o = &config.objective;
        if o.global.mode != Mode::Off && self.global.as_ref().map(Critic::kind) != Some(o.global.critic) {
            let shape = self.critic_shape(config, self.global_features(config));
            self.global = Some(self.build(GLOBAL, o.global.critic, shape, "feature")?);
            fresh.push(GLOBAL);
        }
        if o.local.mode != Mode::Off && self.local.as_ref().map(Critic::kind) != Some(o.local.critic) {
            let shape = self.critic_shape(config, self.encoder.shape().map_channels());
            self.local = Some(self.build(LOCAL, o.local.critic, shape, "map")?);
            fresh.push(LOCAL);
        }
        if o.prior.mode != Mode::Off && self.discriminator.is_none() {
            self.discriminator =
                Some(Discriminator::new(self.store.root().sub(PRIOR), config.encoder.code, Discriminator::HIDDEN)?);
            fresh.push(PRIOR);
        }
        Ok(fresh)
    }

    /// Starts the network of `group` anew at the next [`Networks::follow`].
    pub fn drop(&mut self, group: &str) {
        self.store.remove(group);
        match group {
            GLOBAL => self.global = None,
            LOCAL => self.local = None,
            _ => self.discriminator = None,
        }
    }

    fn build(&mut self, group: &str, kind: CriticKind, shape: CriticShape, side: &str) -> Result<Critic> {
        self.store.remove(group);
        Critic::new(self.store.root().sub(group), kind, shape, side)
    }

    fn critic_shape(&self, config: &Config, feature: usize) -> CriticShape {
        let c = &config.critic;
        CriticShape { feature, code: config.encoder.code, units: c.units, hidden: c.hidden, norm: c.norm }
    }

    fn global_features(&self, config: &Config) -> usize {
        match config.objective.global.layer {
            GlobalLayer::Conv => self.encoder.shape().conv_features(),
            GlobalLayer::Fc => self.encoder.shape().fc,
        }
    }

    /// What the main optimiser moves: encoder and critics of terms that train it, then critics that only monitor.
    pub fn main_params(&self, objective: &Objective) -> (Params, Params) {
        let (mut trained, mut watched) = (self.store.group(ENCODER), Vec::new());
        for (group, mode) in [(GLOBAL, objective.global.mode), (LOCAL, objective.local.mode)] {
            match mode {
                Mode::Monitor => watched.extend(self.store.group(group)),
                _ => trained.extend(self.store.group(group)),
            }
        }
        (trained, watched)
    }

    /// BatchNorm's running statistics.
    pub fn statistics(&self) -> Params {
        self.store.buffers().iter().map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// Makes the critics and the discriminator those of a checkpoint, switched on or not, so that each of its tensors has a
    /// place and no other is left.
    pub fn match_saved(&mut self, names: &BTreeSet<&str>, config: &Config) -> Result<()> {
        let has = |prefix: String| names.range(prefix.as_str()..).next().is_some_and(|n| n.starts_with(&prefix));
        let mut wanted = config.clone();
        let o = &mut wanted.objective;
        for (group, mode, kind) in
            [(GLOBAL, &mut o.global.mode, &mut o.global.critic), (LOCAL, &mut o.local.mode, &mut o.local.critic)]
        {
            *mode = if has(format!("{group}.")) { Mode::Train } else { Mode::Off };
            *kind = if has(format!("{group}.concat.")) { CriticKind::Concat } else { CriticKind::Dot };
        }
        o.prior.mode = if has(format!("{PRIOR}.")) { Mode::Train } else { Mode::Off };
        let modes = [(GLOBAL, o.global.mode), (LOCAL, o.local.mode), (PRIOR, o.prior.mode)];
        for (group, _) in modes.into_iter().filter(|(_, mode)| *mode == Mode::Off) {
            self.drop(group);
        }
        self.follow(&wanted).map(drop)
    }

    /// What the discriminator's optimiser moves.
    pub fn prior_params(&self) -> Params {
        self.store.group(PRIOR)
    }

    /// Every tensor a checkpoint holds, by name: parameters, then BatchNorm statistics.
    pub fn tensors(&self) -> Vec<(String, Var)> {
        let params = self.store.params().iter();
        params.chain(self.store.buffers().iter()).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> usize {
        self.store.params().values().map(|v| v.elem_count()).sum()
    }
}
