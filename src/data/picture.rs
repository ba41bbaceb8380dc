//! From an encoded picture (PNG or JPEG) to the bytes of an image.

use image::{DynamicImage, ImageReader, imageops::FilterType};

use crate::config::ImageSize;

/// What happens to a picture of another size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is refused.
    Exact,
    /// Its largest square in the middle is scaled.
    Scale,
}

/// The planes (red, green, blue, or grey) of an encoded picture, row by row. Transparency is dropped.
///
/// # Errors
/// What was found instead of a picture of this size, in a few words.
pub fn planes(encoded: &[u8], size: ImageSize, fit: Fit) -> Result<Vec<u8>, String> {
    let reader = ImageReader::new(std::io::Cursor::new(encoded)).with_guessed_format().map_err(|e| e.to_string())?;
    let picture = reader.decode().map_err(|e| format!("what cannot be read as one ({e})"))?;
    let (width, height) = (picture.width(), picture.height());
    let side = u32::try_from(size.side).map_err(|e| e.to_string())?;
    let grey = size.channels == 1;
    let exact = (width, height) == (side, side);
    if !exact && (fit == Fit::Exact || width == 0 || height == 0) {
        return Err(format!("one of {width}×{height} pixels"));
    }
    let picture = if grey { DynamicImage::ImageLuma8(picture.to_luma8()) } else { DynamicImage::ImageRgb8(picture.to_rgb8()) };
    let picture = if exact { picture } else { scaled(&picture, side) };
    let bytes = if grey { picture.to_luma8().into_raw() } else { picture.to_rgb8().into_raw() };
    let plane = |channel: usize| bytes.iter().skip(channel).step_by(size.channels).copied();
    Ok((0..size.channels).flat_map(plane).collect())
}

/// The largest square in the middle, scaled to `side`, each new pixel a weighted mean over all that it covers.
fn scaled(picture: &DynamicImage, side: u32) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let square = width.min(height);
    let middle = picture.crop_imm((width - square) / 2, (height - square) / 2, square, square);
    middle.resize_exact(side, side, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

    use super::*;

    fn png(width: u32, height: u32, colour: ExtendedColorType, bytes: &[u8]) -> Vec<u8> {
        let mut png = Vec::new();
        PngEncoder::new(&mut png).write_image(bytes, width, height, colour).unwrap();
        png
    }

    const RGB: ImageSize = ImageSize { channels: 3, side: 2 };

    #[test]
    fn pixels_become_planes() {
        let picture = png(2, 2, ExtendedColorType::Rgb8, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(planes(&picture, RGB, Fit::Exact).unwrap(), [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]);
        let grey = png(2, 2, ExtendedColorType::L8, &[5, 6, 7, 8]);
        assert_eq!(planes(&grey, ImageSize { channels: 1, side: 2 }, Fit::Exact).unwrap(), [5, 6, 7, 8]);
        assert_eq!(planes(&grey, RGB, Fit::Exact).unwrap(), [5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8]);
        let clear = png(2, 2, ExtendedColorType::La8, &[5, 0, 6, 255, 7, 9, 8, 8]);
        assert_eq!(planes(&clear, RGB, Fit::Exact).unwrap()[..4], [5, 6, 7, 8]);
    }

    #[test]
    fn the_middle_is_scaled() {
        // 12×4: four columns of 9 on either side, in the middle a dark and a bright half.
        let row: Vec<u8> = [[9; 4], [40, 40, 200, 200], [9; 4]].concat();
        let picture = png(12, 4, ExtendedColorType::L8, &row.repeat(4));
        let found = planes(&picture, ImageSize { channels: 1, side: 2 }, Fit::Scale).unwrap();
        // The triangle reaches a quarter beyond the half, equally on both sides.
        assert!(found[0] == found[2] && found[1] == found[3], "{found:?}");
        assert!((40..75).contains(&found[0]) && i32::from(found[0]) - 40 == 200 - i32::from(found[1]), "{found:?}");
        let tall = png(4, 12, ExtendedColorType::L8, &[9; 48]);
        assert_eq!(planes(&tall, ImageSize { channels: 1, side: 32 }, Fit::Scale).unwrap(), [9; 1024], "and scaled up");
    }

    #[test]
    fn what_is_no_picture_is_told() {
        let picture = png(3, 2, ExtendedColorType::L8, &[1; 6]);
        assert_eq!(planes(&picture, RGB, Fit::Exact).unwrap_err(), "one of 3×2 pixels");
        for wrong in [&b""[..], b"hello, world", &picture[..40]] {
            assert!(planes(wrong, RGB, Fit::Scale).unwrap_err().contains("cannot be read"));
        }
    }
}
