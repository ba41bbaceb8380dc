//! Values known in advance: by hand on two scores, on a small pooled batch, and for the guaranteed bound.

mod common;

use common::{close, get, nats, objective, scores};
use dim_estimators::{Kind, jsd, names};

/// One joint score +t, one marginal score −t.
#[test]
fn separated_by_two_t() {
    // name, objective or nats, values at t = 0, 1, 5, 20
    let jsd_objective = [-1.386, -0.627, -0.013, 0.];
    let jsd_divergence = [0., 0.760, 1.373, 1.386];
    let jsd_nats = [0., 1.632, 5.993, 21.];
    let dv = [0., 2., 10., 40.];
    #[expect(clippy::approx_constant, reason = "four digits of a table, as it stands there")]
    let infonce_nats = [0., 0.5662, 0.6931, 0.6931];
    for (i, t) in [0., 1., 5., 20.].into_iter().enumerate() {
        let s = scores(1, &[t], &[-t]);
        let near = |got: f64, want: f64, what: &str| assert!((got - want).abs() < 6e-4, "{what} at t = {t}: {got}, want {want}");
        near(objective(&*get("jsd"), &s), jsd_objective[i], "jsd");
        near(jsd::divergence(objective(&*get("jsd"), &s)), jsd_divergence[i], "jsd + 2 ln 2");
        near(nats(&*get("jsd"), &s), jsd_nats[i], "jsd nats");
        near(objective(&*get("dv"), &s), dv[i], "dv");
        near(nats(&*get("dv"), &s), dv[i], "dv nats");
        near(nats(&*get("infonce"), &s), infonce_nats[i], "infonce nats");
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

/// JS of a perfectly useless critic (all scores 0) is 0, of a perfect one ln 2.
#[test]
fn jensen_shannon_of_the_objective() {
    let useless = objective(&*get("jsd"), &scores(1, &[0., 0.], &[0.]));
    close(jsd::jensen_shannon(useless), 0., 1e-15, "useless");
    let perfect = objective(&*get("jsd"), &scores(1, &[900.], &[-900.]));
    close(jsd::jensen_shannon(perfect), 2f64.ln(), 1e-15, "perfect");
}

/// Constants worked out by hand: ln 8 − ln(1 + 7e^−4), 1 + 2 − e^−2, 2·2.
#[test]
fn ceilings() {
    let (dv, jsd, infonce) = (get("dv"), get("jsd"), get("infonce"));
    assert_eq!(dv.ceiling(7, None), None);
    assert_eq!(jsd.ceiling(7, None), None);
    close(infonce.ceiling(7, None).unwrap(), 2.079441542, 1e-9, "infonce");
    close(dv.ceiling(7, Some(2.)).unwrap(), 4., 1e-15, "dv, clipped");
    close(jsd.ceiling(7, Some(2.)).unwrap(), 2.864664717, 1e-9, "jsd, clipped");
    close(infonce.ceiling(7, Some(2.)).unwrap(), 1.958809704, 1e-9, "infonce, clipped");
}

#[test]
fn names_and_aliases() {
    assert_eq!(names(), ["dv", "jsd", "infonce"]);
    assert_eq!(get("gan").info().name, "jsd");
    assert_eq!(get("infonce").info().kind, Kind::LowerBound);
    assert!(dim_estimators::by_name("DV ").is_none());
}
