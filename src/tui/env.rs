//! What the environment says of the terminal that we are in.

/// Variables of the environment.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Programs between us and the terminal, which pass text on and keep pictures and the progress bar to themselves.
const BETWEEN: [&str; 2] = ["TMUX", "STY"];

/// True if such a program is there.
pub fn is_between(env: Env) -> bool {
    BETWEEN.iter().any(|name| env(name).is_some())
}
