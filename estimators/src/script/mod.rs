//! Estimators written as rhai scripts: a file with `fn objective(joint, marginal)` is an estimator beside the built-in ones.
//!
//! A script sees the scores and nothing else, in a sandbox with counted limits ([`limits`]). Gradients come from Candle's autograd
//! through the helpers ([`HELPERS`]) it used. How to write one: `scripts/README.md`.

mod engine;
mod error;
mod explain;
mod helpers;
pub mod limits;
mod operators;
mod program;
mod text;
mod trial;
mod value;

use std::{fmt, io::Read, path::Path, sync::Arc};

use candle_core::Tensor;

pub use error::{Fault, Place, ScriptError};
pub use helpers::{HELPERS, Helper, helper_table};
use program::{LOG_RATIO, NATS, OBJECTIVE, Outcome, Program};
use value::{Memo, Purpose};

use crate::{Estimator, Info, Kind, Link, Reading, Result, Scores, by_name};

/// A script that has passed its trial. Clones share it.
#[derive(Clone)]
pub struct Script(Arc<Inner>);

struct Inner {
    name: String,
    source: String,
    hash: String,
    title: String,
    formula: String,
    nats_formula: String,
    log_ratio: String,
    kind: Kind,
    /// `SOURCE`, `WHEN` and `CAUTION` of the file.
    said: [String; 3],
    program: Program,
}

/// The scripts that come with the crate: name and text.
pub const fn shipped() -> [(&'static str, &'static str); 4] {
    [
        ("dv-copy", include_str!("../../scripts/dv-copy.rhai")),
        ("alpha-infonce", include_str!("../../scripts/alpha-infonce.rhai")),
        ("tempered-jsd", include_str!("../../scripts/tempered-jsd.rhai")),
        ("robust-dv", include_str!("../../scripts/robust-dv.rhai")),
    ]
}

impl Script {
    /// A script of this name (without `.rhai`) from its text, after a trial on small scores.
    ///
    /// # Errors
    /// What is wrong with it, and where, as in `name.rhai:3:12: ...`.
    pub fn from_source(name: &str, source: &str) -> std::result::Result<Self, ScriptError> {
        Self::new(name, &format!("{name}.rhai"), source)
    }

    /// A script from a file, named after it; see [`Self::from_source`].
    ///
    /// # Errors
    /// [`Fault::Read`], and what is wrong with it; messages name the file by its file name.
    pub fn load(path: impl AsRef<Path>) -> std::result::Result<Self, ScriptError> {
        let path = path.as_ref();
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let (file, name) = (part(path.file_name()), part(path.file_stem()));
        let source = text_of(path).map_err(|e| Fault::Read(e.to_string()).at(&file, None))?;
        Self::new(&name, &file, &source)
    }

    fn new(name: &str, file: &str, source: &str) -> std::result::Result<Self, ScriptError> {
        if by_name(name).is_some() {
            return Err(Fault::NameTaken(name.to_string()).at(file, None));
        }
        let program = Program::compile(file, source)?;
        trial::run(&program)?;
        let said = |constant: &'static str| text_constant(&program, constant).map_err(|fault| fault.at(file, None));
        let title = said("TITLE")?.or_else(|| program.text.title()).unwrap_or_else(|| name.to_string());
        let kind = kind(said("KIND")?.as_deref()).map_err(|fault| fault.at(file, None))?;
        let other = |constant| said(constant).map(Option::unwrap_or_default);
        let formula = |function: &str| program.text.formula(function).map(|f| with_constants(&program, f));
        Ok(Self(Arc::new(Inner {
            name: name.to_string(),
            source: source.to_string(),
            hash: hash(source),
            title,
            formula: formula(OBJECTIVE).unwrap_or_default(),
            nats_formula: formula(NATS).unwrap_or_else(|| "none".into()),
            log_ratio: formula(LOG_RATIO).unwrap_or_else(|| "none".into()),
            kind,
            said: [other("SOURCE")?, other("WHEN")?, other("CAUTION")?],
            program,
        })))
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The text it was made from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Eight hexadecimal digits that change with the text, the same on every machine (FNV-1a).
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// The name under which a run keeps a copy: `NAME-HASH.rhai`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.rhai", self.0.name, self.0.hash)
    }

    fn objective_of(&self, purpose: Purpose, scores: &Scores, memo: &Memo) -> Result<Tensor> {
        let program = &self.0.program;
        match program.call(OBJECTIVE, purpose, scores, memo)? {
            Outcome::Tensor(t) => {
                trial::scalar(program, OBJECTIVE, &t)?;
                Ok(t)
            }
            other => Err(trial::not_a_number(program, OBJECTIVE, &other).into()),
        }
    }

