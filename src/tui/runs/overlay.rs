//! A run laid over the charts of the present one.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::name;
use crate::{
    config::{Config, script_label},
    record::PerTerm,
    train::History,
};

/// So many runs can be told apart on one chart.
pub const MOST: usize = 6;

/// What each of them is drawn with besides its colour.
pub const GLYPHS: [&str; MOST] = ["◇", "△", "□", "▽", "×", "+"];

/// A marked run.
#[derive(Debug, Clone)]
pub struct Overlay {
    pub path: PathBuf,
    /// Which colour and glyph it has; it keeps them while others come and go.
    pub place: usize,
    /// The step from which the present run began, if it began from this run.
    pub fork: Option<u64>,
    /// `None` while they are read.
    pub curves: Option<Arc<Curves>>,
}

/// What its files hold.
#[derive(Debug)]
pub struct Curves {
    pub history: History,
    /// In force at its end.
    pub config: Config,
    /// All pairs of estimators that its terms were trained by.
    pub estimators: BTreeSet<Estimators>,
}

/// The estimators of the global and the local term, `None` for one that is off.
pub type Estimators = (Option<String>, Option<String>);

/// Those of a recorded step.
pub fn estimators(row: &PerTerm<String>) -> Estimators {
    let label = |name: &Option<String>| name.as_ref().map(|name| script_label(name).into_owned());
    (label(&row.global), label(&row.local))
}

/// Short names of runs that lie over the one in the directory `present`, which may have none yet.
pub fn names_over(present: &Path, paths: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let mut names: Vec<String> = paths.map(|path| name(&path)).collect();
    let runs = names.len();
    if !present.as_os_str().is_empty() {
        names.push(name(present));
    }
    let mut short = short_names(&names);
    short.truncate(runs);
    short
}

/// Names of runs as short as tells them apart from each other: what all begin or end with is left out, in whole words.
pub fn short_names(names: &[String]) -> Vec<String> {
    const SHORT: usize = 14;
    if names.len() < 2 || names.iter().all(|name| name.chars().count() <= SHORT) {
        return names.to_vec();
    }
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split('-').collect()).collect();
    let least = words.iter().map(Vec::len).min().unwrap_or(0);
    let alike = |at: &dyn Fn(&[&str], usize) -> String, i: usize| words.iter().all(|w| at(w, i) == at(&words[0], i));
    let front = (0..least).take_while(|&i| alike(&|w, i| w[i].to_owned(), i)).count();
    let back = (0..least - front).take_while(|&i| alike(&|w, i| w[w.len() - 1 - i].to_owned(), i)).count();
    let short = |w: &Vec<&str>| w[front..w.len() - back].join("-");
    let shortened: Vec<String> = words.iter().map(short).collect();
    // Of `a` and `a-2` nothing is left of the first: then with the last word they share.
    match shortened.iter().any(String::is_empty) {
        true if back > 0 => words.iter().map(|w| w[front..].join("-")).collect(),
        true if front > 0 => words.iter().map(|w| w[front - 1..].join("-")).collect(),
        true => names.to_vec(),
        false => shortened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_tell_runs_apart() {
        let short = |names: &[&str]| short_names(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        let (a, b) = ("2026-11-24-035421-shapes", "2026-11-24-041200-shapes");
        assert_eq!(short(&[a, b]), ["035421", "041200"]);
        assert_eq!(short(&[a, &format!("{a}-2")]), ["shapes", "shapes-2"]);
        assert_eq!(short(&["2026-11-24-035421-shapes", "2026-11-25-035421-mnist"]), ["24-035421-shapes", "25-035421-mnist"]);
        assert_eq!(short(&["dv", "jsd"]), ["dv", "jsd"], "short ones stay");
        assert_eq!(short(&[a]), [a], "there is nothing to tell it from");
        assert!(short(&[a, a]).iter().all(|n| !n.is_empty()));
        let over = |present: &str| names_over(Path::new(present), [a, b].iter().map(|n| Path::new("/runs").join(n)));
        assert_eq!(over("runs/2026-11-25-035421-shapes"), ["24-035421", "24-041200"]);
        assert_eq!(over(""), ["035421", "041200"], "a run that is only starting has no say");
    }
}
