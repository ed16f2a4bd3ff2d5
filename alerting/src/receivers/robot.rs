//! What the robots in groups of 企业微信, 钉钉 and 飞书 have in common: they answer 200, and say in the body whether it went well.

use std::time::Duration;

use serde::Deserialize;

use super::answer::{Answer, Judge};
use super::{FailureKind, SendFailure, truncate};

/// All three count messages by the minute, and do not say when the next one may come.
const RATE_WAIT: Duration = Duration::from_secs(60);

/// What a robot says: 企业微信 and 钉钉 in `errcode`, 飞书 in `code`, which once was called `StatusCode`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    errcode: Option<i64>,
    errmsg: String,
    code: Option<i64>,
    msg: String,
    #[serde(rename = "StatusCode")]
    status_code: Option<i64>,
    #[serde(rename = "StatusMessage")]
    status_message: String,
}

/// What the codes of a robot mean; those that are in no list are ours to mend.
pub(super) struct Codes {
    /// Too many messages.
    pub(super) rate: &'static [i64],
    /// The robot's own trouble.
    pub(super) busy: &'static [i64],
    /// It does not let us in.
    pub(super) auth: &'static [i64],
}

/// Whether the robot took it.
pub(super) fn judge(answer: &Answer, codes: &Codes) -> Result<(), SendFailure> {
    answer.judge(Judge::PLAIN)?;
    let said: Said = answer.json()?;
    let Some(code) = said.errcode.or(said.code).or(said.status_code) else {
        return Err(SendFailure::passing("the answer is not the robot's: it has no code"));
    };
    if code == 0 {
        return Ok(());
    }
    let texts = [said.errmsg, said.msg, said.status_message].concat();
    let failure = SendFailure::permanent(format_args!("code {code}: {}", truncate::to_bytes(&texts, 512)));
    Err(if codes.rate.contains(&code) {
        let retry_after = Some(answer.retry_after().unwrap_or(RATE_WAIT));
        SendFailure { is_retryable: true, retry_after, ..failure.of_kind(FailureKind::RateLimited) }
    } else if codes.busy.contains(&code) {
        SendFailure { is_retryable: true, ..failure.of_kind(FailureKind::ServerError) }
    } else if codes.auth.contains(&code) {
        failure.of_kind(FailureKind::AuthError)
    } else {
        failure.of_kind(FailureKind::ClientError)
    })
}
