//! A small picture as plain pixels.

/// Pixels row by row, three bytes each: red, green, blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Equal images in a grid of so many columns, with a line of grey between them. `images`: each plane by plane, row by row, one plane
    /// (grey) or three.
    pub fn grid(name: &str, images: &[u8], [channels, height, width]: [usize; 3], columns: usize) -> Self {
        let size = (channels * height * width).max(1);
        let (count, columns) = (images.len() / size, columns.max(1));
        let (across, down) = (columns.min(count.max(1)), count.div_ceil(columns));
        let (total_width, total_height) = (across * (width + 1) + 1, down * (height + 1) + 1);
        let mut rgb = vec![128; total_width * total_height * 3];
        for (i, image) in images.chunks_exact(size).enumerate() {
            let (left, top) = ((i % columns) * (width + 1) + 1, (i / columns) * (height + 1) + 1);
            for (place, pixel) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).zip(0..height * width) {
                let at = 3 * ((top + place.0) * total_width + left + place.1);
                for channel in 0..3 {
                    rgb[at + channel] = image[(channel % channels) * height * width + pixel];
                }
            }
        }
        let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { name: name.into(), width: side(total_width), height: side(total_height), rgb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_lie_in_their_places() {
        // Three grey images of 1×2 pixels, two to a row.
        let picture = Picture::grid("g", &[1, 2, 3, 4, 5, 6], [1, 1, 2], 2);
        assert_eq!((picture.width, picture.height), (7, 5));
        let at = |x: usize, y: usize| picture.rgb[3 * (7 * y + x)..][..3].to_vec();
        assert_eq!([at(1, 1), at(2, 1), at(4, 1), at(5, 1), at(1, 3), at(2, 3)], [1, 2, 3, 4, 5, 6].map(|v: u8| vec![v; 3]));
        assert_eq!((at(0, 0), at(3, 1), at(4, 3)), (vec![128; 3], vec![128; 3], vec![128; 3]));
        // One pixel in colour: its planes become its three bytes.
        assert_eq!(Picture::grid("c", &[9, 8, 7], [3, 1, 1], 8).rgb[3 * 4..][..3], [9, 8, 7]);
    }
}
