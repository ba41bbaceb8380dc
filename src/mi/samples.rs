//! Samples of a variable, one row each, out of `.npy` or CSV files.

use std::path::Path;

use super::{Error, npy};

/// n samples of d numbers, row by row; all finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    values: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Samples {
    /// Of numbers row by row.
    ///
    /// # Errors
    /// [`Error::Input`] if they do not fill the rows, or one of them is not finite.
    pub fn new(values: Vec<f64>, rows: usize, columns: usize) -> Result<Self, Error> {
        if values.len() != rows * columns {
            return Err(Error::Input(format!("{} numbers are not {rows} rows of {columns}", values.len())));
        }
        let samples = Self { values, rows, columns };
        samples.check().map_err(Error::Input)?;
        Ok(samples)
    }

    /// Reads `.npy` ([n] or [n, d]; any real type) or else text: one sample a line, numbers parted by commas, semicolons or tabs,
    /// with or without a first line of names.
    ///
    /// # Errors
    /// [`Error::Read`], or [`Error::File`] with one sentence.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = npy::bytes_of(path)?;
        let named_npy = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        let read = if named_npy || npy::is_npy(&bytes) { Self::from_npy(&bytes) } else { Self::from_text(&bytes) };
        let samples = read.map_err(|what| Error::file(path, what))?;
        samples.check().map_err(|what| Error::file(path, what))?;
        Ok(samples)
    }

    fn from_npy(bytes: &[u8]) -> Result<Self, String> {
        let array = npy::parse(bytes)?;
        let (rows, columns) = match array.shape[..] {
            [n] => (n, 1),
            [n, d] => (n, d),
            _ => return Err(format!("samples must be [n] or [n, d], not {:?}", array.shape)),
        };
        Ok(Self { values: array.values.to_f64(), rows, columns })
    }

    fn from_text(bytes: &[u8]) -> Result<Self, String> {
        let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().find(|d| first.contains(d)).unwrap_or(b',');
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
        let (mut values, mut rows, mut columns) = (Vec::new(), 0, 0);
        for (i, record) in reader.byte_records().enumerate() {
            let record = record.map_err(|e| reason(&e))?;
            let line = record.position().map_or(i as u64 + 1, csv::Position::line);
            let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
            let numbers: Vec<Option<f64>> = fields.iter().map(|f| f.trim_start_matches('\u{feff}').parse().ok()).collect();
            if i == 0 && numbers.iter().all(Option::is_none) {
                continue;
            }
            if let Some(at) = numbers.iter().position(Option::is_none) {
                return Err(format!("line {line}, column {}: '{}' is not a number", at + 1, fields[at]));
            }
            columns = numbers.len();
            rows += 1;
            values.extend(numbers.into_iter().flatten());
        }
        Ok(Self { values, rows, columns })
    }

    /// What is wrong with them, if anything is.
    fn check(&self) -> Result<(), String> {
        if self.values.is_empty() {
            return Err("holds no samples".into());
        }
        match self.values.iter().position(|v| !v.is_finite()) {
            Some(at) => {
                let (row, column) = (at / self.columns + 1, at % self.columns + 1);
                Err(format!("row {row}, column {column} is {}: every number must be finite", self.values[at]))
            }
            None => Ok(()),
        }
    }

    /// n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// d.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Columns (from 1) that hold one and the same number throughout.
    pub fn constant_columns(&self) -> Vec<usize> {
        let constant = |c: usize| self.values.iter().skip(c).step_by(self.columns).all(|v| *v == self.values[c]);
        (0..self.columns).filter(|&c| constant(c)).map(|c| c + 1).collect()
    }

    /// The rows at `order`, standardised by mean and standard deviation of those at `by`; a column without spread only loses its
    /// mean. Row by row, in single precision.
    pub(super) fn standardised(&self, order: &[u32], by: &[u32]) -> Vec<f32> {
        let value = |row: u32, c: usize| self.values[row as usize * self.columns + c];
        let n = by.len().max(1) as f64;
        // (largest, mean, spread), the latter two of the column divided by its largest: no sum of squares can overflow.
        let scales: Vec<(f64, f64, f64)> = (0..self.columns)
            .map(|c| {
                let largest = by.iter().map(|&r| value(r, c).abs()).fold(0.0, f64::max);
                // All zero there, perhaps not elsewhere.
                let largest = if largest > 0.0 { largest } else { 1.0 };
                let mean = by.iter().map(|&r| value(r, c) / largest).sum::<f64>() / n;
                let var = by.iter().map(|&r| (value(r, c) / largest - mean).powi(2)).sum::<f64>() / n;
                // A spread of rounding errors is none.
                (largest, mean, if var.sqrt() > 1e-14 { var.sqrt() } else { 1.0 })
            })
            .collect();
        let mut out = Vec::with_capacity(order.len() * self.columns);
        for &row in order {
            let of_row = scales.iter().enumerate();
            out.extend(of_row.map(|(c, &(largest, mean, spread))| ((value(row, c) / largest - mean) / spread) as f32));
        }
        out
    }
}

/// What the CSV reader complains of, as one sentence.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} numbers, the first {expected_len}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rare one-hot column may be all zero in the training part and not in the held-out one.
    #[test]
    fn a_column_that_is_zero_where_it_is_measured_stays_finite_elsewhere() {
        let samples = Samples { values: vec![0.0, 0.0, 1.0], rows: 3, columns: 1 };
        assert_eq!(samples.standardised(&[0, 1, 2], &[0, 1]), [0.0, 0.0, 1.0]);
    }
}
