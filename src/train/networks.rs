//! The networks of a run and their parameters: which exist follows from the configuration in force.

use candle_core::{DType, Device, Result, Var};

use crate::{
    config::{Config, CriticKind, GlobalLayer, Mode},
    model::{Critic, Discriminator, Encoder, EncoderShape, critic::CriticShape},
    nn::{Draws, Store},
};

/// Top-level parameter groups, as they are named in checkpoints.
pub const ENCODER: &str = "encoder";
pub const GLOBAL: &str = "global";
pub const LOCAL: &str = "local";
pub const PRIOR: &str = "prior";

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

    /// Starts the critic of `group` anew at the next [`Networks::follow`].
    pub fn drop_critic(&mut self, group: &str) {
        self.store.remove(group);
        match group {
            GLOBAL => self.global = None,
            _ => self.local = None,
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

    /// What the main optimiser moves: encoder and critics.
    pub fn main_params(&self) -> Vec<(String, Var)> {
        [ENCODER, GLOBAL, LOCAL].iter().flat_map(|g| self.store.group(g)).collect()
    }

    /// What the discriminator's optimiser moves.
    pub fn prior_params(&self) -> Vec<(String, Var)> {
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
