//! rhai's errors in our words.

use rhai::{EvalAltResult, LexError, ParseError, ParseErrorType, Position};

use super::{Fault, Place, engine::REFUSED, helpers::HELPERS, limits};

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
        E::ErrorRuntime(token, _) => {
            let text = token.to_string();
            token.try_cast::<Fault>().unwrap_or_else(|| Fault::Other(format!("the script gave up: {text}")))
        }
        E::ErrorParsing(kind, _) => syntax(&kind),
        E::ErrorFunctionNotFound(call, _) => unknown(call),
        E::ErrorVariableNotFound(name, _) => Fault::UnknownVariable(name),
        E::ErrorModuleNotFound(name, _) => Fault::Refused(format!("module {name}")),
        E::ErrorTooManyOperations(_) => Fault::Operations,
        E::ErrorStackOverflow(_) => Fault::Depth,
        E::ErrorDataTooLarge(what, _) => too_large(&what),
        E::ErrorTooManyVariables(_) => Fault::TooLarge { what: "the number of variables", most: limits::NAMES },
        E::ErrorTooManyModules(_) => Fault::Refused("import".into()),
        other => Fault::Other(words(other)),
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
        ParseErrorType::LiteralTooLarge(what, _) => too_large(what),
        ParseErrorType::BadInput(LexError::StringTooLong(_)) => too_large("string"),
        ParseErrorType::TooManyFunctions => Fault::TooLarge { what: "the number of functions", most: limits::NAMES },
        ParseErrorType::ExprTooDeep => Fault::TooLarge { what: "the depth of an expression", most: limits::EXPRESSION },
        ParseErrorType::VariableUndefined(name) => Fault::UnknownVariable(name.clone()),
        _ => Fault::Syntax(kind.to_string()),
    }
}

/// rhai says this in many words: "Length of string", "Size of array/BLOB", "Number of properties in object map".
fn too_large(what: &str) -> Fault {
    let what = what.to_lowercase();
    if what.contains("string") {
        Fault::TooLarge { what: "a string", most: limits::STRING }
    } else if what.contains("map") {
        Fault::TooLarge { what: "a map", most: limits::ITEMS }
    } else {
        Fault::TooLarge { what: "an array", most: limits::ITEMS }
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
        // A third of the letters may be wrong.
        Some((d, helper)) if 3 * d <= name.len() => format!(": did you mean {}?", helper.signature),
        _ if !name.starts_with(|c: char| c.is_alphabetic()) => ": operators take tensors and numbers".to_string(),
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
    Some(Place { line: position.line()? as u32, column: position.position()? as u32 })
}

/// The message without rhai's own "(line 1, position 2)".
fn words(mut error: EvalAltResult) -> String {
    error.clear_position();
    error.to_string()
}
