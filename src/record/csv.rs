//! `metrics.csv`, `probes.csv`, `factors.csv` and `arena.csv`: the rows for spreadsheets, with `metrics.csv = true`.
//!
//! The first line names the columns and never changes. A cell is empty where there is no finite number. A file begins with its first
//! row, so that a run without known factors has no `factors.csv`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{ProbeRow, Sink, StepRow, Summary, append::Append, csv_rows, cut::cut_back_csv};

/// Which rows a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Metrics,
    Probes,
    /// Factors of the images, one row each at every probe.
    Factors,
    /// Estimators beside the truth, one row each at every step.
    Arena,
}

impl Table {
    pub const ALL: [Table; 4] = [Table::Metrics, Table::Probes, Table::Factors, Table::Arena];

    pub fn file_name(self) -> &'static str {
        match self {
            Table::Metrics => "metrics.csv",
            Table::Probes => "probes.csv",
            Table::Factors => "factors.csv",
            Table::Arena => "arena.csv",
        }
    }

    fn head(self) -> &'static [&'static str] {
        match self {
            Table::Metrics => &csv_rows::METRICS,
            Table::Probes => &csv_rows::PROBES,
            Table::Factors => &csv_rows::FACTORS,
            Table::Arena => &csv_rows::ARENA,
        }
    }
}

/// A file that is made when it is first written to.
#[derive(Debug)]
struct Later {
    path: PathBuf,
    file: Option<File>,
}

impl Write for Later {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.file.is_none() {
            self.file = Some(OpenOptions::new().create(true).append(true).open(&self.path)?);
        }
        self.file.as_mut().map_or(Ok(0), |file| file.write(data))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of comma-separated rows.
#[derive(Debug)]
pub(super) struct CsvFile {
    table: Table,
    /// The line of names is in the file, or on its way.
    headed: bool,
    lines: Append<Later>,
}

impl CsvFile {
    /// Goes on with the file in `dir`, if there is one.
    pub fn open(dir: &Path, table: Table) -> Self {
        let path = dir.join(table.file_name());
        let headed = path.metadata().is_ok_and(|m| m.len() > 0);
        Self { table, headed, lines: Append::new(Later { path, file: None }) }
    }

    fn push(&mut self, cells: &[String]) -> io::Result<()> {
        if !std::mem::replace(&mut self.headed, true) {
            let names: Vec<String> = self.table.head().iter().map(|name| (*name).to_owned()).collect();
            self.lines.push(&line(&names)?)?;
        }
        self.lines.push(&line(cells)?)
    }
}

/// One row. A line end within a name would tear it.
fn line(cells: &[String]) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(cells.iter().map(|cell| cell.replace(['\n', '\r'], " ")))?;
    out.into_inner().map_err(|e| e.into_error())
}

impl Sink for CsvFile {
    fn name(&self) -> &str {
        self.table.file_name()
    }

    fn step(&mut self, row: &StepRow) -> io::Result<()> {
        match (self.table, &row.arena) {
            (Table::Metrics, _) => self.push(&csv_rows::metrics(row)),
            (Table::Arena, Some(arena)) => csv_rows::arena(row.step, arena).iter().try_for_each(|cells| self.push(cells)),
            _ => Ok(()),
        }
    }

