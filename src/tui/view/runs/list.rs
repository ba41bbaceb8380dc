//! The runs, newest first, below the present one.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{Column, cells, column, first_line, fitting, framed, heading, percent, put_row, when};
use crate::{
    config::{Config, Mode, script_label},
    record::ProbeRow,
    tui::{
        app::App,
        layout::Layout,
        runs::{Row, name, overlay::GLYPHS, reader::state_word},
        view::{
            command::filter_line,
            overlay,
            text::{cut, grouped, put, width},
        },
    },
};

const COLUMNS: [Column; 10] = [
    column("begun, UTC", 11, false, 5),
    column("data", 8, false, 6),
    column("encoder", 10, false, 7),
    column("estimator", 12, false, 1),
    column("steps", 23, true, 0),
    column("state", 10, false, 0),
    column("conv", 5, true, 4),
    column("fc", 5, true, 3),
    column("Y, %", 5, true, 0),
    column("nats", 6, true, 2),
];

const KEYS: &[&str] = &[
    "{pause} mark",
    "Enter checkpoints",
    "Tab differences",
    "{runs} closes",
    "{filter} filter",
    "{smooth} smooth",
    "{overlays} marks off",
];

pub(super) fn draw(app: &App, layout: &Layout, buf: &mut Buffer) {
    let runs = &app.runs;
    let shown = runs.shown();
    let mut title = match (runs.listed, shown.len(), runs.rows.len()) {
        (false, ..) => " Runs · looking for them … ".to_owned(),
        (_, shown, all) if shown < all => format!(" Runs · {shown} of {all} beside this one "),
        (_, _, all) => format!(" Runs · {all} beside this one "),
    };
    if !runs.overlays.is_empty() {
        title += &format!("· {} marked ", runs.overlays.len());
    }
    if runs.unread() > 0 {
        title += &format!("· {} still to be read ", runs.unread());
    }
    let inside = framed(app, layout, &title, KEYS, buf);
    let filtered = is_filtered(app);
    let list = area(app, inside);
    rows(app, &shown, list, buf);
    let foot = Rect { y: list.bottom() + 1.min(inside.height), height: inside.height.saturating_sub(list.height + 1), ..inside };
    about(app, foot, buf);
    if filtered {
        filter_line(app, &runs.filter, runs.typing, (foot, 2), buf);
    }
}

fn is_filtered(app: &App) -> bool {
    app.runs.typing || !app.runs.filter.is_empty()
}

/// The heading and the lines, inside the frame; below them is what else is known of the picked one.
pub(super) fn area(app: &App, inside: Rect) -> Rect {
    let foot = 2 + u16::from(is_filtered(app));
    Rect { height: inside.height.saturating_sub(foot + 1), ..inside }
}

fn rows(app: &App, shown: &[&Row], area: Rect, buf: &mut Buffer) {
    let longest = shown.iter().map(|row| width(&row.name())).chain([width(&present_name(app))]).max().unwrap_or(0);
    let names = longest.clamp(8, 30).min(usize::from(area.width / 3).max(12));
    let table = as_wide_as_needed(app, shown);
    // What is never left out keeps its room.
    let kept: usize = table.iter().filter(|column| column.rank == 0).map(|column| column.width + 2).sum();
    let names = names.min(usize::from(area.width).saturating_sub(kept + 2)).max(8);
    let columns = fitting(&table, names + 2, area.width.into());
    let head = cells(&table, &columns, |i| table[i].head.into());
    heading(app, area, &format!("  {:<names$}{head}", "run"), buf);
    let height = usize::from(area.height).saturating_sub(1);
    let first = first_line(app.runs.selected, shown.len() + 1, height);
    for (at, i) in (first..=shown.len()).take(height).enumerate() {
        let picked = i == app.runs.selected;
        let (sign, style, text, body) = match i.checked_sub(1).map(|i| shown[i]) {
            None => {
                let text = line(&present_name(app), names, (&table, &columns), |i| present(app, i));
                ("━", app.theme.curve(0).style, text, app.theme.accent)
            }
            Some(row) => {
                let marked = app.runs.overlay(&row.path);
                let sign = marked.map_or(" ", |o| GLYPHS[o.place % GLYPHS.len()]);
                let style = marked.map_or(app.theme.text, |o| overlay::style(app, o));
                let body = if row.known().is_some() { app.theme.text } else { app.theme.dim };
                (sign, style, line(&row.name(), names, (&table, &columns), |i| saved(row, i)), body)
            }
        };
        let spans = vec![Span::styled(format!("{sign} "), style.add_modifier(Modifier::BOLD)), Span::styled(text, body)];
        put_row(app, area, 1 + at as u16, Line::from(spans), picked, buf);
    }
}

