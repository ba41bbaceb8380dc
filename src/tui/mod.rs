//! The workbench: a terminal front end. State, update and view apart.
