//! One page for each route.

pub mod alerts;
pub mod callbacks;
pub mod desk;
pub mod not_found;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod sources;
