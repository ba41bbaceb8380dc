//! Text as a config file, as what a run wrote of its state, and line by line as `:set` and `--set`.

use std::path::Path;

use dim_tui::config::{Config, parse_assignments, parse_set, parse_state, parse_text};

const FILE: &str = "hostile.toml";

pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match parse_text(&text, Path::new(FILE)) {
        Ok(config) => returns(&config),
        Err(e) => super::sentence(&e.to_string(), FILE),
    }
    match parse_state(&text, Path::new(FILE)) {
        Ok(config) => returns_as_state(&config),
        Err(e) => super::sentence(&e.to_string(), FILE),
    }
    for line in text.lines().take(20) {
        for found in [parse_assignments(line), parse_set(line).map(|one| vec![one])] {
            // Errors of a line need not name it: the user has it before their eyes.
            match found.and_then(|edits| Config::default().with(&edits)) {
                Ok(config) => returns_as_state(&config),
                Err(e) => super::sentence(&e.to_string(), ""),
            }
        }
    }
}

/// What is accepted is the same once it has been written and read.
fn returns(config: &Config) {
    let again = parse_text(&config.to_toml(), Path::new(FILE)).unwrap_or_else(|e| panic!("{e} in\n{}", config.to_toml()));
    assert_eq!(again, *config);
}

fn returns_as_state(config: &Config) {
    let again = parse_state(&config.to_toml(), Path::new(FILE)).unwrap_or_else(|e| panic!("{e} in\n{}", config.to_toml()));
    assert_eq!(again, *config);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let lines = [
        "objective.estimator=infonce optim.lr=3e-4 objective.local.negatives=\"all\"",
        "objective = { estimator = \"dv\", local = { weight = 0.5 } }",
        "schedule=[{at=3,set={\"optim.lr\"=1e-3}}]",
        "run.dir=\"a\\\"b\" data.dir='c d'",
        "optim.lr=1e400 seed=0x7fffffffffffffff probe.every=1_000",
    ];
    let folders = ["configs", "tests/valid_configs", "tests/invalid_configs"];
    let files = folders.into_iter().flat_map(|folder| super::files(folder, "toml"));
    files.chain(lines.map(|line| line.as_bytes().to_vec())).collect()
}
