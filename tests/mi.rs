//! `dim-tui mi` and `dim-tui mi-bench`, from outside: known answers, the same bytes twice, sentences and exit codes.

mod npy;

use std::{
    f64::consts::TAU,
    path::Path,
    process::{Command, Output},
};

use npy::npy;
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_dim-tui");

/// Uniform numbers on (0, 1), from a generator of its own (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) as f64 + 0.5) / 2f64.powi(64)
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// n standard normal pairs with correlation ρ: I = −½ ln(1 − ρ²).
fn pairs(n: usize, rho: f64) -> (Vec<f64>, Vec<f64>) {
    let mut numbers = Numbers(1);
    let x: Vec<f64> = (0..n).map(|_| numbers.normal()).collect();
    let y = x.iter().map(|x| rho * x + (1.0 - rho * rho).sqrt() * numbers.normal()).collect();
    (x, y)
}

fn write(dir: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(dir.path().join(name), bytes).unwrap();
}

fn run(dir: &Path, args: &str) -> Output {
    Command::new(BINARY).current_dir(dir).args(args.split_whitespace()).output().unwrap()
}

fn json(dir: &Path, args: &str) -> Value {
    let output = run(dir, &format!("{args} --json"));
    assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(dir: &Path, args: &str) -> String {
    let output = run(dir, args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args}: {text}");
    assert!(output.stdout.is_empty() && text.lines().count() == 1 && !text.contains("panicked"), "{text}");
    text.trim_end().strip_prefix("error: ").unwrap().to_owned()
}

fn of<'a>(found: &'a Value, estimator: &str) -> &'a Value {
    let all = found["estimates"].as_array().unwrap();
    all.iter().find(|e| e["estimator"] == estimator).unwrap_or_else(|| panic!("no {estimator} in {found}"))
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// ρ = 0.9: I = 0.830 nats, of 4,000 pairs. The interval (±0.1) comes from 800 held-out pairs.
#[test]
fn a_bivariate_gaussian_has_its_information() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = pairs(4000, 0.9);
    write(&dir, "x.npy", npy("f4", &[4000], &x));
    write(&dir, "y.npy", npy("f8", &[4000, 1], &y));
    let truth = -0.5 * (1.0f64 - 0.81).ln();
    let found = json(dir.path(), "mi --x x.npy --y y.npy --steps 250 --batch 64 --estimator infonce,dv,jsd,smile,nwj");
    assert_eq!((found["pairs"].as_u64(), found["held_out"].as_u64()), (Some(4000), Some(800)));
    for name in ["infonce", "dv", "jsd", "smile", "nwj"] {
        let e = of(&found, name);
        let [nats, low, high] = ["nats", "low", "high"].map(|key| number(e, key));
        assert!((nats - truth).abs() < 0.15, "{e}, should be {truth:.3}");
        assert!(low < nats && nats < high && high - low < 0.4, "{e}");
        let kind = if name == "smile" { "surrogate" } else { "lower-bound" };
        assert_eq!(e["kind"], kind);
    }
    assert!((number(of(&found, "infonce"), "ceiling") - 64f64.ln()).abs() < 1e-12);
    assert!(of(&found, "dv")["ceiling"].is_null());
    let guaranteed = number(of(&found, "jsd"), "nats_guaranteed");
    assert!(guaranteed > 0.3 && guaranteed < truth, "{guaranteed}");
}

