//! The readers: a pool of connections that only read. Writing is [`crate::writer`]'s.

use crate::error::chain;
use ringback_core::connection::{Connection, DatabaseUrl, OpenError, Purpose};
use ringback_core::queries;
use std::time::Duration;

/// Connections that read. SQLite readers do not wait for each other or for the writer.
#[derive(Clone)]
pub struct Readers {
    primary: r2d2::Pool<Manager>,
    replica: Option<r2d2::Pool<Manager>>,
}

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
        let primary = pool().min_idle(Some(1)).build(Manager { url: url.clone() })?;
        Ok(Self { primary, replica: None })
    }

    /// Has the history read from a replica, which may be behind or away.
    #[must_use]
    pub fn with_replica(self, url: &DatabaseUrl) -> Self {
        // No connection is opened yet: a server starts without its replica.
        let replica = pool().min_idle(Some(0)).build_unchecked(Manager { url: url.clone() });
        Self { replica: Some(replica), ..self }
    }

    /// How many connections are busy, and how many wait for work.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.primary.state();
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
        read_from(self.primary.clone(), query).await
    }

    /// The same for what may be some moments old: from the replica when there is one, else, or when
    /// it does not answer, from the primary.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_behind<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection) -> diesel::QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, crate::error::ApiError> {
        if let Some(replica) = &self.replica {
            match read_from(replica.clone(), query.clone()).await {
                Err(crate::error::ApiError::Unavailable(cause)) => {
                    let cause = cause.as_ref().map(|cause| chain(cause.as_ref()));
                    tracing::warn!(cause, "the replica does not answer, the primary does its work");
                }
                done => return done,
            }
        }
        self.read(query).await
    }
}

fn pool() -> r2d2::Builder<Manager> {
    r2d2::Pool::builder()
        .max_size(4)
        .connection_timeout(Duration::from_secs(3))
        .error_handler(Box::new(r2d2::NopErrorHandler))
}

async fn read_from<T: Send + 'static>(
    pool: r2d2::Pool<Manager>,
    query: impl FnOnce(&mut Connection) -> diesel::QueryResult<T> + Send + 'static,
) -> Result<T, crate::error::ApiError> {
    let read = move || -> Result<T, DatabaseError> { Ok(query(&mut *pool.get()?)?) };
    Ok(actix_web::web::block(read).await??)
}
