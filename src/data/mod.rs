//! Data sets as u8 stores, and batches of them.
//!
//! Every data set is read (or drawn) whole into [`Images`], one byte per value, and turned into `f32` batch by batch:
//! CIFAR-10 takes 150 MB this way instead of 614 MB. This module knows nothing of models, training or the screen.

mod augment;
pub mod cifar;
mod draw;
mod error;
mod factors;
mod files;
mod folder;
mod hub;
pub mod idx;
mod images;
mod mnist;
mod order;
mod parquet;
mod picture;
pub mod shapes;
mod stl10;

use std::path::Path;

pub use error::DataError;
pub use factors::{Column, Factors, Kind};
pub use images::Images;
pub use order::Order;

/// Class numbers are bytes.
const MOST_CLASSES: usize = 256;

/// A data set: two splits that share no image, and the names of the classes (class `c` is `classes[c]`).
#[derive(Debug, Clone)]
pub struct Dataset {
    pub name: String,
    /// Labelled images: what probes are fitted on, and, unless there are others, what the encoder learns from.
    pub train: Images,
    /// Labelled images that nothing is fitted on.
    pub test: Images,
    /// Images without labels for the encoder to learn from, if the data set sets them apart.
    pub unlabelled: Option<Images>,
    pub classes: Vec<String>,
}

impl Dataset {
    /// The images that the encoder learns from; they may have no labels.
    pub fn training(&self) -> &Images {
        self.unlabelled.as_ref().unwrap_or(&self.train)
    }
}

/// What a loader may need to know.
pub struct Request<'a> {
    /// Folder to look in; empty: none was given.
    pub dir: &'a Path,
    /// Keep only the first so many training images; 0: all.
    pub train_limit: usize,
    /// Pixels a side that images of any size are scaled to; sets that have a size of their own do not ask.
    pub side: usize,
    /// The run's seed. No present data set uses it: runs with different seeds see the same images, so that they compare.
    pub seed: u64,
    /// Told what is going on, in words for the user: `reading ...`, `downloading ...`.
    pub phase: &'a (dyn Fn(String) + Sync),
}

/// One line of [`TABLE`].
pub struct Entry {
    /// What `data.name` says.
    pub name: &'static str,
    /// One line for lists and help.
    pub about: &'static str,
    /// Reads, downloads or draws it.
    pub load: fn(&Request) -> Result<Dataset, DataError>,
}

/// Every data set there is. The size of its images is said by [`crate::config::Config::image_size`].
pub const TABLE: [Entry; 8] = [
    Entry { name: "shapes", about: "ten shapes with known factors, drawn on the spot; needs no files", load: shapes::load },
    Entry { name: "cifar10", about: "CIFAR-10: photographs of ten kinds of thing", load: cifar::load },
    Entry { name: "cifar100", about: "CIFAR-100: photographs of a hundred kinds of thing", load: cifar::load_hundred },
    Entry { name: "stl10", about: "STL-10: photographs of ten kinds of thing, most of them without labels", load: stl10::load },
    Entry { name: "mnist", about: "MNIST: hand-written digits", load: mnist::load_digits },
    Entry { name: "fashion-mnist", about: "Fashion-MNIST: pictures of clothes", load: mnist::load_fashion },
    Entry { name: "folder", about: "your own images, a folder for each class", load: folder::load },
    Entry { name: "parquet", about: "your own images, in the parquet files of the Hugging Face hub", load: parquet::load },
];

/// The names of all data sets, in the table's order.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|entry| entry.name).collect()
}

/// The table's line of that name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    const { &TABLE }.iter().find(|entry| entry.name == name)
}

/// Loads the data set `name` and keeps the first `request.train_limit` images of those that the encoder learns from.
///
/// # Errors
/// One sentence that names the file, what was expected and found, and what would be right.
pub fn load(name: &str, request: &Request) -> Result<Dataset, DataError> {
    let entry = entry(name).ok_or_else(|| DataError::unknown(name))?;
    let mut dataset = (entry.load)(request)?;
    if request.train_limit > 0 {
        dataset.unlabelled.as_mut().unwrap_or(&mut dataset.train).truncate(request.train_limit);
    }
    Ok(dataset)
}
