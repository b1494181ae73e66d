//! Lists in which each line stays the same as long as its key is there.
//!
//! A line whose key has gone is taken away, or ([`recycled`]) shows an item that has come: to change
//! the texts of a line takes a fraction of what it takes to build one.

use super::dom::{has_focus, insert, put, remove, remove_between, text};
use super::reactive::{RwSignal, effect};
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

    /// Has the line of a key show the item that is there; false when it cannot.
    fn renew(&mut self, _from: &str, _at: usize) -> bool {
        false
    }

    /// The line of a key is gone.
    fn forget(&mut self, _key: &str) {}
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

struct Recycled<T: 'static, I, K, L> {
    items: I,
    key: K,
    line: L,
    now: Vec<T>,
    /// What the line of each key shows.
    shown: Vec<(String, RwSignal<T>)>,
}

impl<T, S, V, I, K, L> Lines for Recycled<T, I, K, L>
where
    T: Clone,
    S: ToString,
    V: IntoView,
    I: Fn() -> Vec<T>,
    K: Fn(&T) -> S,
    L: Fn(RwSignal<T>) -> V,
{
    fn keys(&mut self) -> Vec<String> {
        self.now = (self.items)();
        self.now.iter().map(|item| (self.key)(item).to_string()).collect()
    }

    fn line(&mut self, at: usize) -> AnyView {
        let Some(item) = self.now.get(at) else { return AnyView::Nothing };
        let shown = RwSignal::new(item.clone());
        self.shown.push(((self.key)(item).to_string(), shown));
        (self.line)(shown).into_any()
    }

    fn renew(&mut self, from: &str, at: usize) -> bool {
        let known = self.shown.iter_mut().find(|(key, _)| key == from);
        let (Some(item), Some((key, shown))) = (self.now.get(at), known) else { return false };
        *key = (self.key)(item).to_string();
        shown.set(item.clone());
        true
    }

    fn forget(&mut self, key: &str) {
        self.shown.retain(|(known, _)| known != key);
    }
}

/// As [`keyed`], with lines that follow what they are to show: one that has to go, and does not have
/// the focus, shows an item that has come instead.
pub fn recycled<T: Clone + 'static, K: ToString + 'static, V: IntoView + 'static>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    line: impl Fn(RwSignal<T>) -> V + 'static,
) -> AnyView {
    let (now, shown) = (Vec::new(), Vec::new());
    AnyView::Lines(Keyed(Box::new(Recycled { items, key, line, now, shown })))
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
    let mut gone: VecDeque<Line> = VecDeque::new();
    for line in lines.drain(..) {
        if keys.contains(&line.key) { &mut before } else { &mut gone }.push_back(line);
    }
    // Then those that went are in their places for those that came.
    let is_all_new = before.is_empty();
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
                if let Some(line) = renewed(&mut gone, spare, source, item) {
                    if !is_all_new {
                        line.put_before(parent, &next);
                    }
                    Line { key, ..line }
                } else {
                    // An owner never forgets those below it: those of lines that went are used again.
                    let owner = spare.pop().unwrap_or_else(|| owner.child());
                    let view = owner.with(|| source.line(item));
                    Line::new(key, view, owner, parent, &next)
                }
            }
        };
        lines.push(line);
    }
    for line in gone {
        spare.push(line.remove(source));
    }
}

/// A line that went, and shows what has come.
fn renewed(
    gone: &mut VecDeque<Line>,
    spare: &mut Vec<Owner>,
    source: &mut dyn Lines,
    item: usize,
) -> Option<Line> {
    loop {
        let line = gone.pop_front()?;
        // Who is in it would be led somewhere else.
        if !has_focus(&line.first) && source.renew(&line.key, item) {
            return Some(line);
        }
        spare.push(line.remove(source));
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
    fn remove(self, source: &mut dyn Lines) -> Owner {
        source.forget(&self.key);
        self.owner.cleanup();
        if !self.first.is_same_node(Some(&self.last)) {
            remove_between(&self.first, &self.last);
            remove(&self.last);
        }
        remove(&self.first);
        self.owner
    }
}
