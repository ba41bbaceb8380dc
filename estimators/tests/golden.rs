//! Values known in advance: by hand on two scores, on a small pooled batch, and for the guaranteed bound.

mod common;

use common::{close, get, nats, objective, scores};
use dim_estimators::{Estimator, Kind, Options, Scores, jsd, names, with_options};

/// One joint score +t, one marginal score −t.
#[test]
fn separated_by_two_t() {
    type Row = (&'static str, fn(&dyn Estimator, &Scores) -> f64, [f64; 4]);
    let table: [Row; 11] = [
        ("jsd", objective, [-1.386, -0.627, -0.013, 0.]),
        ("jsd", |e, s| jsd::divergence(objective(e, s)), [0., 0.760, 1.373, 1.386]),
        ("jsd", nats, [0., 1.632, 5.993, 21.]),
        ("nwj", nats, [-0.368, 0.865, 4.998, 20.]),
        ("rkl", objective, [0., 1.632, 5.993, 21.]),
        ("hellinger", objective, [0., 1.264, 1.987, 2.]),
        ("dv", nats, [0., 2., 10., 40.]),
        ("wasserstein", objective, [0., 2., 10., 40.]),
        ("chi2", objective, [0., 1.75, 6., 21.]),
        #[expect(clippy::approx_constant, reason = "four digits of a table, as it stands there")]
        ("infonce", nats, [0., 0.5662, 0.6931, 0.6931]),
        ("smile", nats, [0., 2., 10., 25.]),
    ];
    for (name, what, values) in table {
        for (t, want) in [0., 1., 5., 20.].into_iter().zip(values) {
            let got = what(&*get(name), &scores(1, &[t], &[-t]));
            assert!((got - want).abs() < 6e-4, "{name} at t = {t}: {got}, want {want}");
        }
    }
}

/// The same numbers in closed form: jsd −2 sp(−t), its read-out 1 + t − e^−t, infonce −sp(−2t) + ln 2.
#[test]
fn separated_by_two_t_in_closed_form() {
    for t in [0., 0.3, 1., 5., 20.] {
        let s = scores(1, &[t], &[-t]);
        let sp = |x: f64| x.exp().ln_1p();
        close(objective(&*get("jsd"), &s), -2. * sp(-t), 1e-14, "jsd");
        close(nats(&*get("jsd"), &s), 1. + t - (-t).exp(), 1e-14, "jsd nats");
        close(nats(&*get("dv"), &s), 2. * t, 1e-14, "dv");
        close(nats(&*get("infonce"), &s), 2f64.ln() - sp(-2. * t), 1e-14, "infonce");
    }
}

/// Two groups of three negatives: shows what is pooled over what.
#[test]
fn pooled() {
    let s = scores(2, &[1., 2.], &[0., -1., 0.5, 1., -2., 0.]);
    close(objective(&*get("dv"), &s), 1.364564, 5e-7, "dv");
    close(nats(&*get("dv"), &s), 1.364564, 5e-7, "dv nats");
    close(objective(&*get("jsd"), &s), -0.905732, 5e-7, "jsd");
    close(nats(&*get("jsd"), &s), 1.354964, 5e-7, "jsd nats");
    close(objective(&*get("infonce"), &s), -0.583142, 5e-7, "infonce");
    close(nats(&*get("infonce"), &s), 0.803152, 5e-7, "infonce nats");
    let objectives = [
        ("mine", 1.364564),
        ("nwj", 1.078765),
        ("rkl", 0.998393),
        ("hellinger", 0.603356),
        ("chi2", 1.489583),
        ("wasserstein", 1.75),
        ("smile", -0.905732),
    ];
    objectives.iter().for_each(|(name, want)| close(objective(&*get(name), &s), *want, 5e-7, name));
    let narrow = with_options("smile", &Options { tau: 1., ..Options::default() }).unwrap();
    close(nats(&*narrow, &s), 1.331276, 5e-7, "smile, tau 1");
}

#[test]
fn guaranteed_information() {
    for (js, want) in [(0.1, 0.30155), (0.3, 1.02098), (0.5, 2.10195), (0.6, 3.09582), (0.65, 4.07622)] {
        let got = jsd::guaranteed(js);
        assert!((got - want).abs() < 6e-6, "Ξ({js}) = {got}, want {want}");
    }
    assert_eq!(jsd::guaranteed(0.), 0.);
    assert_eq!(jsd::guaranteed(-0.4), 0.);
    assert_eq!(jsd::guaranteed(std::f64::consts::LN_2), f64::INFINITY);
    assert!(jsd::guaranteed(f64::NAN).is_nan());
}

/// Ξ undoes JS(k), from tiny to large k.
#[test]
fn guaranteed_information_inverts_its_definition() {
    for k in [1e-3, 0.05, 0.7, 3., 9., 20.] {
        let q = f64::exp(-k);
        let js = 2f64.ln() - 0.5 * (1. + q) * q.ln_1p() - 0.5 * k * q;
        let got = jsd::guaranteed(js);
        assert!((got - k).abs() < 1e-6 * (1. + k), "Ξ(JS({k})) = {got}");
    }
}

/// Two batches whose JS are 0.4 and 0.6: mean 0.5, standard error 0.1, Ξ(0.3).
#[test]
fn guaranteed_information_of_held_out_batches() {
    let objective = |js: f64| 2. * (js - 2f64.ln());
    let got = jsd::guaranteed_by_batches(&[objective(0.4), objective(0.6)]).unwrap();
    close(got, jsd::guaranteed(0.3), 1e-12, "Ξ(0.5 − 2·0.1)");
    assert_eq!(jsd::guaranteed_by_batches(&[0.]), None);
    // Batches that disagree guarantee nothing.
    assert_eq!(jsd::guaranteed_by_batches(&[objective(0.1), objective(0.6)]), Some(0.));
}

/// JS of a perfectly useless critic (all scores 0) is 0, of a perfect one ln 2.
#[test]
fn jensen_shannon_of_the_objective() {
    let useless = objective(&*get("jsd"), &scores(1, &[0., 0.], &[0.]));
    close(jsd::jensen_shannon(useless), 0., 1e-15, "useless");
    let perfect = objective(&*get("jsd"), &scores(1, &[900.], &[-900.]));
    close(jsd::jensen_shannon(perfect), 2f64.ln(), 1e-15, "perfect");
}

/// Constants worked out by hand, with K = 7 and c = 2: 2·2, 1 + 2 − e^−2, ln 8 − ln(1 + 7e^−4), 2 − e^−3, 2 + 2, 1 + 2·2 − e^−4,
/// 1 + ln 2 − 0.
#[test]
fn ceilings() {
    let clipped = [
        ("dv", 4.),
        ("mine", 4.),
        ("jsd", 2.864664717),
        ("infonce", 1.958809704),
        ("nwj", 1.950212932),
        ("smile", 4.),
        ("rkl", 2.864664717),
        ("hellinger", 4.981684361),
        ("chi2", 1.693147181),
    ];
    for (name, want) in clipped {
        let e = get(name);
        close(e.ceiling(7, Some(2.)).unwrap(), want, 1e-9, name);
        match e.ceiling(7, None) {
            Some(free) => close(free, if name == "infonce" { 2.079441542 } else { f64::NAN }, 1e-9, name),
            None => assert_ne!(name, "infonce"),
        }
    }
    assert_eq!(get("wasserstein").ceiling(7, Some(2.)), None);
    let narrow = with_options("smile", &Options { tau: 1., ..Options::default() }).unwrap();
    close(narrow.ceiling(7, Some(2.)).unwrap(), 3., 1e-15, "smile, tau 1");
}

#[test]
fn names_and_aliases() {
    assert_eq!(names(), ["dv", "mine", "jsd", "infonce", "nwj", "smile", "rkl", "hellinger", "chi2", "wasserstein"]);
    for (alias, name) in [("gan", "jsd"), ("kl", "nwj")] {
        assert_eq!(get(alias).info().name, name);
    }
    assert_eq!(get("infonce").info().kind, Kind::LowerBound);
    assert_eq!(get("smile").info().kind, Kind::Surrogate);
    assert_eq!(get("wasserstein").info().kind, Kind::Divergence);
    assert!(dim_estimators::by_name("DV ").is_none());
}
