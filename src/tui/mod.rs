//! The workbench: a terminal front end. State, update and view apart.
//!
//! [`app::App`] is the whole state; [`update::update`] turns a [`message::Message`] into a new state and effects, without
//! touching the world; `view` draws a state and never changes it; `run` is the loop that carries messages in and effects
//! out. The trainer is seen only through [`crate::train::Session`]. No Candle here, and no ratatui anywhere else.

pub mod adjust;
pub mod app;
pub mod controls;
mod depth;
mod effects;
mod env;
pub mod explain;
pub mod filter;
pub mod graphics;
mod input;
pub mod keymap;
pub mod keys;
pub mod layout;
pub mod lesson;
pub mod log;
mod memory;
pub mod message;
mod palette;
mod prompt;
mod reach;
mod recording;
pub mod requests;
mod run;
pub mod runs;
mod screenshot;
pub mod sight;
mod slider;
mod status;
pub mod svg;
pub mod tabs;
mod term;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod tour;
mod typed;
pub mod ui;
pub mod undo;
pub mod update;
pub mod view;

pub use graphics::{Images, Protocol};
pub use run::{Color, Look, run};
pub use screenshot::screenshot;
pub use tour::Tour;
pub use ui::Ui;
pub use view::{chart::Marker, draw_to_buffer};
