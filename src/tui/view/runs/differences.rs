//! Where the settings of the marked runs differ from those in force here: a line a key, a column a run.

use std::collections::BTreeSet;

use ratatui::{
    buffer::Buffer,
    style::Modifier,
    text::{Line, Span},
};

use super::framed;
use crate::{
    config::{Config, Source, diff, script_label},
    tui::{
        app::App,
        controls::shown,
        layout::Layout,
        runs::overlay::{GLYPHS, names_over},
        view::{
            overlay,
            text::{cut, put, put_line, width},
        },
    },
};

/// Where a run is and on what it runs is no setting of the experiment.
const ASIDE: [&str; 2] = ["run.", "start."];

pub(super) fn draw(app: &App, scroll: usize, layout: &Layout, buf: &mut Buffer) {
    let laid: Vec<_> = app.runs.laid().collect();
    let keys = ["Tab the list", "↑↓ scroll", "{runs} closes"];
    let configs: Vec<&Config> = laid.iter().map(|(_, curves)| &curves.config).collect();
    let keys_differing = differing(&app.live.config, &configs);
    let title = match laid.len() {
        0 => " Differences of settings ".to_owned(),
        _ => format!(" Differences of settings · {} keys ", keys_differing.len()),
    };
    let inside = framed(app, layout, &title, &keys, buf);
    if laid.is_empty() {
        let pending = app.runs.overlays.iter().any(|o| o.curves.is_none());
        let text =
            if pending { "the marked runs are being read" } else { "no run is marked: Tab, then Space on those to compare" };
        return put(buf, inside, 0, text, app.theme.dim);
    }
    if keys_differing.is_empty() {
        return put(buf, inside, 0, "none: all settings are the same", app.theme.dim);
    }
    let room = usize::from(inside.width);
    let keys_wide = keys_differing.iter().map(|k| width(k)).max().unwrap_or(0).min(room / 2);
    let each = (room.saturating_sub(keys_wide) / (laid.len() + 1)).clamp(8, 26);
    let names = names_over(&app.live.facts.run_dir, laid.iter().map(|(overlay, _)| overlay.path.clone()));
    let mut heads = vec![Span::raw(" ".repeat(keys_wide)), Span::styled(cell("━ this run", each), app.theme.curve(0).style)];
    for ((o, _), short) in laid.iter().zip(names) {
        let text = cell(&format!("{} {short}", GLYPHS[o.place % GLYPHS.len()]), each);
        heads.push(Span::styled(text, overlay::style(app, o).add_modifier(Modifier::BOLD)));
    }
    put_line(buf, inside, 0, &Line::from(heads));
    let height = usize::from(inside.height).saturating_sub(1);
    let first = scroll.min(keys_differing.len().saturating_sub(height));
    for (at, key) in keys_differing.iter().skip(first).take(height).enumerate() {
        let own = value(&app.live.config, key);
        let mut spans = vec![
            Span::styled(format!("{:<keys_wide$}", cut(key, keys_wide)), app.theme.dim),
            Span::styled(cell(&own, each), app.theme.text),
        ];
        for config in &configs {
            let theirs = value(config, key);
            // Bold is what differs, so that it can be told without colour.
            let style = if theirs == own { app.theme.dim } else { app.theme.text.add_modifier(Modifier::BOLD) };
            spans.push(Span::styled(cell(&theirs, each), style));
        }
        put_line(buf, inside, 1 + at as u16, &Line::from(spans));
    }
}

fn cell(text: &str, columns: usize) -> String {
    let text = cut(text, columns.saturating_sub(2));
    format!("  {text}{}", " ".repeat(columns.saturating_sub(2 + width(&text))))
}

/// The keys in which any of them differs from the present run, in order of name.
fn differing(present: &Config, others: &[&Config]) -> Vec<String> {
    let keys: BTreeSet<String> = others.iter().flat_map(|other| diff(present, other, Source::Key)).map(|c| c.key).collect();
    let ours = |key: &String| !ASIDE.iter().any(|aside| key.starts_with(aside));
    // Two copies of one script are one estimator.
    let seen = |key: &String| others.iter().map(|c| value(c, key)).any(|v| v != value(present, key));
    keys.into_iter().filter(|key| ours(key) && seen(key)).collect()
}

fn value(config: &Config, key: &str) -> String {
    let value = config.get(key);
    match value {
        Some(toml::Value::String(text)) => script_label(&text).into_owned(),
        Some(value) => shown(&value),
        None => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_in_which_any_differs() {
        let base = Config::default();
        let with = |edits: &[(&str, toml::Value)]| {
            let edits: Vec<_> = edits.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
            base.with(&edits).unwrap()
        };
        let a = with(&[("optim.lr", 0.5.into()), ("run.threads", 7.into())]);
        let b = with(&[("seed", 3.into()), ("optim.lr", 0.5.into())]);
        assert_eq!(differing(&base, &[&a, &b]), ["optim.lr", "seed"]);
        assert!(differing(&base, &[&base]).is_empty());
        assert_eq!((value(&a, "optim.lr"), value(&base, "seed")), ("0.5".into(), "0".into()));
    }
}
