//! The selected number as a place on a line: where its value in force, the one asked for and the default lie between the values that
//! are used in practice, and which value a place stands for. Logarithmic, but for what is a share or counted in nats.

use ratatui::layout::Rect;
use toml::Value;

use super::{
    adjust::{EMA_RUNGS, floor, in_powers},
    app::App,
    controls::{CONTROLS, number},
};
use crate::config::{self, Config, Range};

/// Columns of the track below which a slider says nothing.
const LEAST: u16 = 8;

/// What the places stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// From 0.
    Linear,
    /// `zero`: the first place is 0.
    Log { zero: bool },
    /// The running means that the arrows step through.
    Means,
}

/// The slider of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Slider {
    pub key: &'static str,
    scale: Scale,
    low: f64,
    high: f64,
    range: Range,
    /// The value in force.
    pub now: Option<f64>,
    /// The one that has been asked for or waits for a new run, if it differs.
    pub next: Option<f64>,
    pub default: Option<f64>,
}

impl Slider {
    /// Of the selected setting, if that is a number.
    pub fn of(app: &App) -> Option<Self> {
        let key = CONTROLS[app.picked()?].key;
        let config = &app.live.config;
        let (scale, low, high) = ends(config, key)?;
        let range = config::key(key)?.range;
        let value = |config: &Config| config.get(key).and_then(|v| as_number(config, key, &v));
        let next = app.requests.wanted(key).or_else(|| app.next_run.get(key));
        let now = value(config);
        let next = next.and_then(|v| as_number(&app.next_config(), key, v)).filter(|v| Some(*v) != now);
        let default = value(&Config::default());
        // Nothing that is in force lies beyond the ends.
        let all = [now, next, default].into_iter().flatten().filter(|v| *v > 0.0);
        let (low, high) = all.fold((low, high), |(low, high), v| (low.min(v), high.max(v)));
        Some(Self { key, scale, low, high, range, now, next, default })
    }

    /// The texts at its two ends.
    pub fn labels(&self) -> (String, String) {
        let low = if self.scale == (Scale::Log { zero: false }) { number(self.low) } else { "0".into() };
        (low, number(self.high))
    }

    /// Where its track lies in the foot of the settings.
    pub fn track(&self, foot: Rect) -> Option<Rect> {
        let (low, high) = self.labels();
        let (left, right) = (low.len() as u16 + 1, high.len() as u16 + 1);
        let columns = foot.width.checked_sub(left + right).filter(|columns| *columns >= LEAST && foot.height > 1)?;
        Some(Rect { x: foot.x + left, y: foot.bottom() - 1, width: columns, height: 1 })
    }

    /// The column of a value on a track of so many.
    pub fn column(&self, value: f64, columns: u16) -> u16 {
        let last = f64::from(columns.saturating_sub(1));
        let place = match self.scale {
            Scale::Linear => value / self.high * last,
            Scale::Log { zero: true } if value <= 0.0 => 0.0,
            Scale::Log { zero } => {
                let first = f64::from(u8::from(zero));
                first + (value / self.low).ln() / (self.high / self.low).ln() * (last - first)
            }
            Scale::Means => place_among(&EMA_RUNGS, value) * last,
        };
        if place.is_finite() { place.round().clamp(0.0, last) as u16 } else { 0 }
    }

    /// The round value that lies nearest to a column.
    pub fn value(&self, column: u16, columns: u16) -> Option<Value> {
        let last = f64::from(columns.saturating_sub(1).max(1));
        let share = (f64::from(column) / last).clamp(0.0, 1.0);
        let value = match self.scale {
            Scale::Linear => (share * self.high).round(),
            Scale::Log { zero: true } if column == 0 => 0.0,
            // The ends are values of their own.
            Scale::Log { .. } if share >= 1.0 => self.high,
            Scale::Log { zero } => {
                let first = f64::from(u8::from(zero));
                let share = ((f64::from(column) - first) / (last - first).max(1.0)).clamp(0.0, 1.0);
                let exact = self.low * (self.high / self.low).powf(share);
                self.rung(exact).clamp(self.low, self.high)
            }
            Scale::Means => EMA_RUNGS[(share * (EMA_RUNGS.len() - 1) as f64).round() as usize],
        };
        let whole = || Value::Integer(value.round() as i64);
        let value = match self.range {
            Range::Int { .. } | Range::OneOf(_) | Range::CountOr { .. } => whole(),
            // Through text, so that it is the number that a user would type.
            _ => Value::Float(format!("{value:e}").parse().ok()?),
        };
        self.range.accept(&value)
    }

    /// The nearest of the values that the arrows pass.
    fn rung(&self, exact: f64) -> f64 {
        let nearest = |all: &[f64]| {
            let off = |v: &f64| (v / exact).ln().abs();
            all.iter().copied().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(exact)
        };
        match self.range {
            Range::OneOf(numbers) => nearest(&numbers.iter().map(|n| *n as f64).collect::<Vec<_>>()),
            Range::CountOr { .. } => exact.log2().round().exp2(),
            _ if in_powers(self.key) => exact.log2().round().exp2(),
            _ => {
                let e = exact.log10().floor() as i32;
                nearest(&[1, 2, 5, 10].map(|m| format!("{m}e{e}").parse().unwrap_or(exact)))
            }
        }
    }
}

/// Where a value lies in a list that rises, as a share of its length.
fn place_among(all: &[f64], value: f64) -> f64 {
    let above = all.partition_point(|v| *v <= value);
    let below = above.saturating_sub(1);
    let within = match (all.get(below), all.get(above)) {
        (Some(a), Some(b)) => (value - a) / (b - a),
        _ => 0.0,
    };
    (below as f64 + within) / (all.len() - 1) as f64
}

