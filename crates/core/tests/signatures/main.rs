//! Every scheme and every provider: the published vectors, damage of every kind, and the promise that
//! nothing altered ever verifies.

mod damage;
mod doctor;
mod providers;
mod source_scan;
mod standard;
mod tokens;
