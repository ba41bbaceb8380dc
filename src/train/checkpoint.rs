//! Checkpoints: one safetensors file per saved step, whole or not there at all.
//!
//! Tensors are named as in the networks (`encoder.conv0.weight`, `encoder.bn0.running_mean`, `local.map.w1.weight`, ...),
//! Adam's state with the prefixes `adam/` and `adam_prior/` (`adam/encoder.conv0.weight.m`, `.v`, `.t`), what an estimator remembers
//! and how its scores are aligned as `estimator/local.log_mean`, `estimator/local.alignment`. The header's
//! metadata holds `format`, `step`, `examples_seen`, `attempt`, `scheduled`, `config` (TOML) and `checksum`: the CRC-32C of
//! the other fields and of all tensors, names and bytes, in order of name. A file is written under a temporary name, synced, then renamed.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{
    job::Job,
    term_estimator::{TermEstimator, TermEstimators},
    trainer::{TrainError, Trainer},
};
use crate::{
    config::{self, Config},
    record::PerTerm,
};

const FORMAT: &str = "dim-tui checkpoint 2";

#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {reason}")]
    Foreign { path: PathBuf, reason: String },
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// A checkpoint read back and found whole.
pub struct Saved {
    pub step: u64,
    pub examples_seen: u64,
    pub attempt: u64,
    /// `[[schedule]]` entries already applied, by their place in `config.schedule`.
    pub scheduled: BTreeSet<usize>,
    /// The configuration in force when it was written.
    pub config: Config,
    tensors: HashMap<String, Tensor>,
}

fn file_name(step: u64) -> String {
    format!("step-{step:08}.safetensors")
}

/// The checkpoints in a run directory's `checkpoints/`, newest first.
pub fn list(dir: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let step = |name: &str| name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok();
    let mut found: Vec<(u64, PathBuf)> =
        entries.flatten().filter_map(|e| Some((step(e.file_name().to_str()?)?, e.path()))).collect();
    found.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    found
}

/// The newest whole checkpoint under `dir`, and what was wrong with newer ones.
pub fn newest(dir: &Path) -> (Option<Saved>, Vec<CheckpointError>) {
    newest_of(dir, |_| true)
}

/// The same among the steps that are `wanted`.
pub fn newest_of(dir: &Path, wanted: impl Fn(u64) -> bool) -> (Option<Saved>, Vec<CheckpointError>) {
    let mut faults = Vec::new();
    for (_, path) in list(dir).into_iter().filter(|(step, _)| wanted(*step)) {
        match read(&path) {
            Ok(saved) => return (Some(saved), faults),
            Err(e) => faults.push(e),
        }
    }
    (None, faults)
}

/// Deletes all but the newest `keep` checkpoints.
pub fn prune(dir: &Path, keep: usize) {
    for (_, path) in list(dir).into_iter().skip(keep.max(1)) {
        // A file that cannot be deleted costs room, not results.
        let _ = fs::remove_file(path);
    }
}

/// CRC-32C of the header's other fields and of all tensors, each in order of name.
fn checksum<'a>(metadata: &HashMap<String, String>, tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut fields: Vec<_> = metadata.iter().filter(|(name, _)| *name != "checksum").collect();
    fields.sort();
    let mut crc = 0;
    for (name, value) in fields {
        crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, name.as_bytes()), value.as_bytes());
    }
    for (name, data) in tensors {
        crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, name.as_bytes()), data);
    }
    format!("{crc:08x}")
}

