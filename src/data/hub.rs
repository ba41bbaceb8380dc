//! Data sets from the Hugging Face hub through candle-datasets: the cache first, then a download.
//!
//! The client underneath knows neither `HF_HUB_OFFLINE` nor any timeout, and the loaders panic on bad images. So the
//! loader runs on a thread of its own, and this module looks at the cache, watches it grow, and gives up with a sentence
//! when nothing has come for [`PATIENCE`].

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use candle_core::{DType, Tensor};
use candle_datasets::vision::{Dataset as Loaded, cifar, fashion_mnist, mnist};

use super::{DataError, Images};

/// How long a download may bring nothing before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a download is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A data set on the hub.
pub struct Source {
    title: &'static str,
    /// Its folder in the hub's cache.
    folder: &'static str,
    /// Its two files within a snapshot.
    files: [&'static str; 2],
    /// Channels, height, width.
    size: [usize; 3],
    /// The loader hands out C×W×H instead of C×H×W.
    transposed: bool,
    load: fn() -> candle_core::Result<Loaded>,
    /// What to say to one who has no network.
    instead: &'static str,
}

pub const CIFAR10: Source = Source {
    title: "CIFAR-10",
    folder: "datasets--cifar10",
    files: ["plain_text/test/0000.parquet", "plain_text/train/0000.parquet"],
    size: [3, 32, 32],
    transposed: true,
    load: cifar::load,
    instead: "pass --data DIR where DIR holds cifar-10-batches-bin (unpacked from cifar-10-binary.tar.gz)",
};

pub const MNIST: Source = Source {
    title: "MNIST",
    folder: "datasets--ylecun--mnist",
    files: ["mnist/test/0000.parquet", "mnist/train/0000.parquet"],
    size: [1, 28, 28],
    transposed: false,
    load: mnist::load,
    instead: "pass --data DIR where DIR holds train-images-idx3-ubyte.gz and the other three idx files",
};

pub const FASHION_MNIST: Source = Source {
    title: "Fashion-MNIST",
    folder: "datasets--zalando-datasets--fashion_mnist",
    files: ["fashion_mnist/test/0000.parquet", "fashion_mnist/train/0000.parquet"],
    size: [1, 28, 28],
    transposed: false,
    load: fashion_mnist::load,
    instead: "pass --data DIR where DIR holds train-images-idx3-ubyte.gz and the other three idx files",
};

/// Training and test split of `source`.
///
/// # Errors
/// The hub cannot be reached and its cache does not hold the files, or they hold something else.
pub fn load(source: &'static Source, phase: &(dyn Fn(String) + Sync)) -> Result<(Images, Images), DataError> {
    let cache = cache_dir().join(source.folder);
    let cached = is_cached(source, &cache);
    if !cached && offline() {
        return Err(failure(source, format!("HF_HUB_OFFLINE is set and {} does not hold it", cache.display())));
    }
    let (done, result) = channel();
    // The thread is left behind if it never answers; it holds nothing that anyone waits for.
    std::thread::spawn(move || {
        let loaded = std::panic::catch_unwind(|| (source.load)().and_then(|loaded| splits(source, &loaded)));
        // Nobody listens any more after a timeout.
        let _ = done.send(loaded.unwrap_or_else(|_| Err(candle_core::Error::Msg("an image in it is damaged".into()))));
    });
    let loaded = if cached {
        phase(format!("reading {} from the hub's cache", source.title));
        result.recv().map_err(|error| failure(source, error.to_string()))?
    } else {
        phase(format!("downloading {} from the hub ...", source.title));
        wait(source, &cache, &result, phase, PATIENCE)?
    };
    loaded.map_err(|error| failure(source, reason(&error)))
}

/// Waits for the loader as long as bytes arrive in the cache, and `patience` longer.
fn wait<T>(
    source: &Source,
    cache: &Path,
    result: &Receiver<T>,
    phase: &(dyn Fn(String) + Sync),
    patience: Duration,
) -> Result<T, DataError> {
    let before = bytes_below(cache);
    let (mut seen, mut since) = (before, Instant::now());
    loop {
        match result.recv_timeout(LOOK) {
            Ok(loaded) => return Ok(loaded),
            Err(RecvTimeoutError::Disconnected) => return Err(failure(source, "the download broke off".into())),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = bytes_below(cache);
        if now != seen {
            (seen, since) = (now, Instant::now());
            let megabytes = now.saturating_sub(before) as f64 / 1e6;
            phase(format!("downloading {} from the hub ... {megabytes:.1} MB", source.title));
        } else if is_cached(source, cache) {
            // All there: what is left is decoding, which brings no bytes.
            since = Instant::now();
        } else if since.elapsed() > patience {
            return Err(failure(source, format!("nothing came from the hub for {} seconds", patience.as_secs())));
        }
    }
}

fn failure(source: &Source, reason: String) -> DataError {
    DataError::Hub { data: source.title, reason, right: source.instead.into() }
}

/// The first line of an error of the client, which may carry a page of its own.
fn reason(error: &candle_core::Error) -> String {
    let text = error.to_string();
    format!("cannot be had from the hub ({})", text.lines().next().unwrap_or_default().trim_end_matches('.'))
}

/// `HF_HUB_OFFLINE` as the Python client reads it.
fn offline() -> bool {
    std::env::var("HF_HUB_OFFLINE").is_ok_and(|v| ["1", "ON", "YES", "TRUE"].contains(&v.to_uppercase().as_str()))
}

/// Where the client keeps its cache; the same variables in the same order as it reads them.
fn cache_dir() -> PathBuf {
    let var = |name: &str| std::env::var(name).ok().map(PathBuf::from);
    var("HF_HUB_CACHE").or_else(|| var("HUGGINGFACE_HUB_CACHE")).unwrap_or_else(|| {
        var("HF_HOME")
            .or_else(|| var("XDG_CACHE_HOME").map(|dir| dir.join("huggingface")))
            .unwrap_or_else(|| var("HOME").unwrap_or_else(|| "/tmp".into()).join(".cache/huggingface"))
            .join("hub")
    })
}

/// Whether both files lie in the snapshot that the cached revision points to.
fn is_cached(source: &Source, cache: &Path) -> bool {
    let Ok(commit) = std::fs::read_to_string(cache.join("refs/refs/convert/parquet")) else { return false };
    let snapshot = cache.join("snapshots").join(commit.trim());
    source.files.iter().all(|file| snapshot.join(file).exists())
}

/// Bytes of all regular files below a folder (links are not followed).
fn bytes_below(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
        Ok(meta) if meta.is_file() => meta.len(),
        _ => 0,
    };
    entries.flatten().map(size).sum()
}

/// Both splits as bytes, in the layout of the binary files.
fn splits(source: &Source, loaded: &Loaded) -> candle_core::Result<(Images, Images)> {
    let train = to_bytes(source, &loaded.train_images, &loaded.train_labels)?;
    Ok((train, to_bytes(source, &loaded.test_images, &loaded.test_labels)?))
}

/// `images` are bytes / 255 as `f32`; the bytes come back exactly.
fn to_bytes(source: &Source, images: &Tensor, labels: &Tensor) -> candle_core::Result<Images> {
    let [channels, height, width] = source.size;
    let n = images.dim(0)?;
    let labels = labels.to_dtype(DType::U8)?.to_vec1::<u8>()?;
    if n == 0 || labels.len() != n || images.elem_count() != n * channels * height * width {
        candle_core::bail!("images {:?} and {} labels do not belong together", images.dims(), labels.len());
    }
    if let Some(label) = labels.iter().find(|&&label| label > 9) {
        candle_core::bail!("labels from 0 to 9 expected, found {label}");
    }
    let mut pixels = Vec::with_capacity(images.elem_count());
    // In pieces: the whole training set as f32 is there once already.
    for start in (0..n).step_by(1000) {
        let mut part = images.narrow(0, start, 1000.min(n - start))?;
        if source.transposed {
            part = part.transpose(2, 3)?;
        }
        let values = part.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
        pixels.extend(values.iter().map(|x| (x * 255.0).round() as u8));
    }
    Ok(Images { channels, height, width, pixels, labels, factors: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_that_brings_nothing_is_given_up() {
        let empty = tempfile::TempDir::new().unwrap();
        let (_kept_open, result) = channel::<()>();
        let start = Instant::now();
        let text = wait(&CIFAR10, empty.path(), &result, &|_| {}, Duration::from_secs(1)).unwrap_err().to_string();
        assert!(start.elapsed() < Duration::from_secs(20));
        assert!(text.contains("nothing came") && text.contains("--data DIR"), "{text}");
    }

    #[test]
    fn a_download_that_grows_is_waited_for_and_shown() {
        let cache = tempfile::TempDir::new().unwrap();
        let blob = cache.path().join("blobs/a.incomplete");
        std::fs::create_dir(cache.path().join("blobs")).unwrap();
        let (done, result) = channel();
        let writer = std::thread::spawn(move || {
            for megabytes in 1..=6 {
                std::fs::write(&blob, vec![0; megabytes * 1_000_000]).unwrap();
                std::thread::sleep(Duration::from_millis(800));
            }
            done.send(7).unwrap();
        });
        let shown = std::sync::Mutex::new(Vec::new());
        let phase = |text| shown.lock().unwrap().push(text);
        assert_eq!(wait(&CIFAR10, cache.path(), &result, &phase, Duration::from_secs(4)).unwrap(), 7);
        writer.join().unwrap();
        assert!(shown.lock().unwrap().last().unwrap().ends_with("6.0 MB"), "{shown:?}");
    }

    #[test]
    fn bytes_come_back_exactly_and_labels_are_checked() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5 * 784).collect();
        let device = candle_core::Device::Cpu;
        let images = Tensor::from_vec(bytes.clone(), (5, 784), &device).unwrap().to_dtype(DType::F32).unwrap();
        let images = (images / 255.0).unwrap();
        let labels = |last: u8| Tensor::from_vec(vec![0, 1, 2, 3, last], 5, &device).unwrap();
        assert_eq!(to_bytes(&MNIST, &images, &labels(9)).unwrap().pixels, bytes);
        assert!(to_bytes(&MNIST, &images, &labels(10)).unwrap_err().to_string().contains("found 10"));
        assert!(to_bytes(&CIFAR10, &images, &labels(9)).is_err(), "the wrong size");
    }
}
