//! The section `otlp`. Read and checked, not built yet.

use model::name::{self, ValidationScheme};
use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::is_default;

/// How OTLP metrics become series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct OtlpConfig {
    #[serde(skip_serializing_if = "is_default")]
    promote_all_resource_attributes: bool,
    #[serde(skip_serializing_if = "is_default")]
    promote_resource_attributes: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    ignore_resource_attributes: Vec<String>,
    translation_strategy: String,
    #[serde(skip_serializing_if = "is_default")]
    keep_identifying_resource_attributes: bool,
    #[serde(skip_serializing_if = "is_default")]
    convert_histograms_to_nhcb: bool,
    #[serde(skip_serializing_if = "is_default")]
    promote_scope_metadata: bool,
    label_name_underscore_sanitization: bool,
    label_name_preserve_multiple_underscores: bool,
}

impl Default for OtlpConfig {
    fn default() -> OtlpConfig {
        OtlpConfig {
            promote_all_resource_attributes: false,
            promote_resource_attributes: Vec::new(),
            ignore_resource_attributes: Vec::new(),
            translation_strategy: "UnderscoreEscapingWithSuffixes".to_owned(),
            keep_identifying_resource_attributes: false,
            convert_histograms_to_nhcb: false,
            promote_scope_metadata: false,
            label_name_underscore_sanitization: true,
            label_name_preserve_multiple_underscores: true,
        }
    }
}

impl OtlpConfig {
    pub(super) fn check(&self, scheme: ValidationScheme, faults: &mut Faults) {
        self.check_attributes(faults);
        let strategy = name::quoted(&self.translation_strategy);
        match self.translation_strategy.as_str() {
            "" | "UnderscoreEscapingWithSuffixes" | "UnderscoreEscapingWithoutSuffixes" => {}
            "NoTranslation" | "NoUTF8EscapingWithSuffixes" if scheme == ValidationScheme::Utf8 => {}
            "NoTranslation" | "NoUTF8EscapingWithSuffixes" => faults.add(
                "translation_strategy",
                format_args!("OTLP translation strategy {strategy} is not allowed when UTF8 is disabled"),
            ),
            _ => faults.add("translation_strategy", format_args!("unsupported OTLP translation strategy {strategy}")),
        }
    }

    fn check_attributes(&self, faults: &mut Faults) {
        if self.promote_all_resource_attributes {
            if !self.promote_resource_attributes.is_empty() {
                faults.add(
                    "promote_resource_attributes",
                    "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured \
                     simultaneously",
                );
            }
            check_attributes("ignore_resource_attributes", "ignored", &self.ignore_resource_attributes, faults);
        } else {
            if !self.ignore_resource_attributes.is_empty() {
                faults.add(
                    "ignore_resource_attributes",
                    "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
                );
            }
            check_attributes("promote_resource_attributes", "promoted", &self.promote_resource_attributes, faults);
        }
    }
}

fn check_attributes(field: &str, adjective: &str, attributes: &[String], faults: &mut Faults) {
    faults.within_each(field, attributes.iter().enumerate(), |faults, (index, attribute)| {
        let attribute = attribute.trim();
        if attribute.is_empty() {
            faults.add_here(format_args!("invalid '{field}': empty {adjective} OTel resource attribute"));
        } else if attributes[..index].iter().any(|before| before.trim() == attribute) {
            let attribute = name::quoted(attribute);
            faults.add_here(format_args!(
                "invalid '{field}': duplicated {adjective} OTel resource attribute {attribute}"
            ));
        }
    });
}
