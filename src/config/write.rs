//! Writing settings into a user's own file: comments and layout stay, the file is replaced in one step.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use toml::Value;
use toml_edit::{ArrayOfTables, DocumentMut, Item, TableLike};

use super::{Config, ConfigError, load::read_file, node::Node, parse_text};

/// Puts the values of `edits` into the file at `path`, and leaves the rest of its text as it is. A file that does not
/// exist, or is empty, becomes the whole of `config`. Returns the text written, for [`super::Watch::own_write`].
///
/// Nothing is written if the file could not be read back: a broken file has to be mended first, and edits that do not go
/// with what else the file says are refused.
pub fn write_back(path: &Path, config: &Config, edits: &[(String, Value)]) -> Result<String, ConfigError> {
    let old = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        _ => read_file(path)?,
    };
    let text = if old.trim().is_empty() { config.with(edits)?.to_toml() } else { edited(&old, path, edits)? };
    parse_text(&text, path)?;
    replace(path, &text).map_err(|e| ConfigError::Write { path: path.into(), reason: e.to_string() })?;
    Ok(text)
}

/// The text with the edits in it.
fn edited(text: &str, path: &Path, edits: &[(String, Value)]) -> Result<String, ConfigError> {
    Node::parse(text, path)?;
    let failed = |reason: String| ConfigError::Write { path: path.into(), reason };
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| failed(e.message().to_owned()))?;
    for (key, value) in edits {
        let parts: Vec<&str> = key.split('.').collect();
        set(document.as_table_mut(), &parts, value).ok_or_else(|| failed(format!("'{key}' has no place in it")))?;
    }
    Ok(document.to_string())
}

fn set(table: &mut dyn TableLike, path: &[&str], value: &Value) -> Option<()> {
    let (first, rest) = path.split_first()?;
    if !rest.is_empty() {
        if !table.contains_key(first) {
            let mut section = toml_edit::Table::new();
            // `[objective.local]` needs no empty `[objective]` above it.
            section.set_implicit(true);
            table.insert(first, Item::Table(section));
        }
        return set(table.get_mut(first)?.as_table_like_mut()?, rest, value);
    }
    let new = edit_value(value)?;
    match table.get_mut(first) {
        Some(Item::Value(old)) => {
            if !same(old, &new) {
                let decor = old.decor().clone();
                *old = new;
                *old.decor_mut() = decor;
            }
        }
        Some(_) => return None,
        None => drop(table.insert(first, Item::Value(new))),
    }
    Some(())
}

/// `1` and `1.0`, `1e-4` and `0.0001` are the same: the user's way of writing it stays.
fn same(old: &toml_edit::Value, new: &toml_edit::Value) -> bool {
    let number = |v: &toml_edit::Value| v.as_float().or_else(|| v.as_integer().map(|i| i as f64));
    match (number(old), number(new)) {
        (Some(a), Some(b)) => a == b,
        _ => old.as_str().zip(new.as_str()).is_some_and(|(a, b)| a == b),
    }
}

fn edit_value(value: &Value) -> Option<toml_edit::Value> {
    value.to_string().parse().ok()
}

/// The text of a whole config with each schedule entry's `set` on one line. `None` if it is not TOML.
pub(super) fn inline_schedule(text: &str) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    if let Some(entries) = document.get_mut("schedule").and_then(Item::as_array_of_tables_mut) {
        let tables = entries.iter_mut().map(|table| {
            for (mut key, item) in table.iter_mut() {
                item.make_value();
                key.fmt();
            }
            table.clone()
        });
        *entries = tables.collect::<ArrayOfTables>();
    }
    Some(document.to_string())
}

/// Writes beside the file and renames over it, so that a reader sees the old text or the new, never half of one. A link
/// stays a link; permissions stay.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = target.file_name().ok_or_else(|| io::Error::other("it has no file name"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    let temporary: PathBuf = target.with_file_name(hidden);
    let written = write_new(&temporary, text).and_then(|()| {
        if let Ok(old) = fs::metadata(&target) {
            fs::set_permissions(&temporary, old.permissions())?;
        }
        fs::rename(&temporary, &target)
    });
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