/// 600 pairs of 3 and 2 independent numbers: a critic that learns them by heart must not be believed.
#[test]
fn independent_variables_share_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (x, _) = pairs(600 * 5, 0.0);
    let line = |row: &[f64]| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",") + "\n";
    write(&dir, "x.csv", "a,b,c\n".to_owned() + &x[..1800].chunks(3).map(line).collect::<String>());
    write(&dir, "y.csv", x[1800..].chunks(2).map(line).collect::<String>());
    let found = json(dir.path(), "mi --x x.csv --y y.csv --steps 200 --batch 32");
    assert_eq!(found["pairs"], 600, "the names are no sample");
    for e in found["estimates"].as_array().unwrap() {
        assert!(number(e, "nats").abs() < 0.1 && number(e, "low") < 0.02, "{e}");
    }
    assert_eq!(found["estimates"].as_array().unwrap().len(), 4, "the default estimators");
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_any_order_of_options() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = pairs(300, 0.8);
    write(&dir, "x.npy", npy("f4", &[300], &x));
    write(&dir, "y.npy", npy("f4", &[300], &y));
    let bytes = |args: &str| {
        let output = run(dir.path(), args);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let first = bytes("mi --x x.npy --y y.npy --steps 40 --batch 16 --seed 3 --json");
    assert_eq!(first, bytes("mi --json --batch 16 --seed 3 --steps 40 --y y.npy --x x.npy"));
    assert_ne!(first, bytes("mi --x x.npy --y y.npy --steps 40 --batch 16 --seed 4 --json"));
    let text = String::from_utf8(bytes("mi --x x.npy --y y.npy --steps 20 --batch 16 --critic joint")).unwrap();
    for part in
        ["300 pairs, 60 of them held out", "ceiling", "lower bound", "surrogate, not a bound", "sample too small", "guarantees"]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

/// y = x exactly: infinite information. What can be said is bounded, and it is said that it is.
#[test]
fn a_ceiling_that_is_reached_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (x, _) = pairs(5000, 0.0);
    write(&dir, "x.npy", npy("f8", &[1000, 5], &x));
    let found = json(dir.path(), "mi --x x.npy --y x.npy --steps 400 --batch 8 --estimator infonce");
    let e = of(&found, "infonce");
    assert!(number(e, "nats") <= 8f64.ln() && number(e, "nats") > 1.8, "{e}");
    assert!(e["note"].as_str().unwrap().contains("close to its ceiling"), "{e}");
}

#[test]
fn a_constant_column_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = pairs(100, 0.5);
    let two: Vec<f64> = x.iter().flat_map(|&x| [x, 0.1]).collect();
    write(&dir, "x.npy", npy("f8", &[100, 2], &two));
    write(&dir, "y.npy", npy("f8", &[100], &y));
    let output = run(dir.path(), "mi --x x.npy --y y.npy --steps 5 --estimator dv --json");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "warning: column 2 of X is constant: it carries no information\n");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success() && found["warnings"].as_array().unwrap().len() == 1);
}

#[test]
fn samples_that_will_not_do_are_refused_with_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let (x, _) = pairs(60, 0.0);
    let good: String = x.iter().map(|v| format!("{v}\n")).collect();
    write(&dir, "x.csv", &good);
    let with = |bytes: &[u8], name: &str| {
        write(&dir, name, bytes);
        refusal(dir.path(), &format!("mi --x x.csv --y {name}"))
    };
    let text = |tail: &str| with(format!("{good}{tail}").as_bytes(), "y.csv");
    assert_eq!(text("1\n"), "X has 60 rows, Y has 61: row i of both must be one pair");
    assert_eq!(text("nan\n"), "y.csv: row 61, column 1 is NaN: every number must be finite");
    assert_eq!(text("-inf\n"), "y.csv: row 61, column 1 is -inf: every number must be finite");
    assert_eq!(text("1e999\n"), "y.csv: row 61, column 1 is inf: every number must be finite");
    assert_eq!(text("abc\n"), "y.csv: line 61, column 1: 'abc' is not a number");
    assert_eq!(text("1,2\n"), "y.csv: line 61 has 2 numbers, the first 1");
    assert_eq!(with(b"", "y.csv"), "y.csv: holds no samples");
    assert_eq!(with(b"a,b\n", "y.csv"), "y.csv: holds no samples");
    assert_eq!(with(b"a,1\n2,3\n", "y.csv"), "y.csv: line 1, column 1: 'a' is not a number");
    assert_eq!(with(b"1\n\xff\xfe\n", "y.csv"), "y.csv: line 2, column 1: '\u{fffd}\u{fffd}' is not a number");
    assert_eq!(with(good.as_bytes(), "y.npy"), "y.npy: not a .npy file (numpy.save writes one)");
    assert_eq!(with(&npy("f8", &[2, 5, 6], &x), "y.npy"), "y.npy: samples must be [n] or [n, d], not [2, 5, 6]");
    assert_eq!(with(&npy("f8", &[0, 3], &[]), "y.npy"), "y.npy: holds no samples");
    assert_eq!(
        with(&npy("f8", &[60], &x)[..200], "y.npy"),
        "y.npy: truncated: shape [60] needs 480 bytes of numbers, the file has 72"
    );
    let few: String = x[..49].iter().map(|v| format!("{v}\n")).collect();
    write(&dir, "x.csv", &few);
    assert!(with(few.as_bytes(), "y.csv").starts_with("49 pairs are too few: a critic needs at least 50"));
    assert!(refusal(dir.path(), "mi --x x.csv --y none.csv").starts_with("cannot read none.csv: "));
    assert!(refusal(dir.path(), "mi --x x.csv --y x.csv --estimator club").starts_with("unknown estimator 'club'; there are dv"));
}

