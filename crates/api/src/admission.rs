//! What the server takes on: how many bytes of bodies at once, and whether it still wants new work.
//!
//! Without a bound on bodies, memory would be whatever senders choose: connections times the
//! largest body. The bound counts what has arrived, never what was declared, and holds from the
//! first chunk until the delivery is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Shared by all workers.
#[derive(Debug)]
pub struct Admission {
    draining: AtomicBool,
    body_bytes: Arc<AtomicUsize>,
    body_bytes_limit: usize,
    large_bodies: Semaphore,
}

/// Too many bytes of bodies are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many bytes of bodies are in memory")]
pub struct TooMuch;

impl Admission {
    /// Takes work until told otherwise, with so many bytes of bodies in memory at the most.
    pub fn new(body_bytes_limit: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            draining: AtomicBool::new(false),
            body_bytes: Arc::default(),
            body_bytes_limit,
            large_bodies: Semaphore::new(cores),
        }
    }

    /// From now on the server is not ready and closes each connection with its answer, and
    /// answers all the same: whoever stands before it needs time to notice.
    pub fn begin_drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// True when the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Bytes of bodies in memory now.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes.load(Ordering::Relaxed)
    }

    /// Waits for a turn to work on a large body: as many at once as there are cores. More threads
    /// would finish none of them sooner, and an admin's page would be one of a hundred that compete.
    pub async fn large_body_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.large_bodies.acquire().await.ok()
    }

    /// An empty reservation, for a body that begins.
    pub fn reserve_body(&self) -> BodyReservation {
        BodyReservation {
            total: Arc::clone(&self.body_bytes),
            limit: self.body_bytes_limit,
            bytes: 0,
        }
    }
}

/// Memory that one body holds; given back when this is dropped.
#[derive(Debug)]
pub struct BodyReservation {
    total: Arc<AtomicUsize>,
    limit: usize,
    bytes: usize,
}

impl BodyReservation {
    /// Adds a chunk.
    ///
    /// # Errors
    /// [`TooMuch`] when there is no room; what is held stays held.
    pub fn grow(&mut self, bytes: usize) -> Result<(), TooMuch> {
        if self.total.fetch_add(bytes, Ordering::Relaxed) + bytes > self.limit {
            self.total.fetch_sub(bytes, Ordering::Relaxed);
            return Err(TooMuch);
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for BodyReservation {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_share_a_bound_and_give_back_what_they_held() {
        let admission = Admission::new(10);
        let (mut first, mut second) = (admission.reserve_body(), admission.reserve_body());
        assert_eq!(first.grow(6), Ok(()));
        assert_eq!(second.grow(4), Ok(()));
        assert_eq!(second.grow(1), Err(TooMuch));
        assert_eq!(admission.body_bytes(), 10);
        drop(first);
        assert_eq!(admission.body_bytes(), 4);
        assert_eq!(second.grow(6), Ok(()));
        drop(second);
        assert_eq!(admission.body_bytes(), 0);
    }
}
