//! `/api/v1/products`: products, what is left of their budgets, and by which objectives.

use serde::Serialize;
use slo::budget::{Point, ProductStatus};
use slo::gate::OpenAction;
use slo::report::Language;

use super::slos::{covered, instants, optional_time};
use super::{Asked, decoded_name, spoken, strict};
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;

pub(super) fn products(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let found = parts.budgets.products(optional_time(&asked.form, "time")?);
    Reply::serialized(&found)?.beside("errors", &parts.budgets.faults())
}

/// A product with what its policy asks for now; of the past that is not known.
#[derive(Serialize)]
struct Shown<'s> {
    #[serde(flatten)]
    status: &'s ProductStatus,
    actions: Vec<OpenAction>,
}

pub(super) fn product(parts: &Parts, asked: &Asked) -> ApiResult {
    let status = status(parts, asked)?;
    let is_now = optional_time(&asked.form, "time")?.is_none();
    let language = spoken(asked.form.get("lang"), Language::English)?;
    let actions = if is_now { parts.gates.actions(&status.name, language) } else { Vec::new() };
    Reply::serialized(&Shown { status: &status, actions })
}

/// What a pipeline or a page wants to know of a product's budget, with its burn-down.
pub(super) fn budget(parts: &Parts, asked: &Asked) -> ApiResult {
    let status = status(parts, asked)?;
    let window = slo::window::Span { from_ms: status.window.start.0, to_ms: status.at.0 };
    let instants = instants(&asked.shared, &asked.form, window)?;
    let shown = covered(&instants);
    let burndown: Vec<Point> = parts.budgets.product_points(&status.name, &instants).unwrap_or_default();
    let answer = serde_json::json!({
        "product": status.name,
        "objective": status.objective,
        "window": status.window,
        "at": status.at,
        "unit": status.unit,
        "sli": status.sli,
        "budget": status.budget,
        "coverage": status.coverage,
        "burn": status.burn,
        "forecast": status.forecast,
        "state": status.state,
        "burndown": burndown,
        "marks": parts.budgets.product_marks(&status.name, shown),
        "expected": parts.budgets.product_expected(&status.name, shown.to_ms),
    });
    Reply::serialized(&answer)
}

fn status(parts: &Parts, asked: &Asked) -> Result<ProductStatus, ApiError> {
    strict(&asked.form)?;
    let name = decoded_name(&asked.name)?;
    let status = parts.budgets.product(&name, optional_time(&asked.form, "time")?);
    let message = format_args!("no such product: {}", model::name::quoted(&name));
    status.ok_or_else(|| ApiError::new(ErrorType::NotFound, message))
}
