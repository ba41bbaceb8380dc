//! Inline images of iTerm2, which WezTerm and others show too (<https://iterm2.com/documentation-images.html>): a PNG in an
//! escape sequence, scaled by the terminal to so many cells. It lies in the cells, and goes when they are drawn anew.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::{Format, Picture};

pub struct Iterm2;

impl Format for Iterm2 {
    fn show(&mut self, picture: &Picture, _place: u32, out: &mut Vec<u8>) {
        let mut png = Vec::new();
        let size = [picture.width, picture.height].map(|n| u32::try_from(n).unwrap_or(0));
        // Into memory it only fails if the sizes do not fit the pixels; then the half blocks stay.
        if PngEncoder::new(&mut png).write_image(&picture.rgb, size[0], size[1], ExtendedColorType::Rgb8).is_err() {
            return;
        }
        let (columns, rows) = (picture.area.width, picture.area.height);
        let head = format!(
            "\x1b]1337;File=inline=1;size={};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1:",
            png.len()
        );
        out.extend([head.as_bytes(), STANDARD.encode(&png).as_bytes(), b"\x07"].concat());
    }
}
