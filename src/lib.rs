//! dim-tui: a terminal workbench for Deep InfoMax. See ARCHITECTURE.md for who may know whom.

pub mod batch;
pub mod config;
pub mod data;
pub mod device;
pub mod doctor;
pub mod eval;
pub mod measure;
pub mod mi;
pub mod model;
pub mod nn;
pub mod plot;
pub mod record;
pub mod report;
pub mod sweep;
pub mod train;
pub mod tui;
