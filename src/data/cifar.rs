//! CIFAR-10 and CIFAR-100 from their binary files ("binary version, suitable for C programs"), else from the hub.
//!
//! A record is the label (of CIFAR-100: the coarse label, then the fine one), then 32×32 red, green and blue bytes, row by row.
//! CIFAR-10 comes as six files of 10,000 records, CIFAR-100 as one of 50,000 and one of 10,000.

use std::path::{Path, PathBuf};

use super::{
    DataError, Dataset, Images, Request,
    files::{check_label, lines_of, open, read_exactly},
    hub,
};

/// Bytes of one image.
const IMAGE: usize = 3 * 32 * 32;

/// One of the two.
struct Family {
    name: &'static str,
    title: &'static str,
    folder: &'static str,
    /// The folder and a file of the version for Python, which many have instead.
    python: [&'static str; 2],
    train: &'static [&'static str],
    test: &'static str,
    /// Records of each training file; those of the test file are 10,000.
    records: usize,
    /// Bytes before the image; the last of them is the class.
    labels: usize,
    /// Names of the classes, parted by spaces.
    classes: &'static str,
    /// The file that may lie there with their names.
    names: &'static str,
    right: &'static str,
    /// What `--data` must name.
    place: &'static str,
    hub: &'static hub::Source,
}

const CIFAR10: Family = Family {
    name: "cifar10",
    title: "CIFAR-10",
    folder: "cifar-10-batches-bin",
    python: ["cifar-10-batches-py", "data_batch_1"],
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: "test_batch.bin",
    records: 10_000,
    labels: 1,
    classes: "airplane automobile bird cat deer dog frog horse ship truck",
    names: "batches.meta.txt",
    right: "the files of CIFAR-10's binary version (cifar-10-binary.tar.gz) are needed, 30730000 bytes each",
    place: "cifar-10-batches-bin or the folder around it, with data_batch_1.bin to _5.bin and test_batch.bin",
    hub: &hub::CIFAR10,
};

const CIFAR100: Family = Family {
    name: "cifar100",
    title: "CIFAR-100",
    folder: "cifar-100-binary",
    python: ["cifar-100-python", "train"],
    train: &["train.bin"],
    test: "test.bin",
    records: 50_000,
    labels: 2,
    classes: CIFAR100_CLASSES,
    names: "fine_label_names.txt",
    right: "the files of CIFAR-100's binary version (cifar-100-binary.tar.gz) are needed, 153700000 and 30740000 bytes",
    place: "cifar-100-binary or the folder around it, with train.bin and test.bin",
    hub: &hub::CIFAR100,
};

/// The fine classes.
const CIFAR100_CLASSES: &str = "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle \
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish \
    forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle \
    mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine \
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar \
    sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale \
    willow_tree wolf woman worm";

const TEST_RECORDS: usize = 10_000;

/// Loads CIFAR-10 from `request.dir`, or its `cifar-10-batches-bin`; from the hub if no folder is given.
///
/// # Errors
/// A missing, truncated or foreign file; a hub that cannot be reached.
pub fn load(request: &Request) -> Result<Dataset, DataError> {
    load_family(&CIFAR10, request)
}

/// Loads CIFAR-100 with its 100 fine classes from `request.dir`, or its `cifar-100-binary`; from the hub if no folder is given.
///
/// # Errors
/// As [`load`].
pub fn load_hundred(request: &Request) -> Result<Dataset, DataError> {
    load_family(&CIFAR100, request)
}

/// Reads one file of CIFAR-10, such as `data_batch_1.bin`.
///
/// # Errors
/// A missing, truncated, overlong or foreign file, or a label above 9.
pub fn read_file(path: &Path) -> Result<Images, DataError> {
    CIFAR10.read(path, CIFAR10.records)
}

fn load_family(family: &Family, request: &Request) -> Result<Dataset, DataError> {
    let names = || family.classes.split(' ').map(String::from).collect::<Vec<_>>();
    let (train, test, classes) = if request.dir.as_os_str().is_empty() {
        let (train, test) = hub::load(family.hub, request.phase)?;
        (train, test, names())
    } else {
        let dir = family.find(request.dir)?;
        (request.phase)(format!("reading {} from {}", family.title, dir.display()));
        // Files past the limit are not read.
        let wanted = if request.train_limit == 0 { family.train.len() } else { request.train_limit.div_ceil(family.records) };
        let mut train = empty();
        for file in family.train.iter().take(wanted) {
            let part = family.read(&dir.join(file), family.records)?;
            train.pixels.extend_from_slice(&part.pixels);
            train.labels.extend_from_slice(&part.labels);
        }
        let test = family.read(&dir.join(family.test), TEST_RECORDS)?;
        let right = names();
        (train, test, lines_of(&dir.join(family.names), right.len()).unwrap_or(right))
    };
    Ok(Dataset { name: family.name.into(), train, test, unlabelled: None, classes })
}

impl Family {
    fn read(&self, path: &Path, records: usize) -> Result<Images, DataError> {
        let record = self.labels + IMAGE;
        let bytes = read_exactly(path, &mut *open(path, self.right)?, 0, (records * record) as u64, self.right)?;
        let classes = self.classes.split(' ').count();
        let mut images = empty();
        images.pixels.reserve_exact(records * IMAGE);
        for (index, record) in bytes.chunks_exact(record).enumerate() {
            let (labels, image) = record.split_at(self.labels);
            let label = labels[self.labels - 1];
            check_label(path, index, label, classes, self.right)?;
            images.labels.push(label);
            images.pixels.extend_from_slice(image);
        }
        Ok(images)
    }

    /// The folder that holds the files: `dir` itself, or the one below it.
    fn find(&self, dir: &Path) -> Result<PathBuf, DataError> {
        let places = [dir.to_path_buf(), dir.join(self.folder)];
        if let Some(place) = places.iter().find(|p| p.join(self.train[0]).exists() || p.join(self.test).exists()) {
            return Ok(place.clone());
        }
        let mut right = format!("--data must name {}", self.place);
        if self.python.iter().any(|name| dir.join(name).exists()) {
            let archive = format!("{}-binary.tar.gz", self.title.to_lowercase());
            right.push_str(&format!("; these are the files for Python, take {archive} instead"));
        }
        Err(DataError::Missing { path: places[1].join(self.train[0]), right })
    }
}

fn empty() -> Images {
    Images { channels: 3, height: 32, width: 32, margin: 0, pixels: Vec::new(), labels: Vec::new(), factors: None }
}