/// Writes the trainer's state to `dir/step-NNNNNNNN.safetensors`. `scheduled` are the `[[schedule]]` entries behind it.
pub fn write(dir: &Path, job: &dyn Job, scheduled: &BTreeSet<usize>) -> Result<PathBuf, CheckpointError> {
    let path = dir.join(file_name(job.steps_done()));
    let fault = |source| CheckpointError::Io { path: path.clone(), source };
    let tensors = job.tensors()?;
    let mut bytes = Vec::with_capacity(tensors.len());
    for (name, tensor) in &tensors {
        bytes.push((name.as_str(), dtype(tensor)?, tensor.dims().to_vec(), raw(tensor)?));
    }
    bytes.sort_by_key(|(name, ..)| *name);
    let mut metadata = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        ("step".into(), job.steps_done().to_string()),
        ("examples_seen".into(), job.examples_seen().to_string()),
        ("attempt".into(), job.attempt().to_string()),
        ("scheduled".into(), scheduled.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")),
        ("config".into(), job.config().to_toml()),
    ]);
    let sum = checksum(&metadata, bytes.iter().map(|(name, _, _, data)| (*name, data.as_slice())));
    metadata.insert("checksum".into(), sum);
    let views: Vec<(&str, TensorView)> = bytes
        .iter()
        .map(|(name, dtype, shape, data)| Ok((*name, TensorView::new(*dtype, shape.clone(), data)?)))
        .collect::<Result<_, safetensors::SafeTensorError>>()
        .map_err(|e| fault(io::Error::other(e)))?;
    let file = safetensors::serialize(views, Some(metadata)).map_err(|e| fault(io::Error::other(e)))?;
    write_whole(dir, &path, &file).map_err(fault)?;
    Ok(path)
}

fn write_whole(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let temporary = path.with_extension("partial");
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(e) = written.and_then(|()| fs::rename(&temporary, path)) {
        let _ = fs::remove_file(&temporary);
        return Err(e);
    }
    // So that the new name survives a power cut too; not every file system can.
    let _ = File::open(dir).and_then(|d| d.sync_all());
    Ok(())
}

/// Every tensor of the state, by name.
pub(super) fn state(trainer: &Trainer) -> Result<Vec<(String, Tensor)>, TrainError> {
    let mut all: Vec<(String, Tensor)> =
        trainer.networks.tensors().into_iter().map(|(name, var)| (name, var.as_tensor().clone())).collect();
    all.extend(trainer.adam.state().into_iter().map(|(name, t)| (format!("adam/{name}"), t)));
    all.extend(trainer.adam_prior.state().into_iter().map(|(name, t)| (format!("adam_prior/{name}"), t)));
    for (term, estimator) in terms(&trainer.estimators) {
        let tensors = estimator.tensors(&trainer.device)?;
        all.extend(tensors.into_iter().map(|(name, t)| (format!("estimator/{term}.{name}"), t)));
    }
    Ok(all)
}