/// Largest and smallest doubles, integers, a semicolon and a byte-order mark: nothing of it may panic or give nonsense.
#[test]
fn odd_but_legal_samples_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = pairs(200, 0.9);
    let lines: String = x.iter().map(|v| format!("{};{}\n", v * 1e307, (v * 3.0).round() as i64)).collect();
    write(&dir, "x.csv", format!("\u{feff}large;whole\r\n{lines}"));
    write(&dir, "y.npy", npy("f8", &[200, 1], &y.iter().map(|v| v * 1e-300).collect::<Vec<_>>()));
    let found = json(dir.path(), "mi --x x.csv --y y.npy --steps 150 --batch 16 --estimator infonce");
    let nats = number(of(&found, "infonce"), "nats");
    assert!(nats > 0.4 && nats < 1.3, "{nats}, should be near 0.83");
}

#[test]
fn a_short_bench_finds_a_small_information() {
    let dir = tempfile::tempdir().unwrap();
    let args = "mi-bench --case bivariate --levels 0.2,0.5 --steps 200 --batch 32 --seeds 2 --estimators infonce,smile:tau=1,smile:tau=5 --svg out.svg";
    let found = json(dir.path(), args);
    assert_eq!((found["window"].as_u64(), found["seeds"].as_u64()), (Some(100), Some(2)));
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let [bias, variance, rmse] = ["bias", "variance", "rmse"].map(|key| number(row, key));
        assert!(bias.abs() < 0.2 && variance < 0.3 && row["bias_se"].is_number(), "{row}");
        // With equal numbers of steps a seed: rmse² = bias² + variance + spread of the biases over the seeds.
        assert!(rmse * rmse >= bias * bias + variance - 1e-9, "{row}");
    }
    let svg = std::fs::read_to_string(dir.path().join("out.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("smile:tau=1") && svg.matches("<polygon").count() == 3);
    let text =
        String::from_utf8(run(dir.path(), "mi-bench --case student-t --levels 0.3 --steps 10 --estimators dv").stdout).unwrap();
    assert!(text.contains("last 5 of 10 steps a level, 1 seed; nats") && text.contains("variance"), "{text}");
}

#[test]
fn courses_that_cannot_be_run_are_refused_with_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let said = |args: &str| refusal(dir.path(), &format!("mi-bench {args}"));
    assert_eq!(said("--case student-t --levels 0.1"), "a level of 0.1 nats: this case has at least 0.22418");
    assert!(said("--case bivariate --levels 10").contains("too close to 1 for single precision"));
    assert_eq!(said("--case bivariate --dim 3"), "this case has one dimension a side");
    assert_eq!(said("--freedom 3"), "--freedom: only --case student-t has degrees of freedom");
    assert_eq!(said("--batch 1"), "a batch must have between 2 and 4096 pairs");
    assert_eq!(said("--dim 0"), "the dimension must lie between 1 and 4096");
    assert_eq!(said("--levels=-1"), "a level of -1 nats: this case has at least 0");
    assert_eq!(said("--estimators wasserstein"), "estimator wasserstein has no estimate in nats");
}

