//! An encoder at rest: that of a checkpoint, or an untrained one, always with BatchNorm in evaluation mode.

use std::{fmt, path::Path, sync::Arc};

use candle_core::{DType, Device, Tensor};

use super::Error;
use crate::{
    config::Config,
    data::{self, Dataset, Images, Order, Request},
    eval::Features,
    model::{self, Encoder, EncoderShape},
    nn::{Draws, Stats, Store},
    train::{
        WARM_BATCH, WARM_BATCHES,
        checkpoint::{self, Saved},
    },
};

/// Images encoded at once.
const CHUNK: usize = 256;
/// What an encoder gives, from the image on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The last convolution, flattened.
    Conv,
    /// The fully connected layer.
    Fc,
    /// The code Y.
    Y,
}

impl Layer {
    pub const ALL: [Layer; 3] = [Layer::Conv, Layer::Fc, Layer::Y];

    pub fn name(self) -> &'static str {
        match self {
            Layer::Conv => "conv",
            Layer::Fc => "fc",
            Layer::Y => "y",
        }
    }

    /// The layer of that name.
    ///
    /// # Errors
    /// [`Error::Input`] with the names there are.
    pub fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|layer| layer.name() == name.trim());
        found.ok_or_else(|| Error::Input(format!("no layer is named '{name}'; there are conv, fc and y")))
    }

    fn of(self, features: &model::Features) -> &Tensor {
        match self {
            Layer::Conv => &features.conv,
            Layer::Fc => &features.fc,
            Layer::Y => &features.y,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An encoder whose numbers do not change any more.
pub struct Frozen {
    encoder: Encoder,
    store: Store,
}

impl Frozen {
    /// As a run with this config begins, with BatchNorm's statistics from training images, as its probe at step 0 has them.
    ///
    /// # Errors
    /// Candle's.
    pub fn untrained(config: &Config, images: &Images) -> Result<Self, Error> {
        let this = Self::built(config)?;
        let (mut order, batch) = (Order::new(config.seed, images.len()), config.optim.batch.min(WARM_BATCH));
        for i in 0..WARM_BATCHES {
            let batch = images.batch(&order.indices(i * batch as u64, batch), this.store.device())?;
            this.encoder.forward(&batch, Stats::Train)?;
        }
        Ok(this)
    }

    /// That of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Input`] if a tensor is missing or of another shape.
    pub fn saved(saved: &Saved) -> Result<Self, Error> {
        let this = Self::built(&saved.config)?;
        let missing = this.load(|name| saved.tensor(name).cloned())?;
        match missing {
            None => Ok(this),
            Some(name) => Err(Error::Input(format!("the checkpoint of step {} has no fitting '{name}'", saved.step))),
        }
    }

    fn built(config: &Config) -> Result<Self, Error> {
        let mut store = Store::new(Draws { seed: config.seed, attempt: 0 }, &Device::Cpu, DType::F32);
        let e = &config.encoder;
        let shape = EncoderShape::new(config.resolved_encoder(), e.width, e.fc, e.code);
        Ok(Self { encoder: Encoder::new(store.root().sub("encoder"), shape)?, store })
    }

    /// Sets every tensor to what `find` has under its name; the first name under which nothing fits.
    fn load(&self, find: impl Fn(&str) -> Option<Tensor>) -> Result<Option<String>, Error> {
        for (name, var) in self.store.params().iter().chain(self.store.buffers()) {
            match find(name).filter(|tensor| tensor.shape() == var.shape()) {
                Some(tensor) => var.set(&tensor)?,
                None => return Ok(Some(name.clone())),
            }
        }
        Ok(None)
    }

    /// The features of the first `n` images at each of `layers`; `told` hears how many are done.
    ///
    /// # Errors
    /// Candle's.
    pub fn features(
        &self,
        images: &Images,
        n: usize,
        layers: &[Layer],
        told: &mut dyn FnMut(usize),
    ) -> Result<Vec<Features>, Error> {
        let n = n.min(images.len());
        let mut values = vec![Vec::new(); layers.len()];
        for chunk in (0..n as u32).collect::<Vec<_>>().chunks(CHUNK) {
            let batch = images.batch(chunk, self.store.device())?;
            let found = self.encoder.forward(&batch, Stats::Eval)?.detach();
            for (values, layer) in values.iter_mut().zip(layers) {
                values.extend(layer.of(&found).flatten_all()?.to_vec1::<f32>()?);
            }
            told(chunk.len());
        }
        Ok(values.into_iter().map(|v| Features::new(n, v.len().checked_div(n).unwrap_or(0), v)).collect())
    }
}

/// A run to be looked into: its encoder at a checkpoint, and the images it was trained on.
pub struct Subject {
    /// The configuration in force at the checkpoint.
    pub config: Config,
    /// Steps it was trained for.
    pub step: u64,
    pub dataset: Arc<Dataset>,
    pub trained: Frozen,
}

impl Subject {
    /// Opens a run directory at the checkpoint of `step` (the newest whole one if none is given), with the images in `data` if that is
    /// not where the run had them.
    ///
    /// # Errors
    /// [`Error::Input`] if there is no such checkpoint, it trains no encoder, or the images cannot be read.
    pub fn open(run: &Path, step: Option<u64>, data: Option<&Path>, phase: &(dyn Fn(String) + Sync)) -> Result<Self, Error> {
        let saved = checkpoint_of(run, step)?;
        let config = saved.config.clone();
        if !config.has_encoder() {
            return Err(Error::Input(format!("{}: data.name = {} trains no encoder", run.display(), config.data.name)));
        }
        let dir = data.unwrap_or(&config.data.dir);
        let request = Request { dir, train_limit: config.data.train_limit, seed: config.seed, side: config.data.side, phase };
        let dataset = data::load(&config.data.name, &request).map_err(|e| Error::Input(e.to_string()))?;
        Ok(Self { trained: Frozen::saved(&saved)?, step: saved.step, dataset: Arc::new(dataset), config })
    }

    /// The encoder that the run began with.
    ///
    /// # Errors
    /// Candle's.
    pub fn untrained(&self) -> Result<Frozen, Error> {
        Frozen::untrained(&self.config, self.dataset.training())
    }
}

fn checkpoint_of(run: &Path, step: Option<u64>) -> Result<Saved, Error> {
    let dir = run.join("checkpoints");
    if checkpoint::list(&dir).is_empty() {
        return Err(Error::Input(format!("{}: no checkpoint; RUN is a run directory", dir.display())));
    }
    let (saved, faults) = checkpoint::newest_of(&dir, |at| step.is_none_or(|step| step == at));
    saved.ok_or_else(|| match (faults.first(), step) {
        (Some(fault), _) => Error::Input(fault.to_string()),
        (None, step) => {
            let there: Vec<String> = checkpoint::list(&dir).iter().rev().map(|(step, _)| step.to_string()).collect();
            let step = step.unwrap_or_default();
            Error::Input(format!("{}: no checkpoint of step {step}; there are {}", dir.display(), there.join(", ")))
        }
    })
}

#[cfg(test)]
mod tests {
    use candle_core::safetensors;

    use super::*;

    fn fixture(name: &str) -> std::collections::HashMap<String, Tensor> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export").join(name);
        safetensors::load(path, &Device::Cpu).unwrap()
    }

    fn tiny() -> Config {
        let sizes = [("encoder.width", 2), ("encoder.fc", 8), ("encoder.code", 4)];
        Config::default().with(&sizes.map(|(key, value)| (key.to_owned(), toml::Value::Integer(value)))).unwrap()
    }

    /// The names of a checkpoint mean to PyTorch what they mean here: `load_encoder.py` computes the same features.
    #[test]
    fn features_are_those_of_pytorch() {
        let (weights, expected) = (fixture("encoder.safetensors"), fixture("features.safetensors"));
        let frozen = Frozen::built(&tiny()).unwrap();
        assert_eq!(frozen.load(|name| weights.get(name).cloned()).unwrap(), None);
        let pixels = expected["images"].flatten_all().unwrap().to_vec1::<u8>().unwrap();
        let images = Images { channels: 3, height: 32, width: 32, pixels, margin: 0, labels: vec![0; 5], factors: None };
        let found = frozen.features(&images, 5, &Layer::ALL, &mut |_| ()).unwrap();
        for (layer, found) in Layer::ALL.into_iter().zip(found) {
            let expected = expected[layer.name()].flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let far = found.values.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(found.values.len() == expected.len() && far < 1e-4, "{layer}: {far}");
        }
    }

    #[test]
    fn what_is_missing_or_misshapen_is_named() {
        let mut weights = fixture("encoder.safetensors");
        let frozen = Frozen::built(&tiny()).unwrap();
        weights.insert("encoder.fc.weight".into(), weights["encoder.y.weight"].clone());
        assert_eq!(frozen.load(|name| weights.get(name).cloned()).unwrap().unwrap(), "encoder.fc.weight");
        weights.remove("encoder.bn1.running_var");
        assert!(frozen.load(|name| weights.get(name).cloned()).unwrap().unwrap().starts_with("encoder."));
    }

    /// Encoding leaves no trace: not in the weights, and not in BatchNorm's statistics.
    #[test]
    fn encoding_changes_nothing() {
        let request = Request { dir: Path::new(""), train_limit: 64, seed: 0, side: 32, phase: &|_| {} };
        let images = data::load("shapes", &request).unwrap().train;
        let frozen = Frozen::untrained(&tiny(), &images).unwrap();
        let state = || {
            let all = frozen.store.params().iter().chain(frozen.store.buffers());
            all.map(|(name, var)| (name.clone(), var.flatten_all().unwrap().to_vec1::<f32>().unwrap())).collect::<Vec<_>>()
        };
        let before = state();
        let first = frozen.features(&images, 10, &Layer::ALL, &mut |_| ()).unwrap();
        assert_eq!(state(), before);
        // One image's features do not depend on those beside it.
        let alone = frozen.features(&images, 1, &Layer::ALL, &mut |_| ()).unwrap();
        assert!(first.iter().zip(&alone).all(|(a, b)| a.row(0).iter().zip(b.row(0)).all(|(a, b)| (a - b).abs() < 1e-5)));
        let statistics = frozen.store.buffers().values().map(|v| v.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        assert!(statistics.flatten().any(|v| v != 0.0 && v != 1.0), "the statistics are those of images");
    }
}
