//! Short names of numbers.

const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

/// About four significant digits: `1.234`, `-12.35`, `123.5k`, `1.2e-5`; a dash where there is no finite number.
pub fn value(v: f64) -> String {
    let a = v.abs();
    if !v.is_finite() {
        return "–".into();
    }
    if a == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e15).contains(&a) {
        return scientific(v);
    }
    match SUFFIXES.iter().find(|(f, _)| a >= *f && a >= 1e4) {
        Some((f, s)) => format!("{}{s}", four(v / f)),
        None => four(v),
    }
}

/// A share as `48.4 %`.
pub fn percent(v: f64) -> String {
    if v.is_finite() { format!("{:.1} %", 100.0 * v) } else { "–".into() }
}

fn four(v: f64) -> String {
    let decimals = match v.abs() {
        a if a >= 999.95 => 0,
        a if a >= 99.995 => 1,
        a if a >= 9.9995 => 2,
        a if a >= 0.1 => 3,
        a if a >= 0.01 => 4,
        _ => 5,
    };
    let text = format!("{v:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `1e-4`, `2.5e-4`.
fn scientific(v: f64) -> String {
    let text = format!("{v:.1e}");
    text.replace(".0e", "e")
}

/// A tick's label on an axis with ticks every `step`: the decimals that `step` needs.
pub(super) fn tick(v: f64, step: f64) -> String {
    let a = v.abs();
    if a < step * 1e-6 {
        return "0".into();
    }
    if a >= 1e15 || step < 1e-5 {
        return scientific(v);
    }
    let (factor, suffix) = SUFFIXES.iter().find(|(f, _)| a >= 1e4 && a >= *f).copied().unwrap_or((1.0, ""));
    let decimals = (-(step / factor * 1.000_001).log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{:.decimals$}", v / factor);
    let text = if suffix.is_empty() || !text.contains('.') { &text } else { text.trim_end_matches('0').trim_end_matches('.') };
    format!("{text}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_would_write_them() {
        let table = [
            (0.0, "0"),
            (1.23456, "1.235"),
            (2.0, "2"),
            (-12.3456, "-12.35"),
            (9999.4, "9999"),
            (12_345.0, "12.35k"),
            (0.05, "0.05"),
            (1e-4, "0.0001"),
            (1.2e-5, "1.2e-5"),
            (1e-5, "1e-5"),
            (f64::NAN, "–"),
        ];
        for (v, text) in table {
            assert_eq!(value(v), text);
        }
        assert_eq!((percent(0.484_375), percent(f64::NAN)), ("48.4 %".into(), "–".into()));
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        let table = [(0.1, 0.05, "0.10"), (3.0, 1.0, "3"), (1200.0, 200.0, "1200"), (12_500.0, 500.0, "12.5k"), (2e6, 1e6, "2M")];
        for (v, step, text) in table {
            assert_eq!(tick(v, step), text);
        }
    }
}
