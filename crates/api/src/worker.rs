//! What runs beside the requests: one loop in each file.

pub mod alerts;
pub mod clock;
pub mod floods;
pub mod jwks;
pub mod retention;
pub mod reverify;
pub mod sources;
pub mod tail;
pub mod traces;