/// Files as MNIST has them: 28×28, above noise on a brightness that tells an image from others, black below.
fn digits(dir: &TempDir) {
    let mut numbers = Numbers(3);
    for (split, n) in [("train", 256u32), ("t10k", 64)] {
        let mut pixels = Vec::new();
        for _ in 0..n {
            let brightness = numbers.uniform() * 200.0;
            pixels.extend((0..14 * 28).map(|_| (brightness + numbers.uniform() * 50.0) as u8));
            pixels.resize(pixels.len() + 14 * 28, 0);
        }
        let header = [0x803, n, 28, 28].map(u32::to_be_bytes).concat();
        write(dir, &format!("{split}-images-idx3-ubyte"), [header, pixels].concat());
        let header = [0x801, n].map(u32::to_be_bytes).concat();
        write(dir, &format!("{split}-labels-idx1-ubyte"), [header, vec![1; n as usize]].concat());
    }
}

/// Of short trainings: what stands in the report, that it is the same twice, and that I(X;X) / I(X;X) is 1.
#[test]
fn consistency_reports_three_ratios_for_each_estimator_and_t() {
    let dir = tempfile::tempdir().unwrap();
    digits(&dir);
    let of_digits = "mi-bench --consistency --data-set mnist --data . --batch 8";
    let args = format!("{of_digits} --rows 28,0,7 --steps 12 --seeds 2 --estimators infonce,jsd,smile:tau=1");
    let found = json(dir.path(), &args);
    assert_eq!(found, json(dir.path(), &args), "the same numbers twice");
    assert_ne!(found["rows"], json(dir.path(), &format!("{args} --seed 5"))["rows"]);
    let sizes = ["height", "width", "steps", "batch", "seeds", "held_out"].map(|key| found[key].as_u64().unwrap());
    assert_eq!((found["data_set"].as_str(), sizes), (Some("mnist"), [28, 28, 12, 8, 2, 32]));
    let tests: Vec<_> = found["tests"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(tests, ["monotone", "data-processing", "additivity"]);
    let rows = found["rows"].as_array().unwrap();
    let keys: Vec<_> = rows.iter().map(|r| (r["estimator"].as_str().unwrap(), r["t"].as_u64().unwrap())).collect();
    let expected = ["infonce", "jsd", "smile:tau=1"].map(|name| [(name, 0), (name, 7), (name, 28)]);
    assert_eq!(keys, expected.concat());
    for row in rows {
        let ratios = row["ratios"].as_array().unwrap();
        let of = ratios.iter().map(|r| r["test"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(of, tests, "{row}");
        assert!(row["nats"].is_number() && row["se"].is_number(), "{row}");
        assert_eq!(row["ceiling"].as_f64(), (row["estimator"] == "infonce").then(|| 8f64.ln()), "{row}");
        for ratio in ratios {
            assert_eq!(ratio["value"].is_null(), ratio["reason"].is_string(), "{ratio}");
            assert_eq!(ratio["value"].is_null(), ratio["se"].is_null(), "{ratio}");
        }
        if row["t"] == 0 {
            // An anchor without rows scores every image alike, so that no estimate is above 0 but for rounding.
            assert!(number(row, "nats") < 1e-4, "{row}");
            assert!(ratios[1]["value"].is_null() && ratios[2]["above"].is_null(), "{row}");
        }
        // The read-outs of the others may be below 0 after so few steps, and then there is no ratio.
        if row["t"] == 28 && (row["estimator"] == "infonce" || ratios[0]["value"].is_number()) {
            assert_eq!((number(&ratios[0], "value"), number(&ratios[0], "se")), (1.0, 0.0), "{row}");
        }
    }
    let found = json(dir.path(), &format!("{of_digits} --steps 2 --estimators dv"));
    let rows: Vec<_> = found["rows"].as_array().unwrap().iter().map(|r| r["t"].as_u64().unwrap()).collect();
    assert_eq!(rows, [3, 7, 14], "an eighth, a quarter, a half");
}

#[test]
fn consistency_says_in_words_what_its_ratios_are_worth() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), "mi-bench --consistency --rows 0,4 --steps 3 --batch 16 --estimators infonce,dv");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "shapes, 32×32; 1024 held-out pairs, 3 steps, batch 16, 1 seed; nats",
        "data-processing: I([X,X];[Y_t,Y_(t-3)]) / I(X;Y_t)",
        "No bound guarantees these ratios",
        "infonce cannot exceed 2.773 nats with 15 negatives",
        "infonce, dv; t = 0, additivity: without rows both informations are 0",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert!(!text.contains("dv cannot exceed"), "{text}");
    let lines = text.lines().filter(|l| l.starts_with("infonce  ") || l.starts_with("dv ")).count();
    assert_eq!(lines, 4, "{text}");
}

