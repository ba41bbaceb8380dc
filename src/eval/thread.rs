//! The one thread on which probes are fitted beside the training.

use std::{
    any::Any,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::{ProbeInput, probe};
use crate::record::ProbeRow;

/// Why there is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// One probe is fitted at a time, and its row has not been collected yet.
    #[error("the probe of step {0} is not finished")]
    Busy(u64),
    /// The fit panicked; the thread lives on.
    #[error("the probe of step {step} failed: {message}")]
    Panicked { step: u64, message: String },
    /// The thread has ended.
    #[error("the probe thread has ended")]
    Gone,
}

/// A thread that fits one probe at a time. Dropping it lets the thread end by itself after its present fit.
#[derive(Debug)]
pub struct ProbeThread {
    inputs: Sender<ProbeInput>,
    rows: Receiver<Result<ProbeRow, ProbeError>>,
    pending: Option<u64>,
}

impl ProbeThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system refuses one.
    pub fn spawn() -> io::Result<Self> {
        Self::spawn_with(probe)
    }

    fn spawn_with(fit: impl Fn(&ProbeInput) -> ProbeRow + Send + 'static) -> io::Result<Self> {
        let (inputs, todo) = crossbeam_channel::bounded::<ProbeInput>(1);
        let (done, rows) = crossbeam_channel::bounded(1);
        thread::Builder::new().name("probe".into()).spawn(move || {
            for input in todo {
                // The fit only reads its input and what it allocates itself, so nothing half-changed is left behind.
                let row = catch_unwind(AssertUnwindSafe(|| fit(&input)))
                    .map_err(|cause| ProbeError::Panicked { step: input.step, message: message(cause.as_ref()) });
                if done.send(row).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { inputs, rows, pending: None })
    }

    /// Hands in a probe; its row is fetched with [`Self::try_recv`] or [`Self::wait`].
    ///
    /// # Errors
    /// [`ProbeError::Busy`] until the last one's row has been fetched, [`ProbeError::Gone`] if the thread has ended.
    pub fn submit(&mut self, input: ProbeInput) -> Result<(), ProbeError> {
        if let Some(step) = self.pending {
            return Err(ProbeError::Busy(step));
        }
        let step = input.step;
        self.inputs.send(input).map_err(|_| ProbeError::Gone)?;
        self.pending = Some(step);
        Ok(())
    }

    /// The row, if it is ready. Does not wait.
    ///
    /// # Errors
    /// [`ProbeError::Panicked`] in place of the row if the fit failed.
    pub fn try_recv(&mut self) -> Result<Option<ProbeRow>, ProbeError> {
        if self.pending.is_none() {
            return Ok(None);
        }
        match self.rows.try_recv() {
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => {
                self.pending = None;
                Err(ProbeError::Gone)
            }
            Ok(row) => {
                self.pending = None;
                row.map(Some)
            }
        }
    }

    /// Waits for the row of the probe handed in last; `None` at once if there is none to come.
    ///
    /// # Errors
    /// As [`Self::try_recv`].
    pub fn wait(&mut self) -> Result<Option<ProbeRow>, ProbeError> {
        if self.pending.take().is_none() {
            return Ok(None);
        }
        self.rows.recv().map_err(|_| ProbeError::Gone)?.map(Some)
    }

    /// The step whose row has not been fetched yet.
    pub fn busy(&self) -> Option<u64> {
        self.pending
    }
}

/// What a panic said.
fn message(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::{Features, Split},
        record::PerTerm,
    };

    fn input(step: u64) -> ProbeInput {
        let layer = || Features::new(6, 1, vec![-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]);
        let split = Split { conv: layer(), fc: layer(), y: layer(), labels: vec![0, 0, 0, 1, 1, 1] };
        ProbeInput {
            step,
            train: split.clone(),
            test: split,
            classes: 2,
            pixels: None,
            factors: Vec::new(),
            mi_heldout: PerTerm::default(),
            mi_guaranteed: PerTerm::default(),
            histograms: Vec::new(),
            seconds: 0.0,
        }
    }

    #[test]
    fn a_probe_goes_in_and_its_row_comes_out() {
        let mut thread = ProbeThread::spawn().unwrap();
        assert_eq!((thread.busy(), thread.try_recv(), thread.wait()), (None, Ok(None), Ok(None)));
        for step in [5, 10] {
            thread.submit(input(step)).unwrap();
            assert_eq!(thread.busy(), Some(step));
            let row = thread.wait().unwrap().unwrap();
            assert_eq!((row.step, row.accuracy.linear.y, row.chance), (step, 1.0, 0.5));
            assert_eq!(thread.busy(), None);
        }
        thread.submit(input(15)).unwrap();
        let row = loop {
            if let Some(row) = thread.try_recv().unwrap() {
                break row;
            }
            thread::yield_now();
        };
        assert_eq!((row.step, thread.busy()), (15, None));
    }

    #[test]
    fn one_probe_at_a_time() {
        let (go, wait) = crossbeam_channel::bounded::<()>(0);
        let held = move |input: &ProbeInput| {
            wait.recv().unwrap();
            probe(input)
        };
        let mut thread = ProbeThread::spawn_with(held).unwrap();
        thread.submit(input(1)).unwrap();
        assert_eq!(thread.try_recv(), Ok(None));
        assert_eq!(thread.submit(input(2)), Err(ProbeError::Busy(1)));
        go.send(()).unwrap();
        assert_eq!(thread.wait().unwrap().unwrap().step, 1);
    }

    #[test]
    fn a_panic_is_told_and_the_thread_lives_on() {
        let mut thread = ProbeThread::spawn().unwrap();
        let mut bad = input(3);
        bad.train.labels[0] = 9;
        thread.submit(bad).unwrap();
        let Err(ProbeError::Panicked { step: 3, message }) = thread.wait() else { panic!("expected the panic") };
        assert_eq!(message, "label 9 is not below the number of classes, 2");
        thread.submit(input(4)).unwrap();
        assert_eq!(thread.wait().unwrap().unwrap().step, 4);
    }
}
