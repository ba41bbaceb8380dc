//! Characters that fonts draw badly or not at all, as shapes: braille, blocks, box drawing and the chart's marks.
//!
//! A shape is SVG path data in a cell of [`W`] × [`H`] units whose top left corner is `x`, `y`; lines are to be stroked,
//! fills filled.

use std::fmt::Write as _;

/// Cell size in user units.
pub const W: i32 = 10;
pub const H: i32 = 20;

/// How path data are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paint {
    Fill,
    /// Zero-length strokes with round caps: the shortest way to write a dot.
    Dots,
    Stroke,
    Heavy,
}

/// The shape of `c`, or `None` for a character that is text.
pub fn shape(c: char, x: i32, y: i32) -> Option<(Paint, String)> {
    match c {
        '\u{2800}'..='\u{28ff}' => Some((Paint::Dots, braille(c as u32 - 0x2800, x, y))),
        '\u{2580}'..='\u{259f}' => block(c, x, y).map(|d| (Paint::Fill, d)),
        '\u{2500}'..='\u{257f}' => line(c, x, y),
        _ => mark(c, x, y).map(|d| (if c == '○' { Paint::Stroke } else { Paint::Fill }, d)),
    }
}

fn braille(bits: u32, x: i32, y: i32) -> String {
    const AT: [(i32, i32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let mut d = String::new();
    for (i, (column, row)) in AT.into_iter().enumerate() {
        if bits >> i & 1 == 1 {
            // Centres evenly spaced through all cells: 5 across, 5 down.
            let _ = write!(d, "M{}.5 {}.5h0", x + 2 + column * 5, y + 2 + row * 5);
        }
    }
    d
}

fn rect(x: i32, y: i32, w: i32, h: i32) -> String {
    format!("M{x} {y}h{w}v{h}h-{w}z")
}

fn block(c: char, x: i32, y: i32) -> Option<String> {
    let quadrants = |set: &[usize]| {
        let at = [(0, 0), (W / 2, 0), (0, H / 2), (W / 2, H / 2)];
        set.iter().map(|&i| rect(x + at[i].0, y + at[i].1, W / 2, H / 2)).collect::<String>()
    };
    let eighths = |n: u32, of: i32| (of as f64 * f64::from(n) / 8.0).round() as i32;
    Some(match c {
        '▀' => rect(x, y, W, H / 2),
        '▁'..='█' => {
            let h = eighths(c as u32 - 0x2580, H);
            rect(x, y + H - h, W, h)
        }
        '▉'..='▏' => rect(x, y, eighths(0x2590 - c as u32, W).max(1), H),
        '▐' => rect(x + W / 2, y, W / 2, H),
        '░' | '▒' | '▓' => shade(c as i32 - 0x2590, x, y),
        '▔' => rect(x, y, W, 3),
        '▕' => rect(x + W - 1, y, 1, H),
        '▖' => quadrants(&[2]),
        '▗' => quadrants(&[3]),
        '▘' => quadrants(&[0]),
        '▙' => quadrants(&[0, 2, 3]),
        '▚' => quadrants(&[0, 3]),
        '▛' => quadrants(&[0, 1, 2]),
        '▜' => quadrants(&[0, 1, 3]),
        '▝' => quadrants(&[1]),
        '▞' => quadrants(&[1, 2]),
        '▟' => quadrants(&[1, 2, 3]),
        _ => return None,
    })
}

/// 1, 2 or 3 quarters of the cell, as horizontal stripes of a 4-unit raster.
fn shade(quarters: i32, x: i32, y: i32) -> String {
    (0..H / 4).map(|i| rect(x, y + 4 * i, W, quarters)).collect()
}

/// Box drawing: arms from the centre, left, right, up, down; 1 light, 2 heavy, 3 double (drawn as two lines).
fn arms(c: char) -> Option<[u8; 4]> {
    Some(match c {
        '─' | '╌' | '┄' | '┈' => [1, 1, 0, 0],
        '━' | '╍' | '┅' | '┉' => [2, 2, 0, 0],
        '│' | '╎' | '┆' | '┊' => [0, 0, 1, 1],
        '┃' | '╏' | '┇' | '┋' => [0, 0, 2, 2],
        '┌' | '╭' => [0, 1, 0, 1],
        '┐' | '╮' => [1, 0, 0, 1],
        '└' | '╰' => [0, 1, 1, 0],
        '┘' | '╯' => [1, 0, 1, 0],
        '┏' => [0, 2, 0, 2],
        '┓' => [2, 0, 0, 2],
        '┗' => [0, 2, 2, 0],
        '┛' => [2, 0, 2, 0],
        '├' => [0, 1, 1, 1],
        '┤' => [1, 0, 1, 1],
        '┬' => [1, 1, 0, 1],
        '┴' => [1, 1, 1, 0],
        '┼' => [1, 1, 1, 1],
        '┣' => [0, 2, 2, 2],
        '┫' => [2, 0, 2, 2],
        '┳' => [2, 2, 0, 2],
        '┻' => [2, 2, 2, 0],
        '╋' => [2, 2, 2, 2],
        '═' => [3, 3, 0, 0],
        '║' => [0, 0, 3, 3],
        '╔' => [0, 3, 0, 3],
        '╗' => [3, 0, 0, 3],
        '╚' => [0, 3, 3, 0],
        '╝' => [3, 0, 3, 0],
        '╠' => [0, 3, 3, 3],
        '╣' => [3, 0, 3, 3],
        '╦' => [3, 3, 0, 3],
        '╩' => [3, 3, 3, 0],
        '╬' => [3, 3, 3, 3],
        '╴' => [1, 0, 0, 0],
        '╵' => [0, 0, 1, 0],
        '╶' => [0, 1, 0, 0],
        '╷' => [0, 0, 0, 1],
        '╸' => [2, 0, 0, 0],
        '╹' => [0, 0, 2, 0],
        '╺' => [0, 2, 0, 0],
        '╻' => [0, 0, 0, 2],
        _ => return None,
    })
}

/// Dashes per cell of the dashed lines.
fn dashes(c: char) -> Option<i32> {
    match c {
        '╌' | '╍' | '╎' | '╏' => Some(2),
        '┄' | '┅' | '┆' | '┇' => Some(3),
        '┈' | '┉' | '┊' | '┋' => Some(4),
        _ => None,
    }
}

fn line(c: char, x: i32, y: i32) -> Option<(Paint, String)> {
    let (mx, my) = (x + W / 2, y + H / 2);
    let rounded = match c {
        '╭' => Some(format!("M{mx} {}V{}Q{mx} {my} {} {my}", y + H, my + 5, x + W)),
        '╮' => Some(format!("M{mx} {}V{}Q{mx} {my} {x} {my}", y + H, my + 5)),
        '╰' => Some(format!("M{mx} {y}V{}Q{mx} {my} {} {my}", my - 5, x + W)),
        '╯' => Some(format!("M{mx} {y}V{}Q{mx} {my} {x} {my}", my - 5)),
        '╱' => Some(format!("M{x} {}L{} {y}", y + H, x + W)),
        '╲' => Some(format!("M{x} {y}L{} {}", x + W, y + H)),
        '╳' => Some(format!("M{x} {}L{} {y}M{x} {y}L{} {}", y + H, x + W, x + W, y + H)),
        _ => None,
    };
    if let Some(d) = rounded {
        return Some((Paint::Stroke, d));
    }
    let [left, right, up, down] = arms(c)?;
    if let Some(n) = dashes(c) {
        let (length, across) = if left > 0 { (W, true) } else { (H, false) };
        let part = f64::from(length) / f64::from(n);
        let dash = |i: i32| {
            let (from, size) = ((f64::from(i) + 0.2) * part, part * 0.6);
            if across {
                format!("M{:.1} {my}h{size:.1}", f64::from(x) + from)
            } else {
                format!("M{mx} {:.1}v{size:.1}", f64::from(y) + from)
            }
        };
        return Some((if left.max(up) == 2 { Paint::Heavy } else { Paint::Stroke }, (0..n).map(dash).collect()));
    }
    let weight = left.max(right).max(up).max(down);
    let mut d = String::new();
    let offsets: &[i32] = if weight == 3 { &[-2, 2] } else { &[0] };
    for &o in offsets {
        // Past the centre by a hair, so that corners close.
        match (left > 0, right > 0) {
            (true, true) => d.push_str(&format!("M{x} {}h{W}", my + o)),
            (true, false) => d.push_str(&format!("M{x} {}H{}", my + o, mx + o.abs())),
            (false, true) => d.push_str(&format!("M{} {}H{}", mx - o.abs(), my + o, x + W)),
            _ => {}
        }
        match (up > 0, down > 0) {
            (true, true) => d.push_str(&format!("M{} {y}v{H}", mx + o)),
            (true, false) => d.push_str(&format!("M{} {y}V{}", mx + o, my + o.abs())),
            (false, true) => d.push_str(&format!("M{} {}V{}", mx + o, my - o.abs(), y + H)),
            _ => {}
        }
    }
    Some((if weight == 2 { Paint::Heavy } else { Paint::Stroke }, d))
}

/// The marks of charts and lists.
fn mark(c: char, x: i32, y: i32) -> Option<String> {
    let (mx, my) = (x + W / 2, y + H / 2);
    let circle = |r: i32| format!("M{} {my}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 -{} 0z", mx - r, 2 * r, 2 * r);
    Some(match c {
        '●' => circle(4),
        '○' => circle(4),
        '•' => circle(2),
        '■' => rect(mx - 4, my - 4, 8, 8),
        '◆' => format!("M{mx} {}l5 5l-5 5l-5-5z", my - 5),
        '▲' => format!("M{mx} {}l5 9h-10z", my - 5),
        '▼' => format!("M{mx} {}l5-9h-10z", my + 5),
        '▶' => format!("M{} {}l9 5l-9 5z", x + 1, my - 5),
        '◀' => format!("M{} {}l-9 5l9 5z", x + 9, my - 5),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_braille_cell_has_as_many_dots_as_bits() {
        for bits in 0..256u32 {
            let (paint, d) = shape(char::from_u32(0x2800 + bits).unwrap(), 30, 40).unwrap();
            assert_eq!(paint, Paint::Dots);
            assert_eq!(d.matches('M').count() as u32, bits.count_ones());
        }
        // Dot 1 is top left, dot 8 bottom right.
        assert_eq!(shape('⠁', 0, 0).unwrap().1, "M2.5 2.5h0");
        assert_eq!(shape('⢀', 0, 0).unwrap().1, "M7.5 17.5h0");
    }

    #[test]
    fn letters_are_text() {
        for c in ['a', '7', ' ', 'é', '…', '→'] {
            assert_eq!(shape(c, 0, 0), None);
        }
        for c in ['─', '╭', '█', '▁', '▌', '●', '┆', '╬', '░'] {
            assert!(shape(c, 0, 0).is_some(), "{c}");
        }
        assert_eq!(shape('█', 0, 0).unwrap().1, "M0 0h10v20h-10z");
        assert_eq!(shape('▌', 0, 0).unwrap().1, "M0 0h5v20h-5z");
        assert_eq!(shape('▄', 0, 0).unwrap().1, "M0 10h10v10h-10z");
    }
}
