//! The JSON schema of a config file, with `x-live` and the default on every key.

use serde_json::{Value, json};

use super::{Config, DeviceName, Key, Range, keys, keys::ALIASES};

/// JSON Schema 2020-12 of the TOML file. Each key carries `x-live` (true: changes between two steps of a running job;
/// false: takes a new run), its default, and its bounds where it has any.
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    for key in keys() {
        annotate(&mut schema, &defaults, key);
    }
    // What the types alone cannot say: counts begin at 1.
    for first in ["/$defs/ScheduleEntry/properties/at/minimum", "/$defs/Negatives/anyOf/0/minimum"] {
        if let Some(minimum) = schema.pointer_mut(first) {
            *minimum = json!(1);
        }
    }
    schema["title"] = json!("dim-tui configuration");
    schema
}

/// Adds what the table of keys knows to the key's place in the schema.
fn annotate(schema: &mut Value, defaults: &Value, key: &Key) {
    let mut pointer = String::new();
    let parts: Vec<&str> = key.name.split('.').collect();
    for (i, part) in parts.iter().enumerate() {
        pointer = format!("{pointer}/properties/{part}");
        if i + 1 < parts.len()
            && let Some(target) = schema.pointer(&pointer).and_then(reference)
        {
            pointer = target;
        }
    }
    let Some(Value::Object(at)) = schema.pointer_mut(&pointer) else { return };
    at.insert("x-live".into(), json!(key.live));
    at.insert("default".into(), defaults.pointer(&format!("/{}", key.name.replace('.', "/"))).cloned().unwrap_or_default());
    at.entry("description").or_insert_with(|| json!(key.doc));
    match key.range {
        Range::Int { min, max } => {
            at.insert("minimum".into(), json!(min));
            at.insert("maximum".into(), json!(max));
        }
        Range::OneOf(numbers) => {
            at.insert("enum".into(), json!(numbers));
        }
        Range::Float { min, max } => {
            at.insert("minimum".into(), json!(min));
            at.insert("maximum".into(), json!(max));
        }
        Range::Positive { max } => {
            at.insert("exclusiveMinimum".into(), json!(0));
            at.insert("maximum".into(), json!(max));
        }
        // Names that the schema knows only as strings: estimators, data sets.
        Range::Choice(names) if at.get("type") == Some(&json!("string")) => {
            let aliases = ALIASES.iter().filter(|(_, name)| names.contains(name)).map(|(alias, _)| *alias);
            at.insert("enum".into(), json!(names.iter().copied().chain(aliases).collect::<Vec<_>>()));
        }
        Range::Device => {
            at.insert("anyOf".into(), json!([{ "enum": DeviceName::NAMES }, { "pattern": DeviceName::NUMBERED }]));
        }
        // Names of files may be given without their ending.
        Range::ChoiceOrFile { names, ending } => {
            let aliases = ALIASES.iter().filter(|(_, name)| names.contains(name)).map(|(alias, _)| *alias);
            let short = names.iter().filter_map(|name| name.strip_suffix(ending));
            let all: Vec<&str> = names.iter().copied().chain(aliases).chain(short).collect();
            let file = format!("{}$", ending.replace('.', "\\."));
            at.insert("anyOf".into(), json!([{ "enum": all }, { "pattern": file }]));
        }
        _ => {}
    }
}

/// The pointer that a `$ref` names; it may stand inside an `allOf`.
fn reference(schema: &Value) -> Option<String> {
    let direct = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
    direct.and_then(Value::as_str).and_then(|r| r.strip_prefix('#')).map(str::to_owned)
}
