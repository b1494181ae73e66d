//! Telling alerts: what one round does, and the ways a message goes out.
//!
//! When something is told is [`ringback_core::alert`]'s; here is what needs a network.

pub mod hooks;
pub mod mail;
pub mod message;
pub mod round;
pub mod send;
