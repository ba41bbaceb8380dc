//! What a chart must show, whatever its size and its data.

use proptest::prelude::*;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    widgets::Widget,
};

use super::{Break, Chart, Line, Marker, Reference, Which, columns, legend::Reading, legend::read, place_at, plot_area};
use crate::{
    train::history::{Axis, Column, History, Mark, Series},
    tui::theme::Theme,
};

fn chart<'a>(theme: &'a Theme, x: (f64, f64), lines: Vec<Line<'a>>) -> Chart<'a> {
    Chart {
        title: "Loss",
        tags: &[],
        lines,
        axis: Axis::Steps,
        x,
        y: None,
        log_y: false,
        marks: &[],
        tells_marks: false,
        breaks: &[],
        cursor: None,
        cursor_note: "",
        unit: "",
        empty: "no step yet".into(),
        focused: false,
        marker: Marker::Braille,
        theme,
        references: Vec::new(),
    }
}

fn point(step: u64, value: f64) -> Column {
    let finite = value.is_finite();
    let (min, max) = if finite { (value, value) } else { (f64::INFINITY, f64::NEG_INFINITY) };
    Column { gap: !finite, ..span(step, step, min, max) }
}

fn span(first: u64, last: u64, min: f64, max: f64) -> Column {
    Column { first, last, x: (first as f64, last as f64), min, max, gap: false }
}

fn break_at(step: u64) -> Break {
    Break { step, x: step as f64 }
}

fn mark_at(step: u64, text: &str) -> (f64, Mark) {
    (step as f64, Mark { step, text: text.into(), breaks_loss: true })
}

fn curve(columns: Vec<Column>) -> Line<'static> {
    Line { label: "loss", columns, ..Line::default() }
}

fn reference<'a>(theme: &Theme, value: f64, label: &'a str) -> Reference<'a> {
    Reference { value, style: theme.reference, label, hidden: false, picked: false }
}

fn draw(chart: Chart, area: Rect) -> Buffer {
    let mut buf = Buffer::empty(area);
    chart.render(area, &mut buf);
    buf
}

fn row(buf: &Buffer, y: u16) -> String {
    (buf.area.left()..buf.area.right()).map(|x| buf[(x, y)].symbol()).collect()
}

fn screen(buf: &Buffer) -> String {
    (buf.area.top()..buf.area.bottom()).map(|y| row(buf, y) + "\n").collect()
}

