//! Estimators as the command line names them: `dv`, `smile:tau=1`, `infonce,nwj`, `all`, `mine.rhai`.

use std::collections::BTreeMap;

use dim_estimators::{Estimator, Options, Script, names, script, with_options};

use super::Error;

/// One estimator with the options given to it.
pub struct Choice {
    /// Name and options as they were given, e.g. `smile:tau=1`; the estimator's own name even where an alias was given.
    pub label: String,
    /// The options that were given.
    pub options: BTreeMap<String, f64>,
    /// The estimator.
    pub estimator: Box<dyn Estimator>,
}

impl Choice {
    /// The estimator `name` with options set by name: a built-in one, a script that comes with the program, or a file `*.rhai`.
    ///
    /// # Errors
    /// [`Error::Input`] for an unknown name or an option the estimator does not heed; [`Error::Estimator`] for a value out of
    /// range and for a faulty script.
    pub fn new(name: &str, given: &[(String, f64)]) -> Result<Self, Error> {
        let mut options = Options::default();
        let mut kept = BTreeMap::new();
        for (key, value) in given {
            options.set(key, *value)?;
            kept.insert(key.clone(), *value);
        }
        let estimator = find(name, &options)?;
        let info = estimator.info();
        if let Some(key) = kept.keys().find(|key| !info.options.contains(&key.as_str())) {
            return Err(Error::Input(format!("estimator {} has no option '{key}'", info.name)));
        }
        let label = kept.iter().fold(info.name.to_owned(), |label, (key, value)| format!("{label}:{key}={value}"));
        Ok(Self { label, options: kept, estimator })
    }

    /// `NAME` or `NAME:key=value:key=value`.
    ///
    /// # Errors
    /// As [`Self::new`], and [`Error::Input`] where an option is no `key=value`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default().trim();
        let given = parts.map(option).collect::<Result<Vec<_>, _>>()?;
        Self::new(name, &given)
    }

    /// Several, parted by commas; `all` stands for every built-in estimator that gives nats.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`Error::Input`] for one named twice or one without an estimate in nats.
    pub fn list(text: &str) -> Result<Vec<Self>, Error> {
        if text.trim() == "all" {
            let all = names().iter().map(|name| Self::new(name, &[])).collect::<Result<Vec<_>, _>>()?;
            return Ok(all.into_iter().filter(Self::gives_nats).collect());
        }
        let mut chosen: Vec<Self> = Vec::new();
        for part in text.split(',') {
            let choice = Self::parse(part)?;
            if !choice.gives_nats() {
                return Err(Error::Input(format!("estimator {} has no estimate in nats", choice.label)));
            }
            if chosen.iter().any(|c| c.label == choice.label) {
                return Err(Error::Input(format!("estimator {} is named twice", choice.label)));
            }
            chosen.push(choice);
        }
        Ok(chosen)
    }

    /// Its name, without options.
    pub fn name(&self) -> &str {
        self.estimator.info().name
    }

    /// What its critic is trained on: equal for two choices whose training is the same to the bit.
    pub(super) fn training(&self) -> String {
        // smile reads out the critic of jsd, and its τ acts on the read-out only.
        if self.name() == "smile" { "jsd".into() } else { self.label.clone() }
    }

    fn gives_nats(&self) -> bool {
        self.estimator.info().nats_formula != "none"
    }
}

fn find(name: &str, options: &Options) -> Result<Box<dyn Estimator>, Error> {
    if name.ends_with(".rhai") {
        return Ok(Box::new(Script::load(name).map_err(dim_estimators::Error::from)?));
    }
    if let Some((name, text)) = script::shipped().into_iter().find(|(shipped, _)| *shipped == name) {
        return Ok(Box::new(Script::from_source(name, text).map_err(dim_estimators::Error::from)?));
    }
    with_options(name, options).ok_or_else(|| unknown(name))
}

/// Reads `key=number`.
///
/// # Errors
/// [`Error::Input`] if it is none.
pub fn option(text: &str) -> Result<(String, f64), Error> {
    let parts = text.split_once('=').and_then(|(key, value)| Some((key.trim().to_owned(), value.trim().parse().ok()?)));
    parts.ok_or_else(|| Error::Input(format!("option '{text}' should be key=number, e.g. tau=5")))
}

fn unknown(name: &str) -> Error {
    let known = names();
    let near = known.iter().map(|k| (strsim::damerau_levenshtein(k, name), k)).min();
    let hint = match near {
        Some((distance, k)) if distance <= 2 => format!(", did you mean '{k}'?"),
        _ => format!("; there are {}", known.join(", ")),
    };
    Error::Input(format!("unknown estimator '{name}'{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Choice::list(text).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_list_keeps_names_and_options() {
        let labels: Vec<_> = Choice::list("kl, smile:tau=1,smile:tau=5").unwrap().into_iter().map(|c| c.label).collect();
        assert_eq!(labels, ["nwj", "smile:tau=1", "smile:tau=5"]);
        let all = Choice::list("all").unwrap();
        assert!(all.len() == names().len() - 1 && all.iter().all(|c| c.name() != "wasserstein"));
    }

    #[test]
    fn a_script_is_taken_by_name_or_from_a_file() {
        assert_eq!(Choice::parse("robust-dv").unwrap().name(), "robust-dv");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mine-own.rhai");
        std::fs::write(&path, "fn objective(joint, marginal) { mean(joint) - log_mean_exp(marginal) }").unwrap();
        let path = path.to_str().unwrap().to_owned();
        let own = Choice::new(&path, &[]).unwrap();
        assert_eq!(own.name(), "mine-own");
        assert!(refusal(&path).contains("has no estimate in nats"), "it has no fn nats");
        std::fs::write(&path, "fn objective(joint, marginal) { mean(joint) + }").unwrap();
        assert!(refusal(&path).contains("mine-own.rhai:1:"), "{}", refusal(&path));
        assert!(refusal("not-there.rhai").contains("not-there.rhai"));
        let taken = dir.path().join("gan.rhai");
        std::fs::write(&taken, "fn objective(joint, marginal) { mean(joint) - log_mean_exp(marginal) }").unwrap();
        assert!(refusal(taken.to_str().unwrap()).contains("give the script a name of its own"));
    }

    #[test]
    fn what_trains_alike_is_trained_once() {
        let training = |text| Choice::parse(text).unwrap().training();
        assert_eq!(training("smile:tau=1"), training("jsd"));
        assert_eq!(training("gan"), training("smile"));
        assert_ne!(training("mine:ema=0.9"), training("mine"));
        assert_ne!(training("dv"), training("mine"));
    }

    #[test]
    fn a_refusal_says_what_would_be_right() {
        assert_eq!(refusal("infonse"), "unknown estimator 'infonse', did you mean 'infonce'?");
        assert!(refusal("club").starts_with("unknown estimator 'club'; there are dv, mine, jsd"));
        assert_eq!(refusal("dv:tau=1"), "estimator dv has no option 'tau'");
        assert_eq!(refusal("smile:tau=0"), "option tau must be a finite number above 0, not 0");
        assert_eq!(refusal("smile:tau"), "option 'tau' should be key=number, e.g. tau=5");
        assert_eq!(refusal("dv,dv"), "estimator dv is named twice");
        assert_eq!(refusal("wasserstein"), "estimator wasserstein has no estimate in nats");
    }
}
