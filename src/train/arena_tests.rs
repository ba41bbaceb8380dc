//! The arena against `mi-bench`, which is checked against closed forms, and what a change may touch.

use super::*;
use crate::{
    mi::{Course, bench},
    train::checkpoint,
};

fn config(edits: &[(&str, toml::Value)]) -> Arc<Config> {
    let small: [(&str, toml::Value); 5] = [
        ("data.name", "gaussian".into()),
        ("gaussian.dimension", 2.into()),
        ("gaussian.estimators", "infonce, dv".into()),
        ("optim.batch", 8.into()),
        ("optim.lr", Course::LR.into()),
    ];
    let edits: Vec<_> = small.iter().chain(edits).map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Arc::new(Config::default().with(&edits).unwrap())
}

fn arena(config: &Arc<Config>) -> Arena {
    Arena::new(config.clone(), Scripts::default()).unwrap()
}

fn change(arena: &mut Arena, key: &str, value: impl Into<toml::Value>) -> Result<(), TrainError> {
    arena.apply(Arc::new(arena.config.with(&[(key.into(), value.into())]).unwrap()))
}

fn steps(arena: &mut Arena, n: u64) -> ArenaRow {
    (0..n).map(|_| arena.step().unwrap().row.arena.unwrap()).last().unwrap()
}

/// The rows of a level, raised live, are those of the staircase.
#[test]
fn its_numbers_are_those_of_mi_bench() {
    let levels = [1.0, 2.0];
    let course = Course {
        case: Case::Gaussian,
        dim: 2,
        levels: levels.to_vec(),
        steps: 40,
        batch: 8,
        seeds: 1,
        first_seed: 3,
        critic: CriticKind::Separable,
    };
    let names = ["infonce", "dv", "smile:tau=1"];
    let told = bench(&course, &Choice::list(&names.join(",")).unwrap(), &mut || ()).unwrap();
    let edits = [("seed", 3.into()), ("gaussian.estimators", names.join(", ").into()), ("gaussian.information", 1.0.into())];
    let mut arena = arena(&config(&edits));
    for truth in levels {
        change(&mut arena, "gaussian.information", truth).unwrap();
        // The bench reads the second half of a level.
        steps(&mut arena, 20);
        arena.racers.iter_mut().for_each(|racer| racer.errors.clear());
        let row = steps(&mut arena, 20);
        for name in names {
            let told = told.rows.iter().find(|r| r.estimator == name && r.truth == truth).unwrap();
            let deviation = told.variance.unwrap().sqrt();
            assert!((row.bias[name].unwrap() - told.bias.unwrap()).abs() < 1e-9, "{name} at {truth}");
            assert!((row.deviation[name].unwrap() - deviation).abs() < 1e-9, "{name} at {truth}");
        }
        assert_eq!(row.truth, truth);
    }
}

#[test]
fn who_comes_and_who_goes_leaves_the_others_alone() {
    let alone = steps(&mut arena(&config(&[])), 12);
    let mut crowd = arena(&config(&[]));
    steps(&mut crowd, 4);
    change(&mut crowd, "gaussian.estimators", "nwj, dv, infonce").unwrap();
    steps(&mut crowd, 4);
    change(&mut crowd, "gaussian.estimators", "infonce, dv").unwrap();
    assert_eq!(steps(&mut crowd, 4), alone);
}

#[test]
fn a_moved_truth_begins_new_means() {
    let mut arena = arena(&config(&[]));
    steps(&mut arena, 10);
    change(&mut arena, "gaussian.information", 6.0).unwrap();
    let row = steps(&mut arena, 1);
    assert_eq!(row.truth, 6.0);
    assert_eq!(row.bias["dv"].unwrap(), row.nats["dv"].unwrap() - 6.0);
    assert_eq!(row.deviation["dv"], Some(0.0));
}

