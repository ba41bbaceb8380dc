//! Tests of what the parts of `config` promise to the rest of the program.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;
use toml::Value;

use super::{change::leaves, *};

fn edit(key: &str, value: impl Into<Value>) -> (String, Value) {
    (key.to_owned(), value.into())
}

#[test]
fn keys_are_the_leaves_of_the_schema() {
    let table: BTreeSet<String> = keys().iter().map(|k| k.name.to_owned()).collect();
    let tree: BTreeSet<String> = leaves(&Config::default()).into_keys().collect();
    assert_eq!(table, tree);
    assert_eq!(table.len(), keys().len(), "no key twice");
}

#[test]
fn keys_take_their_defaults_and_every_name_they_list() {
    for key in keys() {
        let default = Config::default().get(key.name).unwrap();
        assert_eq!(key.range.accept(&default), Some(default), "{}", key.name);
        for name in key.range.names().iter().filter(|_| key.range != Range::Bool) {
            let accepted = Config::default().with(&[edit(key.name, *name)]);
            let between_keys = matches!(accepted, Err(ConfigError::Rule { .. }));
            assert!(accepted.is_ok() || between_keys, "{} = {name}: {accepted:?}", key.name);
            // The schema knows the name, even where a rule between keys refuses it just now.
            assert!(!accepted.is_err_and(|e| e.to_string().contains("unknown variant")), "{} = {name}", key.name);
        }
    }
}

#[test]
fn live_keys_are_those_the_design_names() {
    let fixed = |k: &str| {
        k == "seed"
            || ["objective.global.layer", "gaussian.dimension", "gaussian.critic"].contains(&k)
            || ["data.", "encoder.", "critic.", "start.", "run."].iter().any(|section| k.starts_with(section))
                && !k.starts_with("data.augment.")
    };
    for key in keys() {
        assert_eq!(key.live, !fixed(key.name), "{}", key.name);
    }
    assert!(!is_live("schedule") && !is_live("nonsense"));
}

#[test]
fn pools_and_negatives_follow_batch_locations_and_critic() {
    let c = Config::default();
    assert_eq!((c.locations(), c.global_pool(), c.local_pool(), c.local_negatives(), c.global_negatives()), (64, 63, 63, 63, 63));
    let any = c.with(&[edit("objective.local.locations", "any")]).unwrap();
    assert_eq!((any.local_pool(), any.local_negatives()), (63 * 64, 63 * 64));
    let concat = c.with(&[edit("objective.local.critic", "concat")]).unwrap();
    assert_eq!(concat.local_negatives(), 1);
    let all = concat.with(&[edit("objective.local.negatives", "all")]).unwrap();
    assert_eq!(all.local_negatives(), 63);
    let mnist = any.with(&[edit("data.name", "mnist")]).unwrap();
    assert_eq!((mnist.resolved_encoder(), mnist.local_pool()), (EncoderChoice::Conv28, 63 * 49));
    let folder = any.with(&[edit("data.name", "folder")]).unwrap();
    assert_eq!((folder.resolved_encoder(), folder.local_pool()), (EncoderChoice::Conv64, 63 * 64));
    let alex = folder.with(&[edit("encoder.kind", "alex64")]).unwrap();
    assert_eq!((alex.resolved_encoder(), alex.local_pool()), (EncoderChoice::Alex64, 63 * 225));
    let small = folder.with(&[edit("data.side", 32)]).unwrap();
    assert_eq!(small.resolved_encoder(), EncoderChoice::Conv32);
}

#[test]
fn terms_inherit_estimator_and_clip_or_have_their_own() {
    let c = Config::default().with(&[edit("objective.estimator", "gan"), edit("objective.clip", 10)]).unwrap();
    assert_eq!((c.local_estimator(), c.global_estimator(), c.local_clip()), ("jsd", "jsd", Some(10.0)));
    let c = c.with(&[edit("objective.local.estimator", "dv"), edit("objective.local.clip", 0)]).unwrap();
    assert_eq!((c.local_estimator(), c.global_estimator(), c.local_clip(), c.global_clip()), ("dv", "jsd", None, Some(10.0)));
}

#[test]
fn epochs_count_in_images() {
    let mut c = Config::default();
    assert_eq!(c.total_steps(50_000), 3000);
    c.optim.epochs = 3;
    assert_eq!(c.total_steps(100), 5, "300 images in batches of 64 take 4.7 steps");
}

