//! What files from elsewhere must not be able to do, as functions of any bytes: `check` panics if they can.
//!
//! cargo-fuzz drives them (`fuzz_targets/`, README.md), and so does `tests/hostile.rs`, from the same seeds with mutations of its
//! own. A target says what it does with the bytes and what must hold of the answer.

pub mod arrays;
pub mod checkpoint;
pub mod config;
pub mod images;
pub mod run;
pub mod script;

use std::{
    fs,
    path::{Path, PathBuf},
};

use dim_tui::batch::plain;
use tempfile::TempDir;

/// A target, by name: what it checks, and inputs to begin with.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

pub const TARGETS: [Target; 6] = [
    ("config", config::check, config::seeds),
    ("images", images::check, images::seeds),
    ("arrays", arrays::check, arrays::seeds),
    ("checkpoint", checkpoint::check, checkpoint::seeds),
    ("script", script::check, script::seeds),
    ("run", run::check, run::seeds),
];

/// An empty folder, in memory where the system has such a place.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder to write to")
}

/// An error as the user sees it: one line, in letters that no terminal takes for orders, naming what is wrong.
fn sentence(message: &str, names: &str) {
    assert!(!message.trim().is_empty(), "an error without a word");
    let message = plain(message);
    assert!(!message.chars().any(char::is_control), "not one line of plain text: {message:?}");
    assert!(message.chars().count() <= 2000, "too long to read: {message:?}");
    assert!(message.contains(names), "does not name '{names}': {message}");
}

/// The repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    if here.ends_with("tests/fuzz") { here.join("../..") } else { here.into() }
}

/// The files of a folder of the repository with this ending, in order of name.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of the repository");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == ending));
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).expect("a file of the repository")).collect()
}

/// `bytes` after one that says what to do with them.
fn tagged(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag], bytes].concat()
}
