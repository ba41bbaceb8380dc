//! Fewer points that look the same: in each column of the picture the first, the last and both extremes.

/// The points of a curve in order of x, thinned so that no more than four are in each of `columns` equal parts of `from..=to`. Those
/// that are not finite stay as gaps, one for each run of them.
pub(super) fn decimate(points: &[(f64, f64)], from: f64, to: f64, columns: usize) -> Vec<(f64, f64)> {
    let column = |x: f64| ((x - from) / (to - from).max(f64::MIN_POSITIVE) * columns as f64).floor();
    let mut out: Vec<(f64, f64)> = Vec::new();
    let mut rest = points;
    while let Some(&(x, y)) = rest.first() {
        let gap = !y.is_finite();
        let n = rest.iter().take_while(|p| p.1.is_finite() != gap && (gap || column(p.0) == column(x))).count();
        let (here, after) = rest.split_at(n.max(1));
        rest = after;
        if gap { out.push((x, f64::NAN)) } else { out.extend(kept(here)) }
    }
    out
}

/// The first, the last and the extremes of some finite points, in their order.
fn kept(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= 4 {
        return points.to_vec();
    }
    let (mut least, mut most) = (0, 0);
    for (i, p) in points.iter().enumerate() {
        if p.1 < points[least].1 {
            least = i;
        }
        if p.1 > points[most].1 {
            most = i;
        }
    }
    let mut at = [0, least, most, points.len() - 1];
    at.sort_unstable();
    let mut last = None;
    at.into_iter().filter(|&i| last.replace(i) != Some(i)).map(|i| points[i]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_and_gaps_stay() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), f64::from(i % 10))).collect();
        points[54_321].1 = 1e6;
        points[77_777].1 = -1e6;
        for p in &mut points[30_000..30_100] {
            p.1 = f64::NAN;
        }
        let thin = decimate(&points, 0.0, 99_999.0, 400);
        assert!(thin.len() <= 4 * 401 + 8, "{}", thin.len());
        assert!(thin.contains(&(54_321.0, 1e6)) && thin.contains(&(77_777.0, -1e6)));
        assert_eq!(thin.iter().filter(|p| p.1.is_nan()).count(), 1, "one gap");
        assert!(thin.is_sorted_by(|a, b| a.0 <= b.0) && thin.first() == points.first() && thin.last() == points.last());
    }

    #[test]
    fn few_points_are_left_alone() {
        let points = [(1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0)];
        let thin = decimate(&points, 0.0, 3.0, 100);
        assert!(thin.len() == 3 && thin[0] == points[0] && thin[1].1.is_nan() && thin[2] == points[2]);
        assert!(decimate(&[], 0.0, 1.0, 10).is_empty());
        assert_eq!(decimate(&[(1.0, 1.0)], 1.0, 1.0, 10), [(1.0, 1.0)]);
    }
}
