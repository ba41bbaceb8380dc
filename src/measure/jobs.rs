//! Independent pieces of work side by side, each on one thread: no number depends on how many threads there are.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use crossbeam_channel::Sender;

use super::Error;

/// Of each thread: the reverse pass recurses over the graph.
const STACK: usize = 64 << 20;
/// What pieces that run at the same time may take together; a larger one runs alone.
const MEMORY: usize = 6 << 30;

/// A piece of work.
pub(super) struct Job<'a, T> {
    /// The part of the report that it belongs to.
    pub part: &'static str,
    /// What it does, in words.
    pub name: String,
    /// About how many seconds it takes: the long ones begin first, and what is left is told by it.
    pub cost: f64,
    /// About how many bytes it copies.
    pub bytes: usize,
    pub work: Box<dyn FnOnce() -> Result<T, Error> + Send + 'a>,
}

impl<'a, T: 'a> Job<'a, T> {
    /// The same work, its result handed through `then`.
    pub fn map<U>(self, then: impl FnOnce(T) -> U + Send + 'a) -> Job<'a, U> {
        let work = self.work;
        let work = Box::new(move || work().map(then));
        Job { part: self.part, name: self.name, cost: self.cost, bytes: self.bytes, work }
    }
}

/// How far the work is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What is being done, the piece that began first before the others.
    pub doing: Vec<String>,
    /// Share of the work that is done, in [0, 1], by estimate.
    pub done: f64,
    /// The part of the report whose last piece has been finished just now.
    pub finished: Option<&'static str>,
}

/// Does all jobs, as many at a time as rayon has threads, and gives their results in the order of the jobs. `told` hears of each
/// beginning and end, on the calling thread; the shares that it hears lie in `share`.
///
/// # Errors
/// The first of a job, after which no other begins; [`Error::Thread`] if one panicked or there are no threads to be had.
pub(super) fn side_by_side<T: Send>(
    jobs: Vec<Job<'_, T>>,
    share: Range<f64>,
    told: &mut dyn FnMut(&Progress),
) -> Result<Vec<T>, Error> {
    let threads = rayon::current_num_threads().min(jobs.len());
    let mut watch = Watch::new(&jobs, share);
    let desk = Desk::new(jobs);
    let thread_error = |e: &dyn std::fmt::Display| Error::Thread(e.to_string());
    thread::scope(|scope| {
        let (say, hear) = crossbeam_channel::unbounded();
        for _ in 0..threads {
            // A pool of one: what would spread over all cores stays on this one.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK).thread_name(|_| "eval".into());
            let pool = pool.build().map_err(|e| desk.give_up(thread_error(&e)))?;
            let (desk, say) = (&desk, say.clone());
            let worker = thread::Builder::new().name("eval".into());
            let spawned = worker.spawn_scoped(scope, move || pool.install(|| desk.work(&say)));
            spawned.map_err(|e| desk.give_up(thread_error(&e)))?;
        }
        drop(say);
        for event in hear {
            told(&watch.heard(event));
        }
        Ok::<_, Error>(())
    })?;
    desk.results()
}

/// A job, by its place, has begun or has ended.
enum Event {
    Begun(usize),
    Ended(usize),
}

/// Where jobs are fetched and results are handed in.
struct Desk<'a, T> {
    state: Mutex<State<'a, T>>,
    /// Memory has become free, or nothing is left to wait for.
    changed: Condvar,
}

struct State<'a, T> {
    /// The one to begin next is the last.
    waiting: Vec<(usize, Job<'a, T>)>,
    /// Bytes of the jobs that run, and how many these are.
    taken: usize,
    running: usize,
    found: Vec<Option<Result<T, Error>>>,
}

impl<'a, T> Desk<'a, T> {
    fn new(jobs: Vec<Job<'a, T>>) -> Self {
        let found = jobs.iter().map(|_| None).collect();
        let mut waiting: Vec<_> = jobs.into_iter().enumerate().rev().collect();
        waiting.sort_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost));
        Self { state: Mutex::new(State { waiting, taken: 0, running: 0, found }), changed: Condvar::new() }
    }

    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State<'a, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, say: &Sender<Event>) {
        while let Some((place, job)) = self.fetch() {
            // Nobody listens any more when threads could not be had.
            let _ = say.send(Event::Begun(place));
            let panicked = |_| Err(Error::Thread(format!("{}: it panicked; the message is above", job.name)));
            // What a job changes dies with it.
            let found = catch_unwind(AssertUnwindSafe(job.work)).unwrap_or_else(panicked);
            let mut state = self.lock();
            if found.is_err() {
                state.waiting.clear();
            }
            state.found[place] = Some(found);
            (state.taken, state.running) = (state.taken - job.bytes, state.running - 1);
            drop(state);
            self.changed.notify_all();
            let _ = say.send(Event::Ended(place));
        }
    }

    /// The longest job that there is memory for; waits for memory if there is none, and ends when no job is left.
    fn fetch(&self) -> Option<(usize, Job<'a, T>)> {
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let (taken, alone) = (state.taken, state.running == 0);
            if let Some(i) = state.waiting.iter().rposition(|(_, job)| alone || taken.saturating_add(job.bytes) <= MEMORY) {
                let (place, job) = state.waiting.remove(i);
                (state.taken, state.running) = (state.taken + job.bytes, state.running + 1);
                return Some((place, job));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the threads that there are end.
    fn give_up(&self, why: Error) -> Error {
        self.lock().waiting.clear();
        why
    }

    fn results(self) -> Result<Vec<T>, Error> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::with_capacity(state.found.len());
        let mut left_out = false;
        for found in state.found {
            match found {
                Some(found) => all.push(found?),
                None => left_out = true,
            }
        }
        // Only an error leaves jobs out, and that has been returned.
        if left_out { Err(Error::Thread("a piece of the report was not done".into())) } else { Ok(all) }
    }
}

