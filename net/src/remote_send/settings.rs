//! How a queue sends.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::HeaderMap;
use model::Labels;
use model::relabel::Rules;

use crate::client::Client;
use crate::remote_write::Version;
use crate::url::Url;

/// All that is configured of a queue.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// The name, in metrics and the log.
    pub name: String,
    /// Where to.
    pub url: Url,
    /// How: credentials, TLS, proxies.
    pub client: Client,
    /// Which message.
    pub version: Version,
    /// Headers beside those of the protocol.
    pub headers: HeaderMap,
    /// How long one request may take.
    pub timeout: Duration,
    /// Labels that series get which do not have them.
    pub external_labels: Labels,
    /// What becomes of the labels then.
    pub relabel: Rules,
    /// Whether native histograms are sent.
    pub send_histograms: bool,
    /// How many shards there may be.
    pub shards: Shards,
    /// Samples that wait in each shard.
    pub capacity: usize,
    /// Samples of one request.
    pub max_samples_per_send: usize,
    /// A request is sent with fewer samples when its first has waited so long.
    pub batch_send_deadline: Duration,
    /// How long it takes until a failed request is repeated, the first time and at most.
    pub backoff: RangeInclusive<Duration>,
    /// Whether 429 is a reason to repeat, after the time that the receiver says.
    pub retry_on_429: bool,
    /// Older samples are not sent.
    pub max_age: Option<Duration>,
}

/// How many shards there may be, both at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards {
    /// At least; the number to begin with.
    pub min: usize,
    /// At most.
    pub max: usize,
}
