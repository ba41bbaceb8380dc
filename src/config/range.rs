//! What a single key takes: the kinds of values, their bounds, and how they are said in a sentence.

use std::fmt;

use toml::Value;

use super::{DeviceName, keys::ALIASES};

/// The values a key takes on its own, whatever the other keys say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    Bool,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// One of these names, which may be files too, or the path of a file with this ending. A file among the names may be given
    /// without its ending.
    ChoiceOrFile {
        names: &'static [&'static str],
        ending: &'static str,
    },
    /// A whole number, both ends included.
    Int {
        min: u64,
        max: u64,
    },
    /// One of these whole numbers.
    OneOf(&'static [u64]),
    /// A finite number, both ends included.
    Float {
        min: f64,
        max: f64,
    },
    /// A finite number above 0, `max` included.
    Positive {
        max: f64,
    },
    /// A number as in `Float`, or one of these names.
    FloatOr {
        min: f64,
        max: f64,
        names: &'static [&'static str],
    },
    /// A whole number as in `Int`, or one of these names.
    CountOr {
        min: u64,
        max: u64,
        names: &'static [&'static str],
    },
    /// A device: one of [`DeviceName::NAMES`], or `cuda:N`.
    Device,
    /// Any text: a path.
    Text,
}

/// Numbers at least this large are not worth naming as a bound.
const HUGE: f64 = 1e12;

impl Range {
    /// The value as the schema stores it (whole numbers become floats where a number is wanted, aliases their name),
    /// or `None` if the key does not take it.
    pub fn accept(&self, value: &Value) -> Option<Value> {
        match self {
            Range::Bool => value.as_bool().map(Value::Boolean),
            Range::Text => value.as_str().filter(|s| !s.contains('\0')).map(Value::from),
            Range::Device => value.as_str().filter(|s| s.parse::<DeviceName>().is_ok()).map(Value::from),
            Range::Choice(names) => one_of(names, value),
            Range::ChoiceOrFile { names, ending } => one_of(names, value).or_else(|| file(names, ending, value)),
            Range::Int { min, max } => whole(*min, *max, value),
            Range::OneOf(numbers) => whole(0, u64::MAX, value)
                .filter(|v| v.as_integer().is_some_and(|i| numbers.iter().any(|&n| u64::try_from(i) == Ok(n)))),
            Range::Float { min, max } => number(value).filter(|v| (*min..=*max).contains(v)).map(Value::Float),
            Range::Positive { max } => number(value).filter(|v| *v > 0.0 && v <= max).map(Value::Float),
            Range::FloatOr { min, max, names } => {
                Range::Float { min: *min, max: *max }.accept(value).or_else(|| one_of(names, value))
            }
            Range::CountOr { min, max, names } => whole(*min, *max, value).or_else(|| one_of(names, value)),
        }
    }

    /// The names it takes, if any: for suggestions and completion.
    pub fn names(&self) -> &'static [&'static str] {
        match self {
            Range::Choice(names)
            | Range::ChoiceOrFile { names, .. }
            | Range::FloatOr { names, .. }
            | Range::CountOr { names, .. } => names,
            Range::Bool => &["true", "false"],
            Range::Device => DeviceName::NAMES,
            _ => &[],
        }
    }
}

fn one_of(names: &[&str], value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    // The same estimator under another name.
    let text = ALIASES.iter().find(|(alias, name)| *alias == text && names.contains(name)).map_or(text, |(_, name)| name);
    names.contains(&text).then(|| Value::from(text))
}

fn file(names: &[&str], ending: &str, value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    if let Some(name) = names.iter().find(|name| name.strip_suffix(ending) == Some(text)) {
        return Some(Value::from(*name));
    }
    let stem = text.strip_suffix(ending)?;
    (!stem.is_empty() && !stem.ends_with(['/', '\\']) && !text.contains('\0')).then(|| value.clone())
}

fn whole(min: u64, max: u64, value: &Value) -> Option<Value> {
    let n = u64::try_from(value.as_integer()?).ok()?;
    (min..=max).contains(&n).then(|| value.clone())
}

fn number(value: &Value) -> Option<f64> {
    // Whole numbers are numbers: `weight = 1`. The largest lose their last digits, which no key cares about.
    value.as_float().or_else(|| value.as_integer().map(|i| i as f64)).filter(|v| v.is_finite())
}

/// What would be right, as the end of "… must be …".
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Bool => f.write_str("true or false"),
            Range::Text => f.write_str("a text in quotes"),
            Range::Device => f.write_str("\"auto\", \"cpu\", \"cuda\", \"cuda:N\" or \"metal\""),
            Range::Choice(names) => f.write_str(&listed(names)),
            Range::ChoiceOrFile { names, ending } => {
                let plain: Vec<&str> = names.iter().copied().filter(|n| !n.ends_with(ending)).collect();
                write!(f, "{}, or a script \"NAME{ending}\"", listed(&plain))
            }
            Range::Int { min, max } => write_int(f, *min, *max),
            Range::OneOf(numbers) => {
                let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
                f.write_str(&texts.join(" or "))
            }
            Range::Float { min, max } => write_float(f, *min, *max),
            Range::Positive { .. } => f.write_str("a finite number greater than 0"),
            Range::FloatOr { min, max, names } => {
                write_float(f, *min, *max)?;
                write!(f, ", or {}", listed(names))
            }
            Range::CountOr { min, max, names } => {
                write_int(f, *min, *max)?;
                write!(f, ", or {}", listed(names))
            }
        }
    }
}

fn write_int(f: &mut fmt::Formatter<'_>, min: u64, max: u64) -> fmt::Result {
    if max as f64 >= HUGE {
        write!(f, "a whole number of at least {min}")
    } else {
        write!(f, "a whole number from {min} to {max}")
    }
}

fn write_float(f: &mut fmt::Formatter<'_>, min: f64, max: f64) -> fmt::Result {
    if max >= HUGE { write!(f, "a finite number of at least {min}") } else { write!(f, "a number from {min} to {max}") }
}

/// `"a", "b" or "c"`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
