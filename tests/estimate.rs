//! `dim-tui estimate`, from outside: files in, JSON, gradient files, sentences and exit codes out.

mod npy;

use std::{
    f64::consts::LN_2,
    path::Path,
    process::{Command, Output},
};

use npy::{npy, read_npy};
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_dim-tui");

/// The pooled case: two positives with three negatives each.
const JOINT: &[f64] = &[1., 2.];
const MARGINAL: &[f64] = &[0., -1., 0.5, 1., -2., 0.];

/// A folder with `J.npy` and `M.npy`.
fn folder(joint: &[u8], marginal: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("J.npy"), joint).unwrap();
    std::fs::write(dir.path().join("M.npy"), marginal).unwrap();
    dir
}

fn pooled(kind: &str) -> TempDir {
    folder(&npy(kind, &[2], JOINT), &npy(kind, &[2, 3], MARGINAL))
}

fn estimate(dir: &Path, args: &str) -> Output {
    let mut command = Command::new(BINARY);
    command.current_dir(dir).args(["estimate", "--joint", "J.npy", "--marginal", "M.npy"]).args(args.split_whitespace());
    command.output().unwrap()
}

fn json(dir: &Path, args: &str) -> Value {
    let output = estimate(dir, &format!("{args} --json"));
    assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The sentence of a refusal, which must have exit code 2 and print nothing else.
fn refusal(dir: &Path, args: &str) -> String {
    let output = estimate(dir, args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args}: {text}");
    assert!(output.stdout.is_empty() && text.lines().count() == 1 && !text.contains("panicked"), "{text}");
    text.trim_end().strip_prefix("error: ").unwrap().to_owned()
}

#[track_caller]
fn close(found: &Value, expected: f64, tolerance: f64) {
    let number = found.as_f64().unwrap_or_else(|| panic!("{found} is no number, should be {expected}"));
    assert!((number - expected).abs() < tolerance, "{number}, should be {expected}");
}

/// One positive at +t, one negative at −t, for t = 0, 1, 5, 20.
#[test]
fn objectives_at_plus_and_minus_t_are_the_golden_values() {
    let golden: &[(&str, &str, [f64; 4])] = &[
        ("jsd", "objective", [-1.386, -0.627, -0.013, 0.]),
        ("jsd", "divergence", [0., 0.760, 1.373, 1.386]),
        ("jsd", "nats", [0., 1.632, 5.993, 21.]),
        ("gan", "objective", [-1.386, -0.627, -0.013, 0.]),
        ("nwj", "objective", [-0.368, 0.865, 4.998, 20.]),
        ("kl", "nats", [-0.368, 0.865, 4.998, 20.]),
        ("rkl", "objective", [0., 1.632, 5.993, 21.]),
        ("rkl", "nats", [0., 1.632, 5.993, 21.]),
        ("hellinger", "objective", [0., 1.264, 1.987, 2.]),
        ("dv", "objective", [0., 2., 10., 40.]),
        ("mine", "objective", [0., 2., 10., 40.]),
        ("wasserstein --clip 0", "objective", [0., 2., 10., 40.]),
        ("chi2", "objective", [0., 1.75, 6., 21.]),
        ("infonce", "nats", [0., 0.5662, LN_2, LN_2]),
        ("smile", "nats", [0., 2., 10., 25.]),
    ];
    for (i, t) in [0., 1., 5., 20.].into_iter().enumerate() {
        let dir = folder(&npy("f8", &[1], &[t]), &npy("f8", &[1, 1], &[-t]));
        for (name, key, values) in golden {
            close(&json(dir.path(), &format!("--estimator {name}"))[*key], values[i], 6e-4);
        }
    }
}

#[test]
fn pooling_is_over_all_scores() {
    let dir = pooled("f8");
    let golden = [
        ("dv", "objective", 1.364564),
        ("jsd", "objective", -0.905732),
        ("jsd", "nats", 1.354964),
        ("infonce", "objective", -0.583142),
        ("infonce", "nats", 0.803152),
        ("infonce", "ceiling", 4f64.ln()),
        ("nwj", "objective", 1.078765),
        ("smile --option tau=1", "nats", 1.331276),
        ("rkl", "objective", 0.998393),
        ("hellinger", "objective", 0.603356),
        ("chi2", "objective", 1.489583),
        ("wasserstein --clip 0", "objective", 1.75),
        // c·tanh(T/c) with c = 10, the default of this estimator.
        ("wasserstein", "objective", 1.730911),
        ("dv --clip 3", "ceiling", 6.),
    ];
    for (name, key, expected) in golden {
        close(&json(dir.path(), &format!("--estimator {name}"))[key], expected, 1e-6);
    }
    let jsd = json(dir.path(), "--estimator jsd");
    assert_eq!((jsd["positives"].as_u64(), jsd["negatives"].as_u64()), (Some(2), Some(3)));
    assert!(jsd["ceiling"].is_null() && jsd["estimator"] == "jsd" && jsd.get("reason").is_none());
    // Ξ inverts JS(k): put the bound back into the formula and find the divergence again.
    let k = jsd["nats_guaranteed"].as_f64().unwrap();
    let q = (-k).exp();
    let js = LN_2 - 0.5 * (1. + q) * (1. + q).ln() - 0.5 * k * q;
    close(&jsd["divergence"], 2. * js, 1e-9);
}

#[test]
fn single_precision_columns_and_shared_negatives_are_understood() {
    close(&json(pooled("f4").path(), "--estimator dv")["nats"], 1.364564, 1e-5);
    let column = folder(&npy("f4", &[2, 1], JOINT), &npy("f4", &[2, 3], MARGINAL));
    close(&json(column.path(), "--estimator dv")["nats"], 1.364564, 1e-5);
    // Two positives share one row of three negatives: [1, 2] and [1, 3].
    let shared = folder(&npy("f8", &[1, 2], JOINT), &npy("f8", &[1, 3], &MARGINAL[..3]));
    let found = json(shared.path(), "--estimator infonce");
    let others: f64 = MARGINAL[..3].iter().map(|v| v.exp()).sum();
    let value = JOINT.iter().map(|t| t - (t.exp() + others).ln()).sum::<f64>() / 2.;
    close(&found["objective"], value, 1e-12);
    assert_eq!((found["positives"].as_u64(), found["negatives"].as_u64()), (Some(2), Some(3)));
}

/// ∂objective by each score, by central differences of the printed objective (for mine, a first batch: those of dv).
#[test]
fn gradients_agree_with_finite_differences() {
    for name in ["dv", "mine", "jsd", "infonce", "nwj", "smile", "rkl", "hellinger", "chi2", "wasserstein", "jsd --clip 2"] {
        let dir = pooled("f8");
        json(dir.path(), &format!("--estimator {name} --grad G"));
        let (shape, by_joint) = read_npy(&dir.path().join("G/joint.npy"), "f8");
        assert_eq!(shape, "(2,)");
        let (shape, by_marginal) = read_npy(&dir.path().join("G/marginal.npy"), "f8");
        assert_eq!(shape, "(2,3,)");
        // Two places of each stand for all: an index mixed up would show in one of them. (At −2 the slope of chi2 has a corner.)
        for (which, at) in [(0, 0), (0, 1), (1, 2), (1, 3)] {
            let moved = |by: f64| {
                let mut values = [JOINT.to_vec(), MARGINAL.to_vec()];
                values[which][at] += by;
                let dir = folder(&npy("f8", &[2], &values[0]), &npy("f8", &[2, 3], &values[1]));
                json(dir.path(), &format!("--estimator {name}"))["objective"].as_f64().unwrap()
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let found = [&by_joint, &by_marginal][which][at];
            assert!((found - slope).abs() < 1e-8, "{name}: {found}, should be {slope}");
        }
    }
}

/// dv in closed form: 1/P by each joint score, −softmax over all marginal ones; in single precision, as [P, 1].
#[test]
fn gradients_keep_type_and_shape() {
    let dir = folder(&npy("f4", &[2, 1], JOINT), &npy("f4", &[2, 3], MARGINAL));
    json(dir.path(), "--estimator dv --grad out/deep");
    let (shape, by_joint) = read_npy(&dir.path().join("out/deep/joint.npy"), "f4");
    assert_eq!((shape.as_str(), by_joint), ("(2,1,)", vec![0.5, 0.5]));
    let total: f64 = MARGINAL.iter().map(|v| v.exp()).sum();
    let (_, by_marginal) = read_npy(&dir.path().join("out/deep/marginal.npy"), "f4");
    assert!(by_marginal.iter().zip(MARGINAL).all(|(g, v)| (g + v.exp() / total).abs() < 1e-6), "{by_marginal:?}");
}

#[test]
fn a_number_that_does_not_exist_is_null_with_a_reason() {
    let huge = folder(&npy("f8", &[1], &[0.]), &npy("f8", &[1, 1], &[1e4]));
    let nwj = json(huge.path(), "--estimator nwj");
    assert!(nwj["objective"].is_null() && nwj["nats"].is_null());
    assert!(nwj["reason"].as_str().unwrap().contains("the objective is -inf"), "{nwj}");
    close(&json(huge.path(), "--estimator dv")["nats"], -1e4, 1e-9);
    let low = folder(&npy("f8", &[1], &[-3.]), &npy("f8", &[1, 1], &[0.]));
    let chi2 = json(low.path(), "--estimator chi2");
    assert!(chi2["nats"].is_null() && chi2["reason"].is_string());
    close(&chi2["objective"], -3., 1e-9);
    let wasserstein = json(low.path(), "--estimator wasserstein");
    assert_eq!(wasserstein["reason"], "wasserstein has no estimate in nats");
    let nan = folder(&npy("f4", &[1], &[f64::NAN]), &npy("f4", &[1, 1], &[0.]));
    for name in ["dv", "jsd", "chi2", "smile"] {
        let found = json(nan.path(), &format!("--estimator {name}"));
        assert!(found["objective"].is_null() && found["nats"].is_null() && found["reason"] == "the scores hold NaN", "{found}");
    }
    let apart = folder(&npy("f8", &[1], &[1e3]), &npy("f8", &[1, 1], &[-1e3]));
    let jsd = json(apart.path(), "--estimator jsd");
    assert!(jsd.as_object().unwrap()["nats_guaranteed"].is_null() && jsd["reason"].as_str().unwrap().contains("infinite"));
}

#[test]
fn the_text_for_people_says_what_kind_of_number_it_is() {
    let text = |name: &str| String::from_utf8(estimate(pooled("f8").path(), &format!("--estimator {name}")).stdout).unwrap();
    let infonce = text("infonce");
    for part in ["InfoNCE", "0.803152 nats   lower bound", "1.386294 nats   ln(K+1)", "It cannot report more than ln(K+1)"] {
        assert!(infonce.contains(part), "{part} is missing:\n{infonce}");
    }
    let jsd = text("jsd");
    assert!(jsd.contains("plug-in") && jsd.contains("0.480562"), "{jsd}");
    assert!(text("smile").contains("surrogate, not a bound"));
    assert!(text("wasserstein").contains("scores within ±10"));
}

#[test]
fn a_file_that_will_not_do_is_refused_with_one_sentence() {
    let good = npy("f8", &[2], JOINT);
    let m = npy("f8", &[2, 3], MARGINAL);
    let header = |descr: &str, order: &str, shape: &str| {
        let text = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend([0; 48]);
        bytes
    };
    let cases: &[(Vec<u8>, &str)] = &[
        (vec![], "M.npy: not a .npy file (numpy.save writes one)"),
        (b"1,2,3\n".to_vec(), "M.npy: not a .npy file"),
        (m[..7].to_vec(), "M.npy: truncated: the file ends within its header"),
        (m[..40].to_vec(), "M.npy: truncated: the file ends within its header"),
        (m[..m.len() - 3].to_vec(), "M.npy: truncated: shape [2, 3] needs 48 bytes of numbers, the file has 45"),
        ([&m[..], &[0]].concat(), "M.npy: shape [2, 3] needs 48 bytes of numbers, the file has 49"),
        (header("'>f8'", "False", "(2, 3)"), "M.npy: big-endian ('>f8'); save a.astype('<f8') instead"),
        (header("'<f8'", "True", "(2, 3)"), "M.npy: stored column by column (fortran_order)"),
        (header("'<i8'", "False", "(2, 3)"), "M.npy: scores must be float32 or float64"),
        (header("'<c16'", "False", "(1, 3)"), "M.npy: elements of type 'c16' are no use here"),
        (header("'<f2'", "False", "(2, 12)"), "M.npy: elements of type 'f2' are no use here"),
        (header("'|O'", "False", "(2, 3)"), "M.npy: elements of type 'O' are no use here"),
        (header("[('a', '<f8')]", "False", "(2, 3)"), "M.npy: the elements are records"),
        (header("'<f8'", "Maybe", "(2, 3)"), "M.npy: the header has no fortran_order"),
        (header("'<f8'", "False", "(2, -3)"), "M.npy: the header's shape (2, -3) is not made of sizes"),
        (header("'<f8'", "False", "(4611686018427387904, 16)"), "is too large for any file"),
        (header("'<f8'", "False", "(576460752303423488, 2)"), "M.npy: "),
        (npy("f8", &[0, 3], &[]), "M.npy: holds no scores: its shape is [0, 3]"),
        (npy("f8", &[2, 0], &[]), "M.npy: holds no scores: its shape is [2, 0]"),
        (npy("f8", &[6], MARGINAL), "M.npy: marginal scores must be [P, K], not [6]"),
        (npy("f8", &[3, 2], MARGINAL), "J.npy has scores of 2 positives, M.npy negatives of 3"),
        (npy("f4", &[2, 3], MARGINAL), "both must be of one floating-point type"),
    ];
    for (bytes, expected) in cases {
        let text = refusal(folder(&good, bytes).path(), "--estimator dv");
        assert!(text.contains(expected), "{text}\nshould say: {expected}");
    }
    let cube = folder(&npy("f8", &[2, 1, 1], JOINT), &m);
    assert_eq!(refusal(cube.path(), "--estimator dv"), "J.npy: joint scores must be [P] or [P, R], not [2, 1, 1]");
    // NumPy writes 'True' for a column that is contiguous both ways: no reason to refuse it.
    let column = folder(&header("'<f8'", "True", "(6, 1)"), &npy("f8", &[6, 1], MARGINAL));
    close(&json(column.path(), "--estimator wasserstein --clip 0")["objective"], 0.25, 1e-12);
}

#[test]
fn arguments_that_will_not_do_are_refused_with_one_sentence() {
    let dir = pooled("f8");
    let said = |args: &str| refusal(dir.path(), args);
    assert_eq!(said("--estimator infonse"), "unknown estimator 'infonse', did you mean 'infonce'?");
    assert_eq!(said("--estimator dv --option tau=3"), "estimator dv has no option 'tau'");
    assert_eq!(said("--estimator smile --option tau=-1"), "option tau must be a finite number above 0, not -1");
    assert_eq!(said("--estimator smile --option tau"), "option 'tau' should be key=number, e.g. tau=5");
    assert_eq!(said("--estimator smile --option taw=1"), "unknown option 'taw': there are ema (of mine) and tau (of smile)");
    assert_eq!(said("--estimator dv --clip=-1"), "score clip must be a finite number above 0, not -1");
    assert_eq!(said("--estimator dv --clip nan"), "score clip must be a finite number above 0, not NaN");
    std::fs::remove_file(dir.path().join("J.npy")).unwrap();
    assert!(said("--estimator dv").starts_with("cannot read J.npy: "));
}

/// A folder that cannot be made is no mistake in the scores: exit code 1.
#[test]
fn gradients_that_cannot_be_written_are_a_failure() {
    let dir = pooled("f8");
    let output = estimate(dir.path(), "--estimator dv --grad J.npy");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write J.npy: "));
}
