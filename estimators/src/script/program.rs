//! A compiled script and the calls of its functions.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use candle_core::Tensor;
use rhai::{AST, CallFnOptions, Dynamic, Engine, Scope};

use super::{
    Fault, Place, ScriptError, engine, explain, limits,
    text::Text,
    value::{Call, Memo, Purpose, Value},
};
use crate::Scores;

/// The functions that a script may have, with their parameters.
const FUNCTIONS: [(&str, &str); 3] =
    [(OBJECTIVE, "joint, marginal"), (NATS, "joint, marginal"), (LOG_RATIO, "scores, joint, marginal")];
pub(super) const OBJECTIVE: &str = "objective";
pub(super) const NATS: &str = "nats";
pub(super) const LOG_RATIO: &str = "log_ratio";

/// A script, ready to be called from any thread.
pub(super) struct Program {
    /// For messages.
    file: String,
    engine: Engine,
    ast: AST,
    pub(super) text: Text,
    /// The file's `const`s.
    pub(super) constants: BTreeMap<String, Dynamic>,
}

/// What a function has returned.
pub(super) enum Outcome {
    Tensor(Tensor),
    Number(f64),
    Other(&'static str),
}

impl Program {
    /// Compiles the text and evaluates its constants.
    pub(super) fn compile(file: &str, source: &str) -> Result<Self, ScriptError> {
        let fail = |(fault, place): (Fault, Option<Place>)| fault.at(file, place);
        if source.chars().count() > limits::SOURCE {
            return Err(Fault::TooLarge { what: "the number of characters", most: limits::SOURCE }.at(file, None));
        }
        let engine = engine::sandbox();
        let mut scope = Scope::new();
        let ast = guarded(|| {
            let plain = engine.compile(source).map_err(|e| explain::parse(&e))?;
            engine.run_ast_with_scope(&mut scope, &plain).map_err(|e| explain::call(*e))?;
            // Constants in the scope of a compilation go into the functions.
            let mut constants = Scope::new();
            for (name, _, value) in scope.iter().filter(|(_, constant, _)| *constant) {
                constants.push_constant_dynamic(name.to_string(), value);
            }
            scope = constants;
            let mut ast = engine.compile_with_scope(&scope, source).map_err(|e| explain::parse(&e))?;
            ast.clear_statements();
            Ok(ast)
        })
        .map_err(fail)?;
        let constants: BTreeMap<String, Dynamic> = scope.iter().map(|(name, _, value)| (name.to_string(), value)).collect();
        let program = Self { file: file.to_string(), engine, ast, text: Text::new(source), constants };
        program.check_functions()?;
        Ok(program)
    }

    fn check_functions(&self) -> Result<(), ScriptError> {
        let mut functions: Vec<_> = self.ast.iter_functions().collect();
        functions.sort_by_key(|f| f.name);
        for f in functions {
            let fail = |fault: Fault| Err(fault.at(&self.file, self.text.name(f.name)));
            if let Some(hidden) = f.params.iter().find(|p| self.constants.contains_key(**p)) {
                return fail(Fault::Hidden((*hidden).to_string()));
            }
            let known = FUNCTIONS.iter().find(|(name, _)| *name == f.name);
            if let Some((function, wanted)) = known.filter(|(_, wanted)| wanted.split(", ").count() != f.params.len()) {
                return fail(Fault::Parameters { function, found: f.params.len(), wanted });
            }
        }
        if self.has(OBJECTIVE) { Ok(()) } else { Err(Fault::NoObjective.at(&self.file, None)) }
    }

    /// Whether the script has this function.
    pub(super) fn has(&self, function: &str) -> bool {
        self.ast.iter_functions().any(|f| f.name == function)
    }

    /// Calls `objective` or `nats`.
    pub(super) fn call(
        &self,
        function: &'static str,
        purpose: Purpose,
        scores: &Scores,
        memo: &Memo,
    ) -> Result<Outcome, ScriptError> {
        self.invoke(function, Call::parameters(scores, purpose, memo).into())
    }

    /// Calls `log_ratio` for the joint or the marginal scores.
    pub(super) fn ratio(&self, of_joint: bool, scores: &Scores, memo: &Memo) -> Result<Outcome, ScriptError> {
        let [joint, marginal] = Call::parameters(scores, Purpose::ReadOut, memo);
        let of = if of_joint { joint.clone() } else { marginal.clone() };
        self.invoke(LOG_RATIO, vec![of, joint, marginal])
    }

    fn invoke(&self, function: &'static str, arguments: Vec<Value>) -> Result<Outcome, ScriptError> {
        let options = CallFnOptions::new().eval_ast(false);
        let call = arguments[0].clone();
        guarded(|| {
            let result: Dynamic = self
                .engine
                .call_fn_with_options(options, &mut Scope::new(), &self.ast, function, arguments)
                .map_err(|e| explain::call(*e))?;
            call.passed().map_or_else(|| outcome(result), Err).map_err(|fault| (fault, None))
        })
        .map_err(|(fault, place)| {
            // Of its own limits rhai forgets the place.
            let guess = || if fault == Fault::Operations { self.text.first_loop(function) } else { None };
            let place = place.or_else(guess).or_else(|| self.text.result(function));
            fault.at(&self.file, place)
        })
    }

    /// This fault, at the result of a function.
    pub(super) fn fault(&self, function: &'static str, fault: Fault) -> ScriptError {
        fault.at(&self.file, self.text.result(function))
    }
}

fn outcome(result: Dynamic) -> Result<Outcome, Fault> {
    if let Ok(number) = result.as_float() {
        return Ok(Outcome::Number(number));
    }
    if let Ok(number) = result.as_int() {
        return Ok(Outcome::Number(number as f64));
    }
    if let Some(value) = result.read_lock::<Value>() {
        return Ok(Outcome::Tensor(value.tensor()?));
    }
    Ok(Outcome::Other(match result.type_name() {
        "()" => "nothing (does the last line end in a semicolon?)",
        "string" => "a string",
        "bool" => "true or false",
        "array" => "an array",
        "map" => "a map",
        _ => "something else",
    }))
}

/// A panic in rhai or in a tensor operation becomes a fault; nothing of ours is left half done by one, as calls change nothing.
fn guarded<T>(work: impl FnOnce() -> Result<T, (Fault, Option<Place>)>) -> Result<T, (Fault, Option<Place>)> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err((Fault::Panic(text.unwrap_or("no message").to_string()), None))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault() {
        let of = |message: &'static str| guarded::<()>(|| std::panic::panic_any(message)).map_err(|(fault, _)| fault);
        assert_eq!(of("out of range"), Err(Fault::Panic("out of range".into())));
        assert_eq!(
            guarded::<()>(|| panic!("{} of range", 7)).map_err(|(fault, _)| fault),
            Err(Fault::Panic("7 of range".into()))
        );
    }
}