/// Whether the cell holds dots of a curve.
fn dots(buf: &Buffer, x: u16, y: u16) -> bool {
    buf[(x, y)].symbol().chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

/// The cells of the plot's column `x` that hold dots.
fn filled(buf: &Buffer, area: Rect, x: u16) -> Vec<u16> {
    let plot = plot_area(area);
    (plot.top()..plot.bottom()).filter(|&y| dots(buf, x, y)).collect()
}

const AREA: Rect = Rect { x: 0, y: 0, width: 60, height: 16 };

#[test]
fn a_spike_of_one_point_in_a_hundred_thousand_appears() {
    let (theme, history) = (Theme::colour(), History::default());
    for i in 1..=100_000u64 {
        history.push(Series::Loss, i, if i == 54_321 { 9.0 } else { 1.0 });
    }
    let x = (1.0, 100_000.0);
    for dashed in [false, true] {
        let line = Line { dashed, ..curve(history.columns(Series::Loss, x.0, x.1, columns(AREA))) };
        let buf = draw(chart(&theme, x, vec![line]), AREA);
        let plot = plot_area(AREA);
        let tall: Vec<u16> =
            (plot.left()..plot.right()).filter(|&c| filled(&buf, AREA, c).len() + 2 >= usize::from(plot.height)).collect();
        let expected = plot.x + (54_321.0 / 100_000.0 * f64::from(plot.width)) as u16;
        assert_eq!(tall, [expected], "dashed: {dashed}\n{}", screen(&buf));
    }
}

#[test]
fn nothing_is_drawn_across_a_gap() {
    let theme = Theme::colour();
    let line = curve(vec![point(0, 1.0), point(30, 2.0), point(50, f64::NAN), point(70, 2.0), point(100, 1.0)]);
    let buf = draw(chart(&theme, (0.0, 100.0), vec![line]), AREA);
    let plot = plot_area(AREA);
    let column = |step: u16| plot.x + step * plot.width / 100;
    assert!((column(32)..column(69)).all(|c| filled(&buf, AREA, c).is_empty()), "{}", screen(&buf));
    assert!((column(2)..column(29)).all(|c| !filled(&buf, AREA, c).is_empty()), "{}", screen(&buf));
    assert!((column(72)..column(98)).all(|c| !filled(&buf, AREA, c).is_empty()), "{}", screen(&buf));
}

#[test]
fn nothing_is_drawn_across_a_break() {
    let theme = Theme::colour();
    let breaks = [break_at(60)];
    let line = || curve(vec![point(0, 1.0), point(40, 2.0), point(60, 7.0), point(100, 6.0)]);
    let plot = plot_area(AREA);
    let column = |step: u16| plot.x + step * plot.width / 100;
    let joined = draw(chart(&theme, (0.0, 100.0), vec![line()]), AREA);
    assert!((column(42)..column(59)).all(|c| !filled(&joined, AREA, c).is_empty()));
    let broken = draw(Chart { breaks: &breaks, ..chart(&theme, (0.0, 100.0), vec![line()]) }, AREA);
    assert!((column(42)..column(59)).all(|c| filled(&broken, AREA, c).is_empty()), "{}", screen(&broken));
    // Both sides of the break within one column: its extremes, nothing between them.
    let both = curve(vec![span(58, 62, 1.0, 9.0)]);
    let buf = draw(Chart { breaks: &breaks, ..chart(&theme, (0.0, 100.0), vec![both]) }, AREA);
    assert_eq!(filled(&buf, AREA, column(60)).len(), 2, "{}", screen(&buf));
}

#[test]
fn the_legend_reads_the_value_at_the_cursor() {
    let (theme, history) = (Theme::colour(), History::default());
    for i in 1..=100u64 {
        history.push(Series::Loss, i, 100.0 - i as f64);
        if i % 10 == 0 {
            history.push(Series::AccuracyY, i, i as f64 / 1000.0);
        }
    }
    let line = |s, label| Line { label, columns: history.columns(s, 1.0, 100.0, 400), last: Some(-1.0), ..Line::default() };
    let lines = || vec![line(Series::Loss, "loss"), line(Series::AccuracyY, "y")];
    let buf = draw(Chart { cursor: Some(37.0), ..chart(&theme, (1.0, 100.0), lines()) }, AREA);
    // One point to a column: 100 − 37; the accuracy is that of step 30, the last one before.
    assert!(row(&buf, 1).contains("loss 63.00"), "{}", row(&buf, 1));
    assert!(row(&buf, 1).contains("y 0.0300"), "{}", row(&buf, 1));
    assert!(row(&buf, AREA.height - 1).contains(" 37 "));
    let (plot, x) = (plot_area(AREA), (1.0, 100.0));
    let at = (plot.left()..plot.right()).find(|&c| buf[(c, plot.y)].symbol() == "│").unwrap();
    assert!((place_at(AREA, x, at) - 37.0).abs() <= 99.0 / f64::from(plot.width));
    let without = draw(chart(&theme, (1.0, 100.0), lines()), AREA);
    assert!(row(&without, 1).contains("loss -1.000"), "{}", row(&without, 1));
}

#[test]
fn a_reading_is_the_column_of_the_step_and_stays_in_its_segment() {
    let columns = vec![span(10, 19, 1.0, 2.0), point(25, 5.0), point(30, f64::NAN), point(40, 7.0)];
    let line = curve(columns);
    let table = [
        (5.0, Reading::Nothing),
        (15.0, Reading::Extremes(1.0, 2.0)),
        (25.0, Reading::Extremes(5.0, 5.0)),
        (29.9, Reading::Extremes(5.0, 5.0)),
        (33.0, Reading::NotFinite),
        (99.0, Reading::Extremes(7.0, 7.0)),
    ];
    for (step, reading) in table {
        assert_eq!(read(&line, step, &[]), reading, "at {step}");
    }
    assert_eq!(read(&line, 28.0, &[break_at(27)]), Reading::Nothing);
    assert_eq!(read(&line, 26.0, &[break_at(27)]), Reading::Extremes(5.0, 5.0));
}

#[test]
fn a_logarithmic_axis_has_a_tick_per_decade_at_its_height() {
    let theme = Theme::colour();
    let area = Rect::new(0, 0, 60, 30);
    let line = curve(vec![point(0, 1e-3), point(100, 10.0)]);
    let c = Chart { log_y: true, y: Some((1e-3, 10.0)), ..chart(&theme, (0.0, 100.0), vec![line]) };
    let buf = draw(c, area);
    let label = |s: &str| (0..30).find(|&y| row(&buf, y).trim_start().starts_with(&format!("{s} ┤")));
    let rows: Vec<u16> = ["10", "1", "0.1", "0.01", "1e-3"].iter().map(|s| label(s).unwrap()).collect();
    assert_eq!((rows[0], rows[4]), (plot_area(area).top(), plot_area(area).bottom() - 1));
    for w in rows.windows(2) {
        assert!((w[1] - w[0]).abs_diff((rows[4] - rows[0]) / 4) <= 1, "{rows:?}");
    }
    // 1e-3 to 10 over 100 steps is a straight line on it: 0.1 in the middle.
    let plot = plot_area(area);
    assert!(filled(&buf, area, plot.x + plot.width / 2).iter().any(|&y| y.abs_diff(rows[2]) <= 1));
}

#[test]
fn marks_and_references_are_where_they_belong() {
    let theme = Theme::colour();
    let marks = [mark_at(50, "optim.lr")];
    let line = curve(vec![point(0, 1.0), point(100, 2.0)]);
    let references = [(1.9, "ceiling"), (60.0, "far")].map(|(value, label)| reference(&theme, value, label)).to_vec();
    let buf = draw(Chart { marks: &marks, references, ..chart(&theme, (0.0, 100.0), vec![line]) }, AREA);
    let plot = plot_area(AREA);
    let x = plot.x + plot.width / 2;
    assert_eq!((buf[(x, plot.y)].symbol(), buf[(x, plot.y)].fg), ("┆", theme.mark.fg.unwrap()));
    assert!((plot.top()..plot.bottom()).any(|y| row(&buf, y).contains("┄┄┄┄")));
    assert!(row(&buf, 1).contains("ceiling 1.900") && row(&buf, 1).contains("far 60.00 ↑"), "{}", row(&buf, 1));
}

#[test]
fn what_is_hidden_stays_in_the_legend_in_brackets_and_does_not_count() {
    let theme = Theme::colour();
    let line = |label, value, hidden| Line { label, hidden, ..curve(vec![point(0, value), point(100, value)]) };
    let lines = || vec![line("low", 1.0, false), line("high", 900.0, true)];
    let references = vec![Reference { hidden: true, ..reference(&theme, 1.01, "ceiling") }];
    let c = Chart { references, ..chart(&theme, (0.0, 100.0), lines()) };
    let at = |x| c.entry_at(AREA, (x, 1));
    assert_eq!([at(1), at(3)], [Some(Which::Line(0)); 2], "its sample and its name");
    let buf = draw(c.clone(), AREA);
    let legend = row(&buf, 1);
    assert!(legend.contains("━ low –   · (high)   · (ceiling)"), "{legend}");
    let of = |name: &str| legend.split(name).next().unwrap().chars().count() as u16;
    assert_eq!(at(of("high")), Some(Which::Line(1)));
    assert_eq!(at(of("ceiling")), Some(Which::Reference(0)));
    assert_eq!((at(59), c.entry_at(AREA, (3, 2))), (None, None));
    assert!(!screen(&buf).contains("900") && !screen(&buf).contains('┄'), "{}", screen(&buf));
    let all_hidden = vec![line("low", 1.0, true)];
    assert!(screen(&draw(chart(&theme, (0.0, 100.0), all_hidden), AREA)).contains("all that could be shown is hidden"));
}

#[test]
fn the_crosshair_on_a_mark_tells_what_changed() {
    let theme = Theme::colour();
    let marks = [mark_at(50, "optim.lr 0.1 → 0.2"), mark_at(50, "optim.batch 64 → 32"), mark_at(90, "seed 1 → 2")];
    let with = |cursor, tells_marks, marks: &[(f64, Mark)]| {
        let line = curve(vec![point(0, 1.0), point(100, 2.0)]);
        screen(&draw(Chart { marks, tells_marks, cursor: Some(cursor), ..chart(&theme, (0.0, 100.0), vec![line]) }, AREA))
    };
    let text = with(50.0, true, &marks);
    assert!(text.contains(" 50: optim.lr 0.1 → 0.2 ") && text.contains(" 50: optim.batch 64 → 32 "), "{text}");
    assert!(!text.contains("seed"), "{text}");
    assert!(with(90.0, true, &marks).contains(" 90: seed 1 → 2 "), "at the right edge it stands at the left");
    assert!(!with(70.0, true, &marks).contains("→"), "nothing changed there");
    assert!(!with(50.0, false, &marks).contains("→"));
    let many: Vec<_> = (0..9).map(|i| mark_at(50, &format!("change {i}"))).collect();
    let text = with(50.0, true, &many);
    assert!(text.contains("change 2") && text.contains("and 6 more changes"), "{text}");
}

#[test]
fn an_axis_of_time_has_a_clock_and_the_crosshair_reads_it() {
    let theme = Theme::colour();
    let line = curve(vec![point(0, 1.0), point(100, 2.0)]);
    let c = Chart { axis: Axis::Time, cursor: Some(65.0), cursor_note: " · step 7", ..chart(&theme, (0.0, 100.0), vec![line]) };
    let buf = draw(c, AREA);
    let labels = row(&buf, AREA.height - 1);
    assert!(labels.starts_with("time ") && labels.contains("0:30") && labels.contains(" 1:05 · step 7 "), "{labels}");
}

#[test]
fn a_chart_without_data_says_what_it_waits_for() {
    let theme = Theme::colour();
    let buf = draw(chart(&theme, (0.0, 1.0), vec![curve(vec![point(1, f64::NAN)])]), AREA);
    assert!(screen(&buf).contains("no step yet"));
    let log = Chart { log_y: true, ..chart(&theme, (0.0, 9.0), vec![curve(vec![point(1, -1.0)])]) };
    assert!(screen(&draw(log, AREA)).contains("nothing above zero"));
}

#[test]
fn small_charts_lose_the_legend_first_and_then_the_steps() {
    let theme = Theme::colour();
    let at = |height| {
        let line = curve(vec![point(0, 1.0), point(100, 2.0)]);
        draw(chart(&theme, (0.0, 100.0), vec![line]), Rect::new(0, 0, 18, height))
    };
    let has_dots = |buf: &Buffer| (0..buf.area.height).any(|y| (0..18).any(|x| dots(buf, x, y)));
    for height in 1..16 {
        let buf = at(height);
        assert!(has_dots(&buf), "{height} rows\n{}", screen(&buf));
        assert_eq!(row(&buf, 0).contains("Loss"), height >= 3);
        assert_eq!(height >= 6, height > 1 && row(&buf, 1).contains("━ loss"));
        assert_eq!(row(&buf, height - 1).trim_start().starts_with("0 "), height >= 5, "{}", screen(&buf));
    }
}

#[test]
fn a_mono_chart_has_no_colour() {
    let theme = Theme::mono();
    let lines = (0..7).map(|i| {
        let s = theme.curve(i);
        Line { style: s.style, dashed: s.dashed, points: i % 2 == 0, ..curve(vec![point(0, i as f64), point(90, 2.0)]) }
    });
    let marks = [mark_at(50, "")];
    let references = vec![reference(&theme, 3.0, "ceiling")];
    let c =
        Chart { marks: &marks, references, cursor: Some(20.0), focused: true, ..chart(&theme, (0.0, 100.0), lines.collect()) };
    let buf = draw(c, AREA);
    assert!(buf.content.iter().all(|c| (c.fg, c.bg) == (Color::Reset, Color::Reset)));
    assert!(buf.content.iter().any(|c| c.modifier.contains(Modifier::REVERSED)), "the cursor's label stands out");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..10.0f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0, 5e-324]),
    ]
}

