//! Lists in which each line stays the same as long as its key is there.

use super::dom::{insert, put, remove, remove_between, text};
use super::reactive::effect;
use super::view::{AnyView, IntoView};
use reactive_graph::graph::untrack;
use reactive_graph::owner::Owner;
use std::collections::VecDeque;
use std::vec::IntoIter;
use web_sys::{Node, Text};

/// Lines by their keys.
pub struct Keyed(Box<dyn Lines>);

/// What a list shows.
trait Lines {
    /// Asks for the items, and gives their keys.
    fn keys(&mut self) -> Vec<String>;

    /// Makes the line of the item that is there; those of later items come after it.
    fn line(&mut self, at: usize) -> AnyView;
}

struct Source<T, I, K, L> {
    items: I,
    key: K,
    line: L,
    /// What is left of the items, and how many were passed.
    now: IntoIter<T>,
    passed: usize,
}

impl<T, S, V, I, K, L> Lines for Source<T, I, K, L>
where
    S: ToString,
    V: IntoView,
    I: Fn() -> Vec<T>,
    K: Fn(&T) -> S,
    L: Fn(T) -> V,
{
    fn keys(&mut self) -> Vec<String> {
        let items = (self.items)();
        let keys = items.iter().map(|item| (self.key)(item).to_string()).collect();
        (self.now, self.passed) = (items.into_iter(), 0);
        keys
    }

    fn line(&mut self, at: usize) -> AnyView {
        let skipped = at.saturating_sub(std::mem::replace(&mut self.passed, at + 1));
        self.now.nth(skipped).map(|item| (self.line)(item)).into_any()
    }
}

/// Makes the line of each item once, and leaves it alone as long as the item's key is there.
pub fn keyed<T: 'static, K: ToString + 'static, V: IntoView + 'static>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    line: impl Fn(T) -> V + 'static,
) -> AnyView {
    AnyView::Lines(Keyed(Box::new(Source {
        items,
        key,
        line,
        now: Vec::new().into_iter(),
        passed: 0,
    })))
}

/// A line in the document: from `first` up to `last`.
struct Line {
    key: String,
    first: Node,
    last: Node,
    owner: Owner,
}

impl Keyed {
    pub(super) fn insert(mut self, parent: &Node, before: Option<&Node>) {
        let end: Text = text("");
        put(&end, parent, before);
        // The lines outlive a change of the list, which cleans up what belongs to the effect.
        let owner = Owner::current().unwrap_or_default();
        let mut lines: Vec<Line> = Vec::new();
        let mut spare: Vec<Owner> = Vec::new();
        effect(Box::new(move || {
            let keys = self.0.keys();
            let Some(parent) = end.parent_node() else { return };
            untrack(|| {
                change(&mut lines, &mut spare, keys, &mut *self.0, &owner, &parent, &end);
            });
        }));
    }
}

fn change(
    lines: &mut Vec<Line>,
    spare: &mut Vec<Owner>,
    keys: Vec<String>,
    source: &mut dyn Lines,
    owner: &Owner,
    parent: &Node,
    end: &Node,
) {
    let mut before: VecDeque<Line> = VecDeque::with_capacity(lines.len());
    for line in lines.drain(..) {
        if keys.contains(&line.key) {
            before.push_back(line);
        } else {
            spare.push(line.remove());
        }
    }
    for (item, key) in keys.into_iter().enumerate() {
        let at = before.iter().position(|line| line.key == key);
        let next = before.front().map_or(end, |line| &line.first).clone();
        let line = match at.and_then(|at| before.remove(at)) {
            // It is where it belongs, and so it keeps the focus and where it was scrolled to.
            Some(line) if at == Some(0) => line,
            Some(line) => {
                line.put_before(parent, &next);
                line
            }
            None => {
                // An owner never forgets those below it: those of lines that went are used again.
                let owner = spare.pop().unwrap_or_else(|| owner.child());
                let view = owner.with(|| source.line(item));
                Line::new(key, view, owner, parent, &next)
            }
        };
        lines.push(line);
    }
}

impl Line {
    fn new(key: String, view: AnyView, owner: Owner, parent: &Node, before: &Node) -> Self {
        if let AnyView::Element(node) = view {
            put(&node, parent, Some(before));
            return Self { key, first: node.clone(), last: node, owner };
        }
        let (first, last): (Node, Node) = (text("").into(), text("").into());
        put(&first, parent, Some(before));
        put(&last, parent, Some(before));
        owner.with(|| insert(view, parent, Some(&last)));
        Self { key, first, last, owner }
    }

    fn put_before(&self, parent: &Node, before: &Node) {
        let mut node = self.first.clone();
        loop {
            let next = node.next_sibling();
            put(&node, parent, Some(before));
            match next {
                Some(next) if !node.is_same_node(Some(&self.last)) => node = next,
                _ => return,
            }
        }
    }

    /// Gives its owner back, which owns nothing any more.
    fn remove(self) -> Owner {
        self.owner.cleanup();
        if !self.first.is_same_node(Some(&self.last)) {
            remove_between(&self.first, &self.last);
            remove(&self.last);
        }
        remove(&self.first);
        self.owner
    }
}