    fn nats_of(&self, scores: &Scores, memo: &Memo) -> Result<Option<Tensor>> {
        let program = &self.0.program;
        if !program.has(NATS) {
            return Ok(None);
        }
        match program.call(NATS, Purpose::ReadOut, scores, memo)? {
            Outcome::Tensor(t) => {
                trial::scalar(program, NATS, &t)?;
                Ok(Some(t.detach()))
            }
            Outcome::Number(v) => Ok(Some(Tensor::new(v, scores.joint.device())?.to_dtype(scores.joint.dtype())?)),
            other => Err(trial::not_a_number(program, NATS, &other).into()),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("name", &self.0.name).field("hash", &self.0.hash).finish_non_exhaustive()
    }
}

impl Estimator for Script {
    fn info(&self) -> Info<'_> {
        let [source, when, caution] = &self.0.said;
        Info {
            name: &self.0.name,
            aliases: &[],
            title: &self.0.title,
            formula: &self.0.formula,
            nats_formula: &self.0.nats_formula,
            kind: self.0.kind,
            ceiling: "what the file says",
            log_ratio: &self.0.log_ratio,
            optimal_critic: "what the file says",
            source: if source.is_empty() { "a script" } else { source },
            options: &[],
            when: if when.is_empty() { "What the file says." } else { when },
            caution: if caution.is_empty() { "What the file says: a script is taken at its word." } else { caution },
        }
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        self.objective_of(Purpose::Objective, scores, &Memo::default())
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        self.nats_of(&scores.detach(), &Memo::default())
    }

    /// `nats` finds what `objective` has computed of the same scores.
    fn read(&self, scores: &Scores) -> Result<Reading> {
        let memo = Memo::default();
        let purpose = if self.0.program.has(NATS) { Purpose::ObjectiveOfReading } else { Purpose::Objective };
        Ok(Reading { objective: self.objective_of(purpose, scores, &memo)?, nats: self.nats_of(scores, &memo)? })
    }

    fn ceiling(&self, _k: usize, _clip: Option<f64>) -> Option<f64> {
        None
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        let program = &self.0.program;
        if !program.has(LOG_RATIO) {
            return Ok(None);
        }
        let (scores, memo) = (scores.detach(), Memo::default());
        let of = |of_joint, like| trial::shape_of_ratio(program, program.ratio(of_joint, &scores, &memo)?, like);
        Ok(Some(Scores { joint: of(true, &scores.joint)?, marginal: of(false, &scores.marginal)? }))
    }

    fn link(&self) -> Option<Link> {
        None
    }
}

/// The text of a file, but not of one without end: one byte more than the largest script can have is enough to be refused.
fn text_of(path: &Path) -> std::io::Result<String> {
    let most = 4 * limits::SOURCE as u64 + 1;
    let mut source = String::new();
    std::fs::File::open(path)?.take(most).read_to_string(&mut source)?;
    Ok(source)
}

/// The text of a constant such as `const SOURCE = "..."`.
fn text_constant(program: &Program, name: &'static str) -> std::result::Result<Option<String>, Fault> {
    let Some(value) = program.constants.get(name) else { return Ok(None) };
    let text = value.clone().into_string();
    text.map(Some).map_err(|found| Fault::Constant { name, wanted: "a string", found: found.to_string() })
}

fn kind(said: Option<&str>) -> std::result::Result<Kind, Fault> {
    match said {
        None | Some("surrogate") => Ok(Kind::Surrogate),
        Some("lower-bound") => Ok(Kind::LowerBound),
        Some("divergence") => Ok(Kind::Divergence),
        Some("contrastive") => Ok(Kind::Contrastive),
        Some(found) => Err(Fault::Constant {
            name: "KIND",
            wanted: "\"surrogate\", \"lower-bound\", \"divergence\" or \"contrastive\"",
            found: format!("\"{found}\""),
        }),
    }
}

/// The formula with the numbers of the file's constants, where it names any.
fn with_constants(program: &Program, formula: String) -> String {
    let names = formula.split(|c: char| !c.is_alphanumeric() && c != '_').collect::<std::collections::BTreeSet<_>>();
    let numbers =
        program.constants.iter().filter(|(name, value)| names.contains(name.as_str()) && (value.is_int() || value.is_float()));
    let said: Vec<String> = numbers.map(|(name, value)| format!("{name} = {value}")).collect();
    if said.is_empty() { formula } else { format!("{formula}, {}", said.join(", ")) }
}

/// FNV-1a of 64 bits, folded to 32: to tell versions of a file apart, not to guard against anyone.
fn hash(source: &str) -> String {
    let long = source.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{:08x}", (long ^ (long >> 32)) as u32)
}
