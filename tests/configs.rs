//! Config files as a user meets them: the shipped ones, valid ones, and invalid ones with the message each must give.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dim_tui::config::{self, Config, CriticNorm, EncoderChoice, LESSONS, Mode, json_schema, load, parse_text, presets};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    found.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    found.sort();
    assert!(!found.is_empty(), "no files in {}", folder.display());
    found
}

fn shipped(name: &str) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name);
    load(Some(&path), &[]).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn valid_files_are_taken_and_round_trip() {
    for path in files("tests/valid_configs").into_iter().chain(files("configs")).chain(files("configs/lessons")) {
        let config = load(Some(&path), &[]).unwrap_or_else(|e| panic!("{e}"));
        let again = parse_text(&config.to_toml(), Path::new("again.toml")).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(again, config, "{} changes when it is written and read again", path.display());
    }
}

#[test]
fn invalid_files_say_where_what_and_what_would_be_right() {
    let mut wrong = Vec::new();
    for path in files("tests/invalid_configs") {
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
        let expected = expected.strip_suffix('\n').unwrap();
        let name = path.file_name().unwrap();
        let message = match parse_text(&fs::read_to_string(&path).unwrap(), Path::new(name)) {
            Ok(_) => "(accepted)".to_owned(),
            Err(e) => e.to_string(),
        };
        // Where the words are the TOML parser's own, only the place is expected.
        let whole = !expected.ends_with([':', ' ']);
        let right = if whole { message == expected } else { message.starts_with(expected) };
        if !right {
            wrong.push(format!("expected {expected}\n     got {message}"));
        }
        assert_eq!(message.lines().count(), 1, "one line: {message}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn default_file_lists_every_key_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/default.toml");
    assert_eq!(load(Some(&path), &[]).unwrap(), Config::default());
    let table: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    for key in config::keys() {
        let mut at = Some(&table);
        let mut found = None;
        for part in key.name.split('.') {
            found = at.and_then(|t| t.get(part));
            at = found.and_then(toml::Value::as_table);
        }
        assert!(found.is_some(), "configs/default.toml does not show {}", key.name);
    }
}

#[test]
fn default_file_marks_live_keys_as_the_table_does() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/default.toml")).unwrap();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((name, rest)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let key = config::key(&format!("{section}{name}")).unwrap();
            assert_eq!(rest.contains("# live"), key.live, "{}", key.name);
        }
    }
}

#[test]
fn paper_files_have_the_sizes_and_weights_of_the_paper() {
    for (file, preset) in [("paper-dim-g.toml", 0), ("paper-dim-l.toml", 1), ("paper-dim-lg.toml", 2)] {
        let c = shipped(file);
        assert_eq!((c.encoder.width, c.encoder.fc, c.encoder.code), (64, 1024, 64));
        assert_eq!((c.critic.units, c.critic.hidden, c.critic.norm), (2048, 512, CriticNorm::None));
        assert_eq!((c.optim.batch, c.optim.lr, c.optim.epochs), (64, 1e-4, 1000));
        assert_eq!(c.resolved_encoder(), EncoderChoice::Conv32);
        assert_eq!(c.total_steps(50_000), 781_250);
        assert_eq!(c.with(&presets()[preset].edits).unwrap(), c, "{file} is {}", presets()[preset].name);
    }
}

#[test]
fn quick_file_is_the_configuration_whose_figures_are_known() {
    let c = shipped("cifar10-quick.toml");
    assert_eq!((c.encoder.width, c.encoder.fc, c.critic.units), (64, 1024, 256));
    assert_eq!((c.optim.lr, c.optim.batch, c.optim.steps), (1e-4, 64, 5000));
    assert_eq!((c.local_estimator(), c.local_negatives(), c.objective.local.locations), ("jsd", 63, config::Locations::Same));
    assert_eq!((c.objective.local.weight, c.objective.prior.weight, c.objective.global.mode), (1.0, 0.1, Mode::Off));
    assert!(c.probe.train >= 5000 && c.probe.test >= 2000);
}

#[test]
fn lessons_come_with_the_program_and_are_what_their_files_say() {
    let names: Vec<String> =
        files("configs/lessons").iter().map(|p| p.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let mut embedded: Vec<&str> = LESSONS.iter().map(|lesson| lesson.name).collect();
    embedded.sort_unstable();
    assert_eq!(names, embedded, "every file in configs/lessons is in the program, and nothing else");
    for lesson in &LESSONS {
        let config = lesson.config().unwrap();
        assert_eq!(config, shipped(&format!("lessons/{}.toml", lesson.name)));
        let read = config.lesson.clone().unwrap();
        assert!(!read.schedule().is_empty() && read.length() < config.optim.steps, "{}", lesson.name);
        // A line for the paragraphs of the file.
        assert!(!read.introduction.contains('\n') && read.steps.iter().all(|step| !step.text.contains("  ")));
    }
}

#[test]
fn without_a_reader_a_lesson_is_a_schedule() {
    let config = load(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/valid_configs/lesson.toml")), &[]).unwrap();
    assert_eq!(config.lesson.as_ref().unwrap().steps[1].wait, Some(config::LessonWait::Probe));
    let plain = config.clone().without_reader();
    let steps: Vec<u64> = plain.schedule.iter().map(|entry| entry.at).collect();
    assert_eq!((plain.lesson.is_none(), steps), (true, vec![11, 14, 16]));
    assert_eq!(plain.schedule[0].set["objective.local.negatives"], toml::Value::from("all"));
    // What --set asks for must go with the lesson, too.
    let error = config::load_over(&config, &["optim.steps=15".into()]).unwrap_err().to_string();
    assert!(error.contains("raise that above 15"), "{error}");
    assert!(config.with(&[("lesson".into(), toml::Value::Table(toml::Table::new()))]).is_err());
}

#[test]
fn schema_file_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/schema.json");
    let now = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), now, "run the tests with UPDATE=1 to write configs/schema.json");
}
