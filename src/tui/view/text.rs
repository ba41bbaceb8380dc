//! Small helpers for lines of text: widths, cuts, wrapping, numbers.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::Line,
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::tui::theme::Theme;

/// Width in columns.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text, or as much of it as fits with `…` at the end.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// The text on lines of at most `columns`, broken at blanks where there are any.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::take(&mut line));
        }
        while word.width() > columns {
            let (head, tail) = split_at_width(&word, columns);
            lines.push(head);
            word = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// At least one character goes into the head, however narrow the column.
fn split_at_width(word: &str, columns: usize) -> (String, String) {
    let mut used = 0;
    let at = word.char_indices().skip(1).map(|(i, c)| (i, c.width().unwrap_or(0)));
    let first = word.chars().next().and_then(|c| c.width()).unwrap_or(0);
    used += first;
    for (i, w) in at {
        used += w;
        if used > columns {
            return (word[..i].to_owned(), word[i..].to_owned());
        }
    }
    (word.to_owned(), String::new())
}

/// `12,345`.
pub fn grouped(n: u64) -> String {
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

/// `0:42`, `12:05`, `3:07:12`.
pub fn clock(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 3.6e8) as u64;
    if s < 3600 { format!("{}:{:02}", s / 60, s % 60) } else { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) }
}

/// The style of a panel's title, whatever the colour of the rule it stands in.
pub fn title(theme: &Theme, focused: bool) -> Style {
    if focused { theme.accent.add_modifier(Modifier::BOLD) } else { Style::new().fg(Color::Reset).patch(theme.title) }
}

/// One line of text at a row of `area`, cut at its right edge.
pub fn put(buf: &mut Buffer, area: Rect, row: u16, text: &str, style: Style) {
    if row < area.height {
        buf.set_stringn(area.x, area.y + row, cut(text, usize::from(area.width)), usize::from(area.width), style);
    }
}

/// One styled line at a row of `area`.
pub fn put_line(buf: &mut Buffer, area: Rect, row: u16, line: &Line) {
    if row < area.height {
        buf.set_line(area.x, area.y + row, line, area.width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_asked_and_nothing_is_lost() {
        let text = "optim.batch = 64 gives a pool of 63: use at most 63 or \"all\" αβγ→ averyveryverylongword";
        for columns in 1..60 {
            let lines = wrap(text, columns);
            assert!(lines.iter().all(|l| width(l) <= columns));
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(text));
            assert!(width(&cut(text, columns)) <= columns);
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(clock(42.4), "0:42");
        assert_eq!(clock(11_232.0), "3:07:12");
    }
}
