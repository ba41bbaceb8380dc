//! Short names of numbers: axis labels and read-outs.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::train::history::Axis;

const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

/// A value as a read-out of about four significant digits, at most eight characters: `1.234`, `12.34`, `123.4k`, `1.2e-5`.
pub fn value(v: f64) -> String {
    if v.is_nan() {
        return "NaN".into();
    }
    if v.is_infinite() {
        return if v > 0.0 { "∞".into() } else { "-∞".into() };
    }
    let a = v.abs();
    if a == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e15).contains(&a) {
        return scientific(v, 2);
    }
    match SUFFIXES.iter().find(|(f, _)| a >= *f && a >= 1e4) {
        Some((f, s)) => format!("{}{s}", four(v / f)),
        None => four(v),
    }
}

/// Four significant digits, fixed: a live number must not jump about.
fn four(v: f64) -> String {
    let a = v.abs();
    let decimals = match a {
        a if a >= 999.95 => 0,
        a if a >= 99.995 => 1,
        a if a >= 9.9995 => 2,
        a if a >= 0.1 => 3,
        _ => 4,
    };
    format!("{v:.decimals$}")
}

/// A value on a chart whose unit is `unit`: shares are shown in per cent.
pub fn with_unit(v: f64, unit: &str) -> String {
    if unit == "%" && v.is_finite() && v.abs() < 1e4 { format!("{:.1}%", v * 100.0) } else { value(v) }
}

/// `1e-4`, `2.5e-4`: a mantissa of at most `decimals` decimals without trailing zeros.
pub fn scientific(v: f64, decimals: usize) -> String {
    let s = format!("{v:.decimals$e}");
    match s.split_once('e') {
        Some((m, e)) if m.contains('.') => format!("{}e{e}", m.trim_end_matches('0').trim_end_matches('.')),
        _ => s,
    }
}

/// The same in three digits or so, for crowded places.
pub fn short(v: f64, unit: &str) -> String {
    match unit {
        "%" if v.is_finite() && v.abs() < 10.0 => format!("{:.0}%", v * 100.0),
        _ => {
            let s = within(v, 4);
            if s.is_empty() { within(v, 6) } else { s }
        }
    }
}

/// A whole number of steps: `0`, `950`, `1.2k`, `3.45M`.
pub fn steps(v: f64) -> String {
    let v = v.round();
    if v.abs() < 1e4 {
        return format!("{v:.0}");
    }
    value(v)
}

/// A place on the axis as a read-out, exact enough where `across` of it lie across a chart: `12.35k`, `1:05`, `2.31`.
pub fn place(axis: Axis, x: f64, across: f64) -> String {
    match axis {
        Axis::Steps if across < 2e4 => format!("{x:.0}"),
        Axis::Steps => steps(x),
        Axis::Time => clock(x, if across < 20.0 { 0.1 } else { 1.0 }, x),
        Axis::Epochs => {
            let decimals = (2.0 - across.max(1e-9).log10()).ceil().clamp(0.0, 4.0) as usize;
            format!("{x:.decimals$}")
        }
    }
}

/// Seconds as a clock says them, on an axis with ticks every `step` up to `largest`: `0:05.2`, `12:30`, `1:02:03`, `3h15`.
pub fn clock(seconds: f64, step: f64, largest: f64) -> String {
    let digits = if step < 1.0 { (-(step * 1.000_001).log10()).ceil().clamp(1.0, 3.0) as usize } else { 0 };
    // Rounded first: 59.96 s are a minute, not 0:60.0.
    let unit = 10u64.pow(digits as u32);
    let all = (seconds.clamp(0.0, 1e12) * unit as f64).round() as u64;
    let (whole, rest) = (all / unit, all % unit);
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    let rest = if digits > 0 { format!(".{rest:0digits$}") } else { String::new() };
    match (largest >= 3600.0, step >= 60.0) {
        (true, true) if m == 0 && step >= 3600.0 => format!("{h}h"),
        (true, true) => format!("{h}h{m:02}"),
        (true, false) => format!("{h}:{m:02}:{s:02}{rest}"),
        (false, _) => format!("{}:{s:02}{rest}", whole / 60),
    }
}

/// A tick label on an axis with ticks every `step` up to `largest` in size: just the decimals that `step` needs.
pub fn tick(v: f64, step: f64, largest: f64) -> String {
    let (a, step) = (v.abs(), step.abs());
    if a < step * 1e-6 {
        return "0".into();
    }
    if largest < 1e-2 || step < 1e-5 || largest >= 1e15 {
        return scientific(v, 2);
    }
    let (factor, suffix) = match SUFFIXES.iter().find(|(f, _)| a >= *f) {
        // 1.2k rather than 1200, but 1205 rather than 1.205k.
        Some((f, s)) if a >= 1e4 || step >= f / 10.0 => (*f, *s),
        _ => (1.0, ""),
    };
    let decimals = (-(step / factor * 1.000_001).log10().floor()).clamp(0.0, 6.0) as usize;
    let s = format!("{:.decimals$}", v / factor);
    let s = if suffix.is_empty() || !s.contains('.') { &s } else { s.trim_end_matches('0').trim_end_matches('.') };
    format!("{s}{suffix}")
}

