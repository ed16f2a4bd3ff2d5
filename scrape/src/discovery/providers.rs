//! All providers of one configuration, and what each has told last.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::file::FileDiscovery;
use super::{Discover, Found, TargetGroup};

/// Providers that run until this is dropped.
#[derive(Debug)]
pub struct Providers {
    found: Vec<Option<Found>>,
    news: mpsc::Receiver<(usize, Found)>,
    tasks: Vec<JoinHandle<()>>,
}

impl Providers {
    /// Starts a task for each element of `files`. Must be called in a runtime.
    pub fn start(static_groups: Vec<TargetGroup>, files: &[FileDiscovery]) -> Providers {
        let (sender, news) = mpsc::channel(16);
        let mut found = vec![Some(Found { groups: static_groups, errors: Vec::new() })];
        let mut tasks = Vec::new();
        for files in files {
            let number = found.len();
            found.push(None);
            let (own_sender, mut own_news) = mpsc::channel(1);
            tasks.push(tokio::spawn(Box::new(files.clone()).discover(own_sender)));
            let sender = sender.clone();
            tasks.push(tokio::spawn(async move {
                while let Some(found) = own_news.recv().await {
                    if sender.send((number, found)).await.is_err() {
                        return;
                    }
                }
            }));
        }
        Providers { found, news, tasks }
    }

    /// Waits until one of them tells something; `false` once none will any more. Nothing is lost where this is not waited for
    /// to its end.
    pub async fn changed(&mut self) -> bool {
        match self.news.recv().await {
            Some((number, found)) => {
                self.found[number] = Some(found);
                true
            }
            None => false,
        }
    }

    /// What all of them have told, once all of them have told something.
    pub fn all(&self) -> Option<Found> {
        let mut all = Found::default();
        for found in &self.found {
            let found = found.as_ref()?;
            all.groups.extend(found.groups.iter().cloned());
            all.errors.extend(found.errors.iter().cloned());
        }
        Some(all)
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
