//! The two lines at the top: what is trained on what (or what the doctor has found), and how far it is.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::text::{clock, grouped, put_line, width};
use crate::{
    train::{Outcome, Phase},
    tui::app::{App, Leaving},
};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    put_line(buf, area, 0, &super::doctor::line(app, columns).unwrap_or_else(|| facts(app, columns)));
    put_line(buf, area, 1, &progress(app, usize::from(area.width)));
}

/// Product, data, encoder, device.
fn facts(app: &App, columns: usize) -> Line<'static> {
    let t = &app.theme;
    let f = &app.shown().facts;
    let device =
        if f.device.is_empty() { String::new() } else { format!("{}, {} thread{}", f.device, f.threads, plural(f.threads)) };
    // A GPU's usage where it tells; else the memory of this process, which must not be taken for the device's.
    let memory = app.memory.filter(|_| !device.is_empty()).map(|mib| {
        let of = if f.device.starts_with("cpu") { "" } else { " of main memory" };
        format!("{device}, {} MiB{of}", grouped(mib))
    });
    let busy = app.shown().gpu.map(|usage| format!("{}, {usage}", f.device));
    let held = busy.or(memory).unwrap_or_else(|| device.clone());
    let mut data = f.data.clone();
    if data.is_empty() {
        data = app.shown().config.data.name.clone();
    }
    // What does not fit is left out piece by piece, not cut in a word.
    let name = data.split(':').next().unwrap_or_default().to_owned();
    let some = data.split(',').next().unwrap_or_default().to_owned();
    let choices = [
        vec![data.clone(), f.encoder.clone(), held.clone(), f.device_reason.clone()],
        vec![data.clone(), f.encoder.clone(), held],
        vec![data.clone(), f.encoder.clone(), device.clone()],
        vec![some, f.encoder.clone(), device.clone()],
        vec![name.clone(), f.encoder.clone(), device],
        vec![name],
    ];
    let room = columns.saturating_sub(12);
    let cost = |parts: &Vec<String>| parts.iter().filter(|p| !p.is_empty()).map(|p| width(p) + 3).sum::<usize>();
    let parts = choices.iter().find(|p| cost(p) <= room).cloned().unwrap_or_default();
    let mut spans = vec![Span::styled(" dim-tui", t.title.add_modifier(Modifier::BOLD))];
    for part in parts.into_iter().filter(|p| !p.is_empty()) {
        spans.push(Span::styled(" · ", t.dim));
        spans.push(Span::styled(part, t.text));
    }
    Line::from(spans)
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// The state as a word, its colour, and what is to be said about it.
fn state(app: &App) -> (&'static str, Style, String) {
    let t = &app.theme;
    let reason = |r: &Option<String>| r.clone().unwrap_or_default();
    match (&app.leaving, &app.ended, &app.live.phase) {
        (_, Some(Outcome::Failed(_) | Outcome::Refused(_)), _) | (_, _, Phase::Failed(_)) => ("FAILED", t.error, String::new()),
        (_, Some(Outcome::Nonfinite(_)), _) => ("STOPPED", t.error, "non-finite".into()),
        (_, Some(_), _) | (_, _, Phase::Ended) => ("ENDED", t.dim, String::new()),
        (Some(Leaving::Restart(_)), ..) => ("RESTARTING", t.warn, "saving a checkpoint".into()),
        (Some(_), ..) | (_, _, Phase::Stopping) => ("STOPPING", t.warn, "saving a checkpoint".into()),
        (_, _, Phase::Starting(what)) => ("STARTING", t.accent, what.clone()),
        (_, _, Phase::Training) => ("TRAINING", t.ok, String::new()),
        (_, _, Phase::Paused(why)) => ("PAUSED", t.warn, reason(why)),
        (_, _, Phase::WaitingForProbe) => ("TRAINING", t.ok, "waiting for the probe".into()),
        (_, _, Phase::Finished) => ("FINISHED", t.accent, "raise steps to go on".into()),
    }
}

/// State, step, bar, speed, time left, epoch.
fn progress(app: &App, columns: usize) -> Line<'static> {
    let t = &app.theme;
    let s = app.shown();
    let (word, style, detail) = state(app);
    let mut spans =
        vec![Span::raw(" "), Span::styled(format!(" {word} "), style.add_modifier(Modifier::BOLD | Modifier::REVERSED))];
    let mut used = width(word) + 3;
    // A piece that has no room is left out; pieces come in the order of their worth.
    let mut add = |piece: Vec<(String, Style)>, spans: &mut Vec<Span<'static>>| {
        let cost = piece.iter().map(|(text, _)| width(text)).sum::<usize>() + 2;
        if used + cost <= columns {
            used += cost;
            spans.push(Span::raw("  "));
            spans.extend(piece.into_iter().map(|(text, style)| Span::styled(text, style)));
        }
    };
    if app.frozen.is_some() {
        add(vec![("view frozen".into(), t.requested)], &mut spans);
    }
    add(vec![(format!("step {} / {}", grouped(s.step), grouped(s.steps)), t.text)], &mut spans);
    if !detail.is_empty() {
        let room = columns.saturating_sub(width(word) + 32).max(12);
        add(vec![(super::text::cut(&detail, room), style)], &mut spans);
    }
    let (done, rest) = bar(s.step, s.steps, if columns < 100 { 10 } else { 24 });
    add(vec![(done, t.ok), (rest, t.dim)], &mut spans);
    if s.steps_per_second > 0.0 {
        add(vec![(format!("{} steps/s", speed(s.steps_per_second)), t.text)], &mut spans);
        let left = s.steps.saturating_sub(s.step) as f64 / s.steps_per_second;
        if left > 0.0 && left.is_finite() && matches!(s.phase, Phase::Training | Phase::WaitingForProbe) {
            add(vec![(format!("{} left", clock(left)), t.dim)], &mut spans);
        }
    }
    if s.epoch > 0.0 {
        add(vec![(format!("epoch {:.1}", s.epoch), t.text)], &mut spans);
    }
    if let Some(step) = s.probing {
        add(vec![(format!("probing step {}", grouped(step)), t.dim)], &mut spans);
    }
    if s.facts.parameters > 0 {
        add(vec![(format!("{} parameters", short(s.facts.parameters)), t.dim)], &mut spans);
    }
    Line::from(spans)
}

fn speed(v: f64) -> String {
    if v < 10.0 { format!("{v:.2}") } else { format!("{v:.1}") }
}

/// `1.2 M`.
fn short(n: usize) -> String {
    let v = n as f64;
    if v >= 1e6 { format!("{:.1} M", v / 1e6) } else { format!("{:.0} k", v / 1e3) }
}

/// A bar in half characters: the part done, and the rest.
fn bar(step: u64, steps: u64, columns: usize) -> (String, String) {
    let share = if steps == 0 { 0.0 } else { (step as f64 / steps as f64).clamp(0.0, 1.0) };
    let halves = (share * columns as f64 * 2.0) as usize;
    let mut done = "━".repeat(halves / 2);
    if halves % 2 == 1 {
        done.push('╸');
    }
    let rest = "─".repeat(columns - halves.div_ceil(2));
    (done, format!("{rest} {:.0} %", (share * 100.0).floor()))
}
