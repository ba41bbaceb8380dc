//! Bytes as the two arrays that `estimate` and `mi` read: the first byte chooses the estimator, the second how the rest is parted.

use std::fs;

use dim_estimators::names;
use dim_tui::mi::{self, Choice, Request, Samples};

/// More numbers than this are not trained on: a case must be quick.
const MOST: usize = 2000;

pub fn check(bytes: &[u8]) {
    let [which, parting, rest @ ..] = bytes else { return };
    let (joint, marginal) = match parting {
        // One file for both.
        0 => (rest, rest),
        n => rest.split_at(rest.len() * usize::from(*n) / 256),
    };
    let folder = super::folder();
    let [x, y, text] = [("x.npy", joint), ("y.npy", marginal), ("x.csv", joint)].map(|(name, bytes)| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("it is written");
        path
    });
    let names = names();
    let choice = Choice::new(&names[usize::from(*which) % names.len()], &[]).expect("a built-in estimator");
    let clip = [None, Some(0.0), Some(1e-3)][usize::from(*which) / 16 % 3];
    let request = Request { choice: &choice, joint: &x, marginal: &y, clip, grad: Some(folder.path()) };
    match mi::estimate(&request) {
        Ok(found) => {
            let numbers = [found.objective, found.nats, found.ceiling];
            assert!(numbers.iter().flatten().all(|v| v.is_finite()), "{numbers:?}");
            assert!(serde_json::to_string(&found).is_ok());
        }
        // What is wrong with one file names it; what is wrong between two names the arrays.
        Err(e) => super::sentence(&e.to_string(), ""),
    }
    let samples = [&x, &y, &text].map(|path| {
        let found = Samples::read(path);
        if let Err(e) = &found {
            super::sentence(&e.to_string(), &path.display().to_string());
        }
        found.ok()
    });
    for (x, y) in [(&samples[0], &samples[1]), (&samples[2], &samples[2])] {
        if let (Some(x), Some(y)) = (x, y) {
            measure(x, y, choice_of_nats(&choice.label));
        }
    }
}

fn choice_of_nats(name: &str) -> Vec<Choice> {
    Choice::list(name).or_else(|_| Choice::list("infonce")).expect("an estimator with nats")
}

fn measure(x: &Samples, y: &Samples, choices: Vec<Choice>) {
    if x.rows() * (x.columns() + y.columns()) > MOST {
        return;
    }
    let settings = mi::Settings { seed: 0, steps: 1, batch: 5, critic: mi::CriticKind::Separable };
    match mi::measure(x, y, &choices, settings, &mut || {}) {
        Ok(found) => {
            let all = found.estimates.iter().flat_map(|e| [e.nats, e.low, e.high, e.ceiling]);
            assert!(all.flatten().all(f64::is_finite));
        }
        Err(e) => super::sentence(&e.to_string(), ""),
    }
}

/// An `.npy` file of these numbers.
fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()
}

fn floats(numbers: impl IntoIterator<Item = f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(f32::to_le_bytes).collect()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let joint = npy("<f4", "(4,)", &floats([1.0, 2.0, 0.5, -1.0]));
    let marginal = npy("<f4", "(4, 2)", &floats((0..8).map(|i| i as f32 - 4.0)));
    let both = [joint.clone(), marginal].concat();
    let parting = (256 * joint.len()).div_ceil(both.len()) as u8;
    let odd = npy("<f4", "(4,)", &floats([f32::NAN, f32::INFINITY, -3e38, 3e38]));
    let many = npy("<f4", "(60, 2)", &floats((0..120).map(|i| (i as f32 * 1.7).sin())));
    let text: String = (0..60).map(|i| format!("{},{}\n", (i as f64).sin(), (i * i) as f64 * 1e-3)).collect();
    let huge: String = (0..60).map(|i| format!("{}e308;{i}\n", f64::from(i % 3 - 1))).collect();
    let each = (0..10u8).map(|which| [&[which, parting][..], &both].concat());
    let same = [joint, odd, many, text.into_bytes(), huge.into_bytes(), b"a,b\n1,2\n3,x\n".to_vec()];
    each.chain(same.iter().map(|file| [&[3, 0][..], file].concat())).collect()
}
