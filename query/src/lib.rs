//! PromQL: lexer, grammar, types, plan, columnar engine, functions, formatting.
