//! The workbench: a terminal front end. State, update and view apart.

pub mod svg;
pub mod theme;
pub mod view;
