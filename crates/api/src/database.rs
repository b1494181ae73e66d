//! The readers: a pool of connections that only read. Writing is [`crate::writer`]'s.

use ringback_core::connection::{Connection, DatabaseUrl, OpenError, Purpose};
use ringback_core::queries;
use std::time::Duration;

/// Connections that read. SQLite readers do not wait for each other or for the writer.
#[derive(Clone)]
pub struct Readers(r2d2::Pool<Manager>);

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection could be had in time.
    #[error("the database is away or all its connections are busy")]
    Away(#[from] r2d2::Error),
    /// The query failed.
    #[error("the query failed")]
    Query(#[from] diesel::result::Error),
}

struct Manager {
    url: DatabaseUrl,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = OpenError;

    fn connect(&self) -> Result<Connection, OpenError> {
        self.url.open(Purpose::Read)
    }

    fn is_valid(&self, conn: &mut Connection) -> Result<(), OpenError> {
        if queries::is_alive(conn) {
            Ok(())
        } else {
            Err(OpenError::Prepare {
                place: self.url.to_string(),
                source: diesel::result::Error::BrokenTransactionManager,
            })
        }
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        // Checked when it is taken.
        false
    }
}

impl Readers {
    /// Makes the pool; connections are opened when they are first needed.
    ///
    /// # Errors
    /// When the first connection cannot be opened in time.
    pub fn open(url: &DatabaseUrl) -> Result<Self, r2d2::Error> {
        let pool = r2d2::Pool::builder()
            .max_size(4)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(3))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(Manager { url: url.clone() })?;
        Ok(Self(pool))
    }

    /// How many connections are busy, and how many wait for work.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.0.state();
        (state.connections.saturating_sub(state.idle_connections), state.idle_connections)
    }

    /// Runs a query on a thread that may block.
    ///
    /// # Errors
    /// [`crate::error::ApiError::Unavailable`] when the database is away or the query fails.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection) -> diesel::QueryResult<T> + Send + 'static,
    ) -> Result<T, crate::error::ApiError> {
        let pool = self.0.clone();
        let read = move || -> Result<T, DatabaseError> { Ok(query(&mut *pool.get()?)?) };
        Ok(actix_web::web::block(read).await??)
    }
}
