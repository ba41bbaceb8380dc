//! The rule above a chart: its title, what is to be said of it besides as far as there is room, its unit.

use ratatui::{
    buffer::Buffer,
    text::{Line as Text, Span},
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

use super::{legend, number, paint::Painter};

/// Something the title says besides, and the same in fewer words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub long: String,
    pub short: String,
}

impl Tag {
    pub fn new(long: impl Into<String>, short: impl Into<String>) -> Self {
        Self { long: long.into(), short: short.into() }
    }
}

/// The title with its tags in `width` columns: in full, else from the first on in fewer words. A tag that has no room is left out rather
/// than cut, the first ones first: what stands last must be said.
fn with_tags(title: &str, tags: &[Tag], width: usize) -> String {
    let joined = |shortened: usize, left_out: usize| {
        let word = |i: usize| if i < shortened { &tags[i].short } else { &tags[i].long };
        let words = (left_out..tags.len()).map(word).filter(|word| !word.is_empty());
        words.fold(title.to_owned(), |text, word| text + ", " + word.as_str())
    };
    let shortened = (0..=tags.len()).map(|n| joined(n, 0));
    let fewer = (1..=tags.len()).map(|n| joined(tags.len(), n));
    shortened.chain(fewer).find(|text| text.width() <= width).unwrap_or_else(|| number::fit(title, width))
}

impl Painter<'_> {
    /// `── Loss · nats ─────────`; where there is no legend the values stand at the right end.
    pub(super) fn title(&self, buf: &mut Buffer) {
        let Some(area) = self.parts.title else { return };
        let (c, theme) = (self.chart, self.chart.theme);
        let (rule, name) = if c.focused { (theme.accent, theme.accent) } else { (theme.border, theme.title) };
        // One column free at the right: panels side by side stay apart.
        let width = usize::from(area.width) - 1;
        let mut head = vec![Span::styled("─ ", rule)];
        let title = with_tags(c.title, c.tags, width.saturating_sub(3));
        let mut used = 2 + title.width();
        head.push(Span::styled(title, name));
        let unit = if matches!(c.unit, "" | "%") { String::new() } else { format!(" · {}", c.unit) };
        if used + unit.width() + 2 <= width {
            used += unit.width();
            head.push(Span::styled(unit, theme.dim));
        }
        let mut values = Text::default();
        if self.parts.legend.is_none() && width > used + 8 {
            values = legend::legend(&self.all_entries(), width - used - 5, theme);
        }
        let tail = if values.width() > 0 { values.width() + 3 } else { 0 };
        head.push(Span::styled(format!(" {}", "─".repeat(width.saturating_sub(used + 1 + tail))), rule));
        if tail > 0 {
            head.push(Span::raw(" "));
            head.extend(values.spans);
            head.push(Span::styled(" ─", rule));
        }
        Text::from(head).render(area, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_less_where_there_is_less_room_and_cuts_no_word_of_its_tags() {
        let tags = [
            Tag::new("steps 400–600", ""),
            Tag::new("other estimators: not comparable", "not comparable"),
            Tag::new("smoothed", "smooth"),
        ];
        let table = [
            (80, "Loss, steps 400–600, other estimators: not comparable, smoothed"),
            (62, "Loss, other estimators: not comparable, smoothed"),
            (47, "Loss, not comparable, smoothed"),
            (28, "Loss, not comparable, smooth"),
            (27, "Loss, smooth"),
            (9, "Loss"),
            (3, "Lo…"),
        ];
        for (width, text) in table {
            assert_eq!(with_tags("Loss", &tags, width), text);
        }
    }
}