/// Keeps what [`Progress`] tells.
struct Watch {
    /// Part, name and cost of each job.
    jobs: Vec<(&'static str, String, f64)>,
    doing: Vec<usize>,
    left: Vec<usize>,
    all: f64,
    done: f64,
    share: Range<f64>,
}

impl Watch {
    fn new<T>(jobs: &[Job<'_, T>], share: Range<f64>) -> Self {
        let all = jobs.iter().map(|j| j.cost).sum();
        let left = (0..jobs.len()).collect();
        let jobs = jobs.iter().map(|j| (j.part, j.name.clone(), j.cost)).collect();
        Self { jobs, doing: Vec::new(), left, all, done: 0.0, share }
    }

    fn heard(&mut self, event: Event) -> Progress {
        let mut finished = None;
        match event {
            Event::Begun(place) => self.doing.push(place),
            Event::Ended(place) => {
                self.doing.retain(|&p| p != place);
                self.left.retain(|&p| p != place);
                let (part, _, cost) = self.jobs[place];
                self.done += cost;
                finished = self.left.iter().all(|&p| self.jobs[p].0 != part).then_some(part);
            }
        }
        let part = if self.all > 0.0 { self.done / self.all } else { 1.0 };
        let doing = self.doing.iter().map(|&p| self.jobs[p].1.clone()).collect();
        Progress { doing, done: self.share.start + (self.share.end - self.share.start) * part, finished }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    fn job<'a>(
        part: &'static str,
        cost: f64,
        bytes: usize,
        work: impl FnOnce() -> Result<u32, Error> + Send + 'a,
    ) -> Job<'a, u32> {
        Job { part, name: format!("{part} {cost}"), cost, bytes, work: Box::new(work) }
    }

    /// On four threads, whatever machine it is.
    fn done(jobs: Vec<Job<'_, u32>>) -> (Result<Vec<u32>, Error>, Vec<Progress>) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let mut heard = Vec::new();
        let found = pool.install(|| side_by_side(jobs, 0.0..1.0, &mut |p| heard.push(p.clone())));
        (found, heard)
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs_and_parts_end_once() {
        let costs = [1.0, 5.0, 2.0, 4.0, 3.0, 1.0];
        let jobs = costs.iter().enumerate();
        let jobs = jobs.map(|(i, &cost)| job(if i % 2 == 0 { "even" } else { "odd" }, cost, 1, move || Ok(i as u32)));
        let (found, heard) = done(jobs.collect());
        assert_eq!(found.unwrap(), [0, 1, 2, 3, 4, 5]);
        let mut parts: Vec<_> = heard.iter().filter_map(|p| p.finished).collect();
        parts.sort_unstable();
        assert_eq!((parts, heard.len()), (vec!["even", "odd"], 12));
        assert!(heard.is_sorted_by(|a, b| a.done <= b.done) && (heard[11].done - 1.0).abs() < 1e-12);
        assert!(heard[11].doing.is_empty());
        assert_eq!(done(Vec::new()).0.unwrap(), Vec::<u32>::new());
    }

    /// Two jobs that wait for each other end only if they run at the same time, and inside of each there is one thread.
    #[test]
    fn jobs_run_side_by_side_each_on_one_thread() {
        let meeting = std::sync::Barrier::new(2);
        let meet = || {
            meeting.wait();
            Ok(rayon::current_num_threads() as u32)
        };
        assert_eq!(done(vec![job("a", 1.0, 1, meet), job("a", 1.0, 1, meet)]).0.unwrap(), [1, 1]);
    }

    #[test]
    fn large_jobs_wait_for_memory_and_the_largest_runs_alone() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let large = || {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            thread::sleep(std::time::Duration::from_millis(5));
            running.fetch_sub(1, SeqCst);
            Ok(0)
        };
        let jobs = (0..8).map(|i| job("a", 1.0, if i == 0 { 3 * MEMORY } else { 2 * (MEMORY / 3) }, large));
        assert_eq!(done(jobs.collect()).0.unwrap().len(), 8);
        assert_eq!(most.into_inner(), 1);
    }

    #[test]
    fn an_error_or_a_panic_ends_the_work() {
        let wrong = || Err(Error::Input("no".into()));
        let begun = AtomicUsize::new(0);
        let later = || {
            begun.fetch_add(1, SeqCst);
            thread::sleep(std::time::Duration::from_millis(5));
            Ok(0)
        };
        let jobs = (0..200).map(|i| if i == 0 { job("a", 9.0, 1, wrong) } else { job("a", 1.0, 1, later) });
        assert_eq!(done(jobs.collect()).0.unwrap_err().to_string(), "no");
        assert!(begun.into_inner() < 199);
        let (found, _) = done(vec![job("a", 1.0, 1, || panic!("for the test")), job("a", 1.0, 1, || Ok(1))]);
        assert!(found.unwrap_err().to_string().contains("a 1: it panicked"));
    }
}
