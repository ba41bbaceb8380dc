//! What a step may touch, and what it must leave alone.

use super::{super::term_estimator::Alignment, *};
use crate::data::{self, Request};

pub fn trainer(edits: &[(&str, toml::Value)]) -> Trainer {
    let tiny = [("encoder.width", 2), ("encoder.fc", 8), ("encoder.code", 4), ("critic.units", 8), ("optim.batch", 8)];
    let tiny = tiny.map(|(key, value)| (key.to_string(), toml::Value::Integer(value)));
    let edits = edits.iter().map(|(key, value)| (key.to_string(), value.clone()));
    let config = Config::default().with(&tiny.into_iter().chain(edits).collect::<Vec<_>>()).unwrap();
    let request = Request { dir: std::path::Path::new(""), train_limit: 64, side: 64, seed: 0, phase: &|_| {} };
    let dataset = Arc::new(data::load("shapes", &request).unwrap());
    Trainer::new(Arc::new(config), Scripts::default(), dataset, Device::Cpu).unwrap()
}

pub fn state(t: &Trainer) -> Vec<(String, Vec<f32>)> {
    let values = |var: &Var| var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    t.networks.tensors().iter().map(|(name, var)| (name.clone(), values(var))).collect()
}

#[test]
fn a_step_that_is_not_finite_leaves_no_trace() {
    let mut t = trainer(&[]);
    t.step().unwrap();
    // An encoder whose last layer is infinite makes every score NaN.
    let (_, last) = t.networks.tensors().into_iter().find(|(name, _)| name == "encoder.y.weight").unwrap();
    let sound = last.as_tensor().copy().unwrap();
    last.set(&(sound.ones_like().unwrap() * f64::INFINITY).unwrap()).unwrap();
    let before = state(&t);
    let outcome = t.step().unwrap();
    assert!(outcome.nonfinite.is_some());
    assert_eq!((t.step, t.examples_seen), (1, 8), "the step does not count");
    for ((name, was), (_, is)) in before.iter().zip(state(&t)) {
        assert!(was.iter().zip(&is).all(|(a, b)| a.to_bits() == b.to_bits()), "{name} has moved");
    }
    last.set(&sound).unwrap();
    assert!(t.step().unwrap().nonfinite.is_none());
}

/// The encoder of a run with a monitoring critic is, to the bit, that of a run without, gradient clipping or not.
#[test]
fn full_memory_of_a_device_names_what_takes_it() {
    let mut t = trainer(&[("optim.batch", 32.into()), ("critic.units", 16.into())]);
    let full = TrainError::Candle(candle_core::Error::Msg("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")".into()));
    let told = t.full_memory(full).to_string();
    for part in ["optim.batch = 32", "critic.units = 16", "lower optim.batch"] {
        assert!(told.contains(part), "{told}");
    }
    let other = t.full_memory(TrainError::Candle(candle_core::Error::Msg("shape mismatch".into())));
    assert!(matches!(other, TrainError::Candle(_)));
    assert_eq!(t.step().unwrap().nonfinite, None, "and training goes on");
}

#[test]
fn a_monitoring_critic_leaves_the_encoder_alone() {
    for clip in [0.0, 0.01] {
        let run = |mode: &str| {
            let mut t = trainer(&[("objective.global.mode", mode.into()), ("optim.clip_norm", clip.into())]);
            let losses: Vec<f64> = (0..4).map(|_| t.step().unwrap().row.loss).collect();
            let encoder: Vec<_> = state(&t).into_iter().filter(|(name, _)| name.starts_with("encoder.")).collect();
            (losses, encoder)
        };
        assert_eq!(run("monitor"), run("off"));
        assert_ne!(run("train").1, run("off").1);
    }
}

/// A name the config takes and no estimator has would fail a run that has begun.
#[test]
fn the_config_names_every_estimator_there_is() {
    let mut offered = crate::config::ESTIMATORS.to_vec();
    let mut there = dim_estimators::names();
    offered.sort_unstable();
    there.sort_unstable();
    assert_eq!(offered, there);
}

/// What an estimator sees after an aligned swap reads as before it: ln r̂ of every pair, so that nothing jumps.
#[test]
fn an_aligned_swap_makes_no_jump() {
    let mut t = trainer(&[("objective.estimator", "nwj".into()), ("objective.on_swap", "align".into())]);
    (0..3).for_each(|_| drop(t.step().unwrap()));
    let log_ratio = |t: &mut Trainer| {
        let [_, scores] = t.next_scores().unwrap();
        let ratio = t.estimators.local.estimator.log_ratio(&scores.unwrap()).unwrap().unwrap();
        ratio.joint.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let before = log_ratio(&mut t);
    for name in ["hellinger", "chi2", "jsd", "nwj"] {
        let next = t.config.with(&[("objective.estimator".to_string(), name.into())]).unwrap();
        t.apply(Arc::new(next)).unwrap();
        let after = log_ratio(&mut t);
        assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs())), "{name}");
    }
    // Back where it began, and training goes on through the maps.
    assert_eq!(t.estimators.local.alignment, Alignment::default());
    let next = t.config.with(&[("objective.estimator".to_string(), "hellinger".into())]).unwrap();
    t.apply(Arc::new(next)).unwrap();
    assert_ne!(t.estimators.local.alignment, Alignment::default());
    assert!(t.step().unwrap().nonfinite.is_none());
}

