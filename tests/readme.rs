//! The tables of README.md are written from the tables of the program; `UPDATE=1 cargo test --test readme` rewrites them.

use std::{fs, path::Path};

use dim_tui::{
    config::{Config, keys},
    tui,
};

/// The config reference: every key, its default, whether it changes live, what it is.
fn config_table() -> String {
    let defaults = Config::default();
    let mut text = String::from("| key | default | changes | what |\n| --- | --- | --- | --- |\n");
    for key in keys() {
        let default = defaults.get(key.name).unwrap_or_else(|| panic!("{} has no default", key.name));
        let changes = if key.live { "live" } else { "restart" };
        text.push_str(&format!("| `{}` | `{default}` | {changes} | {} |\n", key.name, key.doc.replace('|', "\\|")));
    }
    text
}

/// `text` with what stands between the two markers of `name` replaced.
fn put(text: &str, name: &str, table: &str) -> String {
    let open = format!("<!-- {name}: generated, UPDATE=1 cargo test --test readme -->\n");
    let close = format!("<!-- /{name} -->");
    let start = text.find(&open).unwrap_or_else(|| panic!("README.md has no marker {open}")) + open.len();
    let end = start + text[start..].find(&close).unwrap_or_else(|| panic!("README.md has no marker {close}"));
    format!("{}\n{}\n{}", &text[..start], table.trim_end(), &text[end..])
}

#[test]
fn tables_are_those_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let found = std::fs::read_to_string(path).unwrap();
    let right = put(&put(&found, "keys", &tui::keys::markdown()), "config", &config_table());
    if std::env::var_os("UPDATE").is_some() {
        // In one go: its neighbours read the file at the same time.
        std::fs::write(format!("{path}.new"), &right).unwrap();
        std::fs::rename(format!("{path}.new"), path).unwrap();
        return;
    }
    assert!(found == right, "README.md is out of date: UPDATE=1 cargo test --test readme rewrites its tables");
}

#[test]
fn every_file_it_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let link = link.split('#').next().unwrap_or_default();
            let external = link.is_empty() || link.starts_with("http");
            assert!(external || root.join(link).exists(), "{name} points to {link}, which does not exist");
        }
    }
}

/// The Python in it is the file that the fixture is made with.
#[test]
fn the_pytorch_loader_is_the_one_that_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loader = fs::read_to_string(root.join("tests/fixtures/export/load_encoder.py")).unwrap();
    assert!(fs::read_to_string(root.join("README.md")).unwrap().contains(&loader));
}
