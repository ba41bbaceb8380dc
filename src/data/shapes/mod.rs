//! `shapes`: ten classes of shape with known factors, drawn by our own code.
//!
//! Every image is a pure function of its number, so the set is the same for every run, seed and thread count, and runs
//! compare. The splits take their numbers from different ranges, so they share no image.

mod background;
mod outline;
mod scene;

use rayon::prelude::*;

pub use background::TEXTURES;
pub use outline::CLASSES;
use scene::Scene;

use super::{DataError, Dataset, Factors, Images, Request, draw};

/// Images in the training split, and in the test split.
pub const TRAIN: usize = 8192;
pub const TEST: usize = 2048;
/// Side of an image.
pub const SIDE: usize = 32;

/// The set's own seed: it does not depend on the run's.
const SEED: u64 = 0x5ba9e5;
/// Number of the first test image; training numbers end far below.
const TEST_START: u64 = 1 << 32;

/// Draws the data set. `request.seed` has no say.
///
/// # Errors
/// None.
pub fn load(request: &Request) -> Result<Dataset, DataError> {
    let train = if request.train_limit == 0 { TRAIN } else { request.train_limit.min(TRAIN) };
    (request.phase)(format!("drawing {} shapes", train + TEST));
    let classes = CLASSES.map(String::from).to_vec();
    Ok(Dataset { name: "shapes".into(), train: generate(0, train), test: generate(TEST_START, TEST), unlabelled: None, classes })
}

/// Draws the images `start .. start + n`, in parallel.
fn generate(start: u64, n: usize) -> Images {
    let size = 3 * SIDE * SIDE;
    let mut pixels = vec![0; n * size];
    let scenes: Vec<Scene> = pixels
        .par_chunks_exact_mut(size)
        .enumerate()
        .map(|(i, image)| {
            let number = start + i as u64;
            let mut rng = draw::rng(SEED, "shapes", number);
            let scene = Scene::draw(&mut rng, number);
            scene.paint(&mut rng, image);
            scene
        })
        .collect();
    let labels = scenes.iter().map(|scene| scene.class as u8).collect();
    let factors = Some(Factors { columns: scene::columns(&scenes) });
    Images { channels: 3, height: SIDE, width: SIDE, margin: 0, pixels, labels, factors }
}
