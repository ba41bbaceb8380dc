//! Where things lie on a chart, what is cut off, what is told.

use super::{super::Look, *};

fn line(points: &[(f64, f64)]) -> Line {
    Line::new("a", Look::solid(0), points.to_vec())
}

fn chart(lines: Vec<Line>) -> Chart {
    let axis = |from, to| Axis { range: Some((from, to)), ..Axis::default() };
    Chart { title: "t".into(), x: axis(0.0, 100.0), y: axis(0.0, 1.0), lines, ..Chart::default() }
}

/// The `d` of every path drawn in this colour.
fn paths(svg: &str, colour: &str) -> Vec<String> {
    let of = |part: &str| part.split('"').next().unwrap_or_default().to_owned();
    svg.split("<path d=\"").skip(1).filter(|part| part.split("/>").next().unwrap_or_default().contains(colour)).map(of).collect()
}

#[test]
fn points_lie_where_their_values_are() {
    let svg = chart(vec![line(&[(0.0, 0.0), (50.0, 0.5), (100.0, 1.0)])]).panel().body;
    // 436 across, 200 up, 4 of room on each side.
    assert_eq!(paths(&svg, "#0072b2"), ["M4 204L222 104L440 4"]);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn a_gap_parts_a_line_and_a_lone_point_is_a_dot() {
    let svg = chart(vec![line(&[(0.0, 0.0), (25.0, 0.5), (50.0, f64::NAN), (75.0, 0.5), (100.0, f64::INFINITY)])]).panel().body;
    assert_eq!(paths(&svg, "#0072b2"), ["M4 204L113 104M331 104h0"]);
}

#[test]
fn a_long_line_keeps_its_extremes_in_few_points() {
    let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i) / 1000.0, 0.5 + 0.1 * f64::from(i % 7) / 7.0)).collect();
    points[40_000].1 = 1.0;
    points[60_000].1 = 0.0;
    let svg = chart(vec![line(&points)]).panel().body;
    assert!(svg.len() < 30_000, "{} bytes", svg.len());
    let path = &paths(&svg, "#0072b2")[0];
    assert!(path.contains(" 4L") && path.contains(" 204L"), "both extremes are drawn");
}

#[test]
fn error_bars_reach_one_error_up_and_down() {
    let bars = Line { errors: vec![0.25, 0.0], ..line(&[(50.0, 0.5), (100.0, 0.5)]) };
    let all = paths(&chart(vec![bars]).panel().body, "#0072b2");
    assert_eq!(all.len(), 2, "the line, and one bar: {all:?}");
    assert!(all[1].starts_with("M222 154L222 54"), "{}", all[1]);
    // The axis holds the bars.
    let free = Chart { y: Axis::default(), ..chart(vec![Line { errors: vec![3.0, 0.0], ..line(&[(0.0, 1.0), (1.0, 2.0)]) }]) };
    let frame = free.frame(0.0);
    assert!(frame.y.holds(-2.0) && frame.y.holds(4.0));
}

#[test]
fn marks_tell_their_text_and_everything_is_escaped() {
    let mut c = chart(vec![Line { label: "a<b & \"c\"".into(), ..line(&[(0.0, 0.5)]) }]);
    c.marks = vec![Mark { x: 50.0, text: "objective.estimator jsd → <infonce>".into() }];
    c.references = vec![
        Reference { y: 0.25, label: "chance".into(), look: Look::reference() },
        Reference { y: 7.0, label: "far".into(), look: Look::reference() },
    ];
    c.readouts = vec![(0.0, "step 0".into()), (100.0, "step 100".into())];
    let svg = c.panel().body;
    assert!(svg.contains("<line x1=\"222\" x2=\"222\" y1=\"4\" y2=\"204\""), "a line at the mark");
    assert!(svg.contains("<title>objective.estimator jsd → &lt;infonce&gt;</title>"));
    assert!(svg.contains("a&lt;b &amp; &quot;c&quot;") && !svg.contains("a<b"));
    assert!(svg.contains(">chance<") && !svg.contains(">far<"), "what is off the chart has no line");
    // The places between two tooltips are shared in the middle.
    assert!(svg.contains("<rect x=\"0\" width=\"222\"") && svg.contains("<title>step 100</title>"), "{svg}");
}

#[test]
fn an_empty_chart_says_why() {
    let c = Chart { empty: "no probe was taken".into(), ..chart(vec![line(&[(1.0, f64::NAN)])]) };
    assert!(c.panel().body.contains(">no probe was taken<"));
}

#[test]
fn many_names_take_more_rows_and_the_chart_grows() {
    let lines = |n: usize| (0..n).map(|i| Line { label: format!("a-run-with-a-long-name-{i}"), ..line(&[(0.0, 0.5)]) }).collect();
    let (few, many) = (chart(lines(1)).panel(), chart(lines(9)).panel());
    assert!(many.height > few.height + 40.0);
    assert_eq!(many.body.matches("a-run-with-a-long-name").count(), 9);
}
