//! What `benches/soak` concludes from what it has counted, and that its changes are what it says they are.

#[path = "../benches/soak/changes.rs"]
mod changes;
#[path = "../benches/soak/verdict.rs"]
mod verdict;

use changes::Changes;
use dim_tui::config::{self, Config};
use verdict::{LATE, Tally};

/// An hour of samples every six seconds that grow by so much a minute once the first ten minutes are over.
fn sound(growth: f64) -> Tally {
    let samples = (0..600).map(|i| {
        let minutes = f64::from(i) / 10.0;
        // It warms up, and breathes.
        let warm = 100.0 + 40.0 * (minutes / 10.0).min(1.0) + 3.0 * (f64::from(i) * 1.3).sin();
        (60.0 * minutes, warm + growth * (minutes - 10.0).max(0.0))
    });
    Tally { sent: 3, accepted: 2, refused: 1, latest: 1, memory: samples.collect(), faults: Vec::new() }
}

#[test]
fn growth_is_that_after_the_first_third() {
    for growth in [0.0, 0.2, 2.5, -1.0] {
        let found = sound(growth).growth().unwrap();
        assert!((found - growth).abs() < 0.02, "{found} for {growth}");
    }
    assert_eq!(Tally::default().growth(), None);
}

#[test]
fn the_verdict_names_each_fault() {
    assert!(sound(0.2).verdict().is_empty());
    let says = |tally: Tally, part: &str| {
        let found = tally.verdict();
        assert!(found.len() == 1 && found[0].contains(part), "{found:?}");
    };
    says(sound(2.0), "memory grows by 2.00 MiB");
    says(Tally { sent: 4, ..sound(0.0) }, "1 of 4 changes were never answered");
    says(Tally { memory: Vec::new(), ..sound(0.0) }, "too short to tell whether memory grows");
    says(Tally { refused: 0, sent: 2, ..sound(0.0) }, "too short");

    let answered = |expected, step, answer: Result<(), String>| {
        let mut tally = sound(0.0);
        tally.sent += 1;
        tally.answered("a=1", 100, expected, step, answer);
        tally
    };
    assert!(answered(true, 101, Ok(())).verdict().is_empty());
    assert!(answered(false, 101 + LATE, Err("no".into())).verdict().is_empty());
    says(answered(false, 101, Ok(())), "a=1: accepted, though");
    says(answered(true, 101, Err("K is too large".into())), "a=1: refused, though it is valid: K is too large");
    let late = answered(true, 102 + LATE, Ok(()));
    assert_eq!(late.latest, LATE + 1);
    assert!(late.verdict()[0].contains("steps late"), "{:?}", late.verdict());
}

#[test]
fn changes_are_seeded_and_their_validity_is_known() {
    let course = |seed| {
        let mut changes = Changes::new(seed);
        let mut config = Config::default();
        let mut edits = Vec::new();
        for _ in 0..400 {
            let edit = changes.next(&config);
            let live = edit.values.iter().all(|(key, _)| config::is_live(key));
            let next = config.with(&edit.values);
            // A script that is not there, and more images than there are, are found out only by the trainer.
            let beyond = |v: &toml::Value| v.as_str() == Some("missing.rhai") || v.as_integer() == Some(99_999);
            let found_out = edit.values.iter().any(|(_, v)| beyond(v));
            assert_eq!(edit.valid, live && next.is_ok() && !found_out, "{edit:?}");
            if edit.valid {
                config = next.unwrap();
            }
            edits.push(edit);
        }
        edits
    };
    let edits = course(0);
    // As text: one of the values is not equal to itself.
    let text = |edits: &[changes::Edit]| format!("{edits:?}");
    assert_eq!(text(&edits), text(&course(0)));
    assert_ne!(text(&edits), text(&course(1)));
    let invalid = edits.iter().filter(|edit| !edit.valid).count();
    assert!((20..200).contains(&invalid), "{invalid} of 400 are invalid");
    let keys: std::collections::BTreeSet<&str> = edits.iter().flat_map(|e| &e.values).map(|(key, _)| key.as_str()).collect();
    assert!(keys.len() > 25, "{keys:?}");
}
