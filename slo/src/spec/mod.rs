//! What spec files say: products, objectives, policies, gates. One shape for all formats that are read.

mod catalog;
pub(crate) mod counter;
mod indicator;
mod load;
mod objective;
mod policy;
mod product;
mod schedule;
mod share;
mod text;
mod window;

pub use catalog::{Catalog, SourceFormat, SourcePlace, SpecFault};
pub use counter::{CompileFault, compile};
pub use indicator::{Comparison, Counted, Counter, CounterTerm, Indicator, RatioSide, Reading};
pub(crate) use load::limit_faults;
pub use load::{DEFAULT_RETENTION_MS, MAX_DOCUMENTS, MAX_FAULTS, MAX_FILE_BYTES, MAX_OBJECTIVES, load, load_within};
pub use objective::{Budgeting, NoData, Objective, Options, Units};
pub use policy::{
    AlertText, BudgetPolicy, BurnPair, BurnPolicy, Contact, ContactWay, Gate, GitlabFreeze, LowTraffic, NoDataAlert,
    OnUnknown, Overriding, PolicyAction, PolicyState, Severity, burn_factor,
};
pub use product::{Adjustment, Component, Composition, CompositionMethod, Product, Role, Service};
pub use schedule::{At, AtError, Due, Every, ReportSchedule};
pub use share::{Share, ShareError};
pub use text::{SpecFile, SpecText};
pub use window::{CalendarUnit, Window};
