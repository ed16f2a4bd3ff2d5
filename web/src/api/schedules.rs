//! `GET /api/v1/reports`: schedules by which reports go out by mail, when the next one does and to whom, and what is in its way.
//!
//! Parameter: `product`, whose they are; all where it is left out.

use super::{Asked, strict};
use crate::reply::{ApiResult, Reply};
use crate::state::Parts;

pub(super) fn schedules(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let product = asked.form.get("product");
    let catalog = parts.budgets.catalog();
    let mut schedules = parts.reports.schedules(&catalog, parts.budgets.language());
    schedules.retain(|schedule| product.is_empty() || schedule.product == product);
    Reply::serialized(&schedules)
}
