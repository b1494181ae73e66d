//! The TOML file.

use super::operations::OperationsFile;
use super::{ConfigError, DEFAULT_FILE};
use crate::telemetry::LogFormat;
use ringback_core::signature::{HeaderSignature, Scheme, Secret, Syntax};
use ringback_core::source::{FieldMap, Place, Source};
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What the file may say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) bind: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) database_url: Option<String>,
    pub(super) database_read_url: Option<String>,
    pub(super) body_limit_bytes: Option<usize>,
    pub(super) body_memory_bytes: Option<usize>,
    pub(super) max_connections: Option<usize>,
    pub(super) drain_seconds: Option<u64>,
    #[serde(default)]
    pub(super) operations: OperationsFile,
    pub(super) workers: Option<usize>,
    pub(super) log: Option<String>,
    pub(super) log_format: Option<LogFormat>,
    pub(super) llm_webhook_secret: Option<String>,
    #[serde(rename = "secret_key_file")]
    pub(super) key_path: Option<PathBuf>,
    pub(super) outbound_allow: Option<String>,
    pub(super) smtp_url: Option<String>,
    pub(super) smtp_from: Option<String>,
    pub(super) smtp_ca: Option<PathBuf>,
    #[serde(default)]
    sources: Vec<SourceEntry>,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    name: String,
    scheme: Option<String>,
    header: Option<String>,
    prefix: Option<String>,
    #[serde(default)]
    secrets: Vec<String>,
    callback_id: Option<Vec<String>>,
    event_type: Option<Vec<String>>,
    job_id: Option<Vec<String>>,
    workflow: Option<Vec<String>>,
    sent_at: Option<Vec<String>>,
}

/// Reads the file that is named, or the usual one when it exists.
pub(super) fn read(named: Option<&PathBuf>) -> Result<File, ConfigError> {
    let path = match named {
        Some(path) => path.clone(),
        None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
        None => return Ok(File::default()),
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    // Only the message: the full text of the error quotes the line, which may hold a secret.
    let mut file: File = toml::from_str(&text).map_err(|error| ConfigError::File {
        path: path.clone(),
        message: error.message().to_owned(),
    })?;
    file.path = path;
    Ok(file)
}

impl File {
    /// The sources beside the default one.
    pub(super) fn sources(&self) -> Result<Vec<Source>, ConfigError> {
        let mut names = HashSet::new();
        self.sources
            .iter()
            .map(|entry| {
                let source = entry.to_source();
                let source = source.and_then(|source| {
                    if names.insert(source.name.clone()) {
                        Ok(source)
                    } else {
                        Err(format!("the source {:?} is there twice", source.name))
                    }
                });
                source.map_err(|message| ConfigError::File { path: self.path.clone(), message })
            })
            .collect()
    }
}

impl SourceEntry {
    fn to_source(&self) -> Result<Source, String> {
        let name = &self.name;
        let is_name = (1..=63).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_name {
            return Err(format!(
                "the name of a source takes 1 to 63 of a-z, 0-9 and -, not {name:?}"
            ));
        }
        if name == "default" {
            return Err("`default` is the source that LLM_WEBHOOK_SECRET configures".to_owned());
        }
        let places = |given: &Option<Vec<String>>, usual: Vec<Place>| match given {
            Some(texts) => texts.iter().map(|text| Place::parse(text)).collect(),
            None => usual,
        };
        let usual = FieldMap::default();
        Ok(Source {
            name: name.clone(),
            scheme: self.to_scheme()?,
            secrets: self.secrets.iter().filter_map(|text| Secret::new(text)).collect(),
            map: FieldMap {
                callback_id: places(&self.callback_id, usual.callback_id),
                event_type: places(&self.event_type, usual.event_type),
                job_id: places(&self.job_id, usual.job_id),
                workflow: places(&self.workflow, usual.workflow),
                sent_at: places(&self.sent_at, usual.sent_at),
            },
        })
    }

    fn to_scheme(&self) -> Result<Scheme, String> {
        let name = self.scheme.as_deref().unwrap_or("automatic");
        let Some(mut scheme) = Scheme::from_name(name) else {
            let names = Scheme::NAMES.join(", ");
            return Err(format!("the scheme {name:?} is unknown: {names}"));
        };
        if let Scheme::Header(form) | Scheme::Automatic(form) = &mut scheme {
            self.change_header(form);
        }
        Ok(scheme)
    }

    fn change_header(&self, form: &mut HeaderSignature) {
        if let Some(header) = &self.header {
            form.header = header.to_ascii_lowercase();
        }
        if let Some(prefix) = &self.prefix {
            form.syntax = Syntax::Prefix(prefix.clone());
        }
    }
}
