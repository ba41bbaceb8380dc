//! Bytes as a checkpoint: as they are, then with the checksum that they should have, so that what comes behind it is reached too.

use std::{collections::HashMap, fs, path::Path};

use dim_tui::{
    config::{Config, parse_state},
    train::checkpoint,
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

const FILE: &str = "step-00000007.safetensors";

pub fn check(bytes: &[u8]) {
    let folder = super::folder();
    let path = folder.path().join(FILE);
    for bytes in [Some(bytes.to_vec()), mended(bytes)].into_iter().flatten() {
        fs::write(&path, &bytes).expect("it is written");
        match checkpoint::read(&path) {
            Ok(saved) => {
                let text = saved.config.to_toml();
                assert_eq!(parse_state(&text, Path::new("again.toml")).ok(), Some(saved.config), "{text}");
            }
            Err(e) => super::sentence(&e.to_string(), FILE),
        }
        let (newest, faults) = checkpoint::newest(folder.path());
        assert_eq!(newest.is_some(), faults.is_empty());
    }
}

/// The file with its checksum made right: CRC-32C of the header's other fields and of all tensors, each in order of name.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
    let mut fields = header.metadata().clone()?;
    let tensors = SafeTensors::deserialize(bytes).ok()?.tensors();
    fields.insert("checksum".into(), checksum(&fields, &tensors));
    safetensors::serialize(tensors, Some(fields)).ok()
}

fn checksum(fields: &HashMap<String, String>, tensors: &[(String, TensorView)]) -> String {
    let mut fields: Vec<_> = fields.iter().filter(|(name, _)| *name != "checksum").collect();
    fields.sort();
    let mut tensors: Vec<_> = tensors.iter().collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let fields = fields.into_iter().map(|(name, value)| (name, value.as_bytes()));
    let parts = fields.chain(tensors.into_iter().map(|(name, view)| (name, view.data())));
    let crc = parts.fold(0, |crc, (name, data)| crc32c::crc32c_append(crc32c::crc32c_append(crc, name.as_bytes()), data));
    format!("{crc:08x}")
}

pub fn seeds() -> Vec<Vec<u8>> {
    let config = "seed = 3\n[objective]\nestimator = \"dv\"\n[[schedule]]\nat = 3\nset = { \"optim.lr\" = 0.01 }\n";
    [config.to_owned(), Config::default().to_toml()].iter().map(|config| sound(config)).collect()
}

/// A small checkpoint that is right in everything.
fn sound(config: &str) -> Vec<u8> {
    let numbers: Vec<u8> = [0.5f32, -1.0, 2.0, 1e-3].iter().flat_map(|v| v.to_le_bytes()).collect();
    let view = |dtype, shape, bytes| TensorView::new(dtype, shape, bytes).expect("a tensor");
    let tensors = vec![
        ("encoder.y.bias".to_owned(), view(Dtype::F32, vec![4], &numbers)),
        ("adam/encoder.y.bias.m".to_owned(), view(Dtype::F32, vec![2, 2], &numbers)),
        ("adam/encoder.y.bias.t".to_owned(), view(Dtype::I64, vec![], &numbers[..8])),
        ("estimator/local.log_mean".to_owned(), view(Dtype::F64, vec![1], &numbers[8..])),
    ];
    let fields = [
        ("format", "dim-tui checkpoint 2"),
        ("step", "7"),
        ("examples_seen", "448"),
        ("attempt", "0"),
        ("scheduled", "0"),
        ("config", config),
    ];
    let mut fields: HashMap<String, String> = fields.map(|(name, value)| (name.into(), value.into())).into();
    fields.insert("checksum".into(), checksum(&fields, &tensors));
    safetensors::serialize(tensors, Some(fields)).expect("memory takes it")
}
