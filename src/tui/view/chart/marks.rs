//! What the change marks at the crosshair say, beside them in the plot.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use super::{
    number,
    paint::{Painter, put},
};
use crate::train::history::Mark;

/// Most lines of text over the curves.
const LINES: usize = 4;

impl Painter<'_> {
    /// The marks that the crosshair is on: in its column of the screen or beside it, since one can hardly point better.
    fn marks_here(&self) -> Vec<&Mark> {
        let Some(here) = self.chart.cursor.and_then(|x| self.column(x)) else { return Vec::new() };
        let near = |x: f64| self.column(x).is_some_and(|column| column.abs_diff(here) <= 1);
        self.chart.marks.iter().filter(|(x, _)| near(*x)).map(|(_, mark)| mark).collect()
    }

    /// Each of them on a line at the top of the plot, with its step; if they are too many, how many more there are.
    pub(super) fn mark_texts(&self, buf: &mut Buffer) {
        let (plot, marks) = (self.parts.plot, self.marks_here());
        if !self.chart.tells_marks || marks.is_empty() || plot.width < 12 {
            return;
        }
        let room = usize::from(plot.height / 2).clamp(1, LINES);
        let line = |mark: &&Mark| format!(" {}: {} ", mark.step, mark.text);
        let mut lines: Vec<String> = match marks.len() {
            n if n <= room => marks.iter().map(line).collect(),
            n if room == 1 => vec![format!(" {n} changes, {}: {} … ", marks[0].step, marks[0].text)],
            n => {
                let more = format!(" and {} more changes ", n - (room - 1));
                marks.iter().take(room - 1).map(line).chain([more]).collect()
            }
        };
        let most = usize::from(plot.width - 2);
        lines.iter_mut().for_each(|line| *line = number::fit(line, most));
        let width = lines.iter().map(|line| line.width()).max().unwrap_or(0) as u16;
        let here = self.chart.cursor.and_then(|x| self.column(x)).unwrap_or(plot.x);
        // At the right of the crosshair and its neighbours, else at their left, else where there is room.
        let left = match (here + 2 + width <= plot.right(), here > plot.x + width) {
            (true, _) => here + 2,
            (false, true) => here - width - 1,
            _ => plot.right().saturating_sub(width),
        };
        for (row, line) in (plot.top()..plot.bottom()).zip(&lines) {
            let pad = " ".repeat(usize::from(width) - line.width());
            put(buf, left, row, &format!("{line}{pad}"), self.chart.theme.mark);
        }
    }
}