/// The running mean of mine is renewed by steps that count, and by nothing else.
#[test]
fn mine_remembers_across_steps_and_forgets_at_a_swap() {
    let mut t = trainer(&[("objective.estimator", "mine".into())]);
    let memory = |t: &Trainer| t.estimators.local.memory.log_mean.as_ref().map(|m| m.to_scalar::<f32>().unwrap());
    assert_eq!(memory(&t), None);
    t.step().unwrap();
    let first = memory(&t).unwrap();
    t.probe_input().unwrap();
    assert_eq!(memory(&t), Some(first), "a read-out leaves it alone");
    t.step().unwrap();
    assert_ne!(memory(&t), Some(first));
    let with = |t: &Trainer, key: &str, value: toml::Value| Arc::new(t.config.with(&[(key.to_string(), value)]).unwrap());
    let kept = memory(&t);
    t.apply(with(&t, "objective.options.ema", 0.5.into())).unwrap();
    assert_eq!(memory(&t), kept, "another ema is no other estimator");
    t.apply(with(&t, "objective.clip", 3.into())).unwrap();
    assert_eq!(memory(&t), None, "clipped scores have another mean");
    t.step().unwrap();
    assert!(memory(&t).is_some());
    t.apply(with(&t, "objective.local.critic", "concat".into())).unwrap();
    assert_eq!(memory(&t), None, "a new critic has another mean");
    t.step().unwrap();
    t.apply(with(&t, "objective.estimator", "dv".into())).unwrap();
    assert_eq!(memory(&t), None);
}

/// The readings are of the very scores that the step was taken on: the estimator in force reads what its row says.
#[test]
fn the_readings_are_those_of_the_last_step() {
    let mut t = trainer(&[("objective.estimator", "infonce".into()), ("objective.global.mode", "train".into())]);
    assert!(t.readings().unwrap().local.is_none(), "there are no scores before the first step");
    let row = t.step().unwrap().row;
    let readings = t.readings().unwrap();
    for (readings, nats, ceiling) in
        [(readings.local, row.mi.local, row.ceiling.local), (readings.global, row.mi.global, row.ceiling.global)]
    {
        let readings = readings.unwrap();
        assert_eq!((readings.step, readings.trained.as_str(), readings.negatives), (1, "infonce", 7));
        let own = readings.rows.iter().find(|r| r.name == "infonce").unwrap();
        assert!((own.raw.unwrap() - nats.unwrap()).abs() < 1e-6);
        assert_eq!(own.ceiling, ceiling);
        assert!((1.0..=7.0).contains(&readings.effective), "{}", readings.effective);
        assert!((0.0..=1.0).contains(&readings.false_negatives.unwrap()));
    }
    // Another objective has not seen these scores.
    let next = t.config.with(&[("objective.estimator".to_string(), "dv".into())]).unwrap();
    t.apply(Arc::new(next)).unwrap();
    assert!(t.readings().unwrap().local.is_none());
    // A learning rate changes nothing about them.
    t.step().unwrap();
    let next = t.config.with(&[("optim.lr".to_string(), 1e-3.into())]).unwrap();
    t.apply(Arc::new(next)).unwrap();
    assert!(t.readings().unwrap().local.is_some());
}

/// With positives among the negatives K is still K, and nothing claims to be a bound.
#[test]
fn positives_among_the_negatives_are_not_counted_and_not_hidden() {
    let mut t = trainer(&[("objective.include_positives", true.into()), ("objective.local.locations", "one".into())]);
    t.step().unwrap();
    let local = t.readings().unwrap().local.unwrap();
    assert!(local.effective <= local.negatives as f64 + 1e-6, "{} of {}", local.effective, local.negatives);
    assert!(local.unbound.is_some() && local.rows.iter().all(|row| row.ceiling.is_none()));
}