#[test]
fn with_takes_all_edits_or_none_and_checks_the_whole() {
    let c = Config::default();
    // Neither of the two goes alone with the other's old value.
    let both = [edit("objective.local.negatives", 100), edit("optim.batch", 128)];
    assert_eq!(c.with(&both).unwrap().local_negatives(), 100);
    assert!(c.with(&both[..1]).is_err());
    let big = c.with(&both).unwrap();
    let error = big.with(&[edit("optim.batch", 64)]).unwrap_err().to_string();
    assert!(error.contains("objective.local.negatives = 100") && error.contains("optim.batch = 64"), "{error}");
    // A wrong one among right ones.
    assert!(c.with(&[edit("optim.lr", 0.1), edit("optim.steps", 0)]).is_err());
    assert_eq!(c, Config::default());
}

#[test]
fn presets_have_the_weights_of_the_paper_and_switch_terms() {
    let weights = |c: &Config| [c.objective.global.weight, c.objective.local.weight, c.objective.prior.weight];
    let on = |c: &Config| [c.objective.global.mode, c.objective.local.mode].map(|m| m == Mode::Train);
    let found: Vec<_> = presets().iter().map(|p| (p.name, Config::default().with(&p.edits).unwrap())).collect();
    let found: Vec<_> = found.iter().map(|(n, c)| (*n, weights(c), on(c))).collect();
    let expected = [
        ("DIM(G)", [1.0, 0.0, 1.0], [true, false]),
        ("DIM(L)", [0.0, 1.0, 0.1], [false, true]),
        ("DIM(L+G)", [0.5, 1.0, 0.1], [true, true]),
    ];
    assert_eq!(found, expected);
}

