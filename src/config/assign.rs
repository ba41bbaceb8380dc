//! `KEY=VALUE` as on the command line and in a `:set` line.

use toml::Value;

use super::{ConfigError, Place, Range, key};

/// The assignments of a `:set` line, `a=1 b=two c = "x y"`: values are TOML, else taken as text. A value with blanks
/// stands in quotes.
pub fn parse_assignments(line: &str) -> Result<Vec<(String, Value)>, ConfigError> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let wrong = |reason| wrong(Place::Here, rest, reason);
        let (name, after) = rest.split_once('=').ok_or_else(|| wrong("there is no '='"))?;
        let after = after.trim_start();
        let end = value_end(after).ok_or_else(|| wrong("a quote or bracket is not closed"))?;
        found.push((checked_name(name).map_err(wrong)?.to_owned(), value(name.trim(), &after[..end]).map_err(wrong)?));
        rest = after[end..].trim_start();
    }
    if found.is_empty() { Err(wrong(Place::Here, line, "nothing is set")) } else { Ok(found) }
}

/// One `--set KEY=VALUE`: everything after the first `=` is the value.
pub(super) fn assignment(text: &str) -> Result<(String, Value), ConfigError> {
    let wrong = |reason| wrong(Place::Set, text, reason);
    let (name, given) = text.split_once('=').ok_or_else(|| wrong("there is no '='"))?;
    Ok((checked_name(name).map_err(wrong)?.to_owned(), value(name.trim(), given.trim()).map_err(wrong)?))
}

fn wrong(at: Place, text: &str, reason: &'static str) -> ConfigError {
    ConfigError::Assignment { at, text: text.trim().to_owned(), reason }
}

fn checked_name(name: &str) -> Result<&str, &'static str> {
    let name = name.trim();
    match name {
        "" => Err("there is no key"),
        _ if name.contains(char::is_whitespace) => Err("the key has a blank in it"),
        _ => Ok(name),
    }
}

fn value(name: &str, text: &str) -> Result<Value, &'static str> {
    if text.is_empty() {
        return Err("there is no value");
    }
    let quoted = text.starts_with(['"', '\'']);
    // A path may look like a number or a date.
    if !quoted && key(name).is_some_and(|k| k.range == Range::Text) {
        return Ok(Value::from(text));
    }
    match text.parse::<Value>() {
        Ok(v) => Ok(v),
        Err(_) if quoted || text.starts_with(['[', '{']) => Err("the value is not valid TOML"),
        Err(_) => Ok(Value::from(text)),
    }
}

/// Where the value at the start of `text` ends: at the closing quote or bracket, else at the next blank.
fn value_end(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    let bare = !text.starts_with(['"', '\'', '[', '{']);
    for (i, c) in text.char_indices() {
        let next = i + c.len_utf8();
        match (quote, c) {
            _ if bare => {
                if c.is_whitespace() {
                    return Some(i);
                }
            }
            (Some('"'), _) if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(q), _) if c == q => {
                quote = None;
                if open.is_empty() {
                    return Some(next);
                }
            }
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => open.push(c),
            (None, ']' | '}') => {
                open.pop();
                if open.is_empty() {
                    return Some(next);
                }
            }
            (None, _) => {}
        }
    }
    bare.then_some(text.len())
}
