//! stub
pub fn render(_b: &ratatui::buffer::Buffer, _t: &str) -> String { String::new() }
