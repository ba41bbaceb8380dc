//! Whether the networks of a configuration fit into this machine's memory: asked before any of it is taken, since a program that is
//! ended for want of memory can say nothing.

use super::TrainError;
use crate::{
    config::{Config, CriticKind, GlobalLayer, Mode},
    model::{Discriminator, EncoderShape},
};

/// Bytes for each parameter: it, its gradient, Adam's two moments.
const BYTES: f64 = 16.0;
const GIB: f64 = (1u64 << 30) as f64;

/// Refuses networks that this machine cannot hold, where the system tells its memory.
pub(super) fn check(config: &Config) -> Result<(), TrainError> {
    memory().map_or(Ok(()), |bytes| within(config, bytes))
}

fn within(config: &Config, memory: f64) -> Result<(), TrainError> {
    let parameters = parameters(config);
    let needed = BYTES * parameters;
    if needed <= memory {
        return Ok(());
    }
    let (e, c) = (&config.encoder, &config.critic);
    Err(TrainError::Invalid(format!(
        "encoder.width = {}, encoder.fc = {}, encoder.code = {}, critic.units = {} and critic.hidden = {} make networks of \
         {:.0} million parameters, which take {:.1} GiB to train, more than the {:.1} GiB of this machine: make them smaller",
        e.width,
        e.fc,
        e.code,
        c.units,
        c.hidden,
        parameters / 1e6,
        needed / GIB,
        memory / GIB
    )))
}

/// Weights of all networks; biases and norms are too few to count. A fraction, since it may be beyond any whole number.
fn parameters(config: &Config) -> f64 {
    let e = &config.encoder;
    let shape = EncoderShape::new(config.resolved_encoder(), e.width, e.fc, e.code);
    let (fc, code, last) = (e.fc as f64, e.code as f64, shape.conv_features() as f64);
    let channels = |i: usize| if i == 0 { shape.channels } else { shape.block(i - 1).0 };
    let blocks = shape.blocks.iter().enumerate();
    let convolutions: f64 =
        blocks.map(|(i, b)| (b.kernel * b.kernel) as f64 * channels(i) as f64 * shape.block(i).0 as f64).sum();
    let encoder = convolutions + last * fc + (shape.fc_layers - 1) as f64 * fc * fc + fc * code;

    let (units, hidden) = (config.critic.units as f64, config.critic.hidden as f64);
    let critic = |mode: Mode, kind: CriticKind, feature: f64| match (mode, kind) {
        (Mode::Off, _) => 0.0,
        (_, CriticKind::Dot) => 2.0 * units * (feature + code + units),
        (_, CriticKind::Concat) => hidden * (feature + code + hidden + 1.0),
    };
    let o = &config.objective;
    let paired = if o.global.layer == GlobalLayer::Conv { last } else { fc };
    let critics =
        critic(o.global.mode, o.global.critic, paired) + critic(o.local.mode, o.local.critic, shape.map_channels() as f64);
    let (first, second) = (Discriminator::HIDDEN.0 as f64, Discriminator::HIDDEN.1 as f64);
    let prior = if o.prior.mode == Mode::Off { 0.0 } else { first * (code + second) + second };
    encoder + critics + prior
}

/// Bytes of memory of this machine.
fn memory() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace().next()?;
    Some(1024.0 * kib.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::train::networks::Networks;

    fn config(edits: &[(&str, toml::Value)]) -> Config {
        let edits: Vec<_> = edits.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
        Config::default().with(&edits).unwrap()
    }

    /// Against what is really built: biases, norms and statistics are the rest.
    #[test]
    fn the_count_is_that_of_the_networks() {
        let cases: [&[(&str, toml::Value)]; 4] = [
            &[],
            &[("objective.global.mode", "train".into()), ("objective.local.critic", "concat".into())],
            &[
                ("objective.global.mode", "monitor".into()),
                ("objective.global.layer", "fc".into()),
                ("objective.prior.mode", "off".into()),
            ],
            &[("data.name", "folder".into()), ("encoder.kind", "alex64".into()), ("encoder.width", 8.into())],
        ];
        for edits in cases {
            let config = config(edits);
            let built = Networks::new(&config, &Device::Cpu).unwrap().parameters() as f64;
            let counted = parameters(&config);
            assert!(counted <= built && counted > 0.98 * built, "{edits:?}: {counted} of {built}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_keys_that_matter() {
        let huge = [("encoder.width", 1024), ("encoder.fc", 16_384), ("critic.units", 16_384)];
        let huge = config(&huge.map(|(key, value)| (key, value.into())));
        let error = within(&huge, 8.0 * GIB).unwrap_err().to_string();
        for part in ["encoder.width = 1024", "encoder.fc = 16384", "critic.units = 16384", "8.0 GiB of this machine"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(within(&Config::default(), 0.25 * GIB).is_ok());
        assert!(check(&Config::default()).is_ok(), "the default fits anywhere");
    }
}
