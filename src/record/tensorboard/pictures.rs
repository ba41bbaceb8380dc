//! Pictures for TensorBoard: confusions of the classes, and those that the trainer gives.

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::{
    super::{Picture, ProbeRow},
    proto::{self, Value},
};
use crate::plot;

/// Pixels a side of a cell; with many classes less.
const CELL: usize = 16;
const SMALL_CELL: usize = 8;
const FEW: usize = 16;

/// The picture as a value; `None` if it is none.
pub(super) fn value(picture: &Picture) -> Option<Value> {
    let mut png = Vec::new();
    let encoder = PngEncoder::new(&mut png);
    encoder.write_image(&picture.rgb, picture.width, picture.height, ExtendedColorType::Rgb8).ok()?;
    Some(proto::image(&picture.name, picture.width, picture.height, png))
}

/// The confusion of each layer's probe: a row for each class, a column for each answer, the darker the more of the class.
pub(super) fn confusions(row: &ProbeRow) -> Vec<Picture> {
    let Some(all) = &row.confusion else { return Vec::new() };
    let layers = [("conv", &all.conv), ("fc", &all.fc), ("y", &all.y)];
    layers.into_iter().filter(|(_, counts)| !counts.is_empty()).map(|(layer, counts)| confusion(layer, counts)).collect()
}

fn confusion(layer: &str, counts: &[Vec<u32>]) -> Picture {
    let cell = if counts.len() > FEW { SMALL_CELL } else { CELL };
    let side = counts.len() * cell;
    let mut rgb = Vec::with_capacity(3 * side * side);
    for row in counts {
        let sum = row.iter().sum::<u32>().max(1);
        let line: Vec<u8> = row.iter().flat_map(|&n| plot::ramp(f64::from(n) / f64::from(sum)).repeat(cell)).collect();
        (0..cell).for_each(|_| rgb.extend(&line));
    }
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    Picture { name: format!("confusion/{layer}"), width: side, height: side, rgb }
}
