//! A reader that follows the feed all along by asking with its cursor, as browsers do.

use crate::observer::{FeedPage, Observer};
use crate::plan::Plan;
use crate::rotation::Rotation;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

const CHECK: &str = "/api/admin/llm-callbacks/check";
/// Between two questions; browsers take ten seconds.
const PAUSE: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(10);
const PAGE: u32 = 500;

/// A reader by cursor. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) observer: Rc<RefCell<Observer>>,
    client: awc::Client,
    rotation: Rotation,
    token: String,
    cursor: Rc<RefCell<Option<String>>>,
    /// Answers that said that there was nothing more.
    idle: Rc<Cell<u64>>,
}

impl Reader {
    /// A reader that has seen nothing; it begins where the feed is when it first asks.
    pub(crate) fn new(plan: Plan, client: awc::Client, rotation: Rotation, token: String) -> Self {
        Self {
            observer: Rc::new(RefCell::new(Observer::new(plan))),
            client,
            rotation,
            token,
            cursor: Rc::default(),
            idle: Rc::default(),
        }
    }

    /// Follows until the task is dropped. Every question goes to another node.
    pub(crate) async fn run(self) {
        loop {
            if let Some(page) = self.ask().await {
                self.observer.borrow_mut().see(&page.callbacks);
                self.cursor.replace(Some(page.cursor));
                if page.has_more {
                    continue;
                }
                self.idle.set(self.idle.get() + 1);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until everything that is in the feed now has been seen; false when that takes longer.
    pub(crate) async fn catch_up(&self, patience: Duration) -> bool {
        // An answer may have been on its way already, the one after it was not.
        let enough = self.idle.get() + 2;
        let wait = async {
            while self.idle.get() < enough {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(patience, wait).await.is_ok()
    }

    /// Where the reader is; waits for its first answer.
    pub(crate) async fn start(&self) -> Option<String> {
        let page = self.ask().await?;
        self.cursor.replace(Some(page.cursor.clone()));
        Some(page.cursor)
    }

    async fn ask(&self) -> Option<FeedPage> {
        let url = &self.rotation.pick().url;
        let cursor = self.cursor.borrow().clone();
        let query = cursor.map_or(String::new(), |cursor| format!("?cursor={cursor}&limit={PAGE}"));
        let mut answer = self
            .client
            .get(format!("{url}{CHECK}{query}"))
            .timeout(PATIENCE)
            .bearer_auth(&self.token)
            .send()
            .await
            .ok()?;
        if !answer.status().is_success() {
            return None;
        }
        serde_json::from_slice(&answer.body().limit(64 << 20).await.ok()?).ok()
    }
}
