//! `dim-tui estimate`: scores in two files, numbers out.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use dim_tui::mi::{self, Choice, Estimate};

use super::{FAILED, Failure, failure, print};

const ABOUT: &str = "\
Estimates mutual information from the scores a critic gave to P positive pairs (J.npy: [P], or [P, R] where R positives share
their negatives) and to K negative pairs of each (M.npy: [P, K]). Both files hold float32 or float64, and the computation is in
that type. All numbers are in nats. Numbers that are not finite are null in the JSON, with a reason. There, `positives` counts the
joint scores and `negatives` is K.";

#[derive(Debug, Args)]
#[command(long_about = ABOUT)]
pub struct EstimateArgs {
    /// Estimator: dv, jsd, infonce, ..., or a script: FILE.rhai
    #[arg(long, value_name = "NAME|FILE.rhai")]
    estimator: String,
    /// Scores of the positive pairs: .npy, [P] or [P, R]
    #[arg(long, value_name = "FILE")]
    joint: PathBuf,
    /// Scores of the negative pairs: .npy, [P, K]
    #[arg(long, value_name = "FILE")]
    marginal: PathBuf,
    /// Option of the estimator, e.g. tau=5 for smile; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    option: Vec<String>,
    /// Clip the scores to c·tanh(T/c); 0: do not [default: off, but 10 for wasserstein]
    #[arg(long, value_name = "C")]
    clip: Option<f64>,
    /// Write the gradient of the training objective by each score to DIR/joint.npy and DIR/marginal.npy
    #[arg(long, value_name = "DIR")]
    grad: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl EstimateArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        let options = self.option.iter().map(|text| mi::option(text)).collect::<Result<Vec<_>, _>>().map_err(failure)?;
        let choice = Choice::new(&self.estimator, &options).map_err(failure)?;
        let request = mi::Request {
            choice: &choice,
            joint: &self.joint,
            marginal: &self.marginal,
            clip: self.clip,
            grad: self.grad.as_deref(),
        };
        let found = mi::on_big_stack(|| mi::estimate(&request)).map_err(failure)?;
        let text = if self.json {
            serde_json::to_string_pretty(&found).map_err(|e| (FAILED, e.into()))? + "\n"
        } else {
            human(&choice, &found)
        };
        print(&text).map(|()| 0).map_err(|e| (FAILED, e))
    }
}

/// The numbers with what kind of numbers they are.
fn human(choice: &Choice, found: &Estimate) -> String {
    let info = choice.estimator.info();
    let number = |v: Option<f64>| v.map_or("none".into(), |v| format!("{v:.6}"));
    let in_nats = |v: Option<f64>| v.map_or("none".into(), |v| format!("{v:.6} nats"));
    let mut lines = vec![
        ("estimator", format!("{} ({})", choice.label, info.title)),
        ("scores", format!("{} positive, {} negatives for each", found.positives, found.negatives)),
        ("objective", format!("{}   {}", number(found.objective), info.formula)),
        ("estimate", format!("{}   {}", in_nats(found.nats), info.kind)),
    ];
    if let Some(c) = found.clip {
        lines.insert(2, ("clip", format!("scores within ±{c}")));
    }
    if let Some(divergence) = found.divergence {
        lines.push(("divergence", format!("{}   objective + 2 ln 2: twice the Jensen-Shannon divergence", number(divergence))));
    }
    if let Some(nats) = found.nats_guaranteed {
        let what = "plug-in: what such a divergence guarantees, if the critic never saw these pairs";
        lines.push(("guaranteed", format!("{}   {what}", in_nats(nats))));
    }
    lines.push((
        "ceiling",
        match found.ceiling {
            Some(c) => format!("{c:.6} nats   {}", info.ceiling),
            None => info.ceiling.into(),
        },
    ));
    lines.push(("mind", info.caution.into()));
    lines.extend(found.reason.iter().map(|reason| ("missing", reason.clone())));
    lines.into_iter().fold(String::new(), |mut text, (label, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label:<12}{value}");
        text
    })
}
