//! Lists in which each line stays the same as long as its key is there.

use super::dom::{insert, put, remove, remove_between, text};
use super::reactive::effect;
use super::view::{AnyView, IntoView};
use reactive_graph::graph::untrack;
use reactive_graph::owner::Owner;
use std::collections::VecDeque;
use std::rc::Rc;
use web_sys::{Node, Text};

type Make = Box<dyn FnOnce() -> AnyView>;
type Wanted = Vec<(String, Make)>;

/// Lines by their keys.
pub struct Keyed(Box<dyn FnMut() -> Wanted>);

/// Makes the line of each item once, and leaves it alone as long as the item's key is there.
pub fn keyed<T: 'static, K: ToString, V: IntoView>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    line: impl Fn(T) -> V + 'static,
) -> AnyView {
    let line = Rc::new(line);
    AnyView::Lines(Keyed(Box::new(move || {
        let lines = items().into_iter().map(|item| {
            let (key, line) = (key(&item).to_string(), line.clone());
            (key, Box::new(move || line(item).into_any()) as Make)
        });
        lines.collect()
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
        effect(Box::new(move || {
            let wanted = (self.0)();
            let Some(parent) = end.parent_node() else { return };
            untrack(|| change(&mut lines, wanted, &owner, &parent, &end));
        }));
    }
}

fn change(lines: &mut Vec<Line>, wanted: Wanted, owner: &Owner, parent: &Node, end: &Node) {
    let mut before: VecDeque<Line> = VecDeque::with_capacity(lines.len());
    for line in lines.drain(..) {
        if wanted.iter().any(|(key, _)| *key == line.key) {
            before.push_back(line);
        } else {
            line.remove();
        }
    }
    for (key, make) in wanted {
        let at = before.iter().position(|line| line.key == key);
        let next = before.front().map_or(end, |line| &line.first).clone();
        let line = match at.and_then(|at| before.remove(at)) {
            // It is where it belongs, and so it keeps the focus and where it was scrolled to.
            Some(line) if at == Some(0) => line,
            Some(line) => {
                line.put_before(parent, &next);
                line
            }
            None => Line::new(key, make, owner, parent, &next),
        };
        lines.push(line);
    }
}

impl Line {
    fn new(key: String, make: Make, owner: &Owner, parent: &Node, before: &Node) -> Self {
        let owner = owner.with(Owner::new);
        let view = owner.with(make);
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

    fn remove(self) {
        self.owner.cleanup();
        if !self.first.is_same_node(Some(&self.last)) {
            remove_between(&self.first, &self.last);
            remove(&self.last);
        }
        remove(&self.first);
    }
}
