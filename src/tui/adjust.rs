//! One step up or down from a value: choices cycle, numbers climb a ladder of round values.

use toml::Value;

use crate::config::{Config, Key, Range, script_label};

/// The next value of `key` from what `config` says, or `None` at the end of the ladder (and for texts, which are typed).
/// The value is in the key's range; rules between keys are for [`Config::with`]. `scripts` are files that lie at hand.
pub fn step(config: &Config, key: &Key, scripts: &[String], up: bool) -> Option<Value> {
    let now = config.get(key.name)?;
    if key.name.ends_with(".ema") {
        return ema(&now, key.range.names(), up);
    }
    match key.range {
        Range::Bool => Some(Value::Boolean(!now.as_bool()?)),
        Range::Choice(names) => cycle(names, now.as_str()?, up).map(Value::from),
        Range::Device => cycle(key.range.names(), now.as_str()?, up).map(Value::from),
        Range::ChoiceOrFile { names, .. } => {
            let own = scripts.iter().map(String::as_str).filter(|s| !names.contains(s));
            let all: Vec<&str> = names.iter().copied().chain(own).collect();
            // From a script that is none of these to the first or last.
            let label = script_label(now.as_str()?).into_owned();
            cycle(&all, &label, up).or(if up { all.first().copied() } else { all.last().copied() }).map(Value::from)
        }
        Range::OneOf(numbers) => {
            let at = numbers.iter().position(|&n| now.as_integer() == i64::try_from(n).ok())?;
            let next = if up { at.checked_add(1) } else { at.checked_sub(1) };
            numbers.get(next?).and_then(|&n| i64::try_from(n).ok()).map(Value::Integer)
        }
        Range::Int { min, max } => int_step(key.name, u64::try_from(now.as_integer()?).ok()?, min, max, up),
        // The levels of the staircase in the papers.
        Range::Float { max, .. } if key.name == "gaussian.information" => {
            let now = now.as_float()? / 2.0;
            let next = 2.0 * if up { (now + 1e-9).floor() + 1.0 } else { (now - 1e-9).ceil() - 1.0 };
            (0.0..=max).contains(&next).then_some(Value::Float(next))
        }
        Range::Float { min, max } => {
            ladder(now.as_float()?, floor(key.name), min <= 0.0, up).filter(|v| *v <= max).map(Value::Float)
        }
        Range::Positive { max } => ladder(now.as_float()?, floor(key.name), false, up).filter(|v| *v <= max).map(Value::Float),
        Range::FloatOr { min, max, names } => float_or(&now, (floor(key.name), min <= 0.0, max), names, up),
        Range::CountOr { .. } => negatives(config, key.name, &now, up),
        Range::Text => None,
    }
}

fn cycle<'a>(names: &[&'a str], now: &str, up: bool) -> Option<&'a str> {
    let at = names.iter().position(|n| *n == now)?;
    let next = if up { at + 1 } else { at + names.len() - 1 };
    names.get(next % names.len()).copied()
}

/// The smallest value above 0 that the arrows reach.
pub(super) fn floor(key: &str) -> f64 {
    match key {
        "optim.lr" => 1e-7,
        "optim.clip_norm" | "data.augment.colour" => 0.1,
        k if k.ends_with(".clip") => 1.0,
        k if k.ends_with(".tau") => 0.1,
        k if k.ends_with(".weight") => 0.01,
        "optim.steps" | "optim.warmup" | "probe.every" => 10.0,
        "checkpoint.every" | "probe.train" | "probe.test" | "data.train_limit" => 100.0,
        _ => 1.0,
    }
}

/// 1, 2, 5, 10, 20, ...; below `floor` comes 0 where that is allowed.
fn ladder(now: f64, floor: f64, zero: bool, up: bool) -> Option<f64> {
    if up && now < floor * (1.0 - 1e-9) {
        return Some(floor);
    }
    if !up && now <= floor * (1.0 + 1e-9) {
        return (zero && now > 0.0).then_some(0.0);
    }
    let exponent = now.log10().floor();
    if !exponent.is_finite() {
        return None;
    }
    let exponent = exponent as i32;
    // Through text, so that 1·10⁻¹ is the 0.1 that a user would type.
    let rungs =
        (exponent - 1..=exponent + 1).flat_map(|e| [1, 2, 5].map(|m| format!("{m}e{e}").parse::<f64>().unwrap_or(f64::NAN)));
    let mut rungs: Vec<f64> = rungs.collect();
    if !up {
        rungs.reverse();
    }
    rungs.into_iter().find(|v| if up { *v > now * (1.0 + 1e-9) } else { *v < now * (1.0 - 1e-9) })
}

fn int_step(key: &str, now: u64, min: u64, max: u64, up: bool) -> Option<Value> {
    let next = match key {
        "seed" | "run.threads" | "optim.epochs" | "checkpoint.keep" => {
            if up {
                now.checked_add(1)
            } else {
                now.checked_sub(1)
            }
        }
        key if in_powers(key) => power(now, up),
        _ => ladder(now as f64, floor(key), min == 0, up).map(|v| v.round() as u64),
    }?;
    (min..=max).contains(&next).then_some(next).and_then(|v| i64::try_from(v).ok()).map(Value::Integer)
}

