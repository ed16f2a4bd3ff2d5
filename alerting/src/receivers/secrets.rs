//! What must not be told of an attempt.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use net::Secret;
use net::config::HttpConfig;
use net::percent::{self, Place};
use net::secret::HIDDEN;

use super::SendFailure;

/// Shorter texts are not looked for: they would be found everywhere, and protect nothing.
const MIN_BYTES: usize = 4;

/// The secrets of one attempt, in all the ways in which they are written.
#[derive(Default)]
pub(super) struct Secrets(Vec<Secret>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// A secret as it is now, from the configuration or a file.
    pub(super) async fn read(&mut self, what: &str, inline: &Secret, file: &str) -> Result<String, SendFailure> {
        let text = if inline.is_empty() { of_file(what, file).await? } else { inline.expose().to_owned() };
        self.add(&text);
        Ok(text)
    }

    /// Another one.
    pub(super) fn add(&mut self, secret: &str) {
        let escaped = serde_json::to_string(secret).unwrap_or_default();
        let forms = [
            secret.to_owned(),
            percent::encode(secret, Place::Query),
            percent::encode(secret, Place::Path),
            escaped.trim_matches('"').to_owned(),
            STANDARD.encode(secret),
        ];
        for form in forms {
            if form.len() >= MIN_BYTES && !self.0.iter().any(|known| known.expose() == form) {
                self.0.push(form.into());
            }
        }
        // A part of a secret is not told in the place of the whole.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// What a URL holds behind its host, each part by itself, and its user's password.
    pub(super) fn add_url(&mut self, url: &str) {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if let Some((user, _)) = authority.rsplit_once('@') {
            let (name, password) = user.split_once(':').unwrap_or(("", user));
            let decoded = percent::decode(password, Place::Path).unwrap_or_default();
            self.add(&decoded);
            self.add(&format!("{name}:{decoded}"));
        }
        if target.len() > 1 {
            self.add(target);
        }
        // What names a service or a version is no secret: mostly words.
        let is_long = |part: &&str| part.len() >= 8;
        for part in target.split(['/', '?', '&', '=', '#']).filter(is_long) {
            self.add(&percent::decode(part, Place::Query).unwrap_or_default());
        }
    }

    /// Those of an `http_config`. What stands in files is read; what cannot be is no secret that anybody could tell.
    pub(super) async fn add_of_http(&mut self, http: &HttpConfig) {
        let mut texts = vec![&http.bearer_token];
        let mut files = vec![&http.bearer_token_file];
        if let Some(basic) = &http.basic_auth {
            texts.push(&basic.password);
            files.push(&basic.password_file);
            self.add(&format!("{}:{}", basic.username, basic.password.expose()));
        }
        if let Some(authorization) = &http.authorization {
            texts.push(&authorization.credentials);
            files.push(&authorization.credentials_file);
        }
        if let Some(oauth2) = &http.oauth2 {
            texts.push(&oauth2.client_secret);
            files.push(&oauth2.client_secret_file);
        }
        for header in http.http_headers.0.values() {
            texts.extend(&header.secrets);
            files.extend(&header.files);
        }
        texts.extend(http.proxy.proxy_connect_header.values().flatten());
        texts.iter().for_each(|text| self.add(text.expose()));
        for file in files.iter().filter(|file| !file.is_empty()) {
            if let Ok(text) = tokio::fs::read_to_string(file).await {
                self.add(text.trim());
            }
        }
        if let Some((user, _)) = http.proxy.proxy_url.expose().rsplit_once('@') {
            self.add_url(&format!("{user}@"));
        }
    }

    /// A text without the secrets.
    pub(super) fn hide(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| match text.contains(secret.expose()) {
            true => text.replace(secret.expose(), HIDDEN),
            false => text,
        })
    }
}

/// The text in a file, without the white space around it.
pub(super) async fn of_file(what: &str, file: &str) -> Result<String, SendFailure> {
    // A file that is just being replaced is there again the next time.
    let text = tokio::fs::read_to_string(Path::new(file)).await;
    let text = text.map_err(|error| SendFailure::passing(format_args!("read {what} from {file}: {error}")))?;
    match text.trim() {
        "" => Err(SendFailure::passing(format_args!("read {what} from {file}: the file is empty"))),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_however_they_are_written() {
        let mut secrets = Secrets::default();
        secrets.add("a b/\"c");
        secrets.add_url("https://user:pass%40word@host/v1/hook/0123456789?key=abcdefgh&x=1");
        let check = |text: &str, want: &str| assert_eq!(secrets.hide(text.to_owned()), want, "{text}");
        check("is a b/\"c there", "is <secret> there");
        check("q=a+b%2F%22c&", "q=<secret>&");
        check(r#"{"x":"a b/\"c"}"#, r#"{"x":"<secret>"}"#);
        check("Basic dXNlcjpwYXNzQHdvcmQ=", "Basic <secret>");
        check("https://host/v1/hook/0123456789?key=abcdefgh&x=1: no", "https://host<secret>: no");
        check("unknown hook 0123456789, key abcdefgh", "unknown hook <secret>, key <secret>");
        check("v1 hook pass", "v1 hook pass");
        assert_eq!(format!("{secrets:?}").matches("secrets").count(), 1);
    }
}
