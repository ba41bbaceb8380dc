//! What follows from a configuration: the encoder that `auto` means, pools and numbers of negatives, inherited settings.

use super::{
    Config, CriticKind, EncoderChoice, Locations, Negatives, NegativesNamed, Options, OwnNumber, TermOptions, keys::ALIASES,
};

const INHERIT: &str = "inherit";

impl Config {
    /// The encoder in use; never `Auto`: that is the one for the size of the images.
    pub fn resolved_encoder(&self) -> EncoderChoice {
        match self.encoder.kind {
            EncoderChoice::Auto => EncoderChoice::for_images(self.image_size()),
            kind => kind,
        }
    }

    /// L, the number of locations of the local feature map: 8×8, but 7×7 for conv28 and 15×15 for alex64.
    pub fn locations(&self) -> usize {
        match self.resolved_encoder() {
            EncoderChoice::Conv28 => 7 * 7,
            EncoderChoice::Alex64 => 15 * 15,
            _ => 8 * 8,
        }
    }

    /// The most negatives a local positive can have: N − 1 other images, or (N − 1)·L of their locations under `any`.
    pub fn local_pool(&self) -> usize {
        let others = self.global_pool();
        if self.objective.local.locations == Locations::Any { others.saturating_mul(self.locations()) } else { others }
    }

    /// The most negatives a global positive can have: N − 1.
    pub fn global_pool(&self) -> usize {
        self.optim.batch.saturating_sub(1)
    }

    /// K of the local term. `auto` is the whole pool, but 1 for the concat critic, whose cost grows with K.
    pub fn local_negatives(&self) -> usize {
        match (self.objective.local.negatives, self.objective.local.critic) {
            (Negatives::Count(k), _) => k,
            (Negatives::Named(NegativesNamed::Auto), CriticKind::Concat) => 1,
            (Negatives::Named(_), _) => self.local_pool(),
        }
    }

    /// K of the global term.
    pub fn global_negatives(&self) -> usize {
        match self.objective.global.negatives {
            Negatives::Count(k) => k,
            Negatives::Named(_) => self.global_pool(),
        }
    }

    /// Name of the estimator of the global term.
    pub fn global_estimator(&self) -> &str {
        self.estimator_or_own(&self.objective.global.estimator)
    }

    /// Name of the estimator of the local term.
    pub fn local_estimator(&self) -> &str {
        self.estimator_or_own(&self.objective.local.estimator)
    }

    fn estimator_or_own<'a>(&'a self, own: &'a str) -> &'a str {
        let name = if own == INHERIT { &self.objective.estimator } else { own };
        ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name)
    }

    /// ema and τ of the global term's estimator.
    pub fn global_options(&self) -> Options {
        self.options_or_own(&self.objective.global.options)
    }

    /// ema and τ of the local term's estimator.
    pub fn local_options(&self) -> Options {
        self.options_or_own(&self.objective.local.options)
    }

    fn options_or_own(&self, own: &TermOptions) -> Options {
        let shared = &self.objective.options;
        Options { ema: own.ema.or(shared.ema), tau: own.tau.or(shared.tau) }
    }

    /// c of the global term's clipping T ← c·tanh(T/c), if it is on.
    pub fn global_clip(&self) -> Option<f64> {
        self.clip_or_own(self.objective.global.clip)
    }

    /// c of the local term's clipping, if it is on.
    pub fn local_clip(&self) -> Option<f64> {
        self.clip_or_own(self.objective.local.clip)
    }

    fn clip_or_own(&self, own: OwnNumber) -> Option<f64> {
        let c = own.or(self.objective.clip);
        (c > 0.0).then_some(c)
    }

    /// Steps of the whole run: `optim.steps`, or as many as it takes to see each of the `train_images` images in use
    /// `optim.epochs` times.
    pub fn total_steps(&self, train_images: usize) -> u64 {
        if self.optim.epochs == 0 {
            return self.optim.steps;
        }
        let examples = self.optim.epochs as u128 * train_images as u128;
        u64::try_from(examples.div_ceil(self.optim.batch.max(1) as u128)).unwrap_or(u64::MAX).max(1)
    }
}
