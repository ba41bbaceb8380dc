//! What is wrong with a script is said in one sentence, with its place.
#![cfg(feature = "scripts")]

use candle_core::{DType, Device, Tensor};
use dim_estimators::{Error, Estimator, Scores, Script, script::Fault};

fn script(source: &str) -> Script {
    Script::from_source("robust", source).unwrap_or_else(|e| panic!("{e}"))
}

/// A script of three lines, its second the body of `objective` from column 5 on, and the whole message about it.
#[track_caller]
fn refused(body: &str, message: &str) -> Fault {
    let source = format!("fn objective(joint, marginal) {{\n    {body}\n}}\n");
    let error = Script::from_source("robust", &source).unwrap_err();
    let got = error.to_string();
    assert!(got.starts_with(&format!("robust.rhai:{message}")), "{body}\n got: {got}\nwant: robust.rhai:{message}");
    assert!(!got.contains('\n'), "more than one line: {got}");
    error.fault
}

#[test]
fn results_of_the_wrong_kind() {
    refused("joint - mean(marginal)", "2:5: objective must be a single number (mean it), not a [4, 3] tensor");
    refused(
        "let x = mean_rows(joint);\n\n  x - mean(marginal)",
        "4:3: objective must be a single number (mean it), not a [4, 1] tensor",
    );
    refused("\"7\"", "2:5: objective must be a single number computed from the scores, not a string");
    refused("7", "2:5: objective must be a single number computed from the scores, not the constant 7");
    refused("[1]", "2:5: objective must be a single number computed from the scores, not an array");
    refused("let x = 1;", "2:5: objective must be a single number computed from the scores, not nothing");
    refused(
        "mean(log(joint)) - mean(marginal)",
        "2:5: objective is NaN on scores between −1 and 1 (joint [4, 3], marginal [4, 5])",
    );
    refused("mean(joint) / 0 - mean(marginal)", "2:5: objective is inf on scores");
    // √(x − x) is 0 with slope 0·∞.
    refused(
        "mean(sqrt(joint - joint)) - mean(marginal)",
        "2:5: the gradient of objective with respect to joint is NaN on scores",
    );
}

#[test]
fn gradients_that_are_missing() {
    let to = |body: &str, to: &'static str| {
        let fault = refused(body, &format!("2:5: objective has no gradient to {to}: it must be computed from {to}"));
        assert_eq!(fault, Fault::NoGradient { to });
    };
    to("mean(joint)", "marginal");
    to("-mean(marginal)", "joint");
    to("mean(detach(joint)) - mean(marginal)", "joint");
    to("mean(joint) - detach(log_mean_exp(marginal))", "marginal");
    to("mean(joint) - mean(marginal) * 0", "marginal");
    to("mean(detach(joint)) - mean(detach(marginal))", "joint");
}

/// With one negative a softmax over the negatives does not move; that is no fault of the script.
#[test]
fn one_shape_without_slope_is_no_fault() {
    script("fn objective(joint, marginal) { mean(joint) + mean(sqr(exp(marginal - log_sum_exp_rows(marginal)))) }");
}

#[test]
fn text_that_is_no_script() {
    refused("mean(joint) -", "3:1: syntax error: ");
    refused("let = 3; mean(joint)", "2:9: syntax error: ");
    refused("sofplus(joint)", "2:5: there is no function sofplus (tensor): did you mean softplus(x)?");
    refused(
        "mean(joint) - frobnicate(marginal, 2)",
        "2:19: there is no function frobnicate (tensor, i64): the helpers are those of the README's table",
    );
    refused("mean(joint, 3)", "2:5: mean (tensor, i64) does not fit the helper mean(x)");
    refused(
        "mean(joint) - TAU",
        "2:19: there is no variable TAU: functions see their parameters, their own `let`s and the file's `const`s",
    );
    refused(
        "mean(joint - marginal)",
        "2:16: tensors of shapes [4, 3] and [4, 5] cannot be combined: bring one to a column ([4, 1]",
    );
    refused("mean_rows(mean(joint))", "2:5: mean_rows needs a matrix, [G, R] or [G, K], not a [] tensor");
    refused("if joint > 0 { mean(joint) } else { 0 }", "2:14: tensors cannot be compared");
    let whole = |source: &str| Script::from_source("robust", source).unwrap_err().to_string();
    assert_eq!(whole("// nothing"), "robust.rhai: there is no objective: write `fn objective(joint, marginal) { ... }`");
    assert!(
        whole("fn objective(joint) { 1 }")
            .ends_with("robust.rhai:1:1: objective takes 1 parameters: write `fn objective(joint, marginal)`")
    );
    let plain = "fn objective(j, m) { mean(j) - mean(m) }";
    assert_eq!(
        whole(&format!("const m = 1.0; {plain}")),
        "robust.rhai:1:16: the constant m has the name of a parameter: give one of them another name"
    );
    assert!(
        whole(&format!("const KIND = \"sure\"; {plain}")).contains("the constant KIND must be \"surrogate\", \"lower-bound\"")
    );
    assert!(
        whole(&format!("{plain}\nfn nats(j, m) {{ j }}"))
            .starts_with("robust.rhai:2:17: nats must be a single number (mean it), not a [4, 3]")
    );
    assert!(
        whole(&format!("{plain}\nfn log_ratio(s, j, m) {{ j }}"))
            .starts_with("robust.rhai:2:25: log_ratio must have the shape of the scores")
    );
}

