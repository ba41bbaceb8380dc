//! STL-10 (Coates, Ng & Lee 2011) from its binary files: 5,000 and 8,000 labelled images, 100,000 without labels.
//!
//! An image is 96×96 red, green and blue bytes, each plane column by column; labels are 1 to 10, in files of their own. As in
//! Hjelm et al. 2019 the encoder sees 64×64 pixels: the middle of an image; of the images without labels, on which it is
//! trained, all pixels are kept, so that augmentation can take any other piece of them.

use std::path::{Path, PathBuf};

use super::{
    DataError, Dataset, Images, Request,
    files::{lines_of, open, read_exactly, read_up_to},
};

/// Rows and columns of a stored image, and of what is seen.
const STORED: usize = 96;
const SIDE: usize = 64;
const MARGIN: usize = (STORED - SIDE) / 2;
/// Bytes of one image in a file.
const IMAGE: usize = 3 * STORED * STORED;
/// More labels than this are not believed.
const MOST: u64 = 1 << 20;

const FOLDER: &str = "stl10_binary";
const UNLABELLED: &str = "unlabeled_X.bin";
const CLASSES: &str = "airplane bird car cat deer dog horse monkey ship truck";
const RIGHT: &str = "the files of stl10_binary.tar.gz are needed";

/// Loads STL-10 from `request.dir`, or its `stl10_binary`. `request.train_limit` counts the images without labels.
///
/// # Errors
/// A missing, truncated or foreign file.
pub fn load(request: &Request) -> Result<Dataset, DataError> {
    let dir = find(request.dir)?;
    (request.phase)(format!("reading STL-10 from {}", dir.display()));
    let split = |name: &str| labelled(&dir.join(format!("{name}_X.bin")), &dir.join(format!("{name}_y.bin")));
    let (train, test) = (split("train")?, split("test")?);
    let unlabelled = Some(without_labels(&dir.join(UNLABELLED), request)?);
    let classes = || CLASSES.split(' ').map(String::from).collect();
    let classes = lines_of(&dir.join("class_names.txt"), 10).unwrap_or_else(classes);
    Ok(Dataset { name: "stl10".into(), train, test, unlabelled, classes })
}

/// The folder that holds the files: `dir` itself, or its `stl10_binary`.
fn find(dir: &Path) -> Result<PathBuf, DataError> {
    let places = [dir.to_path_buf(), dir.join(FOLDER)];
    if let Some(place) = places.iter().find(|p| !dir.as_os_str().is_empty() && p.join("train_X.bin").exists()) {
        return Ok(place.clone());
    }
    let right = format!(
        "--data must name {FOLDER} (unpacked from stl10_binary.tar.gz) or the folder around it; STL-10 is not downloaded by itself"
    );
    Err(DataError::Missing { path: places[1].join("train_X.bin"), right })
}

/// A labelled split, its images cropped to their middle.
fn labelled(images: &Path, labels: &Path) -> Result<Images, DataError> {
    let (mut classes, error) = read_up_to(&mut *open(labels, RIGHT)?, MOST + 1);
    if let Some(error) = error {
        return Err(DataError::unreadable(labels, &error, RIGHT));
    }
    if classes.is_empty() || classes.len() as u64 > MOST {
        let found = if classes.is_empty() { "none" } else { "more" };
        return Err(DataError::foreign(labels, format!("1 to {MOST} labels"), found, RIGHT));
    }
    for (index, class) in classes.iter_mut().enumerate() {
        if !(1..=10).contains(class) {
            let found = format!("{class} as label number {index}");
            return Err(DataError::foreign(labels, "labels from 1 to 10", found, RIGHT));
        }
        *class -= 1;
    }
    let size = (classes.len() * IMAGE) as u64;
    let bytes = read_exactly(images, &mut *open(images, RIGHT)?, 0, size, RIGHT)?;
    let mut pixels = Vec::with_capacity(classes.len() * 3 * SIDE * SIDE);
    bytes.chunks_exact(IMAGE).for_each(|image| upright(image, MARGIN, &mut pixels));
    Ok(Images { channels: 3, height: SIDE, width: SIDE, margin: 0, pixels, labels: classes, factors: None })
}

/// The images without labels, whole; as many as are wanted.
fn without_labels(path: &Path, request: &Request) -> Result<Images, DataError> {
    let wanted = if request.train_limit == 0 { usize::MAX } else { request.train_limit };
    let mut reader = open(path, RIGHT)?;
    let mut images =
        Images { channels: 3, height: SIDE, width: SIDE, margin: MARGIN, pixels: Vec::new(), labels: Vec::new(), factors: None };
    let size = std::fs::metadata(path).map_or(0, |meta| usize::try_from(meta.len()).unwrap_or(0));
    // The real file has 2.8 GB: room for what is there, so that it is not copied about while it grows.
    images.pixels.reserve_exact(size.min(wanted.saturating_mul(IMAGE)));
    while images.len() < wanted {
        let (image, error) = read_up_to(&mut *reader, IMAGE as u64);
        if let Some(error) = error {
            return Err(DataError::unreadable(path, &error, RIGHT));
        }
        match image.len() {
            0 => break,
            IMAGE => upright(&image, 0, &mut images.pixels),
            rest => {
                let (expected, found) = (format!("images of {IMAGE} bytes"), format!("{rest} at the end of the file"));
                return Err(DataError::foreign(path, expected, found, RIGHT));
            }
        }
    }
    if images.is_empty() {
        return Err(DataError::foreign(path, "images", "an empty file", RIGHT));
    }
    Ok(images)
}

/// Appends an image stored column by column as rows, without `less` pixels on each side.
fn upright(image: &[u8], less: usize, pixels: &mut Vec<u8>) {
    let kept = less..STORED - less;
    for plane in image.chunks_exact(STORED * STORED) {
        for row in kept.clone() {
            pixels.extend(kept.clone().map(|column| plane[column * STORED + row]));
        }
    }
}
