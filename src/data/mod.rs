//! Data sets as u8 stores, and batches of them.
//!
//! Every data set is read (or drawn) whole into [`Images`], one byte per value, and turned into `f32` batch by batch:
//! CIFAR-10 takes 150 MB this way instead of 614 MB. This module knows nothing of models, training or the screen.

pub mod cifar;
mod draw;
mod error;
mod factors;
mod files;
mod hub;
pub mod idx;
mod images;
mod mnist;
mod order;
pub mod shapes;

use std::path::Path;

pub use error::DataError;
pub use factors::{Column, Factors, Kind};
pub use images::Images;
pub use order::Order;

/// A data set: two splits that share no image, and the names of the classes (class `c` is `classes[c]`).
#[derive(Debug, Clone)]
pub struct Dataset {
    pub name: String,
    pub train: Images,
    pub test: Images,
    pub classes: Vec<String>,
}

/// What a loader may need to know.
pub struct Request<'a> {
    /// Folder to look in; empty: none was given.
    pub dir: &'a Path,
    /// Keep only the first so many training images; 0: all.
    pub train_limit: usize,
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
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// Reads, downloads or draws it.
    pub load: fn(&Request) -> Result<Dataset, DataError>,
}

/// Every data set there is.
pub const TABLE: [Entry; 4] = [
    Entry {
        name: "shapes",
        about: "ten shapes with known factors, drawn on the spot; needs no files",
        channels: 3,
        height: 32,
        width: 32,
        load: shapes::load,
    },
    Entry {
        name: "cifar10",
        about: "CIFAR-10: photographs of ten kinds of thing",
        channels: 3,
        height: 32,
        width: 32,
        load: cifar::load,
    },
    Entry { name: "mnist", about: "MNIST: hand-written digits", channels: 1, height: 28, width: 28, load: mnist::load_digits },
    Entry {
        name: "fashion-mnist",
        about: "Fashion-MNIST: pictures of clothes",
        channels: 1,
        height: 28,
        width: 28,
        load: mnist::load_fashion,
    },
];

/// The names of all data sets, in the table's order.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|entry| entry.name).collect()
}

/// The table's line of that name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    const { &TABLE }.iter().find(|entry| entry.name == name)
}

/// Loads the data set `name` and keeps the first `request.train_limit` training images.
///
/// # Errors
/// One sentence that names the file, what was expected and found, and what would be right.
pub fn load(name: &str, request: &Request) -> Result<Dataset, DataError> {
    let entry = entry(name).ok_or_else(|| DataError::unknown(name))?;
    let mut dataset = (entry.load)(request)?;
    if request.train_limit > 0 {
        dataset.train.truncate(request.train_limit);
    }
    Ok(dataset)
}
