//! Rules between keys: what no single key's range can say.

use super::{Config, ConfigError, EncoderChoice, Locations, Mode, Place, layer::Entry};

/// A broken rule: the keys involved, the likeliest culprit first, and the sentence.
#[derive(Debug)]
pub(super) struct Broken {
    pub keys: Vec<&'static str>,
    pub message: String,
}

impl Broken {
    fn new(keys: &[&'static str], message: String) -> Self {
        Self { keys: keys.to_vec(), message }
    }

    /// As an error at the first of its keys that the layer sets, else at `otherwise`.
    pub fn locate(self, entries: &[Entry], otherwise: &Place) -> ConfigError {
        let written = self.keys.iter().find_map(|k| entries.iter().rev().find(|e| e.key == *k));
        let at = written.map_or(otherwise, |e| &e.at).clone();
        ConfigError::Rule { at, keys: self.keys, message: self.message }
    }
}

/// Checks the whole configuration, schedule aside.
pub(super) fn check(config: &Config) -> Result<(), Broken> {
    if !config.has_encoder() {
        return fresh_draws_have_no_epochs(config);
    }
    encoder_fits_data(config)?;
    something_is_on(config)?;
    let keys = ["objective.global.negatives", "optim.batch"];
    pool(&keys, config.global_negatives(), config.global_pool(), config.optim.batch, 1)?;
    let per_image = if config.objective.local.locations == Locations::Any { config.locations() } else { 1 };
    let keys = ["objective.local.negatives", "optim.batch", "objective.local.locations"];
    pool(&keys, config.local_negatives(), config.local_pool(), config.optim.batch, per_image)?;
    probe_has_images(config)
}

fn fresh_draws_have_no_epochs(config: &Config) -> Result<(), Broken> {
    if config.optim.epochs == 0 {
        return Ok(());
    }
    let message = "optim.epochs: pairs of data.name = \"gaussian\" are drawn fresh for every batch, so that there is no epoch: \
                   set optim.steps instead";
    Err(Broken::new(&["optim.epochs", "data.name"], message.into()))
}

fn encoder_fits_data(config: &Config) -> Result<(), Broken> {
    let (kind, has) = (config.encoder.kind, config.image_size());
    let Some(wants) = kind.images().filter(|wants| *wants != has) else { return Ok(()) };
    let own_side = matches!(config.data.name.as_str(), "folder" | "parquet") && [32, 64].contains(&wants.side);
    let or_side = if own_side { format!(", data.side = {}", wants.side) } else { String::new() };
    Err(Broken::new(
        &["encoder.kind", "data.name", "data.side"],
        format!(
            "encoder.kind = \"{}\" takes {wants} images, but those of data.name = \"{}\" are {has}: \
             use \"{}\"{or_side}, or \"auto\" to take the one that fits",
            kind.name(),
            config.data.name,
            EncoderChoice::for_images(has).name()
        ),
    ))
}

fn something_is_on(config: &Config) -> Result<(), Broken> {
    let o = &config.objective;
    if [o.global.mode, o.local.mode, o.prior.mode].iter().any(|m| *m != Mode::Off) {
        return Ok(());
    }
    Err(Broken::new(
        &["objective.local.mode", "objective.global.mode", "objective.prior.mode"],
        "objective.global.mode, objective.local.mode and objective.prior.mode are all \"off\", which leaves nothing to train: \
         set at least one to \"train\" or \"monitor\""
            .into(),
    ))
}

/// K ≤ (batch − 1)·`per_image`.
fn pool(keys: &[&'static str], k: usize, pool: usize, batch: usize, per_image: usize) -> Result<(), Broken> {
    if k <= pool {
        return Ok(());
    }
    let enough = k.div_ceil(per_image) + 1;
    Err(Broken::new(
        keys,
        format!(
            "{} = {k} is more than the {pool} that optim.batch = {batch} can give: \
             use at most {pool} or \"all\", or raise optim.batch to at least {enough}",
            keys[0]
        ),
    ))
}

fn probe_has_images(config: &Config) -> Result<(), Broken> {
    const LEAST: usize = 100;
    if config.probe.every == 0 {
        return Ok(());
    }
    for (key, images) in [("probe.train", config.probe.train), ("probe.test", config.probe.test)] {
        if images < LEAST {
            return Err(Broken::new(
                &[key, "probe.every"],
                format!("{key} = {images} is too few to judge by: use at least {LEAST} images, or probe.every = 0 for no probe"),
            ));
        }
    }
    Ok(())
}
