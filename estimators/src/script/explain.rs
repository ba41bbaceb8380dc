//! rhai's errors in our words.

use rhai::{EvalAltResult, LexError, ParseError, ParseErrorType, Position};

use super::{Fault, Place, engine::REFUSED, helpers::HELPERS};

/// What a failed call means, and where.
pub(super) fn call(error: EvalAltResult) -> (Fault, Option<Place>) {
    let (mut error, mut at) = (error, Position::NONE);
    // The innermost place is the one to mend.
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, position) = error {
        at = position;
        error = *inner;
    }
    at = error.position().or_else(at);
    (fault(error), place(at))
}

fn fault(error: EvalAltResult) -> Fault {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(token, _) | E::ErrorTerminated(token, _) => {
            let text = token.to_string();
            token.try_cast::<Fault>().unwrap_or_else(|| Fault::Other(format!("the script gave up: {text}")))
        }
        E::ErrorParsing(kind, _) => syntax(&kind),
        E::ErrorFunctionNotFound(call, _) => unknown(call),
        E::ErrorVariableNotFound(name, _) => Fault::UnknownVariable(name),
        E::ErrorModuleNotFound(name, _) => Fault::Refused(format!("module {name}")),
        E::ErrorTooManyOperations(_) => Fault::Operations,
        E::ErrorStackOverflow(_) => Fault::Depth,
        E::ErrorDataTooLarge(what, _) => Fault::TooLarge(what),
        E::ErrorTooManyVariables(_) => Fault::TooLarge("the number of variables".into()),
        E::ErrorTooManyModules(_) => Fault::Refused("import".into()),
        other => Fault::Other(other.unwrap_positionless()),
    }
}

/// What a failed compilation means, and where.
pub(super) fn parse(error: &ParseError) -> (Fault, Option<Place>) {
    (syntax(error.err_type()), place(error.position()))
}

fn syntax(kind: &ParseErrorType) -> Fault {
    let refused = |word: &str| REFUSED.contains(&word).then(|| Fault::Refused(word.to_string()));
    match kind {
        ParseErrorType::Reserved(word) | ParseErrorType::BadInput(LexError::ImproperSymbol(word, _)) => {
            refused(word).unwrap_or_else(|| Fault::Syntax(kind.to_string()))
        }
        ParseErrorType::LiteralTooLarge(what, most) => Fault::TooLarge(format!("{what} (at most {most})")),
        ParseErrorType::BadInput(LexError::StringTooLong(most)) => Fault::TooLarge(format!("a string (at most {most})")),
        ParseErrorType::VariableUndefined(name) => Fault::UnknownVariable(name.clone()),
        _ => Fault::Syntax(kind.to_string()),
    }
}

/// `call` is a name with the types of its arguments.
fn unknown(call: String) -> Fault {
    let name = call.split([' ', '(']).next().unwrap_or_default();
    if REFUSED.contains(&name) {
        return Fault::Refused(name.to_string());
    }
    if let Some(helper) = HELPERS.iter().find(|h| h.name() == name) {
        return Fault::Arguments { call, signature: helper.signature };
    }
    let near = HELPERS.iter().map(|h| (distance(h.name(), name), h)).min_by_key(|(d, _)| *d);
    let hint = match near {
        Some((d, helper)) if d <= 2 && d < name.len() => format!(": did you mean {}?", helper.signature),
        _ => ": the helpers are those of the README's table".to_string(),
    };
    Fault::UnknownFunction { call, hint }
}

/// How many letters must be put in, left out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

fn place(position: Position) -> Option<Place> {
    Some(Place { line: position.line()?, column: position.position()? })
}

/// The message without rhai's own "(line 1, position 2)".
trait Positionless {
    fn unwrap_positionless(self) -> String;
}

impl Positionless for EvalAltResult {
    fn unwrap_positionless(mut self) -> String {
        self.clear_position();
        self.to_string()
    }
}
