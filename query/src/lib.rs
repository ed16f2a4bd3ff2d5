//! PromQL: lexer, grammar, types, plan, columnar engine, functions, formatting.

pub mod syntax;