/// An estimate that is no number, and an objective that ceases to be one: no panic, null with the reason, exit code 3.
#[test]
fn consistency_without_a_finite_number_says_why() {
    let dir = tempfile::tempdir().unwrap();
    digits(&dir);
    write(&dir, "sunk.rhai", "fn objective(j, m) { mean(j) - 0.1 * mean(m) }\nfn nats(j, m) { log(1.5 - mean(j)) }");
    write(&dir, "runaway.rhai", "fn objective(j, m) { mean(m) - log(1.5 - mean(j)) }\nfn nats(j, m) { mean(j) }");
    let of_digits = "mi-bench --consistency --data-set mnist --data . --batch 8 --rows 7";
    for (args, why) in [
        ("--steps 60 --estimators sunk.rhai", "the estimate of I(X;Y_t) is NaN"),
        (
            "--steps 2000 --estimators runaway.rhai",
            "no critic of I(X;Y_t): at step ... of the training the objective was no finite number any more",
        ),
    ] {
        let output = run(dir.path(), &format!("{of_digits} {args} --json"));
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let row = &found["rows"][0];
        let (before, after) = why.split_once("...").unwrap_or((why, ""));
        for reason in [&row["reason"], &row["ratios"][0]["reason"]].map(|r| r.as_str().unwrap()) {
            assert!(reason.starts_with(before) && reason.ends_with(after), "{reason}");
        }
        for ratio in row["ratios"].as_array().unwrap() {
            assert!(row["nats"].is_null() && ratio["value"].is_null() && ratio["reason"].is_string(), "{row}");
        }
        let text = String::from_utf8(run(dir.path(), &format!("{of_digits} {args}")).stdout).unwrap();
        let line = text.lines().find(|l| l.contains("     7  ")).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(line.split_whitespace().skip(2).collect::<Vec<_>>(), ["-"; 4], "{text}");
    }
}

#[test]
fn flags_of_the_other_mode_are_refused_with_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let said = |args: &str| refusal(dir.path(), &format!("mi-bench {args}"));
    for flag in ["--case gaussian", "--levels 2", "--dim 3", "--freedom 3", "--svg out.svg"] {
        let name = flag.split(' ').next().unwrap();
        let why = format!("{name}: does not go with --consistency, which takes images whose information is not known");
        assert_eq!(said(&format!("--consistency {flag}")), why);
    }
    for flag in ["--data-set shapes", "--data .", "--rows 4"] {
        let name = flag.split(' ').next().unwrap();
        assert_eq!(said(flag), format!("{name}: only --consistency takes images"));
    }
    assert_eq!(
        said("--consistency --data ."),
        "--data .: the built-in shapes need no folder; name the images too, e.g. --data-set cifar10"
    );
    assert!(said("--consistency --data-set cifar").starts_with("unknown data set `cifar`, did you mean `cifar10`?"));
    assert!(said("--consistency --data-set cifar10 --data nowhere").contains("nowhere"));
    assert_eq!(said("--consistency --rows 40"), "--rows 40: an image of shapes has 32 rows");
    assert_eq!(said("--consistency --rows 4,4"), "--rows: 4 is named twice");
    assert_eq!(said("--consistency --batch 1"), "--batch 1: must lie between 2 and 4096");
    assert!(said("--consistency --batch 2000").starts_with("--batch 2000: it takes 8000 training and 4000 test images"));
    assert_eq!(said("--consistency --estimators wasserstein"), "estimator wasserstein has no estimate in nats");
    assert!(!dir.path().join("out.svg").exists());
}
