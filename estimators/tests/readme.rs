//! README.md is written by `describe()`; `UPDATE=1 cargo test -p dim-estimators --test readme` rewrites it.

use dim_estimators::describe;

#[test]
fn readme_is_the_description() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, describe()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == describe(), "estimators/README.md is out of date: run with UPDATE=1 to rewrite it");
}
