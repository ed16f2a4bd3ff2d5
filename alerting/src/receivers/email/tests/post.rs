//! Mails that are no notifications.

use crate::receivers::{Attached, Mail, SealedMail, mail_address};

use super::*;

fn report() -> SealedMail {
    let mail = Mail {
        id: "report-weekly-2026-W47".to_owned(),
        at_ms: AT_MS,
        to: vec!["李雷 <li.lei@example.org>".to_owned(), "team@example.org".to_owned()],
        subject: "✓ 履行\r\nBcc: all@example.org".to_owned(),
        text: "承诺履行了吗？\r\n.\r\nMAIL FROM:<evil@example.org>\r\n".to_owned(),
        html: "<img src=\"cid:burndown.png\">".to_owned(),
        pictures: vec![Attached { name: "burndown.png".to_owned(), media_type: "image/png", bytes: vec![7; 99] }],
        files: vec![Attached {
            name: "商店 \"1\".json".to_owned(), media_type: "application/json", bytes: vec![b'{']
        }],
    };
    mail.sealed(&config("25", |_| {})).unwrap()
}

async fn sent(config: &EmailConfig, timeout: Duration) -> Result<Vec<String>, SendFailure> {
    report().send(config, &Addresses::default(), timeout).await
}

#[tokio::test]
async fn a_report_is_one_mail_and_the_same_each_time() {
    let sink = Sink::start(|_| None).await;
    let config = config(&sink.port, |_| {});
    let report = report();
    // As it is read back after a kill.
    let read: SealedMail = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    for mail in [&report, &read] {
        assert_eq!(mail.send(&config, &Addresses::default(), Duration::from_secs(60)).await.unwrap(), [""; 0]);
    }
    let sessions = sink.sessions();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0], sessions[1]);
    let (commands, mail) = parts(&sessions[0]);
    let want = [
        "EHLO localhost",
        "MAIL FROM:<narthex@example.org>",
        "RCPT TO:<li.lei@example.org>",
        "RCPT TO:<team@example.org>",
        "DATA",
        "QUIT",
    ];
    assert_eq!(commands, want);
    let mut names = header_names(mail);
    names.sort_unstable();
    let want = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-Id", "Subject", "To"];
    assert_eq!(names, want);
    assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 998), "{mail}");
    assert!(mail.contains("Message-Id: <report-weekly-2026-W47@example.org>\r\n"), "{mail}");
    assert!(mail.contains("Content-ID: <burndown.png>"), "{mail}");
}

#[tokio::test]
async fn what_hostile_servers_say_ends_in_a_failure_in_time() {
    // The kind of failure, and whether another attempt may succeed.
    let check = async |answer: Answer, want: Option<(FailureKind, bool)>, words: &str| {
        let sink = Sink::start(answer).await;
        let outcome = sent(&config(&sink.port, |_| {}), Duration::from_secs(60)).await;
        let said = outcome.as_ref().map_or_else(|failure| failure.reason.clone(), |refused| refused.concat());
        assert!(said.contains(words), "{said:?} has no {words:?}");
        assert_eq!(outcome.err().map(|failure| (failure.kind, failure.is_retryable)), want, "{said}");
    };
    let one_unknown: Answer = |command| command.starts_with("RCPT TO:<team").then_some("550 5.1.1 no such user");
    check(one_unknown, None, "not sent to team@example.org").await;
    let unknown: Answer = |command| command.starts_with("RCPT").then_some("550 5.1.1 no such user");
    check(unknown, Some((FailureKind::ClientError, false)), "RCPT TO").await;
    let grey: Answer = |command| command.starts_with("RCPT TO:<team").then_some("451 4.7.1 later");
    check(grey, Some((FailureKind::ServerError, true)), "451").await;
    let full: Answer = |command| (command == "end").then_some("452 4.3.1 full");
    check(full, Some((FailureKind::ServerError, true)), "full").await;
    let spam: Answer = |command| (command == "end").then_some("554 5.7.1 spam");
    check(spam, Some((FailureKind::ClientError, false)), "spam").await;
    let nonsense: Answer = |command| (command == "end").then_some("\u{1b}[31mHTTP/1.1 200 OK\r\n\r\n250 fine");
    check(nonsense, Some((FailureKind::Other, true)), "the mail's text").await;
}

/// A report waits for who can mend the configuration; what is refused itself is not sent again.
#[tokio::test]
async fn refused_for_good_is_a_receiver_or_a_mail_and_not_the_way_there() {
    let check = async |answer: Answer, want: bool, words: &str| {
        let sink = Sink::start(answer).await;
        let failure = sent(&config(&sink.port, |_| {}), Duration::from_secs(60)).await.unwrap_err();
        assert!(failure.reason.contains(words), "{failure:?} has no {words:?}");
        assert_eq!(failure.is_refusal, want, "{failure:?}");
    };
    check(|command| command.starts_with("RCPT").then_some("550 5.1.1 no such user"), true, "no such user").await;
    check(|command| command.starts_with("RCPT").then_some("553 mailbox name not allowed"), true, "553").await;
    check(|command| (command == "end").then_some("554 5.7.1 spam"), true, "spam").await;
    check(|command| (command == "end").then_some("552 5.3.4 too big"), true, "too big").await;
    check(|command| command.starts_with("RCPT").then_some("554 5.7.1 relay access denied"), false, "relay").await;
    check(|command| command.starts_with("RCPT").then_some("530 5.7.0 authentication required"), false, "530").await;
    check(|command| command.starts_with("RCPT").then_some("503 bad sequence"), false, "503").await;
    check(|command| command.starts_with("RCPT").then_some("450 4.2.1 busy"), false, "busy").await;
    check(
        |command| command.starts_with("MAIL").then_some("530 5.7.0 must issue a STARTTLS command first"),
        false,
        "TLS",
    )
    .await;
    check(|command| command.starts_with("MAIL").then_some("550 5.1.8 sender rejected"), false, "sender").await;
    check(|command| (command == "end").then_some("535 5.7.8 who are you"), false, "535").await;
    // One is unknown, for the other the server wants to know us.
    let both: Answer = |command| match command {
        _ if command.starts_with("RCPT TO:<team") => Some("550 5.1.1 no such user"),
        _ if command.starts_with("RCPT") => Some("550 5.7.1 relaying denied"),
        _ => None,
    };
    check(both, false, "relaying denied").await;
}

/// A server that says something again and again, and reads nothing.
async fn talker(says: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            while stream.write_all(says).await.is_ok() {}
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_does_not_stop_talking_is_left() {
    for says in [&[b'x'; 4096][..], &b"220-and more\r\n".repeat(300).leak()[..]] {
        for require_tls in [false, true] {
            let port = talker(says).await;
            let config = config(&port, |config| config.require_tls = Some(require_tls));
            let failure = sent(&config, Duration::from_secs(60)).await.unwrap_err();
            assert!(failure.is_retryable && failure.kind == FailureKind::Other, "{failure:?}");
            assert!(failure.reason.len() < 4096, "{} bytes", failure.reason.len());
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = config(&listener.local_addr().unwrap().port().to_string(), |_| {});
    let failure = sent(&config, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!((failure.kind, failure.is_retryable), (FailureKind::ContextDeadlineExceeded, true), "{failure:?}");
}

#[test]
fn what_is_no_address_is_refused() {
    let check = |text: &str, is_one: bool| assert_eq!(mail_address(text).is_ok(), is_one, "{text}");
    check("team@example.org", true);
    check("李雷 <li.lei@example.org>", true);
    for text in ["", "team", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "a@"] {
        check(text, false);
    }
}
