//! An application of 企业微信.
//!
//! A token is got for the company's id and the application's secret, kept while it is good, and got again once where it is
//! refused. The message is sent with `enable_duplicate_check`, so that 企业微信 itself drops what is told again after a crash.

use net::form;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Judge};
use super::exchange::Outgoing;
use super::message::Message;
use super::session::Token;
use super::{FailureKind, SendFailure, json, truncate};
use crate::config::WechatConfig;

/// 企业微信's limit for texts.
const MAX_TEXT_BYTES: usize = 2048;

/// What is the same and told again within so many seconds was meant to be told once.
const DUPLICATE_CHECK_SECONDS: u32 = 120;

/// The token is refused.
const BAD_TOKEN: [i64; 3] = [40_001, 40_014, 42_001];
/// Too many messages.
const RATE: i64 = 45_009;
/// 企业微信's own trouble.
const BUSY: i64 = -1;

#[derive(Serialize)]
struct Post<'m> {
    text: Content,
    #[serde(skip_serializing_if = "String::is_empty")]
    touser: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    toparty: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    totag: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    agentid: String,
    safe: &'static str,
    msgtype: &'m str,
    markdown: Content,
    enable_duplicate_check: u32,
    duplicate_check_interval: u32,
}

#[derive(Default, Serialize)]
struct Content {
    content: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    errcode: i64,
    errmsg: String,
    access_token: String,
    expires_in: i64,
}

pub(super) async fn send(config: &WechatConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let body = json::line(&post(config, message)?)?;
    let kept = message.context.session.token(message.context.now_ms);
    let was_kept = kept.is_some();
    let token = match kept {
        Some(token) => token,
        None => get_token(config, message).await?,
    };
    let said = say(config, &token, &body, message).await?;
    if !BAD_TOKEN.contains(&said.errcode) {
        return judge(&said);
    }
    message.context.session.set_token(None);
    if !was_kept {
        return judge(&said);
    }
    // A kept token may have been replaced by somebody else's; a new one is tried once.
    let token = get_token(config, message).await?;
    judge(&say(config, &token, &body, message).await?)
}

fn post<'m>(config: &'m WechatConfig, message: &mut Message<'_>) -> Result<Post<'m>, SendFailure> {
    let content = Content { content: truncate::to_bytes(&message.text(&config.message)?, MAX_TEXT_BYTES) };
    let (text, markdown) = match config.message_type.as_str() {
        "markdown" => (Content::default(), content),
        _ => (content, Content::default()),
    };
    Ok(Post {
        text,
        touser: message.text(&config.to_user)?,
        toparty: message.text(&config.to_party)?,
        totag: message.text(&config.to_tag)?,
        agentid: message.text(&config.agent_id)?,
        safe: "0",
        msgtype: &config.message_type,
        markdown,
        enable_duplicate_check: 1,
        duplicate_check_interval: DUPLICATE_CHECK_SECONDS,
    })
}

fn url(config: &WechatConfig, path: &str, query: &[(&str, &str)]) -> String {
    let base = config.api_url.as_ref().map_or("", |url| url.expose()).trim_end_matches('/');
    format!("{base}/{path}?{}", form::encode(query.iter().copied()))
}

async fn get_token(config: &WechatConfig, message: &mut Message<'_>) -> Result<String, SendFailure> {
    let secret = message.secret_text("api_secret", &config.api_secret, &config.api_secret_file).await?;
    let corp_id = message.text(&config.corp_id)?;
    let url = url(config, "gettoken", &[("corpid", &corp_id), ("corpsecret", &secret)]);
    let outgoing = Outgoing { method: http::Method::GET, content_type: "", ..Outgoing::post(&url, String::new()) };
    let answer = message.exchange(outgoing).await?;
    answer.judge(Judge::PLAIN)?;
    let said: Said = answer.json()?;
    message.secrets.add(&said.access_token);
    judge(&said).map_err(|failure| failure.within("no token"))?;
    if said.access_token.is_empty() {
        return Err(SendFailure::permanent(format_args!("invalid APISecret for CorpID: {corp_id}")));
    }
    // A minute less, so that it does not end on the way.
    let seconds = if said.expires_in > 0 { said.expires_in } else { 7200 };
    let good_until_ms = message.context.now_ms.saturating_add(seconds.saturating_sub(60).saturating_mul(1000));
    message.context.session.set_token(Some(Token { text: said.access_token.clone(), good_until_ms }));
    Ok(said.access_token)
}

async fn say(config: &WechatConfig, token: &str, body: &str, message: &mut Message<'_>) -> Result<Said, SendFailure> {
    let url = url(config, "message/send", &[("access_token", token)]);
    let answer: Answer = message.exchange_whole(Outgoing::post(&url, body.to_owned())).await?;
    answer.judge(Judge::PLAIN)?;
    answer.json()
}

fn judge(said: &Said) -> Result<(), SendFailure> {
    let failure = || {
        let shown = truncate::to_bytes(&said.errmsg, 512);
        SendFailure::permanent(format_args!("code {}: {shown}", said.errcode))
    };
    match said.errcode {
        0 => Ok(()),
        RATE => Err(SendFailure { is_retryable: true, ..failure().of_kind(FailureKind::RateLimited) }),
        BUSY => Err(SendFailure { is_retryable: true, ..failure().of_kind(FailureKind::ServerError) }),
        code if BAD_TOKEN.contains(&code) => {
            Err(SendFailure { is_retryable: true, ..failure().of_kind(FailureKind::AuthError) })
        }
        _ => Err(failure().of_kind(FailureKind::ClientError)),
    }
}
