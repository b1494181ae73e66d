//! What runs beside the requests: one loop in each file.

pub mod tail;
pub mod warnings;
