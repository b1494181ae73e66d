//! The process as its system sees it. Only on Linux; elsewhere the values stay at zero.

use prometheus_client::metrics::gauge::Gauge;

/// The kernel counts memory in pages of this size on every platform that Ringback is built for.
const PAGE_BYTES: i64 = 4096;

/// Memory and open files.
#[derive(Debug, Default)]
pub(super) struct ProcessMetrics {
    pub(super) resident: Gauge,
    pub(super) files: Gauge,
}

impl ProcessMetrics {
    pub(super) fn read(&self) {
        if let Ok(text) = std::fs::read_to_string("/proc/self/statm")
            && let Some(pages) = text.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok())
        {
            self.resident.set(pages * PAGE_BYTES);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            self.files.set(i64::try_from(files.count()).unwrap_or(i64::MAX));
        }
    }
}