/// The columns, none wider than what stands in it.
fn as_wide_as_needed(app: &App, shown: &[&Row]) -> [Column; COLUMNS.len()] {
    let mut table = COLUMNS;
    for (i, column) in table.iter_mut().enumerate() {
        let longest = shown.iter().map(|row| width(&saved(row, i))).chain([width(&present(app, i)), width(column.head)]).max();
        column.width = column.width.min(longest.unwrap_or(0));
    }
    table
}

fn line(name: &str, names: usize, (table, columns): (&[Column], &[usize]), text: impl Fn(usize) -> String) -> String {
    let name = cut(name, names);
    let pad = " ".repeat(names - width(&name));
    format!("{name}{pad}{}", cells(table, columns, text))
}

fn present_name(app: &App) -> String {
    let dir = &app.live.facts.run_dir;
    if dir.as_os_str().is_empty() { "this run".into() } else { name(dir) }
}

/// The cell of the present run in a column.
fn present(app: &App, column: usize) -> String {
    let s = &app.live;
    match column {
        0 => "now".into(),
        4 => format!("{}/{}", grouped(s.step), grouped(s.steps)),
        5 => "this run".into(),
        _ => of_config(&s.config, column).unwrap_or_else(|| of_probe(s.probe.as_deref(), column)),
    }
}

/// The cell of a saved run in a column.
fn saved(row: &Row, column: usize) -> String {
    if column == 0 {
        return when(&row.begun);
    }
    let Some(brief) = row.known() else {
        return match (column, &row.brief) {
            (5, Some(Err(_))) => "unreadable".into(),
            (5, _) => "…".into(),
            _ => String::new(),
        };
    };
    match column {
        // By epochs, the number of steps depends on the data.
        4 if brief.config.optim.epochs > 0 => grouped(brief.step),
        4 => format!("{}/{}", grouped(brief.step), grouped(brief.config.optim.steps)),
        5 => state_word(brief.state).into(),
        _ => of_config(&brief.config, column).unwrap_or_else(|| of_probe(brief.probe.as_ref(), column)),
    }
}

fn of_config(config: &Config, column: usize) -> Option<String> {
    match column {
        1 => Some(config.data.name.clone()),
        2 if !config.has_encoder() => Some("none".into()),
        2 => Some(format!("{} ×{}", config.resolved_encoder().name(), config.encoder.width)),
        3 => Some(estimators(config)),
        _ => None,
    }
}

/// The estimators of the terms that are on: one name if they are the same.
fn estimators(config: &Config) -> String {
    if !config.has_encoder() {
        return "several".into();
    }
    let on = |mode: Mode, name: &str| (mode != Mode::Off).then(|| script_label(name).into_owned());
    let local = on(config.objective.local.mode, config.local_estimator());
    let global = on(config.objective.global.mode, config.global_estimator());
    match (local, global) {
        (Some(l), Some(g)) if l != g => format!("{l}, {g}"),
        (Some(name), _) | (None, Some(name)) => name,
        (None, None) => "none".into(),
    }
}

fn of_probe(probe: Option<&ProbeRow>, column: usize) -> String {
    let Some(probe) = probe else { return "–".into() };
    let linear = &probe.accuracy.linear;
    match column {
        6 => percent(linear.conv),
        7 => percent(linear.fc),
        8 => percent(linear.y),
        _ => nats(probe),
    }
}

/// Held-out information of the local term, or else of the global one.
pub(super) fn nats(probe: &ProbeRow) -> String {
    let value = probe.mi_heldout.local.or(probe.mi_heldout.global).filter(|v| v.is_finite());
    value.map_or_else(|| "–".into(), |v| if v.abs() < 1000.0 { format!("{v:.2}") } else { format!("{v:.0e}") })
}

/// What is not in the line of the picked one.
fn about(app: &App, area: Rect, buf: &mut Buffer) {
    let (t, columns) = (&app.theme, usize::from(area.width));
    let mut say = |at: u16, text: String, style: Style| put(buf, area, at, &cut(&text, columns), style);
    let Some(row) = app.runs.picked() else {
        let dir = app.live.facts.run_dir.display().to_string();
        say(0, if dir.is_empty() { "its directory is not made yet".into() } else { dir }, t.dim);
        return say(1, "the run on the screen; Enter shows its checkpoints".into(), t.dim);
    };
    say(0, row.path.display().to_string(), t.dim);
    match &row.brief {
        None => say(1, "being read".into(), t.dim),
        Some(Err(why)) => say(1, why.clone(), t.error),
        Some(Ok(brief)) => {
            let config = &brief.config;
            let of = |column| of_config(config, column).unwrap_or_default();
            let pending = app.runs.overlay(&row.path).filter(|o| o.curves.is_none()).map(|_| " · its curves are being read");
            let begun = if row.begun.is_empty() { String::new() } else { format!(" · begun {} UTC", when(&row.begun)) };
            say(1, format!("{} · {} · {}{begun}{}", of(1), of(2), of(3), pending.unwrap_or_default()), t.dim);
        }
    }
}