fn terms(e: &TermEstimators) -> [(&'static str, &TermEstimator); 2] {
    [("global", &e.global), ("local", &e.local)]
}

fn dtype(t: &Tensor) -> Result<Dtype, TrainError> {
    match t.dtype() {
        DType::F32 => Ok(Dtype::F32),
        DType::F64 => Ok(Dtype::F64),
        DType::I64 => Ok(Dtype::I64),
        other => Err(TrainError::Invalid(format!("a checkpoint holds no {other:?} tensors"))),
    }
}

fn raw(t: &Tensor) -> Result<Vec<u8>, TrainError> {
    let flat = t.flatten_all()?.to_device(&Device::Cpu)?;
    Ok(match t.dtype() {
        DType::F32 => flat.to_vec1::<f32>()?.into_iter().flat_map(f32::to_le_bytes).collect(),
        DType::F64 => flat.to_vec1::<f64>()?.into_iter().flat_map(f64::to_le_bytes).collect(),
        _ => flat.to_vec1::<i64>()?.into_iter().flat_map(i64::to_le_bytes).collect(),
    })
}

/// Reads a checkpoint and verifies that it is one, and whole.
pub fn read(path: &Path) -> Result<Saved, CheckpointError> {
    let foreign = |reason: String| CheckpointError::Foreign { path: path.into(), reason };
    let bytes = fs::read(path).map_err(|source| CheckpointError::Io { path: path.into(), source })?;
    let torn = |e: safetensors::SafeTensorError| foreign(format!("not a whole checkpoint ({e})"));
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(torn)?;
    let file = SafeTensors::deserialize(&bytes).map_err(torn)?;
    let meta = header.metadata().clone().unwrap_or_default();
    let field = |name: &str| meta.get(name).cloned().ok_or_else(|| foreign(format!("its header has no '{name}'")));
    if field("format")? != FORMAT {
        return Err(foreign(format!("its format is '{}', expected '{FORMAT}'", field("format")?)));
    }
    let number = |name: &str| field(name)?.parse::<u64>().map_err(|_| foreign(format!("'{name}' in its header is not a number")));
    let places = |name: &str| {
        let places = field(name)?.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        places.map_err(|_| foreign(format!("'{name}' in its header is not a list of numbers")))
    };
    let mut tensors: Vec<_> = file.tensors();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    if checksum(&meta, tensors.iter().map(|(name, view)| (name.as_str(), view.data()))) != field("checksum")? {
        return Err(foreign("its checksum does not match its content".into()));
    }
    let config = config::parse_state(&field("config")?, path).map_err(|e| foreign(e.to_string()))?;
    let tensors = tensors
        .into_iter()
        .map(|(name, view)| Ok((name, load(&view)?)))
        .collect::<candle_core::Result<_>>()
        .map_err(|e| foreign(e.to_string()))?;
    Ok(Saved {
        step: number("step")?,
        examples_seen: number("examples_seen")?,
        attempt: number("attempt")?,
        scheduled: places("scheduled")?,
        config,
        tensors,
    })
}

fn load(view: &TensorView<'_>) -> candle_core::Result<Tensor> {
    let dtype = match view.dtype() {
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::I64 => DType::I64,
        other => candle_core::bail!("unexpected tensor type {other:?}"),
    };
    Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)
}

impl Trainer {
    /// Takes over a checkpoint's state. The trainer must have been made for `saved.config`, or for one that differs in
    /// live keys only.
    pub fn restore(&mut self, saved: &Saved, config: Arc<Config>) -> Result<(), TrainError> {
        self.apply(Arc::new(saved.config.clone()))?;
        let names = saved.tensors.keys().map(String::as_str).filter(|n| !n.contains('/')).collect();
        self.networks.match_saved(&names, &saved.config)?;
        for (name, var) in self.networks.tensors() {
            let Some(tensor) = saved.tensors.get(&name) else {
                return Err(TrainError::Invalid(format!("the checkpoint of step {} has no tensor '{name}'", saved.step)));
            };
            if tensor.shape() != var.shape() {
                return Err(TrainError::Invalid(format!(
                    "'{name}' is {:?} in the checkpoint of step {}, {:?} in this configuration",
                    tensor.dims(),
                    saved.step,
                    var.dims()
                )));
            }
            var.set(&tensor.to_device(&self.device)?)?;
        }
        self.adam.load(&saved.part("adam/"))?;
        self.adam_prior.load(&saved.part("adam_prior/"))?;
        let device = &self.device;
        let (global, local) = (&mut self.estimators.global, &mut self.estimators.local);
        for (term, estimator) in [("global", global), ("local", local)] {
            let find = |name: &str| saved.tensors.get(&format!("estimator/{term}.{name}"));
            estimator.restore(|name| find(name).map(|t| t.to_device(device)).transpose())?;
        }
        // Scores of steps that no longer count.
        self.newest = PerTerm { global: None, local: None };
        self.step = saved.step;
        self.examples_seen = saved.examples_seen;
        self.attempt = saved.attempt;
        self.apply(config)
    }
}

impl Saved {
    /// The tensor of that name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// The tensors whose names begin so, without that.
    pub(super) fn part(&self, prefix: &str) -> HashMap<String, Tensor> {
        self.tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone()))).collect()
    }
}
