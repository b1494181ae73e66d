//! As much of a load balancer as the suite needs: it asks every node whether it is ready and sends
//! only to those that are, one after the other.

use crate::Failure;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// How often a node is asked.
const INTERVAL: Duration = Duration::from_millis(250);
/// A node that takes longer to answer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// A node as the balancer sees it.
#[derive(Debug)]
pub(crate) struct Target {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    is_ready: Cell<bool>,
}

/// All nodes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Rotation {
    targets: Rc<Vec<Target>>,
    next: Rc<Cell<usize>>,
}

impl Rotation {
    /// Over these addresses; nobody is ready until asked.
    pub(crate) fn new(urls: Vec<String>) -> Self {
        let targets = urls.into_iter().map(|url| Target { url, is_ready: Cell::new(false) });
        Self { targets: Rc::new(targets.collect()), next: Rc::default() }
    }

    /// The next node that is ready; when none is, the next one.
    pub(crate) fn pick(&self) -> &Target {
        let count = self.targets.len();
        let start = self.next.get();
        self.next.set(start.wrapping_add(1));
        let mut turns = (0..count).map(|step| &self.targets[start.wrapping_add(step) % count]);
        turns.find(|target| target.is_ready.get()).unwrap_or(&self.targets[start % count])
    }

    /// Asks the nodes until the task is dropped.
    pub(crate) async fn watch(self, client: awc::Client) {
        loop {
            for target in self.targets.iter() {
                target.is_ready.set(is_ready(&client, &target.url).await);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Waits until so many nodes are ready.
    ///
    /// # Errors
    /// When they are not within the time.
    pub(crate) async fn wait_for(&self, count: usize, patience: Duration) -> Result<(), Failure> {
        let ready = || self.targets.iter().filter(|target| target.is_ready.get()).count();
        let wait = async {
            while ready() < count {
                tokio::time::sleep(INTERVAL / 5).await;
            }
        };
        tokio::time::timeout(patience, wait).await.map_err(|_| {
            format!("{} of {count} nodes are ready after {} s", ready(), patience.as_secs()).into()
        })
    }
}

/// Whether a node says that it is ready.
pub(crate) async fn is_ready(client: &awc::Client, url: &str) -> bool {
    let answer = client.get(format!("{url}/readyz")).timeout(PATIENCE).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nodes_that_are_ready_are_sent_to_while_there_are_any() {
        let rotation = Rotation::new(vec!["a".into(), "b".into(), "c".into()]);
        let picked = |n: usize| (0..n).map(|_| rotation.pick().url.clone()).collect::<String>();
        assert_eq!(picked(3), "abc");
        rotation.targets[2].is_ready.set(true);
        assert_eq!(picked(4), "cccc");
        rotation.targets[0].is_ready.set(true);
        assert!(!picked(6).contains('b'));
    }
}
