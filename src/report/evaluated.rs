//! What `dim-tui eval` found out about a run, as tables: whatever rows it has, a column for each number or word.

use serde_json::{Map, Value};

use super::page::{Cell, facts, paragraph, section, table};

/// The parts of the report in their order, and what they are.
const PARTS: [(&str, &str); 6] = [
    ("probes", "Probes"),
    ("code", "Spread of the code"),
    ("ndm", "Dependence of the code's units (NDM, nats)"),
    ("mine", "Information of image and code (MINE, nats)"),
    ("reconstruction", "Reconstruction from the code"),
    ("factors", "Factors of the images"),
];

/// The section; nothing without a report.
pub(super) fn evaluated(report: Option<&Value>) -> String {
    let Some(report) = report.and_then(Value::as_object) else { return String::new() };
    let text = |key: &str| report.get(key).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
    let named = [
        ("step", "of step"),
        ("protocol", "protocol"),
        ("train", "training images"),
        ("test", "test images"),
        ("seeds", "seeds"),
    ];
    let head: Vec<(&str, String)> = named.iter().filter_map(|(key, name)| Some((*name, text(key)?))).collect();
    let mut body = facts(&head);
    for (key, title) in PARTS {
        let rows: Vec<&Map<String, Value>> =
            report.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect();
        if !rows.is_empty() {
            body += &format!("<h3>{title}</h3>\n{}", part(&rows));
        }
    }
    let notes = report.get("notes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    body += &notes.map(paragraph).collect::<String>();
    section("Evaluation (dim-tui eval)", &body)
}

fn part(rows: &[&Map<String, Value>]) -> String {
    let flat: Vec<Vec<(String, Cell)>> = rows.iter().map(|row| cells(row, "")).collect();
    let mut columns: Vec<String> = Vec::new();
    for (name, _) in flat.iter().flatten() {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let row = |cells: &Vec<(String, Cell)>| -> Vec<Cell> {
        columns.iter().map(|c| cells.iter().find(|(name, _)| name == c).map_or(Cell::Nothing, |(_, cell)| cell.clone())).collect()
    };
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    table(&names, &flat.iter().map(row).collect::<Vec<_>>())
}

/// Numbers and words by name, those of inner objects too; lists have no place in a table.
fn cells(row: &Map<String, Value>, before: &str) -> Vec<(String, Cell)> {
    let mut out = Vec::new();
    for (key, value) in row {
        let name = if before.is_empty() { key.replace('_', " ") } else { format!("{before}, {}", key.replace('_', " ")) };
        match value {
            Value::Array(_) => {}
            Value::Object(inner) => out.extend(cells(inner, if key == "value" { before } else { &name })),
            Value::String(text) => out.push((name, Cell::text(text))),
            Value::Bool(yes) => out.push((name, Cell::text(if *yes { "yes" } else { "no" }))),
            Value::Number(_) | Value::Null if name.ends_with("accuracy") => out.push((name, Cell::share(value.as_f64()))),
            Value::Number(_) | Value::Null => out.push((name, Cell::number(value.as_f64()))),
        }
    }
    out
}