#[test]
fn a_checkpoint_holds_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&[("gaussian.estimators", "mine, infonce".into())]);
    let mut straight = arena(&config);
    steps(&mut straight, 5);
    checkpoint::write(dir.path(), &straight, &Default::default(), false).unwrap();
    let saved = checkpoint::newest(dir.path()).0.unwrap();
    let mut resumed = arena(&config);
    resumed.restore(&saved, config.clone(), config.clone()).unwrap();
    assert_eq!((resumed.step, resumed.examples_seen), (5, 40));
    assert_eq!(steps(&mut resumed, 5), steps(&mut straight, 5));
    // Under other settings too: who is not among them any more is left behind.
    let other = config.with(&[("gaussian.estimators".into(), "infonce, dv".into())]).unwrap();
    resumed.restore(&saved, config.clone(), Arc::new(other)).unwrap();
    assert_eq!(steps(&mut resumed, 1).nats.keys().collect::<Vec<_>>(), ["dv", "infonce"]);
}

#[test]
fn a_refusal_says_what_would_be_right_and_changes_nothing() {
    let mut arena = arena(&config(&[]));
    for (key, value, part) in [
        ("gaussian.estimators", toml::Value::from("infonce, infonse"), "did you mean 'infonce'"),
        ("gaussian.estimators", "dv, kl, nwj".into(), "nwj twice"),
        ("gaussian.estimators", " , ".into(), "names none"),
        ("gaussian.estimators", "dv, wasserstein".into(), "wasserstein has no estimate in nats"),
        ("gaussian.estimators", "dv:tau=1".into(), "no option 'tau'"),
        ("gaussian.information", 90.0.into(), "gaussian.information = 90"),
    ] {
        let refusal = change(&mut arena, key, value).unwrap_err().to_string();
        assert!(refusal.contains(part), "{refusal}");
    }
    assert_eq!(arena.racers.iter().map(|r| &r.label[..]).collect::<Vec<_>>(), ["infonce", "dv"]);
    steps(&mut arena, 1);
    change(&mut arena, "gaussian.estimators", "all").unwrap();
    assert_eq!(arena.racers.len(), dim_estimators::names().len() - 1, "all but wasserstein");
}

/// A learning rate that breaks every critic leaves the step undone.
#[test]
fn with_no_number_left_the_step_leaves_no_trace() {
    let mut arena = arena(&config(&[("optim.lr", 1e30.into())]));
    let mut last = arena.step().unwrap();
    for _ in 0..20 {
        if last.nonfinite.is_some() {
            break;
        }
        last = arena.step().unwrap();
    }
    let reason = last.nonfinite.unwrap();
    assert!(reason.contains("no estimator's objective"), "{reason}");
    let (step, before) = (arena.step, arena.tensors().unwrap());
    assert!(arena.step().unwrap().nonfinite.is_some());
    assert_eq!(arena.step, step);
    for ((name, a), (_, b)) in before.iter().zip(arena.tensors().unwrap()) {
        let bytes = |t: &Tensor| t.to_dtype(candle_core::DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        assert!(bytes(a).iter().zip(bytes(&b)).all(|(a, b)| a.to_bits() == b.to_bits()), "{name} has moved");
    }
}

/// What would take all memory is refused, at the start and live.
#[test]
fn the_arena_has_room_for_so_many() {
    let refused = |edits: &[(&str, toml::Value)], part: &str| {
        let error = Arena::new(config(edits), Scripts::default()).err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(&[("optim.batch", 4097.into())], "4097 × 4097 scores of each critic");
    let crowd: Vec<String> = (1..=33).map(|tau| format!("smile:tau={tau}")).collect();
    refused(&[("gaussian.estimators", crowd.join(",").into())], "names 33: 32 at most");
    let mut arena = arena(&config(&[]));
    assert!(change(&mut arena, "optim.batch", 100_000).is_err());
    assert_eq!(arena.config.optim.batch, 8);
    steps(&mut arena, 1);
}
