//! Pictures in folders, one for each class: `DIR/train/CLASS/*` and `DIR/test/CLASS/*` (or `val`), also as Tiny ImageNet has it:
//! `train/CLASS/images/*` and `val/images/*` with the classes in `val/val_annotations.txt`.
//!
//! Classes are numbered in the order of their names. Files are mixed, and a tenth held out where there is no test folder, always
//! the same way: runs with different seeds see the same images.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    DataError, Dataset, Images, MOST_CLASSES, Request, draw,
    picture::{Fit, planes},
};
use crate::config::ImageSize;

const RIGHT: &str = "--data must name a folder that holds train/CLASS/*.png (or .jpg, .jpeg), and test/CLASS/* or val/CLASS/*";
const ANNOTATIONS: &str = "val_annotations.txt";
/// One file of so many is held out where there is no test folder.
const HELD_OUT: usize = 10;
const SEED: u64 = 0xf01de2;

/// A picture and its class.
type Labelled = (PathBuf, u8);

/// Loads the pictures of `request.dir`, each scaled so that its middle fills `request.side` pixels a side. Those beyond the first
/// `request.train_limit`, in mixed order, are not read.
///
/// # Errors
/// Folders or files that are missing, too many classes, a picture that cannot be read.
pub fn load(request: &Request) -> Result<Dataset, DataError> {
    let dir = request.dir;
    let train_dir = dir.join("train");
    if dir.as_os_str().is_empty() {
        // Not whatever lies in the current folder.
        return Err(DataError::Missing { path: train_dir, right: RIGHT.into() });
    }
    let classes = class_names(&train_dir)?;
    let mut train = labelled(&train_dir, &classes)?;
    let mut test = match test_files(dir, &classes)? {
        Some(test) => test,
        None => hold_out(&mut train),
    };
    for (files, folder) in [(&mut train, "train"), (&mut test, "test")] {
        if files.is_empty() {
            let expected = format!("pictures for {folder}ing");
            return Err(DataError::foreign(dir, expected, "none", RIGHT));
        }
        draw::shuffle(&mut draw::rng(SEED, folder, 0), files);
    }
    if request.train_limit > 0 {
        train.truncate(request.train_limit);
    }
    (request.phase)(format!("reading {} pictures from {}", train.len() + test.len(), dir.display()));
    let [train, test] = [train, test].map(|files| read(&files, request.side));
    Ok(Dataset { name: "folder".into(), train: train?, test: test?, unlabelled: None, classes })
}

/// The names of the class folders, sorted.
fn class_names(train: &Path) -> Result<Vec<String>, DataError> {
    let folders = entries(train)?.into_iter().filter(|path| path.is_dir());
    let names: Vec<String> = folders.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    if (2..=MOST_CLASSES).contains(&names.len()) {
        return Ok(names);
    }
    let right = "each class is a folder of its own, and its number a byte: leave out what is too much";
    let right = if names.len() > MOST_CLASSES { right } else { RIGHT };
    Err(DataError::foreign(train, format!("2 to {MOST_CLASSES} folders of classes"), names.len().to_string(), right))
}

/// The pictures of all classes, class after class, sorted by name.
fn labelled(split: &Path, classes: &[String]) -> Result<Vec<Labelled>, DataError> {
    let mut files = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        let folder = split.join(name);
        if folder.is_dir() {
            files.extend(pictures(&folder)?.into_iter().map(|path| (path, class as u8)));
        }
    }
    Ok(files)
}

