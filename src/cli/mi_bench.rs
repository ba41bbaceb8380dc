//! `dim-tui mi-bench`: estimators against distributions whose information is known, or against themselves on images.

use std::{fmt::Write, fs, path::PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use dim_tui::mi::{self, Bench, Case, Choice, Course};

use super::{
    DIVERGED, FAILED, Failure,
    consistency::{Common, ImageArgs},
    failure,
    mutual::{Critic, bar},
    print, room_for, threads,
};

const ABOUT: &str = "\
Trains critics on pairs whose mutual information is known, up a staircase of levels, and compares the estimates with the truth.

Cases: gaussian (d independent correlated pairs, I = -(d/2) ln(1 - rho^2)), cubic (the same, y cubed), bivariate (d = 1), student-t
(a bivariate Student t, through asinh; its information is that of the bivariate Gaussian plus a correction, 0.22417 nats with one
degree of freedom). One critic is carried from level to level; batches are fresh draws; Adam with rate 5e-4. Bias and variance are
those of the estimates of the last 500 training batches of a level (or its second half, if that is shorter), averaged over seeds; RMSE
is the root of the mean squared distance from the truth. se is the standard error of the bias over seeds.

With --consistency: images, whose information is not known, and their first t rows Y_t (the rest 0), with the ratios of Song & Ermon
2020: I(X;Y_t) / I(X;X) should rise from 0 to 1 with t; [X,X] and [Y_t,Y_(t-3)] share what X and Y_t share (ratio 1); two independent
images share twice as much with their rows (ratio 2). Each information has a critic of its own, trained on the training split, kept
at its best on pairs of it set aside, and asked about up to 1,024 pairs of the test split, in batches of --batch with one estimate
over all: nothing learnt by heart counts. A ratio is taken seed by seed and averaged; se is over seeds. It is missing where the
estimate below it is not above 0. No bound guarantees these ratios. Where an estimate nears its ceiling, ln(K+1) = ln(batch) for
infonce, they are near 1 for that reason alone; where I(X;Y_t) is near 0 they are quotients of noise.";

/// Steps at each level, and of each training with --consistency.
const STEPS: u64 = 4000;
const IMAGE_STEPS: u64 = 200;

#[derive(Debug, Args)]
#[command(long_about = ABOUT)]
pub struct MiBenchArgs {
    /// Estimators, parted by commas, with options as in smile:tau=1; all: each that gives nats
    #[arg(long, value_name = "NAMES", default_value = "infonce,nwj,dv,smile:tau=1,smile:tau=5")]
    estimators: String,
    /// How x and y meet in the critic
    #[arg(long, value_enum, default_value_t = Critic::Separable)]
    critic: Critic,
    /// Distribution of the pairs [default: gaussian]
    #[arg(long, value_enum)]
    case: Option<CaseName>,
    /// True information of each level, nats [default: 2,4,6,8,10; bivariate and student-t: 0.5,1,1.5,2,2.5]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    levels: Vec<f64>,
    /// Numbers a side [default: 20; bivariate and student-t have one]
    #[arg(long, value_name = "D")]
    dim: Option<usize>,
    /// Degrees of freedom of student-t [default: 1]
    #[arg(long, value_name = "NU", value_parser = clap::value_parser!(u32).range(1..=1000))]
    freedom: Option<u32>,
    /// Steps at each level [default: 4000], or of each critic with --consistency [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Pairs in a batch, 2 to 4096
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch: usize,
    /// The first seed of initial values and draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Number of seeds from there on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// CPU threads, 1024 at most; 0: one per physical core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads)]
    pub threads: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Draw estimates and truth over the steps
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    images: ImageArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CaseName {
    Gaussian,
    Cubic,
    Bivariate,
    StudentT,
}

impl MiBenchArgs {
    pub fn run(&self) -> Result<i32, Failure> {
        self.check_mode().map_err(failure)?;
        let choices = Choice::list(&self.estimators).map_err(failure)?;
        if self.images.consistency {
            return self.images.run(Common {
                choices,
                critic: self.critic.into(),
                steps: self.steps.unwrap_or(IMAGE_STEPS),
                batch: self.batch,
                seed: self.seed,
                seeds: self.seeds,
                json: self.json,
            });
        }
        let course = self.course().map_err(failure)?;
        self.svg.as_deref().map_or(Ok(()), room_for)?;
        let steps = course.steps.saturating_mul(course.levels.len() as u64).saturating_mul(course.seeds);
        let bar = bar(steps.saturating_mul(mi::trainings(&choices) as u64));
        let found = mi::on_big_stack(|| mi::bench(&course, &choices, &mut || bar.inc(1)));
        bar.finish_and_clear();
        let found = found.map_err(failure)?;
        if let Some(path) = &self.svg {
            let written = fs::write(path, mi::chart(&found, &course.levels));
            written.with_context(|| format!("cannot write {}", path.display())).map_err(|e| (FAILED, e))?;
        }
        let text =
            if self.json { serde_json::to_string_pretty(&found).map_err(|e| (FAILED, e.into()))? + "\n" } else { human(&found) };
        print(&text).map_err(|e| (FAILED, e))?;
        Ok(if found.rows.iter().all(|row| row.bias.is_none()) { DIVERGED } else { 0 })
    }

    /// Refuses flags of the mode that was not asked for.
    fn check_mode(&self) -> Result<(), mi::Error> {
        let of_known = [
            ("--case", self.case.is_some()),
            ("--levels", !self.levels.is_empty()),
            ("--dim", self.dim.is_some()),
            ("--freedom", self.freedom.is_some()),
            ("--svg", self.svg.is_some()),
        ];
        let of_known = of_known.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag);
        match (self.images.consistency, of_known, self.images.given()) {
            (true, Some(flag), _) => Err(mi::Error::Input(format!(
                "{flag}: does not go with --consistency, which takes images whose information is not known"
            ))),
            (false, _, Some(flag)) => Err(mi::Error::Input(format!("{flag}: only --consistency takes images"))),
            _ => Ok(()),
        }
    }

    fn course(&self) -> Result<Course, mi::Error> {
        let case = self.case.unwrap_or(CaseName::Gaussian);
        if self.freedom.is_some() && case != CaseName::StudentT {
            return Err(mi::Error::Input("--freedom: only --case student-t has degrees of freedom".into()));
        }
        let case = match case {
            CaseName::Gaussian => Case::Gaussian,
            CaseName::Cubic => Case::Cubic,
            CaseName::Bivariate => Case::Bivariate,
            CaseName::StudentT => Case::StudentT { freedom: self.freedom.unwrap_or(1) },
        };
        let (dim, levels): (usize, &[f64]) =
            if case.has_dimensions() { (20, &[2.0, 4.0, 6.0, 8.0, 10.0]) } else { (1, &[0.5, 1.0, 1.5, 2.0, 2.5]) };
        Ok(Course {
            case,
            dim: self.dim.unwrap_or(dim),
            levels: if self.levels.is_empty() { levels.to_vec() } else { self.levels.clone() },
            steps: self.steps.unwrap_or(STEPS),
            batch: self.batch,
            seeds: self.seeds,
            first_seed: self.seed,
            critic: self.critic.into(),
        })
    }
}

/// One line for each estimator and level.
fn human(found: &Bench) -> String {
    let width = found.rows.iter().map(|r| r.estimator.len()).max().unwrap_or(0).max("estimator".len());
    let mut text = format!(
        "last {} of {} steps a level, {} seed{}; nats\n\n{:<width$}  {:>6}  {:>8}  {:>8}  {:>9}  {:>8}\n",
        found.window,
        found.steps,
        found.seeds,
        if found.seeds == 1 { "" } else { "s" },
        "estimator",
        "truth",
        "bias",
        "se",
        "variance",
        "rmse"
    );
    let number = |v: Option<f64>| v.map_or("-".into(), |v| format!("{v:.3}"));
    for row in &found.rows {
        let bias = row.bias.map_or("-".into(), |v| format!("{v:+.3}"));
        let [se, variance, rmse] = [row.bias_se, row.variance, row.rmse].map(number);
        // Writing to a String cannot fail.
        let _ = write!(text, "{:<width$}  {:>6}  {bias:>8}  {se:>8}  {variance:>9}  {rmse:>8}", row.estimator, row.truth);
        text.extend(row.reason.iter().map(|reason| format!("  {reason}")));
        text.push('\n');
    }
    text
}