#[test]
fn assignments_are_toml_or_bare_text() {
    let got =
        parse_assignments(r#"optim.lr=3e-4 objective.estimator=infonce  run.dir = "my runs" data.dir=2024 a={b=1, c="x }"}"#)
            .unwrap();
    let inner: toml::Table = "b = 1\nc = 'x }'".parse().unwrap();
    let expected = vec![
        edit("optim.lr", 3e-4),
        edit("objective.estimator", "infonce"),
        edit("run.dir", "my runs"),
        edit("data.dir", "2024"),
        edit("a", inner),
    ];
    assert_eq!(got, expected);
    for bad in ["", "optim.lr", "optim.lr=", "=3", "a b=3", "a=\"open", "a=[1, 2"] {
        assert!(parse_assignments(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn layers_lie_over_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    fs::write(&file, "[optim]\nlr = 0.5\nbatch = 32\n").unwrap();
    let c = load(Some(&file), &["optim.lr=0.25".into(), "objective.estimator=dv".into(), "optim.steps = 7".into()]).unwrap();
    assert_eq!((c.optim.lr, c.optim.batch, c.optim.steps, c.optim.warmup), (0.25, 32, 7, 0));
    assert_eq!(c.objective.estimator, "dv");
    let message = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        load(Some(&file), &sets).unwrap_err().to_string()
    };
    assert_eq!(message(&["optim.lrr=1"]), "--set: unknown key 'optim.lrr', did you mean 'optim.lr'?");
    assert_eq!(message(&["optim.lr=-1"]), "--set: optim.lr must be a finite number greater than 0, not -1");
    assert!(message(&["objective.local.negatives=40"]).starts_with("--set: objective.local.negatives = 40 is more than the 31"));
    assert_eq!(message(&["optim.lr"]), "--set: 'optim.lr' is not KEY=VALUE (there is no '='): write for example optim.lr=0.0003");
    let missing = folder.path().join("none.toml");
    assert!(load(Some(&missing), &[]).unwrap_err().to_string().contains("none.toml"));
}

#[test]
fn diff_names_each_changed_key_once_in_order() {
    let old = Config::default();
    let new = old.with(&[edit("optim.lr", 0.5), edit("objective.local.clip", 3), edit("encoder.width", 8)]).unwrap();
    let got = diff(&old, &new, Source::File);
    let keys: Vec<&str> = got.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, ["encoder.width", "objective.local.clip", "optim.lr"]);
    assert_eq!((&got[1].from, &got[1].to, got[1].source), (&Value::from("inherit"), &Value::from(3.0), Source::File));
    assert!(diff(&new, &new, Source::File).is_empty());
    let entry: toml::Table = "schedule = [{ at = 5, set = { \"optim.lr\" = 1 } }]".parse().unwrap();
    let scheduled = old.with(&[edit("schedule", entry["schedule"].clone())]).unwrap();
    assert_eq!(diff(&old, &scheduled, Source::File)[0].key, "schedule");
}

#[test]
fn schedule_is_one_line_per_entry_in_the_written_file() {
    let text = "[[schedule]]\nat = 9\nset = { \"optim.lr\" = 0.5, \"objective.estimator\" = \"dv\" }\n";
    let c = parse_text(text, Path::new("a.toml")).unwrap();
    let written = c.to_toml();
    assert!(written.contains("set = { \"objective.estimator\" = \"dv\", \"optim.lr\" = 0.5 }"), "{written}");
}

#[test]
fn schema_marks_every_key() {
    let schema = json_schema();
    let mut marked = 0;
    fn count(value: &serde_json::Value, marked: &mut usize) {
        if let Some(object) = value.as_object() {
            if object.contains_key("x-live") {
                assert!(object.contains_key("default") && object.contains_key("description"), "{object:?}");
                *marked += 1;
            }
            object.values().for_each(|v| count(v, marked));
        }
    }
    count(&schema, &mut marked);
    assert_eq!(marked, keys().len());
    assert_eq!(schema.pointer("/$defs/ScheduleEntry/properties/at/minimum"), Some(&1.into()));
    assert_eq!(schema.pointer("/$defs/Negatives/anyOf/0/minimum"), Some(&1.into()));
}

#[test]
fn write_back_keeps_comments_layout_and_the_users_way_of_writing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    let text =
        "# mine\nseed = 3 # lucky\n\n[optim] # how\nlr   = 1e-4   # slow\nbatch = 32\n\n[objective]\nlocal = { weight = 1 }\n";
    fs::write(&file, text).unwrap();
    let edits = [
        edit("optim.lr", 0.5),
        edit("optim.batch", 32),
        edit("optim.warmup", 7),
        edit("objective.local.weight", 2.0),
        edit("objective.prior.kind", "gaussian"),
    ];
    let written = write_back(&file, &Config::default(), &edits).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    for kept in [
        "# mine\nseed = 3 # lucky\n",
        "[optim] # how\n",
        "lr   = 0.5   # slow\n",
        "batch = 32\nwarmup = 7\n",
        "local = { weight = 2.0 }",
    ] {
        assert!(written.contains(kept), "{kept:?} in\n{written}");
    }
    let c = parse_text(&written, &file).unwrap();
    assert_eq!((c.optim.lr, c.objective.local.weight, c.objective.prior.kind), (0.5, 2.0, PriorKind::Gaussian));
    // The same values again leave the text alone, whatever their notation.
    assert_eq!(write_back(&file, &c, &[edit("optim.lr", 0.5), edit("seed", 3)]).unwrap(), written);
    // What would not be valid is not written.
    assert!(write_back(&file, &c, &[edit("objective.local.negatives", 99)]).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    // A new file is the whole configuration, and nothing is left beside the files.
    let new = folder.path().join("new.toml");
    write_back(&new, &c, &[]).unwrap();
    assert_eq!(load(Some(&new), &[]).unwrap(), c);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_typed_makes_it_panic(text in "\\PC{0,40}", key in "[a-z_.]{0,20}") {
        let _ = parse_text(&text, Path::new("a.toml"));
        let _ = parse_assignments(&text);
        let _ = load(None, &[format!("{key}={text}")]);
        let _ = Config::default().get(&key);
        let _ = Config::default().with(&[edit(&key, text.as_str())]);
    }

    #[test]
    fn numbers_round_trip(seed in 0..=i64::MAX as u64, lr in 1e-12..1e3f64, k in 1usize..63, weight in 0.0..1e6f64) {
        let mut c = Config { seed, ..Config::default() };
        c.optim.lr = lr;
        c.objective.local.weight = weight;
        c.objective.local.negatives = Negatives::Count(k);
        c.objective.global.clip = OwnNumber::Value(weight);
        prop_assert_eq!(parse_text(&c.to_toml(), Path::new("a.toml")).unwrap(), c);
    }
}