/// The pictures set apart for testing; `None` if there is no folder of them.
fn test_files(dir: &Path, classes: &[String]) -> Result<Option<Vec<Labelled>>, DataError> {
    // First: Tiny ImageNet's own `test` has no labels.
    let listed = dir.join("val").join(ANNOTATIONS);
    if listed.is_file() {
        return annotated(&listed, classes).map(Some);
    }
    let Some(split) = ["test", "val"].map(|name| dir.join(name)).into_iter().find(|path| path.is_dir()) else { return Ok(None) };
    let unknown = |path: &PathBuf| path.is_dir() && path.file_name().is_some_and(|name| !knows(classes, name));
    if let Some(folder) = entries(&split)?.into_iter().find(unknown) {
        return Err(DataError::foreign(&folder, "a class that train has too", "another folder", RIGHT));
    }
    labelled(&split, classes).map(Some)
}

fn knows(classes: &[String], name: &OsStr) -> bool {
    classes.iter().any(|class| OsStr::new(class) == name)
}

/// The pictures that Tiny ImageNet's list names: file, class, and a box, parted by tabs.
fn annotated(list: &Path, classes: &[String]) -> Result<Vec<Labelled>, DataError> {
    const LIST: &str = "each line must be FILE, a tab, CLASS, as in Tiny ImageNet";
    let text = std::fs::read_to_string(list).map_err(|error| DataError::unreadable(list, &error, LIST))?;
    let folder = list.with_file_name("images");
    let line = |(number, line): (usize, &str)| {
        let mut parts = line.split('\t');
        let (file, class) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let plain = Path::new(file).file_name() == Some(OsStr::new(file));
        match classes.iter().position(|known| known == class) {
            Some(class) if plain => Ok((folder.join(file), class as u8)),
            _ => {
                let found = format!("\"{}\" in line {}", line.chars().take(60).collect::<String>(), number + 1);
                Err(DataError::foreign(list, "files and their classes", found, LIST))
            }
        }
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect()
}

/// Takes a tenth of each class out of `train`: one picture at least, where there are two.
fn hold_out(train: &mut Vec<Labelled>) -> Vec<Labelled> {
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for class in train.chunk_by(|a, b| a.1 == b.1) {
        let mut class = class.to_vec();
        draw::shuffle(&mut draw::rng(SEED, "held out", u64::from(class[0].1)), &mut class);
        let n = if class.len() > 1 { class.len().div_ceil(HELD_OUT) } else { 0 };
        held.extend(class.drain(..n));
        kept.extend(class);
    }
    *train = kept;
    held
}

/// The pictures in a class's folder, or in its `images`.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let inner = folder.join("images");
    let mut found = entries(folder)?;
    if inner.is_dir() {
        found.extend(entries(&inner)?);
    }
    let ending = |path: &PathBuf| path.extension().and_then(OsStr::to_str).map(str::to_lowercase);
    found.retain(|path| ending(path).is_some_and(|e| ["png", "jpg", "jpeg"].contains(&e.as_str())) && !hidden(path));
    Ok(found)
}

/// What a folder holds, sorted, but for hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |error| DataError::unreadable(folder, &error, RIGHT);
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.retain(|path| !hidden(path));
    paths.sort();
    Ok(paths)
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}

/// Reads the pictures, in parallel.
fn read(files: &[Labelled], side: usize) -> Result<Images, DataError> {
    const PICTURE: &str = "each file must be a whole picture; take it away or mend it";
    let size = ImageSize { channels: 3, side };
    let mut images = Images {
        channels: 3,
        height: side,
        width: side,
        margin: 0,
        pixels: vec![0; files.len() * 3 * side * side],
        labels: files.iter().map(|(_, label)| *label).collect(),
        factors: None,
    };
    let one = |(target, (path, _)): (&mut [u8], &Labelled)| {
        let bytes = std::fs::read(path).map_err(|error| DataError::unreadable(path, &error, PICTURE))?;
        let found = planes(&bytes, size, Fit::Scale);
        target.copy_from_slice(&found.map_err(|found| DataError::foreign(path, "a picture (PNG or JPEG)", found, PICTURE))?);
        Ok(())
    };
    images.pixels.par_chunks_exact_mut(3 * side * side).zip(files).try_for_each(one)?;
    Ok(images)
}
