//! What the screen shows of the arena: estimators beside the known information.
//!
//! The charts are the running means of the estimates with the truth, their bias, and their standard deviation. The view (`v`) is
//! the table that the papers print:
//!
//! ```text
//! ┌ Estimators · truth 6.000 nats, step 12,000 ──────────────────────────┐
//! │ estimator    mean, nats     bias  std. dev.     RMSE  what it is    │
//! │ infonce           4.010   -1.990      0.050    1.991  lower bound, at ceiling │
//! ```

use std::collections::BTreeMap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line as Text, Span},
};

use super::{
    chart::Line,
    charts::Curve,
    estimators::nats,
    frame::frame,
    text::{cut, grouped, put, put_line, wrap},
};
use crate::{
    doctor::AT_CEILING,
    record::ArenaRow,
    train::history::Series,
    tui::{
        app::{App, ChartId},
        layout::Layout,
    },
};

/// What the charts are called.
pub(super) fn title(id: ChartId) -> &'static str {
    match id {
        ChartId::Bias => "Bias: mean less truth",
        ChartId::Deviation => "Standard deviation over batches",
        _ => "Mutual information, means of 200 steps",
    }
}

/// The curves of a chart. An estimator has the same colour on all.
pub(super) fn curves(app: &App, id: ChartId, columns: u16) -> Vec<Curve> {
    let t = &app.theme;
    let curve = |name: &str, i: usize, series| {
        let look = t.curve(i);
        Curve { label: name.to_owned().into(), series, style: look.style, dashed: look.dashed, dim: false, points: false }
    };
    let names = app.history.estimators();
    let each = |series: fn(usize) -> Series| -> Vec<Curve> {
        names.iter().enumerate().map(|(i, name)| curve(name, i, series(i))).collect()
    };
    let reference = |name: &'static str, series| Curve { style: t.reference, dashed: true, ..curve(name, 0, series) };
    match id {
        ChartId::Bias => each(Series::Bias),
        ChartId::Deviation => each(Series::Deviation),
        _ => {
            let raw = each(Series::Estimate).into_iter().map(|c| Curve { label: "".into(), dim: true, dashed: false, ..c });
            // First in the legend, and drawn over all others.
            let truth = |label| Curve { style: t.text, dashed: false, ..reference(label, Series::Truth) };
            let ceiling = [reference(if columns < 76 { "max" } else { "ceiling" }, Series::ArenaCeiling)];
            let named = [truth("truth")].into_iter().chain(each(Series::MeanEstimate)).chain(ceiling);
            named.chain(raw).chain([truth("")]).collect()
        }
    }
}

/// The range of a chart: that of the curves in the legend, less what lies absurdly far from the truth.
pub(super) fn range(id: ChartId, curves: &[Curve], lines: &[Line]) -> Option<(f64, f64)> {
    let named = lines.iter().filter(|l| !l.label.is_empty());
    let columns = || named.clone().flat_map(|l| &l.columns).filter(|c| c.min.is_finite() && c.max.is_finite());
    let truth = lines.iter().find(|l| curves.iter().any(|c| c.series == Series::Truth && c.label == l.label));
    let most = truth.into_iter().flat_map(|l| &l.columns).map(|c| c.max).fold(4.0, f64::max);
    let low = columns().map(|c| c.min).fold(0.0, f64::min);
    let high = columns().map(|c| c.max).fold(0.0, f64::max);
    columns().next()?;
    let reach = if id == ChartId::Information { 2.0 * most } else { 20.0 };
    Some((low.max(-reach), (high * 1.05).clamp(0.1, reach)))
}

/// The view of all estimators.
pub(super) fn draw(app: &App, layout: &Layout, buf: &mut Buffer) {
    let t = &app.theme;
    let row = app.shown().last.as_deref();
    let arena = row.and_then(|row| Some((row.step, row.arena.as_ref()?)));
    let of = arena.map_or(String::new(), |(step, a)| format!("· truth {:.3} nats, step {} ", a.truth, grouped(step)));
    let inside = frame(app, layout, &format!(" Estimators {of}"), &app.ui.keys.said(" {estimators} closes "), buf);
    let Some((_, arena)) = arena else { return put(buf, inside, 0, "no step has been taken yet", t.dim) };
    let columns = usize::from(inside.width);
    let head = format!("{:<13}{:>10}{:>9}{:>10}{:>9}  what it is", "estimator", "mean, nats", "bias", "std. dev.", "RMSE");
    let mut lines = vec![Text::styled(cut(&head, columns), t.dim)];
    for (i, name) in app.history.estimators().iter().enumerate().filter(|(_, name)| arena.nats.contains_key(*name)) {
        let rest = cut(&numbers(arena, name), columns.saturating_sub(13));
        let style = t.curve(i).style.add_modifier(Modifier::BOLD);
        lines.push(Text::from(vec![Span::styled(format!("{:<13}", cut(name, 12)), style), Span::styled(rest, t.text)]));
    }
    lines.push(Text::default());
    let foot = "Over the last 200 steps since the truth was moved, each on a batch drawn fresh: what an estimator says before it \
                learns from the batch. RMSE² = bias² + deviation². → on 'information' raises the truth.";
    lines.extend(wrap(foot, columns).into_iter().map(|line| Text::styled(line, t.dim)));
    lines.iter().enumerate().for_each(|(row, line)| put_line(buf, Rect { ..inside }, row as u16, line));
}

/// The row of an estimator, without its name.
fn numbers(arena: &ArenaRow, name: &str) -> String {
    let of = |values: &BTreeMap<String, Option<f64>>| values.get(name).copied().flatten();
    let (bias, deviation, ceiling) = (of(&arena.bias), of(&arena.deviation), of(&arena.ceiling));
    let mean = bias.map(|bias| arena.truth + bias);
    let rmse = bias.zip(deviation).map(|(bias, deviation)| bias.hypot(deviation));
    // Options stand behind a colon; what has no entry is a script.
    let kind = name.split(':').next().and_then(dim_estimators::by_name).map_or("script", |e| e.info().kind.words());
    let full = mean.zip(ceiling).is_some_and(|(mean, ceiling)| mean > AT_CEILING * ceiling);
    let full = if full { ", at ceiling" } else { "" };
    format!("{:>10}{:>9}{:>10}{:>9}  {kind}{full}", nats(mean), nats(bias), nats(deviation), nats(rmse))
}
