//! The page around a report: head, style, tables. Everything that comes from outside is escaped here.

use crate::plot::{self, Panel, escaped};

/// One cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    /// A number as it is shown, with its full value for programs.
    Number(String, f64),
    Nothing,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number of four digits or so.
    pub fn number(value: Option<f64>) -> Self {
        value.filter(|v| v.is_finite()).map_or(Self::Nothing, |v| Self::Number(plot::value(v), v))
    }

    /// A share in per cent.
    pub fn share(value: Option<f64>) -> Self {
        value.filter(|v| v.is_finite()).map_or(Self::Nothing, |v| Self::Number(plot::percent(v), v))
    }

    pub fn count(n: u64) -> Self {
        Self::Number(grouped(n), n as f64)
    }

    fn html(&self) -> String {
        match self {
            Self::Text(text) => format!("<td>{}</td>", escaped(text)),
            Self::Number(text, value) => format!("<td class=\"n\"><data value=\"{value}\">{}</data></td>", escaped(text)),
            Self::Nothing => "<td class=\"n\">–</td>".into(),
        }
    }
}

/// A number of many digits in groups of three.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A time as people say it.
pub(super) fn duration(seconds: f64) -> String {
    let s = seconds.round();
    match s {
        s if !s.is_finite() => "–".into(),
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min {:02.0} s", (s / 60.0).floor(), s % 60.0),
        s => format!("{:.0} h {:02.0} min", (s / 3600.0).floor(), (s % 3600.0) / 60.0),
    }
}

/// A table; the first cell of each row is its head. Wide ones scroll on their own.
pub(super) fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    let number = |i: usize| rows.iter().any(|row| matches!(row.get(i), Some(Cell::Number(..))));
    let heads: String =
        (0..).zip(head).map(|(i, h)| format!("<th{}>{}</th>", if number(i) { " class=\"n\"" } else { "" }, escaped(h))).collect();
    let lines: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", row.iter().map(Cell::html).collect::<String>())).collect();
    format!("<div class=\"wide\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n")
}

/// Names with what belongs to them.
pub(super) fn facts(pairs: &[(&str, String)]) -> String {
    let pairs: String = pairs.iter().map(|(k, v)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(k), escaped(v))).collect();
    format!("<dl>\n{pairs}</dl>\n")
}

pub(super) fn section(title: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", escaped(title))
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escaped(text))
}

/// What is opened on demand.
pub(super) fn folded(title: &str, body: &str) -> String {
    format!("<details><summary>{}</summary>\n{body}</details>\n", escaped(title))
}

pub(super) fn verbatim(text: &str) -> String {
    format!("<pre>{}</pre>\n", escaped(text))
}

/// Pictures, as many beside each other as there is room for.
pub(super) fn figures(panels: &[Panel]) -> String {
    let figures: String = panels.iter().map(|p| format!("<figure>{}</figure>\n", p.inline())).collect();
    format!("<div class=\"figures\">\n{figures}</div>\n")
}

/// The whole page.
pub(super) fn page(title: &str, subtitle: &str, body: &str) -> String {
    let (title, subtitle) = (escaped(title), escaped(subtitle));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{title}</title>\n\
         <style>\n{}@media screen and (prefers-color-scheme: dark) {{\n{}}}\n</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
         <p>{subtitle}</p>\n</header>\n<main>\n{body}</main>\n<footer>dim-tui {}</footer>\n</body>\n</html>\n",
        include_str!("style.css"),
        plot::dark_style(),
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!([0, 999, 1000, 3_056_826].map(grouped), ["0", "999", "1,000", "3,056,826"].map(String::from));
        assert_eq!(
            [3.21, 59.6, 156.6, 3_599.0, 9_000.0].map(duration),
            ["3.2 s", "60 s", "2 min 37 s", "59 min 59 s", "2 h 30 min"].map(String::from)
        );
    }

    #[test]
    fn a_table_keeps_the_full_value_of_a_number() {
        let html = table(
            &["a<b", "n"],
            &[vec![Cell::text("x & y"), Cell::share(Some(0.484_375))], vec![Cell::Nothing, Cell::share(Some(f64::NAN))]],
        );
        assert!(html.contains("<th>a&lt;b</th><th class=\"n\">n</th>"), "{html}");
        assert!(html.contains("<td>x &amp; y</td><td class=\"n\"><data value=\"0.484375\">48.4 %</data></td>"), "{html}");
        assert_eq!(html.matches("–").count(), 2);
    }
}
