//! Contrast by the formula of WCAG 2, and difference of colours (CIE 1976) as they look with Machado's (2009) matrices of
//! colour-blindness, severity 1.

use super::*;
use crate::tui::view::chart::POINTS;

/// Linear red, green, blue.
fn linear(colour: Color) -> [f64; 3] {
    let Color::Rgb(r, g, b) = colour else { panic!("{colour:?} is no fixed colour") };
    [r, g, b].map(|v| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    })
}

fn luminance(colour: Color) -> f64 {
    let [r, g, b] = linear(colour);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

const DEUTERANOPIA: [[f64; 3]; 3] =
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];
const PROTANOPIA: [[f64; 3]; 3] =
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];
const FULL_SIGHT: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// L*, a*, b* of a colour seen through a matrix.
fn seen(colour: Color, matrix: [[f64; 3]; 3]) -> [f64; 3] {
    let from = linear(colour);
    let [r, g, b] = matrix.map(|row| row.iter().zip(from).map(|(m, v)| m * v).sum::<f64>().clamp(0.0, 1.0));
    let f = |t: f64| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 };
    let x = f((0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.95047);
    let y = f(0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b);
    let z = f((0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b) / 1.08883);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn difference(a: Color, b: Color, matrix: [[f64; 3]; 3]) -> f64 {
    seen(a, matrix).iter().zip(seen(b, matrix)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// The styles that text is written in.
fn texts(t: &Theme) -> [(&'static str, Style); 13] {
    [
        ("title", t.title),
        ("text", t.text),
        ("dim", t.dim),
        ("accent", t.accent),
        ("key", t.key),
        ("ok", t.ok),
        ("warn", t.warn),
        ("error", t.error),
        ("requested", t.requested),
        ("mark", t.mark),
        ("axis", t.axis),
        ("cursor", t.cursor),
        ("selected", t.selected),
    ]
}

/// The grounds that a theme may stand on: its own, and all that are as dark or as light.
fn grounds(name: &str) -> Vec<Color> {
    let ends = if name == "light" { [0xffffff, 0xf5f5f5] } else { [0x000000, 0x1e1e1e] };
    let own = themed(name).unwrap().text.bg;
    ends.map(Color::from_u32).into_iter().chain(own).collect()
}

#[test]
fn text_is_readable_on_every_ground_of_its_theme() {
    for name in ["colour-blind", "dark", "light"] {
        let theme = themed(name).unwrap();
        for (what, style) in texts(&theme) {
            for ground in style.bg.map_or_else(|| grounds(name), |own| vec![own]) {
                // Where the terminal's own foreground stands there is nothing to measure.
                let Some(colour) = style.fg else { continue };
                let ratio = contrast(colour, ground);
                assert!(ratio >= 4.5, "{name}: {what} on {ground:?} has {ratio:.2}:1");
            }
        }
    }
}

#[test]
fn curves_stand_out_from_the_ground_and_from_each_other() {
    for name in ["colour-blind", "dark", "light"] {
        let theme = themed(name).unwrap();
        let colours: Vec<Color> = theme.series.iter().filter_map(|s| s.style.fg).collect();
        assert_eq!(colours.len(), SERIES);
        for (i, colour) in colours.iter().enumerate() {
            for ground in grounds(name) {
                let ratio = contrast(*colour, ground);
                assert!(ratio >= 3.0, "{name}: curve {i} on {ground:?} has {ratio:.2}:1");
            }
            for other in &colours[..i] {
                let apart = difference(*colour, *other, FULL_SIGHT);
                assert!(apart > 20.0, "{name}: {colour:?} and {other:?} are {apart:.1} apart");
            }
        }
    }
}

/// A difference of 2.3 is just noticeable; these are small areas far apart.
#[test]
fn the_usual_curves_stay_apart_for_the_colour_blind() {
    let colours: Vec<Color> = Theme::colour().series.iter().filter_map(|s| s.style.fg).collect();
    for (name, matrix) in [("deuteranopia", DEUTERANOPIA), ("protanopia", PROTANOPIA)] {
        for (i, a) in colours.iter().enumerate() {
            for b in &colours[..i] {
                let apart = difference(*a, *b, matrix);
                assert!(apart > 15.0, "{name}: {a:?} and {b:?} are {apart:.1} apart");
            }
        }
    }
    // The matrices do what they are for: red and green of the same lightness meet.
    let (red, green) = (Color::Rgb(200, 90, 60), Color::Rgb(110, 130, 50));
    assert!(difference(red, green, DEUTERANOPIA) < difference(red, green, FULL_SIGHT) / 2.0);
}

#[test]
fn curves_differ_by_more_than_colour() {
    for name in names() {
        let series = themed(name).unwrap().series;
        for i in 0..SERIES {
            for j in 0..i {
                assert_ne!(series[i], series[j], "{name}: {i} and {j}");
            }
        }
    }
    for (i, point) in POINTS.iter().enumerate() {
        assert!(!POINTS[..i].contains(point), "{point} marks two curves");
    }
    // As many as one chart has.
    assert!(POINTS.len() >= 6);
}

#[test]
fn mono_sets_no_colour() {
    let theme = Theme::mono();
    let all = texts(&theme).map(|(_, style)| style).into_iter().chain(theme.series.iter().map(|s| s.style));
    for s in all.chain([theme.border, theme.reference]) {
        assert_eq!((s.fg, s.bg, s.underline_color), (None, None, None));
    }
}

#[test]
fn every_theme_has_a_name_and_a_word() {
    assert!(names().iter().all(|name| themed(name).is_some()));
    assert_eq!(themed("solarised"), None);
    assert!(words().iter().all(|words| !words.is_empty()));
    assert_eq!(Theme::default(), themed(COLOUR_BLIND).unwrap());
}