fn any_line() -> impl Strategy<Value = Line<'static>> {
    let columns = prop::collection::vec((0..2000u64, 0..50u64, any_value(), any_value(), any::<bool>()), 0..60);
    (columns, any::<(bool, bool, bool)>(), prop::option::of(any_value()), "\\PC{0,12}").prop_map(
        |(mut c, (dashed, dim, points), last, label)| {
            c.sort_by_key(|c| c.0);
            let columns = c.into_iter().map(|(s, n, min, max, gap)| Column { gap, ..span(s, s + n, min, max) }).collect();
            Line { label: label.leak(), dashed, dim, columns, last, points, ..Line::default() }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_chart_of_any_size_is_drawn_inside_its_area(
        (x, y, width, height) in (0..4u16, 0..4u16, 0..70u16, 0..24u16),
        lines in prop::collection::vec(any_line(), 0..5),
        steps in (any_value(), any_value()),
        usual in any::<bool>(),
        range in prop::option::of((any_value(), any_value())),
        cursor in prop::option::of(prop_oneof![0.0..2000.0f64, any_value()]),
        (log_y, focused, which, axis) in (any::<bool>(), any::<bool>(), 0..4usize, 0..3usize),
        (hidden, picked) in (0..5usize, 0..5usize),
        level in any_value(),
        unit in prop::sample::select(vec!["", "%", "nats"]),
        title in "\\PC{0,30}",
    ) {
        let theme = Theme::colour();
        let marks = [mark_at(900, "a change"), mark_at(901, "another αβ→"), mark_at(u64::MAX, "")];
        let mut lines = lines;
        if let Some(line) = lines.get_mut(hidden) { line.hidden = true; }
        if let Some(line) = lines.get_mut(picked) { line.picked = true; }
        let area = Rect::new(x, y, width, height);
        let all = Rect::new(0, 0, width + 8, height + 8);
        let mut buf = Buffer::filled(all, ratatui::buffer::Cell::new("·"));
        let shown = if usual { (0.0, 2000.0) } else { steps };
        let c = Chart {
            title: &title, y: range, log_y, marks: &marks, tells_marks: true, breaks: &[break_at(900), break_at(u64::MAX)], cursor, unit, focused,
            marker: Marker::ALL[which], axis: Axis::ALL[axis],
            references: vec![reference(&theme, level, "ceiling")],
            ..chart(&theme, shown, lines)
        };
        c.render(area, &mut buf);
        for p in all.positions().filter(|p| !area.contains(*p)) {
            prop_assert_eq!(buf[p].symbol(), "·", "drawn outside at {:?}", p);
        }
        for column in [0, x, x + width / 2, u16::MAX] {
            let s = place_at(area, shown, column);
            prop_assert!(s.is_finite());
        }
        // An area beyond the buffer must not panic either.
        let line = curve(vec![point(1, 1.0), point(7, 2.0)]);
        chart(&theme, (0.0, 9.0), vec![line]).render(Rect::new(width / 2, height / 2, 80, 40), &mut buf);
        prop_assert!(plot_area(area).area() <= area.area());
    }

    #[test]
    fn a_legend_is_never_wider_than_its_place(lines in prop::collection::vec(any_line(), 0..8), width in 0..100usize, cursor in prop::option::of(0.0..2000.0f64)) {
        let entries: Vec<_> =
            lines.iter().enumerate().map(|(i, l)| super::legend::entry(i, i, l, Style::new(), cursor, &[], "")).collect();
        let text = super::legend::legend(&entries, width, &Theme::colour());
        for at in 0..text.width() {
            super::legend::entry_at(&entries, width, at);
        }
        prop_assert!(text.width() <= width, "{} in {width}", text.width());
    }
}
