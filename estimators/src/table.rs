//! The list of estimators. Adding one: a new file, and one line in [`TABLE`].

use std::fmt::Write;

use crate::{Chi2, Dv, Estimator, Hellinger, Info, InfoNce, Jsd, Mine, Nwj, Options, Rkl, Smile, Wasserstein};

/// Makes an estimator that heeds these options.
pub type Make = fn(&Options) -> Box<dyn Estimator>;

/// Every built-in estimator, in the order in which lists show them.
pub const TABLE: &[Make] = &[
    |_| Box::new(Dv),
    |options| Box::new(Mine::new(options)),
    |_| Box::new(Jsd),
    |_| Box::new(InfoNce),
    |_| Box::new(Nwj),
    |options| Box::new(Smile::new(options)),
    |_| Box::new(Rkl),
    |_| Box::new(Hellinger),
    |_| Box::new(Chi2),
    |_| Box::new(Wasserstein),
];

/// Every built-in estimator with these options.
pub fn all(options: &Options) -> Vec<Box<dyn Estimator>> {
    TABLE.iter().map(|make| make(options)).collect()
}

/// The estimator of that name or alias, with these options.
pub fn with_options(name: &str, options: &Options) -> Option<Box<dyn Estimator>> {
    all(options).into_iter().find(|e| e.info().name == name || e.info().aliases.contains(&name))
}

/// The estimator of that name or alias, with the default options.
pub fn by_name(name: &str) -> Option<Box<dyn Estimator>> {
    with_options(name, &Options::default())
}

/// The names (not the aliases), in the table's order.
pub fn names() -> Vec<String> {
    all(&Options::default()).iter().map(|e| e.info().name.to_string()).collect()
}

/// The descriptions of all estimators as a Markdown document: the crate's README.
pub fn describe() -> String {
    let mut text = String::from(include_str!("describe.md"));
    all(&Options::default()).iter().for_each(|e| section(&mut text, &e.info()));
    text
}

fn section(text: &mut String, info: &Info<'_>) {
    let aliases: String = info.aliases.iter().map(|a| format!(", also `{a}`")).collect();
    let rows = [
        ("objective, maximised", info.formula),
        ("estimate, nats", info.nats_formula),
        ("what the estimate is", info.kind.words()),
        ("ceiling", info.ceiling),
        ("log-ratio of a score v", info.log_ratio),
        ("optimal critic", info.optimal_critic),
        ("source", info.source),
    ];
    let options = [("options", info.options.join(", "))].into_iter().filter(|(_, o)| !o.is_empty());
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## `{}`{aliases}: {}\n\n| | |\n| --- | --- |\n", info.name, info.title);
    for (label, value) in rows {
        let _ = writeln!(text, "| {label} | {} |", value.replace('|', "\\|"));
    }
    for (label, names) in options {
        let _ = writeln!(text, "| {label} | {names} |");
    }
    let _ = write!(text, "\n*When:* {}\n\n*Mind:* {}\n", info.when, info.caution);
}
