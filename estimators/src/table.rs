//! The list of estimators. Adding one: a new file, and one line in [`TABLE`].

use std::fmt::Write;

use crate::{Dv, Estimator, Info, InfoNce, Jsd};

/// Every built-in estimator, in the order in which lists show them.
pub const TABLE: &[fn() -> Box<dyn Estimator>] = &[|| Box::new(Dv), || Box::new(Jsd), || Box::new(InfoNce)];

/// The estimator of that name or alias.
pub fn by_name(name: &str) -> Option<Box<dyn Estimator>> {
    TABLE.iter().map(|make| make()).find(|e| e.info().name == name || e.info().aliases.contains(&name))
}

/// The names (not the aliases), in the table's order.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|make| make().info().name).collect()
}

/// The descriptions of all estimators as a Markdown document: the crate's README.
pub fn describe() -> String {
    let mut text = String::from(include_str!("describe.md"));
    for make in TABLE {
        section(&mut text, make().info());
    }
    text
}

fn section(text: &mut String, info: &Info) {
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
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## `{}`{aliases}: {}\n\n| | |\n| --- | --- |\n", info.name, info.title);
    for (label, value) in rows {
        let _ = writeln!(text, "| {label} | {} |", value.replace('|', "\\|"));
    }
    let _ = write!(text, "\n*When:* {}\n\n*Mind:* {}\n", info.when, info.caution);
}
