//! Charts as SVG text that needs nothing else: lines with gaps and error bars, heat maps, bars. Knows numbers and names; no run, no screen.
//!
//! A picture is a [`Panel`]: part of a page ([`Panel::inline`]) or, with others, a file of its own ([`document`]). Colours are fixed
//! attributes, right on white; a page that may be dark overrides them by [`dark_style`].

mod axis;
mod bars;
mod chart;
mod decimate;
mod heat;
mod legend;
mod look;
mod number;
mod panel;

pub use axis::{Axis, Scale};
pub use bars::{Bar, Bars};
pub use chart::{Chart, Line, Mark, Reference};
pub use heat::{Cell, Heat, ramp};
pub use look::{COLOURS, Look, dark_style};
pub use number::{percent, value};
pub use panel::{Panel, document, escaped};
