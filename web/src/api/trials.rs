//! `POST /api/v1/slos/whatif`: what an objective would have done over the stored past.
//!
//! Parameters: `id` of an objective, or `spec`, documents that need not be in force (with `id` where they hold several);
//! `objective` in percent and `window` where these are to be otherwise; `start` and `end`. A trial takes one of the places of
//! queries, and as much time as a query may; it is stopped when nobody waits for its answer any more.

use std::sync::Arc;

use net::form::Form;
use net::server::{Request, Response};
use query::Cancel;
use slo::trial::{Question, TrialError};

use super::query::in_turn;
use super::slos::optional_time;
use super::{form_of, strict};
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;
use crate::web::Shared;

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let question = match strict(&form).and_then(|()| question(&form)) {
        Ok(question) => question,
        Err(error) => return error.respond(),
    };
    let time = parts.engine.options().limits.timeout;
    let tried = in_turn(shared, &request, move |cancel| tried(&parts, &question, cancel));
    tokio::time::timeout(time, tried).await.unwrap_or_else(|_| {
        let limit = format_args!("limit query_time: {} s, raised by --query.timeout", time.as_secs_f64());
        ApiError::new(ErrorType::Timeout, format_args!("the trial took too long ({limit}); try a later start"))
            .respond()
    })
}

fn question(form: &Form) -> Result<Question, ApiError> {
    let text = |name: &str| Some(form.get(name).to_owned()).filter(|text| !text.trim().is_empty());
    Ok(Question {
        id: text("id"),
        spec: text("spec"),
        objective: text("objective"),
        window: text("window"),
        start_ms: optional_time(form, "start")?,
        end_ms: optional_time(form, "end")?,
    })
}

fn tried(parts: &Parts, question: &Question, cancel: &Cancel) -> ApiResult {
    let answer = parts.budgets.tried(question, cancel).map_err(|error| match error {
        TrialError::Unknown(_) => ApiError::new(ErrorType::NotFound, error),
        TrialError::Counting(_) => ApiError::new(ErrorType::Execution, error),
        TrialError::Canceled => ApiError::new(ErrorType::Canceled, error),
        TrialError::Spec(_) | TrialError::Long { .. } | TrialError::Empty | TrialError::Several(_) => {
            ApiError::parameter("spec", error)
        }
        TrialError::Objective(_) => ApiError::parameter("objective", error),
        TrialError::Window(_) => ApiError::parameter("window", error),
        TrialError::Times => ApiError::parameter("end", error),
        TrialError::Nothing | TrialError::Ticks { .. } => ApiError::bad_data(error),
    })?;
    Reply::serialized(&answer)
}
