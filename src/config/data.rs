//! The part of the config tree that says which images, and what is done to those a step trains on.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, EncoderChoice};

/// Which images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// `shapes` (built in), `cifar10`, `cifar100`, `stl10`, `mnist` or `fashion-mnist`; `folder` or `parquet`: images of your
    /// own; `gaussian`: no images, see there.
    pub name: String,
    /// Folder to look in; empty: the hub's cache, then a download.
    pub dir: PathBuf,
    /// Use only the first so many training images (0: all).
    pub train_limit: usize,
    /// Pixels a side that the images of `folder` and `parquet` are scaled to: 32 or 64. Other data sets have a size of their own.
    pub side: usize,
    pub augment: Augment,
}
impl Default for Data {
    fn default() -> Self {
        Self { name: "shapes".into(), dir: PathBuf::new(), train_limit: 0, side: 64, augment: Augment::default() }
    }
}

/// What is done to the images of a training step, drawn anew for each; never to those of probes and held-out estimates.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Shift by up to so many pixels each way (0: off). What comes in from outside is black, or image where more of it is
    /// stored than is seen (`stl10`: 16 pixels on each side, so that 16 is any 64×64 piece of the 96×96).
    pub crop: usize,
    /// Turn left and right around, every second image.
    pub flip: bool,
    /// Brightness, contrast and saturation, each times a factor of 1 ± this (0: off).
    pub colour: f64,
}

impl Augment {
    /// True if it leaves images as they are.
    pub fn is_off(&self) -> bool {
        self.crop == 0 && !self.flip && self.colour <= 0.0
    }
}

/// Size of the images of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// 1: grey, 3: red, green, blue.
    pub channels: usize,
    /// Height and width in pixels.
    pub side: usize,
}

impl Config {
    /// Size of the images that `data.name` has.
    pub fn image_size(&self) -> ImageSize {
        match self.data.name.as_str() {
            "mnist" | "fashion-mnist" => ImageSize { channels: 1, side: 28 },
            "stl10" => ImageSize { channels: 3, side: 64 },
            "folder" | "parquet" => ImageSize { channels: 3, side: self.data.side },
            _ => ImageSize { channels: 3, side: 32 },
        }
    }
}

impl EncoderChoice {
    /// The encoder for images of this size that `auto` means.
    pub fn for_images(size: ImageSize) -> Self {
        match size.side {
            28 => Self::Conv28,
            64 => Self::Conv64,
            _ => Self::Conv32,
        }
    }

    /// Size of the images it takes; `auto` takes any.
    pub fn images(self) -> Option<ImageSize> {
        match self {
            Self::Auto => None,
            Self::Conv28 => Some(ImageSize { channels: 1, side: 28 }),
            Self::Conv32 => Some(ImageSize { channels: 3, side: 32 }),
            Self::Conv64 | Self::Alex64 => Some(ImageSize { channels: 3, side: 64 }),
        }
    }

    /// As it is written in a config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Conv32 => "conv32",
            Self::Conv28 => "conv28",
            Self::Conv64 => "conv64",
            Self::Alex64 => "alex64",
        }
    }
}

impl std::fmt::Display for ImageSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{0}×{0}{1}", self.side, if self.channels == 1 { " grey" } else { "" })
    }
}
