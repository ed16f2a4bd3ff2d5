//! HTML mode: what actions say is escaped for the place of the document where it stands.
//!
//! html/template finds the places out when a template is read; here a machine follows the text that is written
//! (`context`), and each value is escaped for the state that it meets (`writer`). A value never changes the state: once
//! escaped it cannot leave the place where it stands. Comments in HTML are left out, and a `<` that begins no tag is
//! escaped.
//!
//! Other than html/template, a value in a template literal of a script is an error, every `script` is taken for
//! JavaScript, `url(…)` without quotes takes words only, comments in scripts and styles stay, and a template whose
//! branches end in different places is no error: only the branch that is taken counts.

mod context;
mod css;
mod js;
mod markup;
mod url;
mod writer;

pub(super) use writer::Writer;