/// A number, or the one that a name stands for.
fn as_number(config: &Config, key: &str, value: &Value) -> Option<f64> {
    match (value.as_str(), key) {
        (Some("all"), "objective.local.negatives") => Some(config.local_pool() as f64),
        (Some("all"), "objective.global.negatives") => Some(config.global_pool() as f64),
        (Some(_), "objective.local.negatives") => Some(config.local_negatives() as f64),
        (Some(_), "objective.global.negatives") => Some(config.global_negatives() as f64),
        _ => value.as_float().or_else(|| value.as_integer().map(|i| i as f64)),
    }
}

/// The scale of a setting and its ends; `None` for what is no quantity.
fn ends(config: &Config, key: &'static str) -> Option<(Scale, f64, f64)> {
    let (min, max) = match config::key(key)?.range {
        _ if key == "seed" => return None,
        _ if key == "gaussian.information" => return Some((Scale::Linear, 0.0, 20.0)),
        _ if key.ends_with(".ema") => return Some((Scale::Means, 0.0, EMA_RUNGS[EMA_RUNGS.len() - 1])),
        Range::Int { min, max } => (min as f64, max as f64),
        Range::OneOf(numbers) => {
            return Some((Scale::Log { zero: false }, *numbers.first()? as f64, *numbers.last()? as f64)).filter(|e| e.1 < e.2);
        }
        Range::Float { min, max } | Range::FloatOr { min, max, .. } => (min, max),
        Range::Positive { max } => (f64::MIN_POSITIVE, max),
        Range::CountOr { min, .. } => {
            let pool = if key == "objective.local.negatives" { config.local_pool() } else { config.global_pool() };
            return Some((Scale::Log { zero: false }, min as f64, pool as f64)).filter(|e| e.1 < e.2);
        }
        Range::Bool | Range::Choice(_) | Range::ChoiceOrFile { .. } | Range::Device | Range::Text => return None,
    };
    let low = floor(key).max(min);
    let high = usual(key).min(max);
    (low < high).then_some((Scale::Log { zero: min <= 0.0 }, low, high))
}

/// The largest value that anybody is likely to want.
fn usual(key: &str) -> f64 {
    match key {
        "optim.lr" => 1.0,
        "checkpoint.keep" | "run.threads" | "data.augment.crop" => 64.0,
        "data.augment.colour" => 2.0,
        "optim.steps" => 1e7,
        "optim.epochs" | "optim.warmup" | "metrics.every" => 1e4,
        "optim.batch" | "gaussian.dimension" => 4096.0,
        k if in_powers(k) => 4096.0,
        k if k.ends_with(".weight") || k.ends_with(".tau") => 100.0,
        k if k.ends_with("clip") || k.ends_with("clip_norm") => 1000.0,
        _ => 1e5,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        train::Session,
        tui::{controls::index_of, theme::Theme},
    };

    fn slider(key: &str, edits: &[(&str, Value)]) -> Option<Slider> {
        let edits: Vec<_> = edits.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let config = Config::default().with(&edits).unwrap();
        let (session, _link) = Session::pair(&config);
        let mut app = App::new(Theme::colour(), Arc::clone(&session.snapshot.load()), session.history.clone(), None);
        app.selected = index_of(key).unwrap();
        Slider::of(&app)
    }

    #[test]
    fn every_number_has_one_and_every_place_on_it_is_a_value_it_takes() {
        let mut numbers = 0;
        for control in CONTROLS {
            let Some(slider) = slider(control.key, &[]) else { continue };
            numbers += 1;
            for column in 0..30 {
                let value = slider.value(column, 30).unwrap_or_else(|| panic!("{} at {column}", control.key));
                assert!(config::key(control.key).unwrap().range.accept(&value).is_some(), "{} = {value}", control.key);
            }
            if let Some(now) = slider.now {
                assert!(slider.column(now, 30) < 30);
            }
        }
        assert!(numbers > 30, "{numbers}");
        for text in ["objective.estimator", "data.dir", "seed", "data.augment.flip"] {
            assert_eq!(slider(text, &[]), None, "{text}");
        }
    }

    #[test]
    fn places_rise_with_the_values_and_a_value_is_found_where_it_lies() {
        let lr = slider("optim.lr", &[]).unwrap();
        let columns: Vec<u16> = [1e-7, 1e-5, 1e-3, 0.1, 1.0].map(|v| lr.column(v, 29)).into();
        assert_eq!(columns, [0, 8, 16, 24, 28]);
        for (column, value) in [(0, 1e-7), (8, 1e-5), (24, 0.1), (28, 1.0)] {
            assert_eq!(lr.value(column, 29), Some(Value::Float(value)));
        }
        let weight = slider("objective.local.weight", &[]).unwrap();
        assert_eq!(weight.labels(), ("0".into(), "100".into()));
        assert_eq!(weight.value(0, 30), Some(Value::Float(0.0)));
        assert_eq!((weight.column(0.0, 30), weight.column(0.01, 30)), (0, 1));
    }

    #[test]
    fn what_is_in_force_never_lies_beyond_its_ends() {
        let far = slider("optim.lr", &[("optim.lr", 50.0.into())]).unwrap();
        assert_eq!(far.labels().1, "50");
        assert_eq!(far.column(50.0, 30), 29);
        let k = slider("objective.local.negatives", &[]).unwrap();
        assert_eq!(k.labels(), ("1".into(), "63".into()));
        assert_eq!(k.now, Some(63.0), "auto is the number that it stands for");
        assert_eq!(k.value(29, 30), Some(Value::Integer(63)));
    }
}
