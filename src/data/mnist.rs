//! MNIST and Fashion-MNIST: which four idx files, where to look, what the classes are called.

use std::path::{Path, PathBuf};

use super::{DataError, Dataset, Images, Request, hub, idx};

/// A data set of the family.
struct Family {
    name: &'static str,
    title: &'static str,
    /// Folders below the given one to look in first.
    folders: [&'static str; 2],
    classes: [&'static str; 10],
    hub: &'static hub::Source,
}

const DIGITS: Family = Family {
    name: "mnist",
    title: "MNIST",
    folders: ["mnist", "MNIST/raw"],
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    hub: &hub::MNIST,
};

const FASHION: Family = Family {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    folders: ["fashion-mnist", "FashionMNIST/raw"],
    classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
    hub: &hub::FASHION_MNIST,
};

/// Training images and labels, test images and labels.
const FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// Loads MNIST from `request.dir`, or its `mnist`; from the hub if no folder is given.
///
/// # Errors
/// A missing, truncated or foreign file; a hub that cannot be reached.
pub fn load_digits(request: &Request) -> Result<Dataset, DataError> {
    load(&DIGITS, request)
}

/// Loads Fashion-MNIST from `request.dir`, or its `fashion-mnist`; from the hub if no folder is given.
///
/// # Errors
/// As [`load_digits`].
pub fn load_fashion(request: &Request) -> Result<Dataset, DataError> {
    load(&FASHION, request)
}

fn load(family: &Family, request: &Request) -> Result<Dataset, DataError> {
    let (train, test) = if request.dir.as_os_str().is_empty() {
        hub::load(family.hub, request.phase)?
    } else {
        let [train_images, train_labels, test_images, test_labels] = find(family, request.dir)?;
        (request.phase)(format!("reading {} from {}", family.title, request.dir.display()));
        (read_split(&train_images, &train_labels)?, read_split(&test_images, &test_labels)?)
    };
    let classes = family.classes.map(String::from).to_vec();
    Ok(Dataset { name: family.name.into(), train, test, unlabelled: None, classes })
}

/// The four files, all in one folder, each plain or with `.gz`.
fn find(family: &Family, dir: &Path) -> Result<[PathBuf; 4], DataError> {
    let mut places: Vec<PathBuf> = family.folders.iter().map(|folder| dir.join(folder)).collect();
    places.push(dir.to_path_buf());
    let locate = |place: &Path, file: &str| {
        let plain = place.join(file);
        let packed = place.join(format!("{file}.gz"));
        if plain.exists() || !packed.exists() { plain } else { packed }
    };
    let files = |place: &PathBuf| FILES.map(|file| locate(place, file));
    let Some(found) = places.iter().map(files).find(|files| files.iter().any(|file| file.exists())) else {
        let looked = places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ");
        let right = format!("looked in {looked} for {} (plain or .gz)", FILES.join(", "));
        return Err(DataError::Missing { path: dir.join(family.folders[0]).join(FILES[0]), right });
    };
    match found.iter().find(|file| !file.exists()) {
        None => Ok(found),
        Some(missing) => {
            let right = format!("{} needs {} (plain or .gz) in that folder", family.title, FILES.join(", "));
            Err(DataError::Missing { path: missing.clone(), right })
        }
    }
}

/// One split; images must be 28×28 and as many as labels.
fn read_split(images: &Path, labels: &Path) -> Result<Images, DataError> {
    let found = idx::read_images(images)?;
    if (found.rows, found.columns) != (28, 28) {
        let size = format!("{}×{}", found.rows, found.columns);
        return Err(DataError::foreign(images, "images of 28×28", size, "a file of MNIST or Fashion-MNIST is needed"));
    }
    let classes = idx::read_labels(labels)?;
    if classes.len() != found.count {
        let expected = format!("{} labels, as many as images in {}", found.count, images.display());
        return Err(DataError::foreign(labels, expected, classes.len().to_string(), "both must be of one split"));
    }
    Ok(Images { channels: 1, height: 28, width: 28, margin: 0, pixels: found.pixels, labels: classes, factors: None })
}