#[test]
fn nothing_of_the_world() {
    for (body, word) in [
        ("import \"x\" as y; 1", "import"),
        ("export joint", "export"),
        ("eval(\"1\")", "eval"),
        ("print(\"x\")", "print"),
        ("debug(joint)", "debug"),
        ("sleep(1)", "sleep"),
        ("timestamp()", "timestamp"),
    ] {
        let fault = refused(body, &format!("2:5: {word} is not available: a script sees only the scores"));
        assert_eq!(fault, Fault::Refused(word.to_string()));
    }
}

#[test]
fn limits() {
    refused("let x = 0;\n  loop { x += 1; }", "3:3: more than 10000 operations in one call");
    refused("objective(joint, marginal)", "2:5: functions call each other more than 16 deep");
    refused("let s = \"grow\"; while true { s += s; } 1", "2:21: a string goes beyond 4096");
    refused("let a = [0]; while true { a += a; } 1", "2:18: an array goes beyond 1024");
    refused(
        "let x = mean(joint); let i = 0;\n  while i < 600 { x = x + 1; i += 1; } x",
        "3:25: more than 512 tensor operations in one call",
    );
    let fault = refused("let x = joint;\n  while true { x = exp(x) - x; } x", "3:");
    // The first shape has 4·3 + 4·5 scores, and every result 12 elements.
    assert_eq!(fault, Fault::Elements { made: 171 * 12, input: 32 });
    let array = format!("let a = [{}]; 1", "0,".repeat(2000));
    assert!(matches!(refused(&array, "2:"), Fault::TooLarge { what: "an array", most: 1024 }));
    let string = format!("let s = \"{}\"; 1", "x".repeat(5000));
    assert!(matches!(refused(&string, "2:"), Fault::TooLarge { what: "a string", most: 4096 }));
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    assert!(matches!(refused(&deep, "2:"), Fault::TooLarge { what: "the depth of an expression", .. }));
    let long = format!("// {}", "x".repeat(70_000));
    assert!(matches!(Script::from_source("long", &long).unwrap_err().fault, Fault::TooLarge { most: 65_536, .. }));
}

/// A script cannot outlive its limits by catching them.
#[test]
fn limits_cannot_be_caught() {
    let body = "let x = mean(joint) - mean(marginal); try { let i = 0; while i < 600 { let y = x + i; i += 1; } } catch { } x";
    assert_eq!(refused(body, "2:"), Fault::TensorOperations);
    assert_eq!(refused("try { loop { } } catch { } mean(joint) - mean(marginal)", "2:"), Fault::Operations);
}

/// What passes the trial and fails later says where, through the crate's own error.
#[test]
fn faults_in_use_have_their_place() {
    let zeros = |rows: usize, columns: usize| Tensor::zeros((rows, columns), DType::F32, &Device::Cpu).unwrap();
    let e = script(
        "fn objective(joint, marginal) {\n    if columns(marginal) > 100 { bang(joint) } else { mean(joint) - mean(marginal) }\n}",
    );
    let scores = Scores::new(zeros(4, 2), zeros(4, 101)).unwrap();
    let error = e.objective(&scores).unwrap_err();
    assert!(matches!(error, Error::Script(_)));
    assert!(error.to_string().starts_with("robust.rhai:2:34: there is no function bang (tensor)"), "{error}");
    let place = e.read(&scores).unwrap_err();
    assert_eq!(place.to_string(), error.to_string());
}
