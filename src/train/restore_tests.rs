//! What is refused leaves the trainer fit for the next checkpoint, which then counts to the bit.

use std::collections::{BTreeSet, HashMap};

use super::{
    super::trainer::tests::{state, trainer},
    *,
};

fn saved(t: &Trainer) -> Saved {
    Saved {
        step: t.step,
        examples_seen: t.examples_seen,
        attempt: t.attempt,
        scheduled: BTreeSet::new(),
        config: (*t.config).clone(),
        tensors: t.tensors().unwrap().into_iter().map(|(name, t)| (name, t.copy().unwrap())).collect::<HashMap<_, _>>(),
    }
}

#[test]
fn foreign_tensors_and_shapes_are_named() {
    let mut t = trainer(&[]);
    (0..3).for_each(|_| drop(t.step().unwrap()));
    let (good, config) = (saved(&t), t.config.clone());
    let small = Tensor::zeros(3, candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
    let cases: [(&str, Option<Tensor>, &str); 4] = [
        ("encoder.conv9.weight", Some(small.clone()), "a tensor 'encoder.conv9.weight' that has no place here"),
        ("encoder.y.weight", Some(small.clone()), "'encoder.y.weight' is [3] in the checkpoint of step 3 and [4, 8] here"),
        ("adam/encoder.y.weight.v", Some(small), "'adam/encoder.y.weight.v' is [3] in the checkpoint of step 3 and [4, 8] here"),
        ("encoder.bn0.running_mean", None, "no tensor 'encoder.bn0.running_mean'"),
    ];
    for (name, tensor, reason) in cases {
        let mut bad = saved(&t);
        bad.tensors.remove(name);
        bad.tensors.extend(tensor.map(|tensor| (name.to_owned(), tensor)));
        let mut other = trainer(&[]);
        let error = other.restore(&bad, config.clone(), config.clone()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        other.restore(&good, config.clone(), config.clone()).unwrap();
        assert_eq!(state(&other), state(&t));
        let mut straight = trainer(&[]);
        straight.restore(&good, config.clone(), config.clone()).unwrap();
        let loss = |t: &mut Trainer| t.step().unwrap().row.loss.to_bits();
        assert_eq!([loss(&mut other), loss(&mut other)], [loss(&mut straight), loss(&mut straight)]);
    }
}

/// Networks of another width: the tensor, both shapes, and the key.
#[test]
fn the_key_that_shapes_the_networks_is_named() {
    let wide = saved(&trainer(&[("encoder.width", 4.into()), ("encoder.kind", "conv32".into())]));
    let mut narrow = trainer(&[]);
    let config = narrow.config.clone();
    let error = narrow.restore(&wide, config.clone(), config).unwrap_err().to_string();
    let expected = "'encoder.bn0.bias' is [4] in the checkpoint of step 0 and [2] here; encoder.width is 4 there and 2 here";
    assert!(error.contains(expected), "{error}");
    assert!(!error.contains("encoder.kind"), "conv32 is what auto means: {error}");
}