/// The most exact name of `v` that is no wider than `width`; empty if there is none.
pub fn within(v: f64, width: usize) -> String {
    let plain = |decimals: usize| {
        let factor = SUFFIXES.iter().find(|(f, _)| v.abs() >= *f && v.abs() >= 1e4);
        let (factor, suffix) = factor.copied().unwrap_or((1.0, ""));
        format!("{:.decimals$}{suffix}", v / factor)
    };
    let middling = v == 0.0 || (1e-3..1e15).contains(&v.abs());
    // A small number cut to few decimals would lose its digits: those that keep two.
    let enough = if v.abs() >= 1.0 || v == 0.0 { 0 } else { (1.0 - v.abs().log10()).floor().clamp(0.0, 9.0) as usize };
    let plain = (enough..=3.max(enough)).rev().filter(|_| middling).map(plain);
    let all = std::iter::once(value(v)).chain(plain).chain([scientific(v, 1), scientific(v, 0)]);
    all.into_iter().find(|s| s.width() <= width).unwrap_or_default()
}

/// Cuts `s` to at most `width` terminal columns, the cut shown as `…`.
pub fn fit(s: &str, width: usize) -> String {
    if s.width() <= width {
        return s.into();
    }
    if width == 0 {
        return String::new();
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in s.chars() {
        let w = c.width().unwrap_or(0);
        if used + w > width - 1 {
            break;
        }
        used += w;
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_a_person_would_write_them() {
        let table = [
            (0.0, "0"),
            (1.23456, "1.235"),
            (-12.3456, "-12.35"),
            (123.456, "123.5"),
            (9999.4, "9999"),
            (12_345.0, "12.35k"),
            (1.5e6, "1.500M"),
            (0.05, "0.0500"),
            (1.2e-5, "1.2e-5"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "∞"),
        ];
        for (v, s) in table {
            assert_eq!(value(v), s);
        }
        assert_eq!(with_unit(0.523, "%"), "52.3%");
        assert_eq!(with_unit(0.523, "nats"), "0.523");
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        let table = [
            (0.05, 0.05, "0.05"),
            (0.1, 0.05, "0.10"),
            (1.0, 0.5, "1.0"),
            (3.0, 1.0, "3"),
            (1200.0, 200.0, "1.2k"),
            (1000.0, 200.0, "1k"),
            (1205.0, 5.0, "1205"),
            (12_500.0, 500.0, "12.5k"),
            (2e6, 1e6, "2M"),
            (1e-4, 1e-4, "1e-4"),
            (0.0, 0.2, "0"),
            (-0.4, 0.2, "-0.4"),
        ];
        for (v, step, s) in table {
            assert_eq!(tick(v, step, v.max(step)), s, "{v} by {step}");
        }
    }

    #[test]
    fn seconds_read_as_on_a_clock() {
        let table = [
            (5.24, 0.1, 10.0, "0:05.2"),
            (59.96, 0.1, 100.0, "1:00.0"),
            (65.4, 1.0, 600.0, "1:05"),
            (3599.0, 1.0, 3599.0, "59:59"),
            (3723.0, 1.0, 3723.0, "1:02:03"),
            (1800.0, 1800.0, 7200.0, "0h30"),
            (7200.0, 3600.0, 36_000.0, "2h"),
            (f64::NAN, 1.0, 1.0, "0:00"),
        ];
        for (v, step, largest, s) in table {
            assert_eq!(clock(v, step, largest), s, "{v} by {step}");
        }
        assert_eq!(place(Axis::Epochs, 2.3456, 3.0), "2.35");
        assert_eq!(place(Axis::Epochs, 23.456, 300.0), "23");
        assert_eq!(place(Axis::Steps, 123_456.4, 30.0), "123456");
        assert_eq!(place(Axis::Steps, 123_456.4, 1e6), "123.5k");
    }

    #[test]
    fn a_narrow_label_keeps_what_fits() {
        let table =
            [(4.16, 4, "4.16"), (40.0, 4, "40.0"), (12_345.0, 4, "12k"), (3e-4, 4, "3e-4"), (0.0, 1, "0"), (-0.25, 5, "-0.25")];
        for (v, width, s) in table {
            assert_eq!(within(v, width), s);
        }
        for v in [f64::MAX, f64::MIN, 5e-324, -1.5e-7, 1e15, 123_456.0, f64::NAN] {
            for width in 0..10 {
                assert!(within(v, width).width() <= width);
            }
        }
    }

    #[test]
    fn a_cut_string_never_overflows() {
        for s in ["loss", "Îglobal", "情報最大化", "", "e\u{301}tude", "🦀🦀🦀"] {
            for w in 0..12 {
                assert!(fit(s, w).width() <= w, "{s} in {w}");
            }
        }
        assert_eq!(fit("objective", 6), "objec…");
    }
}
