//! Data sets from the Hugging Face hub: its cache first, then a download through candle-datasets.
//!
//! The client underneath knows neither `HF_HUB_OFFLINE` nor any timeout. So the download runs on a thread of its own, and this
//! module looks at the cache, watches it grow, and gives up with a sentence when nothing has come for [`PATIENCE`]. What lies in
//! the cache is read like any other parquet file.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use candle_datasets::hub::from_hub;
use hf_hub::HFClientSync;

use super::{
    DataError, Images,
    parquet::{self, Wanted},
    picture::Fit,
};
use crate::config::ImageSize;

/// How long a download may bring nothing before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a download is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A data set on the hub.
pub struct Source {
    title: &'static str,
    /// Its name there.
    id: &'static str,
    /// Its folder in the hub's cache.
    folder: &'static str,
    /// Its training and its test file within a snapshot.
    files: [&'static str; 2],
    size: ImageSize,
    classes: usize,
    /// What to say to one who has no network.
    instead: &'static str,
}

const RGB: ImageSize = ImageSize { channels: 3, side: 32 };
const GREY: ImageSize = ImageSize { channels: 1, side: 28 };
const IDX: &str = "pass --data DIR where DIR holds train-images-idx3-ubyte.gz and the other three idx files";

pub const CIFAR10: Source = Source {
    title: "CIFAR-10",
    id: "cifar10",
    folder: "datasets--cifar10",
    files: ["plain_text/train/0000.parquet", "plain_text/test/0000.parquet"],
    size: RGB,
    classes: 10,
    instead: "pass --data DIR where DIR holds cifar-10-batches-bin (unpacked from cifar-10-binary.tar.gz)",
};

pub const CIFAR100: Source = Source {
    title: "CIFAR-100",
    id: "uoft-cs/cifar100",
    folder: "datasets--uoft-cs--cifar100",
    files: ["cifar100/train/0000.parquet", "cifar100/test/0000.parquet"],
    size: RGB,
    classes: 100,
    instead: "pass --data DIR where DIR holds cifar-100-binary (unpacked from cifar-100-binary.tar.gz)",
};

pub const MNIST: Source = Source {
    title: "MNIST",
    id: "ylecun/mnist",
    folder: "datasets--ylecun--mnist",
    files: ["mnist/train/0000.parquet", "mnist/test/0000.parquet"],
    size: GREY,
    classes: 10,
    instead: IDX,
};

pub const FASHION_MNIST: Source = Source {
    title: "Fashion-MNIST",
    id: "zalando-datasets/fashion_mnist",
    folder: "datasets--zalando-datasets--fashion_mnist",
    files: ["fashion_mnist/train/0000.parquet", "fashion_mnist/test/0000.parquet"],
    size: GREY,
    classes: 10,
    instead: IDX,
};

/// Training and test split of `source`.
///
/// # Errors
/// The hub cannot be reached and its cache does not hold the files, or they hold something else.
pub fn load(source: &'static Source, phase: &(dyn Fn(String) + Sync)) -> Result<(Images, Images), DataError> {
    let cache = cache_dir().join(source.folder);
    if cached(source, &cache).is_none() {
        if offline() {
            return Err(failure(source, format!("HF_HUB_OFFLINE is set and {} does not hold it", cache.display())));
        }
        download(source, &cache, phase)?;
    }
    let Some(files) = cached(source, &cache) else {
        return Err(failure(source, format!("the hub gave other files than {}", source.files.join(" and "))));
    };
    phase(format!("reading {} from the hub's cache", source.title));
    let (size, classes) = (source.size, source.classes);
    let wanted = Wanted { size, fit: Fit::Exact, classes, limit: usize::MAX, mixed: false, right: source.instead };
    let [train, test] = files.map(|file| parquet::read(&[file], &wanted).map(|(images, _)| images));
    Ok((train?, test?))
}

/// Brings the files into the cache.
fn download(source: &'static Source, cache: &Path, phase: &(dyn Fn(String) + Sync)) -> Result<(), DataError> {
    let (done, result) = channel();
    phase(format!("downloading {} from the hub ...", source.title));
    // The thread is left behind if it never answers; it holds nothing that anyone waits for.
    std::thread::spawn(move || {
        let client = HFClientSync::new().map_err(|error| error.to_string());
        let outcome = client.and_then(|client| from_hub(&client, source.id.into()).map(drop).map_err(|e| e.to_string()));
        // Nobody listens any more after a timeout.
        let _ = done.send(outcome);
    });
    wait(source, cache, &result, phase, PATIENCE)?.map_err(|error| failure(source, reason(&error)))
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
        } else if cached(source, cache).is_some() {
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
fn reason(error: &str) -> String {
    format!("cannot be had from the hub ({})", error.lines().next().unwrap_or_default().trim_end_matches('.'))
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

/// Training and test file, if both lie in the snapshot that the cached revision points to.
fn cached(source: &Source, cache: &Path) -> Option<[PathBuf; 2]> {
    let commit = std::fs::read_to_string(cache.join("refs/refs/convert/parquet")).ok()?;
    let files = source.files.map(|file| cache.join("snapshots").join(commit.trim()).join(file));
    files.iter().all(|file| file.exists()).then_some(files)
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
}
