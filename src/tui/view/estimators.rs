//! The estimators view: every estimator on the newest scores of one term, and how those scores lie.
//!
//! ```text
//! ┌ Estimators · local term · scores of step 1,200 ─────────────────────────┐
//! │ jsd maximises  E[−sp(−T)] − E[sp(T')]                                   │
//! │ its estimate   1 + E[T] − E[e^T'] (NWJ at the JSD critic)               │
//! │ estimator    of ln r, nats   raw, nats   ceiling   what it is           │
//! │ ▸ jsd            1.203           1.203         –   lower bound          │
//! │ negatives 63, of which 41.2 count · 9.8 % show the class of their anchor│
//! │ joint     −3.1 ▁▁▂▅█▇▃▁ 8.0                                             │
//! │ pull at Y (raw)  global 1.2e-2 (2.4e-2) · local 3.4e-2 (3.4e-2)         │
//! │ cosines   global·local +0.31   spread of Y   rank 21.3 of 64, 0 idle    │
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{
    frame::frame,
    text::{cut, grouped, put, put_line},
};
use crate::{
    doctor::AT_CEILING,
    train::{BARS, PAIRS, Readings, TERMS, Vitals},
    tui::{app::App, layout::Layout},
};

/// The term a view is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Local,
    Global,
}

pub fn draw(app: &App, term: Term, layout: &Layout, buf: &mut Buffer) {
    if !app.live.config.has_encoder() {
        return super::arena::draw(app, layout, buf);
    }
    let t = &app.theme;
    let readings = &app.shown().readings;
    let (name, readings) = match term {
        Term::Local => ("local", readings.local.as_deref()),
        Term::Global => ("global", readings.global.as_deref()),
    };
    let of = readings.map_or(String::new(), |r| format!("· scores of step {} ", grouped(r.step)));
    let title = format!(" Estimators · {name} term {of}");
    let keys = app.ui.keys.said(" ←→ term · {estimator-up} {estimator-down} swap the estimator · {estimators} closes ");
    let inside = frame(app, layout, &title, &keys, buf);
    match readings {
        None => {
            put(buf, inside, 0, "no scores yet: the term is off, or no step has been taken since this view was opened", t.dim)
        }
        Some(readings) => table(app, readings, inside, buf),
    }
}

fn table(app: &App, r: &Readings, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let columns = usize::from(area.width);
    let mut lines = vec![
        labelled(&format!("{} maximises", r.trained), &r.about.objective, t.accent, columns),
        labelled("its estimate", &r.about.nats, t.dim, columns),
        Line::styled(
            cut(
                &format!("  {:<12}{:>14}{:>12}{:>10}   what it is", "estimator", "of ln r, nats", "raw, nats", "ceiling"),
                columns,
            ),
            t.dim,
        ),
    ];
    for row in &r.rows {
        let in_force = row.name == r.trained;
        let full = row.raw.zip(row.ceiling).is_some_and(|(nats, ceiling)| nats > AT_CEILING * ceiling);
        let kind = if r.unbound.is_some() { "not a bound here" } else { row.kind.words() };
        let kind = if full { format!("{kind}, at its ceiling") } else { kind.into() };
        let text = format!(
            "{} {:<12}{:>14}{:>12}{:>10}   {kind}",
            if in_force { "▸" } else { " " },
            row.name,
            nats(row.fitted),
            nats(row.raw),
            row.ceiling.map_or("–".into(), |c| format!("{c:.3}")),
        );
        lines.push(Line::styled(cut(&text, columns), if in_force { t.accent.add_modifier(Modifier::BOLD) } else { t.text }));
    }
    let false_ones = r.false_negatives.map_or(String::new(), |s| format!(" · {:.1} % show the class of their anchor", 100.0 * s));
    lines.push(Line::styled(
        cut(&format!("negatives {}, of which {:.1} count (1/Σw²){false_ones}", r.negatives, r.effective), columns),
        t.text,
    ));
    lines.push(bars("joint", &r.histogram.joint, r.histogram.range, t.accent));
    lines.push(bars("marginal", &r.histogram.marginal, r.histogram.range, t.dim));
    if let Some(why) = r.unbound {
        lines.push(Line::styled(cut(&format!("no bound: {why}"), columns), t.accent));
    }
    if let Some(vitals) = app.shown().vitals.as_deref() {
        lines.extend(vital_lines(vitals, columns).into_iter().map(Line::raw));
    }
    // What there is room for besides.
    let left = usize::from(area.height).saturating_sub(lines.len() + 1);
    if left > 0 {
        lines.push(Line::default());
        let text = format!("{}: {}", r.about.title, r.about.caution);
        lines.extend(super::text::wrap(&text, columns).into_iter().take(left).map(|l| Line::styled(l, t.dim)));
    }
    lines.iter().enumerate().for_each(|(row, line)| put_line(buf, area, row as u16, line));
}

/// The gradient of each term by the code, the cosines between them, and how the codes spread.
fn vital_lines(v: &Vitals, columns: usize) -> [String; 2] {
    // Whole names where there is room.
    let name = |term: usize| if columns < 100 { ["G", "L", "P"][term] } else { TERMS[term] };
    let pulls = v.pulls.iter().enumerate().filter_map(|(term, pull)| {
        let pull = pull.as_ref()?;
        Some(format!("{} {:.1e} ({:.1e})", name(term), pull.weighted, pull.raw))
    });
    let cosines = PAIRS.iter().zip(v.cosines).filter_map(|((a, b), cosine)| {
        let words = format!("{}·{} {:+.2}", name(*a), name(*b), cosine?);
        Some(words)
    });
    let (pulls, mut cosines) = (pulls.collect::<Vec<_>>().join(" · "), cosines.collect::<Vec<_>>().join(" "));
    if !cosines.is_empty() {
        cosines = format!("cosines {cosines} · ");
    }
    let s = &v.spread;
    let spread = format!("{cosines}Y: effective rank {:.1} of {}, {} idle", s.effective_rank, s.units, s.idle);
    [cut(&format!("pull at Y (raw) {pulls}"), columns), cut(&spread, columns)]
}

fn labelled(label: &str, text: &str, style: Style, columns: usize) -> Line<'static> {
    const LABEL: usize = 24;
    let text = cut(text, columns.saturating_sub(LABEL));
    Line::from(vec![Span::styled(format!("{label:<LABEL$}"), style), Span::raw(text)])
}

/// An estimate; `–` where there is none, and said so where it has no number.
pub(super) fn nats(value: Option<f64>) -> String {
    match value {
        None => "–".into(),
        Some(v) if v == f64::NEG_INFINITY => "−∞".into(),
        Some(v) if !v.is_finite() => "no number".into(),
        Some(v) if v.abs() >= 1e5 => format!("{v:.2e}"),
        Some(v) => format!("{v:.3}"),
    }
}

/// A histogram in one line: eighths of a cell, the fullest bar a full one.
fn bars(label: &str, shares: &[f64; BARS], (low, high): (f64, f64), style: Style) -> Line<'static> {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = shares.iter().fold(f64::MIN_POSITIVE, |m, s| m.max(*s));
    // What is there at all is seen.
    let bar = |s: &f64| EIGHTHS[((s / most * 8.0).round() as usize).max(usize::from(*s > 0.0)).min(8)];
    let drawn: String = shares.iter().map(bar).collect();
    Line::from(vec![
        Span::raw(format!("{label:<9} {:>9} ", nats(Some(low)))),
        Span::styled(drawn, style),
        Span::raw(format!(" {}", nats(Some(high)))),
    ])
}