/// The config knows no estimator, so that its defaults are written twice.
#[test]
fn the_configs_options_are_those_of_the_estimators() {
    let (ours, theirs) = (Config::default().objective.options, dim_estimators::Options::default());
    assert_eq!((ours.ema, ours.tau), (theirs.ema, theirs.tau));
}

/// Before the first step and without a probe the running statistics are still their starting values: not those that the scores of
/// the first step will have.
#[test]
fn a_swap_before_the_first_step_reads_scores_as_a_run_with_a_probe_does() {
    let alignment = |every: i64, warm: bool| {
        let mut t = trainer(&[
            ("objective.estimator", "dv".into()),
            ("objective.on_swap", "align".into()),
            ("probe.every", every.into()),
        ]);
        if warm {
            t.warm_statistics().unwrap();
        }
        t.apply(Arc::new(t.config.with(&[("objective.estimator".into(), "jsd".into())]).unwrap())).unwrap();
        t.estimators.local.alignment.clone()
    };
    assert_eq!(alignment(0, false), alignment(100, true));
    assert_ne!(alignment(100, true), alignment(100, false), "the statistics matter");
}

/// Half of the images as those without labels to train on, the other half as the labelled ones, of which the first 16 are kept.
fn with_unlabelled(edits: &[(&str, toml::Value)]) -> Trainer {
    let plain = trainer(edits);
    let mut data = (*plain.dataset).clone();
    let mut unlabelled = data.train.clone();
    unlabelled.truncate(32);
    unlabelled.labels.clear();
    unlabelled.factors = None;
    data.train.pixels.drain(..32 * data.train.image_bytes());
    data.train.labels.drain(..32);
    data.train.truncate(16);
    data.unlabelled = Some(unlabelled);
    Trainer::new(plain.config.clone(), Scripts::default(), Arc::new(data), Device::Cpu).unwrap()
}

#[test]
fn images_without_labels_are_trained_on_and_labelled_ones_probed() {
    let mut t = with_unlabelled(&[]);
    let mut same = trainer(&[]);
    // The same 32 images, with labels: the steps must be the same, and only what labels say differs.
    let mut data = (*same.dataset).clone();
    data.train.truncate(32);
    same = Trainer::new(same.config.clone(), Scripts::default(), Arc::new(data), Device::Cpu).unwrap();
    for _ in 0..5 {
        assert_eq!(t.step().unwrap().row, same.step().unwrap().row);
    }
    assert_eq!(t.epoch(), 40.0 / 32.0);
    assert_eq!(state(&t), state(&same));
    let (probed, labels) = (t.probe_input().unwrap(), t.dataset.train.labels.clone());
    assert_eq!((probed.train.labels, probed.train.y.n), (labels, 16));
    let negatives = |t: &Trainer| t.readings().unwrap().local.unwrap().false_negatives;
    assert!(negatives(&t).is_none() && negatives(&same).is_some());
    assert!(t.vitals().unwrap().is_some());
}

#[test]
fn only_training_batches_are_augmented() {
    let on: [(&str, toml::Value); 3] =
        [("data.augment.crop", 8.into()), ("data.augment.flip", true.into()), ("data.augment.colour", 0.8.into())];
    let (mut plain, mut augmented) = (trainer(&[]), trainer(&on));
    plain.warm_statistics().unwrap();
    augmented.warm_statistics().unwrap();
    let probed = |t: &Trainer| {
        let input = t.probe_input().unwrap();
        (input.train.y.values, input.test.y.values, input.mi_heldout.local)
    };
    assert_eq!(probed(&plain), probed(&augmented));
    let images = |t: &mut Trainer| {
        t.step().unwrap();
        t.images.as_ref().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let first = [images(&mut plain), images(&mut augmented)];
    assert_ne!(first[0], first[1]);
    // A step that is tried again after a rollback draws anew; the same attempt draws the same.
    let again = |attempt| {
        let mut t = trainer(&on);
        t.warm_statistics().unwrap();
        t.attempt = attempt;
        images(&mut t)
    };
    assert_eq!(again(0), first[1]);
    assert_ne!(again(1), first[1]);
    // The draws are those of the step's own number.
    for step in 2..5 {
        let indices = augmented.order.indices(augmented.examples_seen, 8);
        let (data, config) = (augmented.dataset.clone(), augmented.config.clone());
        let mut rng = Draws { seed: 0, attempt: 0 }.rng("augment", step);
        let expected = data.train.augmented(&indices, &config.data.augment, &mut rng, &Device::Cpu).unwrap();
        assert_eq!(images(&mut augmented), expected.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    }
}
