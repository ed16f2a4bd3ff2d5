//! What spec files say: products, objectives, policies, gates. One shape for all formats that are read.

mod catalog;
mod indicator;
mod objective;
mod policy;
mod product;
mod share;
mod window;

pub use catalog::{Catalog, SourceFormat, SourcePlace, SpecFault};
pub use indicator::{Comparison, Counted, Counter, CounterTerm, Indicator, RatioSide, Reading};
pub use objective::{Budgeting, NoData, Objective, Options, Units};
pub use policy::{
    AlertText, BudgetPolicy, BurnPair, BurnPolicy, Contact, Gate, LowTraffic, NoDataAlert, OnUnknown, Overriding,
    PolicyAction, PolicyState, Severity,
};
pub use product::{Adjustment, Component, Composition, CompositionMethod, Product, ReportSchedule, Role, Service};
pub use share::{Share, ShareError};
pub use window::{CalendarUnit, Window};
