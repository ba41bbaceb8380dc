//! The training thread.

use super::session::{Link, Options};
use crate::config::Config;

pub fn run(config: Config, options: Options, link: Link) {
    let _ = (config, options, link);
}