/// Settings that the arrows double.
pub fn in_powers(key: &str) -> bool {
    key == "optim.batch" || key.starts_with("encoder.") || key.starts_with("critic.")
}

/// The next power of two.
fn power(now: u64, up: bool) -> Option<u64> {
    if up {
        now.checked_add(1)?.checked_next_power_of_two()
    } else {
        now.checked_sub(1).filter(|n| *n > 0).map(|n| 1 << n.ilog2())
    }
}

/// The name, then 0 if it is allowed, then the ladder.
fn float_or(now: &Value, (floor, zero, max): (f64, bool, f64), names: &[&str], up: bool) -> Option<Value> {
    let name = || names.first().map(|n| Value::from(*n));
    match now.as_float() {
        None => up.then_some(Value::Float(if zero { 0.0 } else { floor })),
        Some(v) => match ladder(v, floor, zero, up).filter(|v| *v <= max) {
            None if !up => name(),
            next => next.map(Value::Float),
        },
    }
}

/// Running means of 1, 2, 10, ... batches.
pub(super) const EMA_RUNGS: [f64; 6] = [0.0, 0.5, 0.9, 0.95, 0.99, 0.999];

/// The name, if there is one, then the running means.
fn ema(now: &Value, names: &[&str], up: bool) -> Option<Value> {
    let Some(v) = now.as_float() else { return up.then_some(Value::Float(EMA_RUNGS[0])) };
    let next = if up { EMA_RUNGS.iter().find(|r| **r > v) } else { EMA_RUNGS.iter().rev().find(|r| **r < v) };
    next.map(|r| Value::Float(*r)).or_else(|| names.first().filter(|_| !up).map(|n| Value::from(*n)))
}

/// 1, 2, 4, ... below the pool, then `all`, then `auto`; from `auto` on from the number it stands for.
fn negatives(config: &Config, key: &str, now: &Value, up: bool) -> Option<Value> {
    let local = key == "objective.local.negatives";
    let (pool, k) =
        if local { (config.local_pool(), config.local_negatives()) } else { (config.global_pool(), config.global_negatives()) };
    match (now.as_str(), up) {
        (Some("all"), true) => return Some("auto".into()),
        (Some("auto"), true) if k >= pool => return None,
        _ => {}
    }
    let mut rungs = (0..40).map(|e| 1_usize << e).take_while(|rung| *rung < pool);
    let next = if up { rungs.find(|rung| *rung > k) } else { rungs.take_while(|rung| *rung < k).last() };
    match next {
        Some(rung) => i64::try_from(rung).ok().map(Value::Integer),
        None => up.then(|| "all".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// Steps a key `n` times and gives what it passes through.
    fn walk(start: Value, key: &str, up: bool, n: usize) -> Vec<Value> {
        let mut config = Config::default().with(&[(key.into(), start)]).unwrap();
        let spec = config::key(key).unwrap();
        let mut seen = Vec::new();
        for _ in 0..n {
            let Some(next) = step(&config, spec, &[], up) else { break };
            config = config.with(&[(key.into(), next.clone())]).unwrap();
            seen.push(next);
        }
        seen
    }

    #[test]
    fn rates_climb_in_round_numbers_without_binary_dust() {
        let up = walk(Value::Float(1e-4), "optim.lr", true, 4);
        assert_eq!(up, [2e-4, 5e-4, 1e-3, 2e-3].map(Value::Float));
        let down = walk(Value::Float(3e-4), "optim.lr", false, 3);
        assert_eq!(down, [2e-4, 1e-4, 5e-5].map(Value::Float));
    }

    #[test]
    fn a_weight_reaches_zero_and_comes_back() {
        assert_eq!(walk(Value::Float(0.02), "objective.local.weight", false, 9), [0.01, 0.0].map(Value::Float));
        assert_eq!(walk(Value::Float(0.0), "objective.local.weight", true, 2), [0.01, 0.02].map(Value::Float));
    }

    #[test]
    fn negatives_double_up_to_the_pool() {
        // Batch 64: the pool is 63 other images.
        let up = walk(Value::Integer(1), "objective.local.negatives", true, 20);
        let mut expected: Vec<Value> = [2, 4, 8, 16, 32].map(Value::Integer).into();
        expected.extend([Value::from("all"), Value::from("auto")]);
        assert_eq!(up, expected);
        for name in ["all", "auto"] {
            assert_eq!(walk(Value::from(name), "objective.local.negatives", false, 1), [Value::Integer(32)]);
        }
    }

    #[test]
    fn every_value_reached_is_valid() {
        for key in config::keys() {
            let config = Config::default();
            for up in [true, false] {
                if let Some(value) = step(&config, key, &[], up) {
                    assert!(key.range.accept(&value).is_some(), "{} → {value}", key.name);
                    assert_ne!(config.get(key.name).as_ref(), Some(&value), "{}", key.name);
                }
            }
        }
    }
}
