//! The sandbox: a bare engine with arithmetic, logic, mathematics and the helpers on tensors, and nothing of the world.

use rhai::{
    Engine, OptimizationLevel,
    packages::{ArithmeticPackage, BasicMathPackage, LogicPackage, Package},
};

use super::{helpers, limits, operators, value::Value};

/// Words of rhai that are refused with a message of our own. The first three are part of the language and are switched off; the
/// others live in packages that the engine does not have.
pub(super) const REFUSED: &[&str] = &["import", "export", "eval", "print", "debug", "sleep", "timestamp"];

/// A new engine; it is only used, never changed, once it has compiled a script.
pub(super) fn sandbox() -> Engine {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    engine.register_type_with_name::<Value>("tensor");
    operators::register(&mut engine);
    helpers::register(&mut engine);
    for word in &REFUSED[..3] {
        engine.disable_symbol(*word);
    }
    engine
        // It puts the constants of the file into the functions, which could not see them otherwise.
        .set_optimization_level(OptimizationLevel::Simple)
        .set_max_operations(limits::OPERATIONS)
        .set_max_call_levels(limits::CALLS)
        .set_max_expr_depths(limits::EXPRESSION, limits::EXPRESSION)
        .set_max_string_size(limits::STRING)
        .set_max_array_size(limits::ITEMS)
        .set_max_map_size(limits::ITEMS)
        .set_max_variables(limits::NAMES)
        .set_max_functions(limits::NAMES)
        .set_max_modules(0);
    engine
}
