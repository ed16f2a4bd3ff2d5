//! A mail server, in a process of its own, that answers as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// How long a mail may take to come on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A mail that came.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mail {
    /// How it was answered.
    pub(crate) answer: String,
    /// Whether the server has it.
    pub(crate) is_taken: bool,
    /// `Message-ID`
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) to: Vec<String>,
    /// The media types of its parts.
    pub(crate) structure: Vec<String>,
    /// By `Content-ID`, in base64.
    pub(crate) pictures: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) html: String,
    /// What is wrong with it.
    pub(crate) defects: Vec<String>,
    /// All of it, in base64.
    pub(crate) mail: String,
}

/// The server. Ended when dropped.
#[derive(Debug)]
pub(crate) struct MailServer {
    process: Child,
    pub(crate) port: String,
    answer: PathBuf,
    came: Arc<(Mutex<Vec<Mail>>, Condvar)>,
}

impl MailServer {
    /// `None` where there is no aiosmtpd, which CI must have.
    pub(crate) fn start(dir: &Path) -> Option<MailServer> {
        // The second is Debian's, where another one comes first.
        let has_it = |python: &&str| {
            let status = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        };
        let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(has_it) else {
            assert!(std::env::var_os("NARTHEX_CI").is_none(), "CI has python3-aiosmtpd");
            println!("left out: python3-aiosmtpd is not installed");
            return None;
        };
        let answer = dir.join("mail-server-answer");
        std::fs::write(&answer, "take").unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/mail_server.py");
        let mut process =
            Command::new(python).arg(script).arg(&answer).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        let came = Arc::<(Mutex<Vec<Mail>>, Condvar)>::default();
        let for_thread = Arc::clone(&came);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                for_thread.0.lock().unwrap().push(serde_json::from_str(&line).unwrap());
                for_thread.1.notify_all();
            }
        });
        Some(MailServer { process, port, answer, came })
    }

    /// From now on it answers like this.
    pub(crate) fn answer(&self, how: &str) {
        // At once: the server may be reading it.
        let beside = self.answer.with_extension("new");
        std::fs::write(&beside, how).unwrap();
        std::fs::rename(&beside, &self.answer).unwrap();
    }

    /// What has come.
    pub(crate) fn came(&self) -> Vec<Mail> {
        self.came.0.lock().unwrap().clone()
    }

    /// Waits until what has come is as it should be.
    pub(crate) fn wait_until(&self, what: &str, is_there: impl Fn(&[Mail]) -> bool) {
        let started = Instant::now();
        let mut came = self.came.0.lock().unwrap();
        while !is_there(&came) {
            let left = PATIENCE.checked_sub(started.elapsed()).unwrap_or_else(|| {
                let seen: Vec<_> = came.iter().map(|mail| (&mail.answer, &mail.id, &mail.subject)).collect();
                panic!("not in time: {what}: {seen:#?}")
            });
            came = self.came.1.wait_timeout(came, left).unwrap().0;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
