//! What a script costs over its built-in twin: `cargo run --release -p dim-estimators --example script_cost`.
//!
//! Milliseconds of an objective with its gradient, and of a whole reading with its gradient, on 4096 × 1 joint and 4096 × 63
//! marginal f32 scores; the quickest of runs that alternate between the two, which a busy machine disturbs least.

use std::time::Instant;

use candle_core::{Device, Result, Tensor, Var};
use dim_estimators::{Estimator, Scores, Script, by_name, script::shipped};

const RUNS: usize = 200;

/// InfoNCE as a script that does what the built-in one does; the shipped one does more.
const INFONCE: &str = "fn objective(joint, marginal) { -mean(softplus(log_sum_exp_rows(marginal) - joint)) }
fn nats(joint, marginal) { objective(joint, marginal) + log(columns(marginal) + 1) }";

fn variable(columns: usize, phase: f32) -> Result<Var> {
    let values: Vec<f32> = (0..4096 * columns).map(|i| 2. * (phase + 1.7 * i as f32).sin()).collect();
    Var::from_tensor(&Tensor::from_vec(values, (4096, columns), &Device::Cpu)?)
}

/// Both at once, so that whatever else the machine does hits both alike.
fn quickest(mut pair: [&mut dyn FnMut() -> dim_estimators::Result<()>; 2]) -> dim_estimators::Result<[f64; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (run, times) in pair.iter_mut().zip(&mut times) {
            let start = Instant::now();
            run()?;
            times.push(1e3 * start.elapsed().as_secs_f64());
        }
    }
    Ok(times.map(|t| t.into_iter().fold(f64::INFINITY, f64::min)))
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (joint, marginal) = (variable(1, 0.4)?, variable(63, 2.2)?);
    let scores = Scores::new(joint.as_tensor().clone(), marginal.as_tensor().clone())?;
    let text = |name: &str| shipped().into_iter().find(|(n, _)| *n == name).map(|(_, text)| text).unwrap_or_default();
    let jsd = text("tempered-jsd").replace("TEMPERATURE = 2.0;", "TEMPERATURE = 1.0;");
    for (name, source, twin) in
        [("dv-copy", text("dv-copy"), "dv"), ("tempered-jsd at 1", &jsd, "jsd"), ("plain-infonce", INFONCE, "infonce")]
    {
        let script = Script::from_source(name, source)?;
        let twin = by_name(twin).ok_or("no such estimator")?;
        let objective = |e: &dyn Estimator| e.objective(&scores)?.backward().map(drop).map_err(Into::into);
        let reading = |e: &dyn Estimator| e.read(&scores)?.objective.backward().map(drop).map_err(Into::into);
        let [a, b] = quickest([&mut || objective(&script), &mut || objective(&*twin)])?;
        let [c, d] = quickest([&mut || reading(&script), &mut || reading(&*twin)])?;
        println!("{name}: objective + gradient {a:.3} ms, built-in {b:.3} ({:+.1} %);", 100. * (a / b - 1.));
        println!("    reading + gradient {c:.3} ms, built-in {d:.3} ({:+.1} %)", 100. * (c / d - 1.));
    }
    Ok(())
}
