//! Checkpoints: one safetensors file per saved step, whole or not there at all.
//!
//! Tensors are named as in the networks (`encoder.conv0.weight`, `encoder.bn0.running_mean`, `local.map.w1.weight`, ...),
//! Adam's state with the prefixes `adam/` and `adam_prior/` (`adam/encoder.conv0.weight.m`, `.v`, `.t`), what an estimator remembers
//! and how its scores are aligned as `estimator/local.log_mean`, `estimator/local.alignment`. The header's
//! metadata holds `format`, `step`, `examples_seen`, `attempt`, `scheduled`, `by_hand` (only if it was asked for), `config` (TOML) and `checksum`: the CRC-32C of
//! the other fields and of all tensors, names and bytes, in order of name. A file is written under a temporary name, synced, then renamed.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{header::torn, job::Job, trainer::TrainError};
use crate::{config::Config, record::RunDir};

pub use super::header::{Header, header};

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
    pub(super) tensors: HashMap<String, Tensor>,
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

/// The checkpoint that a path means: the file itself, or the newest whole one of a run directory (of a fork that has none yet, the
/// one it began with); and what was wrong with newer ones.
///
/// # Errors
/// If there is none.
pub fn locate(path: &Path) -> Result<(PathBuf, Vec<CheckpointError>), CheckpointError> {
    let missing = |reason: &str| CheckpointError::Foreign { path: path.into(), reason: reason.into() };
    if path.is_file() {
        return Ok((path.into(), Vec::new()));
    }
    if !path.is_dir() {
        return Err(missing("there is no such checkpoint and no such run"));
    }
    let mut faults = Vec::new();
    let start = Some(path.join(RunDir::START)).filter(|start| start.is_file());
    for found in list(&path.join(RunDir::CHECKPOINTS)).into_iter().map(|(_, found)| found).chain(start) {
        match read(&found) {
            Ok(_) => return Ok((found, faults)),
            Err(e) => faults.push(e),
        }
    }
    Err(faults.into_iter().next().unwrap_or_else(|| missing("it holds no checkpoint")))
}

/// Removes what a killed process left of a checkpoint it was writing.
pub(super) fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|e| e.path()).filter(|path| path.extension().is_some_and(|e| e == "partial")) {
        // What cannot be deleted costs room, not results.
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

/// Writes the trainer's state to `dir/step-NNNNNNNN.safetensors`. `scheduled` are the `[[schedule]]` entries behind it; one that the
/// user asked for says so.
pub fn write(dir: &Path, job: &dyn Job, scheduled: &BTreeSet<usize>, by_hand: bool) -> Result<PathBuf, CheckpointError> {
    let path = dir.join(file_name(job.steps_done()));
    let fault = |source| CheckpointError::Io { path: path.clone(), source };
    let tensors = job.tensors()?;
    let mut bytes = Vec::with_capacity(tensors.len());
    for (name, tensor) in &tensors {
        bytes.push((name.as_str(), dtype(tensor)?, tensor.dims().to_vec(), raw(tensor)?));
    }
    bytes.sort_by_key(|(name, ..)| *name);
    let header = Header {
        step: job.steps_done(),
        examples_seen: job.examples_seen(),
        attempt: job.attempt(),
        scheduled: scheduled.clone(),
        by_hand,
        config: (**job.config()).clone(),
    };
    let mut metadata = header.fields();
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
    let torn = |e: safetensors::SafeTensorError| torn(path, &e);
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(torn)?;
    let file = SafeTensors::deserialize(&bytes).map_err(torn)?;
    let fields = metadata.metadata().clone().unwrap_or_default();
    let header = Header::of(&fields, path)?;
    let mut tensors: Vec<_> = file.tensors();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let sum = checksum(&fields, tensors.iter().map(|(name, view)| (name.as_str(), view.data())));
    if fields.get("checksum") != Some(&sum) {
        return Err(foreign("its checksum does not match its content".into()));
    }
    let tensors = tensors
        .into_iter()
        .map(|(name, view)| Ok((name, load(&view)?)))
        .collect::<candle_core::Result<_>>()
        .map_err(|e| foreign(e.to_string()))?;
    let Header { step, examples_seen, attempt, scheduled, config, .. } = header;
    Ok(Saved { step, examples_seen, attempt, scheduled, config, tensors })
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
