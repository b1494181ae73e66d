//! Word from one node to the others, through PostgreSQL. SQLite has one node, and nobody to tell.
//!
//! A notice may be lost: it says that there is something to read, never what.

use crate::connection::Connection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

/// What one node tells the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// The feed has something new.
    Stored,
    /// A credential may have lost its worth.
    Credentials,
}

impl Notice {
    fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Credentials => "credentials",
        }
    }

    /// `None` for a word that a newer version says.
    fn from_word(word: &str) -> Option<Self> {
        [Self::Stored, Self::Credentials].into_iter().find(|notice| notice.word() == word)
    }
}

/// Makes a connection hear the notices of others; gives the number that its own come from.
///
/// # Errors
/// Diesel's.
pub fn listen(conn: &mut Connection) -> QueryResult<i32> {
    let Connection::Postgres(pg) = conn else { return Ok(0) };
    // A notice is not worth waiting for the disk. The name is for who looks at the server's sessions.
    pg.batch_execute(
        "SET application_name = 'ringback listener'; SET synchronous_commit = off; LISTEN ringback",
    )?;
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()")).get_result(pg)
}

/// Tells the other nodes.
///
/// # Errors
/// Diesel's.
pub fn notify(conn: &mut Connection, notice: Notice) -> QueryResult<()> {
    let Connection::Postgres(pg) = conn else { return Ok(()) };
    pg.batch_execute(&format!("NOTIFY ringback, '{}'", notice.word()))
}

/// What others have told since the last time, without waiting. `own` is what [`listen`] gave.
///
/// # Errors
/// Diesel's, when the connection is lost.
pub fn take_notices(conn: &mut Connection, own: i32) -> QueryResult<Vec<Notice>> {
    let Connection::Postgres(pg) = conn else { return Ok(Vec::new()) };
    let mut notices = Vec::new();
    for heard in pg.notifications_iter() {
        let heard = heard?;
        if heard.process_id != own {
            notices.extend(Notice::from_word(&heard.payload));
        }
    }
    Ok(notices)
}
