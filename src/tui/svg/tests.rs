//! The picture is well-formed, says what the screen says and stays small.

use proptest::prelude::*;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::render;

fn buffer(width: u16, height: u16) -> Buffer {
    Buffer::empty(Rect::new(0, 0, width, height))
}

/// Text content of all elements, after checking that the tags nest, attributes are quoted and references are known.
fn parse(xml: &str) -> Result<String, String> {
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), xml);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if before.contains('>') {
            return Err(format!("stray > in {before:?}"));
        }
        text.push_str(&plain(before)?);
        let end = tag.find('>').ok_or("unclosed tag")?;
        let body = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = body.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let (body, alone) = body.strip_suffix('/').map_or((body, false), |b| (b, true));
        let (name, attributes) = body.split_once(' ').unwrap_or((body, ""));
        if !name.chars().all(char::is_alphanumeric) {
            return Err(format!("bad name {name:?}"));
        }
        let parts: Vec<&str> = attributes.split('"').collect();
        let names: Vec<&str> = parts[..parts.len() - 1].iter().step_by(2).map(|n| n.trim()).collect();
        if parts.len().is_multiple_of(2) || !names.iter().all(|n| n.ends_with('=')) || !parts[parts.len() - 1].trim().is_empty() {
            return Err(format!("bad attributes {attributes:?}"));
        }
        if (1..names.len()).any(|i| names[..i].contains(&names[i])) {
            return Err(format!("twice the same attribute: {attributes:?}"));
        }
        if !alone {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(text + rest) } else { Err(format!("left open: {open:?}")) }
}

fn plain(s: &str) -> Result<String, String> {
    let out = s.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let bare = s.replace("&lt;", "").replace("&gt;", "").replace("&quot;", "").replace("&amp;", "");
    if bare.contains('&') || bare.chars().any(|c| c.is_control() && c != '\n') {
        return Err(format!("not XML: {s:?}"));
    }
    Ok(out.replace("&amp;", "&"))
}

#[test]
fn the_text_of_the_screen_is_in_the_picture() {
    let mut b = buffer(40, 3);
    b.set_string(2, 0, "loss <1 & falling>", Style::new().fg(Color::Red));
    b.set_string(2, 1, "Î = 1.25 nats", Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED));
    let svg = render(&b, "run \"a\" <b>");
    let text = parse(&svg).unwrap();
    for s in ["loss <1 & falling>", " = 1.25 nats", "Î", "run \"a\" <b>"] {
        assert!(text.contains(s), "{s} in {text}");
    }
    assert!(svg.contains("font-weight=\"bold\"") && svg.contains("text-decoration=\"underline\""));
    // 18 characters of 10 units, wherever the viewer's font would have put them.
    assert!(svg.contains("<text x=\"20\" y=\"15\" textLength=\"180\""), "{svg}");
}

#[test]
fn dots_blocks_and_lines_are_shapes() {
    let mut b = buffer(20, 2);
    b.set_string(0, 0, "⣿⠁▄█▌ ╭──╮ ●┆", Style::new().fg(Color::Rgb(0x56, 0xb4, 0xe9)));
    let svg = render(&b, "t");
    assert!(svg.is_ascii(), "no glyph is left to a font");
    assert!(svg.contains("stroke=\"#56b4e9\"") && svg.contains("fill=\"#56b4e9\""));
    // Eight dots of the full cell and one of the next.
    assert_eq!(svg.matches(".5h0").count(), 9);
}

#[test]
fn reverse_and_grounds_are_drawn() {
    let mut b = buffer(10, 1);
    b.set_string(0, 0, "ab", Style::new().fg(Color::Rgb(10, 20, 30)).add_modifier(Modifier::REVERSED));
    b.set_string(4, 0, "cd", Style::new().bg(Color::Indexed(196)));
    let svg = render(&b, "t");
    assert!(svg.contains("fill=\"#0a141e\" d=\"M0 0h20v20h-20z\""), "{svg}");
    assert!(svg.contains("fill=\"#f00\" d=\"M40 0h20v20h-20z\""), "{svg}");
}

#[test]
fn wide_characters_keep_their_two_cells() {
    let mut b = buffer(10, 1);
    b.set_string(0, 0, "情報x", Style::new());
    let svg = render(&b, "t");
    for part in ["<text x=\"0\" y=\"15\" textLength=\"20\"", "<text x=\"20\" y=\"15\" textLength=\"20\"", "<text x=\"40\""] {
        assert!(svg.contains(part), "{part} in {svg}");
    }
}

#[test]
fn a_full_screen_of_colours_stays_small() {
    let mut b = buffer(120, 40);
    for (i, cell) in b.content.iter_mut().enumerate() {
        // Half a screen of half-full braille, half of words in changing colours: busier than any real frame.
        if i % 120 < 60 {
            cell.set_char(char::from_u32(0x2800 + (i as u32 * 7919) % 256).unwrap());
        } else {
            cell.set_char(if i % 7 == 0 { ' ' } else { 'x' });
        }
        cell.set_fg(Color::Indexed((i / 7 % 6) as u8));
    }
    let size = render(&b, "t").len();
    assert!(size < 200_000, "{size}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn any_buffer_is_well_formed(
        (width, height) in (0..20u16, 0..6u16),
        words in prop::collection::vec((any::<u16>(), any::<u16>(), ".{0,8}", any::<(u8, u8, u16)>()), 0..12),
        title in ".{0,10}",
    ) {
        let mut b = buffer(width, height);
        for (x, y, s, (fg, bg, m)) in words {
            if width > 0 && height > 0 {
                let style = Style::new().fg(Color::Indexed(fg)).bg(Color::Indexed(bg)).add_modifier(Modifier::from_bits_truncate(m));
                b.set_string(x % width, y % height, s, style);
            }
        }
        let svg = render(&b, &title);
        prop_assert!(parse(&svg).is_ok(), "{:?}\n{}", parse(&svg), svg);
    }
}

#[test]
fn a_line_under_a_word_ends_with_the_word() {
    let mut b = Buffer::empty(Rect::new(0, 0, 12, 1));
    b.set_string(0, 0, "Train", Style::new().add_modifier(Modifier::UNDERLINED));
    b.set_string(8, 0, "Log", Style::new());
    let svg = render(&b, "t");
    assert!(svg.contains("text-decoration=\"underline\">Train</text>"), "{svg}");
    assert!(svg.contains(">Log</text>"), "{svg}");
}