    fn probe(&mut self, row: &ProbeRow) -> io::Result<()> {
        match self.table {
            Table::Probes => self.push(&csv_rows::probe(row)),
            Table::Factors => row.factors.iter().try_for_each(|f| self.push(&csv_rows::factor(row.step, f))),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        self.lines.flush()?;
        self.lines.inner().file.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn rewind(&mut self, step: u64) -> io::Result<()> {
        self.lines.flush()?;
        cut_back_csv(&self.lines.inner().path, step)
    }

    fn take_dropped(&mut self) -> u64 {
        self.lines.take_dropped()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::{
        super::{
            ArenaRow, FactorScores, Measure, PerLayer,
            recorder_rows::{probe_row, step_row},
        },
        *,
    };

    fn columns(path: &Path, name: &str) -> Vec<String> {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let at = reader.headers().unwrap().iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
        reader.records().map(|r| r.unwrap()[at].to_owned()).collect()
    }

    #[test]
    fn rows_have_their_columns_and_what_is_not_finite_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = CsvFile::open(dir.path(), Table::Metrics);
        file.step(&step_row(1, -0.5)).unwrap();
        file.step(&step_row(2, f64::NAN)).unwrap();
        let mut odd = step_row(3, f64::INFINITY);
        odd.estimator.local = Some("a,\"b\"\nc".into());
        file.step(&odd).unwrap();
        file.flush().unwrap();
        let path = dir.path().join("metrics.csv");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.lines().next().unwrap(),
            "step,seconds,examples_per_second,loss,loss_global,loss_local,loss_prior,loss_discriminator,mi_global,mi_local,\
             ceiling_global,ceiling_local,estimator_global,estimator_local,negatives_global,negatives_local,lr,grad_norm,truth"
        );
        assert_eq!(text.lines().nth(1).unwrap(), "1,0.1,640,-0.5,,-0.5,,,,0.5,,,,jsd,,63,0.001,1,");
        assert_eq!(columns(&path, "loss"), ["-0.5", "", ""]);
        assert_eq!(columns(&path, "estimator_local"), ["jsd", "jsd", "a,\"b\" c"]);
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn probes_factors_and_estimators_have_tables_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = Table::ALL.map(|table| CsvFile::open(dir.path(), table));
        let mut probe = probe_row(4);
        let score = PerLayer { conv: Some(0.5), fc: None, y: Some(0.25) };
        probe.factors = vec![FactorScores { name: "hue".into(), measure: Measure::R2, score, baseline: Some(-0.5) }];
        for file in &mut files {
            file.step(&step_row(4, 1.0)).unwrap();
            file.probe(&probe).unwrap();
            file.flush().unwrap();
        }
        assert!(!dir.path().join("arena.csv").exists(), "what has no row has no file");
        assert_eq!(columns(&dir.path().join("probes.csv"), "linear_y"), ["0.25"]);
        let factors = fs::read_to_string(dir.path().join("factors.csv")).unwrap();
        assert_eq!(factors, "step,factor,measure,conv,fc,y,baseline\n4,hue,r2,0.5,,0.25,-0.5\n");
        let of = |value| BTreeMap::from([("dv".to_owned(), Some(value)), ("nwj".to_owned(), None)]);
        let arena = ArenaRow { truth: 2.0, nats: of(1.5), bias: of(-0.5), deviation: of(0.25), ceiling: of(4.0) };
        files[3].step(&StepRow { arena: Some(arena), ..step_row(5, 0.0) }).unwrap();
        files[3].flush().unwrap();
        let text = fs::read_to_string(dir.path().join("arena.csv")).unwrap();
        assert_eq!(text, "step,estimator,truth,nats,bias,deviation,ceiling\n5,dv,2,1.5,-0.5,0.25,4\n5,nwj,2,,,,\n");
    }

    #[test]
    fn going_back_takes_rows_out_and_going_on_adds_no_second_head() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        let mut file = CsvFile::open(dir.path(), Table::Metrics);
        (1..=4).for_each(|step| file.step(&step_row(step, 0.0)).unwrap());
        file.rewind(2).unwrap();
        file.step(&step_row(3, 7.0)).unwrap();
        file.flush().unwrap();
        drop(file);
        assert_eq!(
            (columns(&path, "step"), columns(&path, "loss")),
            (["1", "2", "3"].map(String::from).to_vec(), ["0", "0", "7"].map(String::from).to_vec())
        );
        let torn = fs::read_to_string(&path).unwrap() + "4,0.4,6";
        fs::write(&path, torn).unwrap();
        cut_back_csv(&path, 9).unwrap();
        let mut file = CsvFile::open(dir.path(), Table::Metrics);
        file.step(&step_row(4, 0.0)).unwrap();
        file.flush().unwrap();
        assert_eq!(columns(&path, "step"), ["1", "2", "3", "4"]);
    }
}
