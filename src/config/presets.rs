//! The paper's three objectives as one change each.

use std::sync::LazyLock;

use toml::Value;

/// A named set of values, ready for [`super::Config::with`].
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    pub name: &'static str,
    pub doc: &'static str,
    /// Dotted key and value. A term of weight 0 is switched off.
    pub edits: Vec<(String, Value)>,
}

/// DIM(G), DIM(L), DIM(L+G) with the weights of Hjelm et al. 2019, §4.
pub fn presets() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
        vec![
            preset("DIM(G)", "global information only: α = 1, β = 0, γ = 1", 1.0, 0.0, 1.0),
            preset("DIM(L)", "local information only: α = 0, β = 1, γ = 0.1", 0.0, 1.0, 0.1),
            preset("DIM(L+G)", "both: α = 0.5, β = 1, γ = 0.1", 0.5, 1.0, 0.1),
        ]
    });
    &PRESETS
}

fn preset(name: &'static str, doc: &'static str, alpha: f64, beta: f64, gamma: f64) -> Preset {
    let terms = [("global", alpha), ("local", beta), ("prior", gamma)];
    let edits = terms.iter().flat_map(|(term, weight)| {
        let mode = if *weight > 0.0 { "train" } else { "off" };
        [(format!("objective.{term}.mode"), Value::from(mode)), (format!("objective.{term}.weight"), Value::from(*weight))]
    });
    Preset { name, doc, edits: edits.collect() }
}
