//! What runs beside the requests: one loop in each file.

pub mod alerts;
<<<<<<< HEAD
pub mod floods;
pub mod retention;
=======
pub mod reverify;
>>>>>>> 78aee55 (api: Explain a stored failure and verify it again)
pub mod tail;
