//! The section `storage`.

use model::duration::PromDuration;
use model::name;
use model::size::ByteSize;
use model::yaml::Faults;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::is_default;

/// What is kept, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.StorageConfig", default, deny_unknown_fields)]
pub(crate) struct StorageConfig {
    pub(crate) tsdb: TsdbConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) exemplars: ExemplarsConfig,
}

/// The store of samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct TsdbConfig {
    /// How late a sample may come; zero for not at all.
    pub(crate) out_of_order_time_window: PromDuration,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) stale_series_compaction_threshold: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) chunk_encoding: ChunkEncodingConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) retention: RetentionConfig,
}

impl Default for TsdbConfig {
    fn default() -> TsdbConfig {
        TsdbConfig {
            // Prometheus refuses late samples unless told otherwise; here only an explicit 0 does.
            out_of_order_time_window: PromDuration::from_secs(30 * 60),
            stale_series_compaction_threshold: 0.0,
            chunk_encoding: ChunkEncodingConfig::default(),
            retention: RetentionConfig::default(),
        }
    }
}

/// How samples are encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.ChunkEncodingConfig", default, deny_unknown_fields)]
pub(crate) struct ChunkEncodingConfig {
    pub(crate) floats: String,
}

/// How long samples are kept; zero for what the flags say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct RetentionConfig {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) time: PromDuration,
    #[serde(skip_serializing_if = "is_default", deserialize_with = "not_negative")]
    pub(crate) size: ByteSize,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) percentage: f64,
}

/// The buffer of exemplars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.ExemplarsConfig", default, deny_unknown_fields)]
pub(crate) struct ExemplarsConfig {
    pub(crate) max_exemplars: i64,
}

impl Default for ExemplarsConfig {
    fn default() -> ExemplarsConfig {
        ExemplarsConfig { max_exemplars: 100_000 }
    }
}

impl StorageConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.within("tsdb", |faults| {
            let floats = &self.tsdb.chunk_encoding.floats;
            if !matches!(floats.as_str(), "" | "xor" | "xor2") {
                let floats = name::quoted(floats);
                faults.within("chunk_encoding", |faults| {
                    faults.add(
                        "floats",
                        format_args!(
                            "'storage.tsdb.chunk_encoding.floats' must be 'xor' or 'xor2', or the field must be \
                             omitted entirely, got {floats}"
                        ),
                    );
                });
            }
            let percentage = self.tsdb.retention.percentage;
            if !(0.0..=100.0).contains(&percentage) {
                faults.within("retention", |faults| {
                    faults.add(
                        "percentage",
                        format_args!(
                            "'storage.tsdb.retention.percentage' must be in the range [0, 100], got {percentage}"
                        ),
                    );
                });
            }
        });
    }
}

fn not_negative<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_else(|| "0".to_owned());
    if text.strip_prefix('-').is_some_and(|size| size.parse::<ByteSize>().is_ok()) {
        let message = "'storage.tsdb.retention.size' must be greater than or equal to 0, got";
        return Err(D::Error::custom(format_args!("{message} {text}")));
    }
    text.parse().map_err(D::Error::custom)
}
