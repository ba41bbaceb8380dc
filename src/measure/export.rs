//! Features as an `.npz` file for NumPy: `conv`, `fc`, `y` as float32 [n, d], `labels` and `indices` as int64 [n], and on images drawn
//! from known factors `factor_NAME` as float32 [n].

use std::{fs, path::Path};

use candle_core::{Device, Tensor};

use super::{Error, Layer, Subject};

/// The images that are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitName {
    Train,
    Test,
}

/// Writes the features of a split at `layers`, whole or not at all. Row i is image i of the split, as the data set has them.
///
/// # Errors
/// [`Error::Write`], and Candle's.
pub fn export(
    subject: &Subject,
    split: SplitName,
    layers: &[Layer],
    path: &Path,
    told: &mut dyn FnMut(usize),
) -> Result<(), Error> {
    let images = match split {
        SplitName::Train => &subject.dataset.train,
        SplitName::Test => &subject.dataset.test,
    };
    let n = images.len();
    let found = subject.trained.features(images, n, layers, told)?;
    let mut arrays = Vec::new();
    for (layer, features) in layers.iter().zip(found) {
        let shape = (features.n, features.dim);
        arrays.push((layer.name().to_owned(), Tensor::from_vec(features.values, shape, &Device::Cpu)?));
    }
    let whole = |values: Vec<i64>| Tensor::from_vec(values, n, &Device::Cpu);
    arrays.push(("labels".into(), whole(images.labels.iter().map(|&l| i64::from(l)).collect())?));
    arrays.push(("indices".into(), whole((0..n as i64).collect())?));
    for column in images.factors.iter().flat_map(|f| &f.columns) {
        arrays.push((format!("factor_{}", column.name), Tensor::from_slice(&column.values, n, &Device::Cpu)?));
    }
    let partial = path.with_extension("npz.partial");
    let write = |source: std::io::Error| Error::Write { path: path.into(), source };
    let written = Tensor::write_npz(&arrays, &partial).map_err(|e| write(std::io::Error::other(e)));
    if let Err(e) = written.and_then(|()| fs::rename(&partial, path).map_err(write)) {
        // It is no use to anyone.
        let _ = fs::remove_file(&partial);
        return Err(e);
    }
    Ok(())
}
