//! Who we are: `CRAM-MD5`, `PLAIN` or `LOGIN`, the first of the server's list for which there is a secret.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::response::Response;
use md5::{Digest, Md5};

use super::connect::{client_id, is_secure};
use crate::config::EmailConfig;
use crate::receivers::secrets::Secrets;
use crate::receivers::{FailureKind, SendFailure};

/// Shows it, where there is a user and the server asks for one.
pub(super) async fn show(
    config: &EmailConfig,
    secrets: &mut Secrets,
    connection: &mut AsyncSmtpConnection,
) -> Result<(), SendFailure> {
    if config.auth_username.is_empty() {
        return Ok(());
    }
    // lettre knows no order and no CRAM-MD5, so the server is asked for its list once more.
    let greeted = connection.command(Ehlo::new(client_id(config))).await;
    let greeted = greeted.map_err(|error| super::failure("EHLO", &error))?;
    let Some(offered) = greeted.message().find_map(|line| line.strip_prefix("AUTH ")) else { return Ok(()) };
    let mut reasons = Vec::new();
    for mechanism in offered.split_ascii_whitespace() {
        let tried = match mechanism.to_ascii_uppercase().as_str() {
            "CRAM-MD5" => match secret(secrets, "auth_secret", config).await? {
                Some(secret) => Some(cram_md5(config, connection, &secret).await),
                None => missing(&mut reasons, mechanism, "auth_secret"),
            },
            "PLAIN" => match secret(secrets, "auth_password", config).await? {
                Some(password) => Some(plain(config, connection, &password).await),
                None => missing(&mut reasons, mechanism, "auth_password"),
            },
            "LOGIN" => match secret(secrets, "auth_password", config).await? {
                Some(password) => Some(login(config, connection, &password).await),
                None => missing(&mut reasons, mechanism, "auth_password"),
            },
            _ => {
                reasons.push(format!("{mechanism} is unknown here"));
                None
            }
        };
        if let Some(outcome) = tried {
            return outcome.map_err(|failure| failure.within(format_args!("AUTH {mechanism}")));
        }
    }
    let reasons = reasons.join(", ");
    Err(SendFailure::permanent(format_args!("the server offers AUTH {offered}: {reasons}"))
        .of_kind(FailureKind::AuthError))
}

fn missing(reasons: &mut Vec<String>, mechanism: &str, what: &str) -> Option<Result<(), SendFailure>> {
    reasons.push(format!("{mechanism} needs {what}"));
    None
}

/// A secret of the configuration; `None` where none is given.
async fn secret(
    secrets: &mut Secrets,
    what: &'static str,
    config: &EmailConfig,
) -> Result<Option<String>, SendFailure> {
    let (inline, file) = match what {
        "auth_secret" => (&config.auth_secret, &config.auth_secret_file),
        _ => (&config.auth_password, &config.auth_password_file),
    };
    if inline.is_empty() && file.is_empty() {
        return Ok(None);
    }
    secrets.read(what, inline, file).await.map(Some)
}

/// RFC 4616.
async fn plain(config: &EmailConfig, connection: &mut AsyncSmtpConnection, password: &str) -> Result<(), SendFailure> {
    if !is_secure(config) && !is_local(&config.smarthost.host) {
        return Err(SendFailure::permanent("a password is not sent over a connection without TLS: set require_tls")
            .of_kind(FailureKind::AuthError));
    }
    let text = format!("{}\0{}\0{password}", config.auth_identity, config.auth_username);
    say(connection, &format!("AUTH PLAIN {}", STANDARD.encode(text))).await.map(drop)
}

/// What older servers of Microsoft's ask for.
async fn login(config: &EmailConfig, connection: &mut AsyncSmtpConnection, password: &str) -> Result<(), SendFailure> {
    say(connection, "AUTH LOGIN").await?;
    say(connection, &STANDARD.encode(&config.auth_username)).await?;
    say(connection, &STANDARD.encode(password)).await.map(drop)
}

/// RFC 2195.
async fn cram_md5(config: &EmailConfig, connection: &mut AsyncSmtpConnection, secret: &str) -> Result<(), SendFailure> {
    let answer = say(connection, "AUTH CRAM-MD5").await?;
    let challenge = answer.first_word().and_then(|word| STANDARD.decode(word).ok());
    let Some(challenge) = challenge else {
        return Err(SendFailure::permanent("the server's challenge is not in base 64").of_kind(FailureKind::AuthError));
    };
    let digest: String = hmac_md5(secret.as_bytes(), &challenge).iter().map(|byte| format!("{byte:02x}")).collect();
    say(connection, &STANDARD.encode(format!("{} {digest}", config.auth_username))).await.map(drop)
}

/// RFC 2104.
fn hmac_md5(key: &[u8], text: &[u8]) -> [u8; 16] {
    const BLOCK: usize = 64;
    let short: [u8; 16] = Md5::digest(key).into();
    let key = if key.len() > BLOCK { &short[..] } else { key };
    let mut block = [0; BLOCK];
    block[..key.len()].copy_from_slice(key);
    let inner = Md5::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Md5::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

async fn say(connection: &mut AsyncSmtpConnection, line: &str) -> Result<Response, SendFailure> {
    connection.command(format!("{line}\r\n")).await.map_err(|error| refusal(&error))
}

fn refusal(error: &SmtpError) -> SendFailure {
    let failure = super::failure("the server says", error);
    match error.is_permanent() {
        true => failure.of_kind(FailureKind::AuthError),
        false => failure,
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_standard() {
        let check = |key: &[u8], text: &str, want: &str| {
            let hex: String = hmac_md5(key, text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, want);
        };
        // RFC 2202, and the example of RFC 2195.
        check(&[0x0b; 16], "Hi There", "9294727a3638bb1c13f48ef8158bfc9d");
        check(
            &[0xaa; 80],
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
        );
        let challenge = "<1896.697170952@postoffice.reston.mci.net>";
        check(b"tanstaaftanstaaf", challenge, "b913a602c7eda7a495b4e6e7334d3890");
    }
}
