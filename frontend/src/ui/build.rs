//! Carries out what `view!` wrote down. `macros/src/program.rs` has the steps.

use super::dom;
use super::view::AnyView;
use std::cell::RefCell;
use std::mem::take;
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// A program that ran before; from the second time on with what is always the same of it.
type Known = (&'static str, Option<Vec<Node>>);

thread_local! {
    /// A browser copies elements faster than it is told to make them.
    static TEMPLATES: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// Builds a view. Every step takes the next of the slots, if it takes one.
pub fn build(program: &'static str, slots: &mut [AnyView]) -> AnyView {
    let mut roots = run(program, Some(slots), copy_of(program));
    match roots.len() {
        1 => roots.remove(0),
        _ => AnyView::Several(roots),
    }
}

/// A copy of what is always the same of a program, unless it runs for the first time.
fn copy_of(program: &'static str) -> Option<Vec<Node>> {
    TEMPLATES.with_borrow_mut(|templates| {
        // The same text, where it lies: to compare what it says would take longer.
        let known = templates.iter_mut().find(|(known, _)| std::ptr::eq(*known, program));
        let Some((_, template)) = known else {
            templates.push((program, None));
            return None;
        };
        let template = template.get_or_insert_with(|| {
            let roots = run(program, None, None).into_iter();
            let element = |root| if let AnyView::Element(node) = root { Some(node) } else { None };
            roots.filter_map(element).collect()
        });
        template.iter().map(|node| node.clone_node_with_deep(true).ok()).collect()
    })
}

/// An element that is being built.
struct Open {
    element: Element,
    /// What comes next of a copy.
    next: Option<Node>,
}

impl Open {
    fn step(&mut self) -> Option<Node> {
        let next = self.next.take()?;
        self.next = next.next_sibling();
        Some(next)
    }
}

/// Without slots it makes what is always the same; into a copy of that it puts the slots alone.
fn run(
    program: &'static str,
    slots: Option<&mut [AnyView]>,
    copy: Option<Vec<Node>>,
) -> Vec<AnyView> {
    let is_template = slots.is_none();
    let is_copy = copy.is_some();
    let mut slots = slots.unwrap_or_default().iter_mut().map(take);
    let mut copy = copy.unwrap_or_default().into_iter();
    let mut roots: Vec<AnyView> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = program;
    while let Some(step) = rest.bytes().next() {
        let end = rest.bytes().skip(1).position(|byte| (1..=8).contains(&byte));
        let end = end.map_or(rest.len(), |end| end + 1);
        let text = rest.get(1..end).unwrap_or_default();
        rest = rest.get(end..).unwrap_or_default();
        let view = match (step, open.last_mut()) {
            (1 | 8, above) => {
                let copied = above.map_or_else(|| copy.next(), Open::step);
                let element: Element = match copied {
                    Some(node) => node.unchecked_into(),
                    None => dom::create(text, step == 8),
                };
                let next = if is_copy { element.first_child() } else { None };
                open.push(Open { element, next });
                continue;
            }
            (2, _) => match open.pop() {
                // What is copied is where it belongs already.
                Some(_) if is_copy && !open.is_empty() => continue,
                Some(Open { element, .. }) => AnyView::Element(element.into()),
                None => continue,
            },
            (3, Some(above)) if is_copy => {
                above.step();
                continue;
            }
            (3, _) => AnyView::Static(text),
            (5, _) if is_copy => continue,
            (4 | 6 | 7, _) if is_template => continue,
            (4, _) => slots.next().unwrap_or_default(),
            (_, None) => continue,
            (step, Some(Open { element, .. })) => {
                let (kind, name, value) = match step {
                    5 => {
                        let (name, value) = text.split_once('=').unwrap_or((text, ""));
                        ('a', name, AnyView::Static(value))
                    }
                    6 => ('a', text, slots.next().unwrap_or_default()),
                    _ => {
                        let kind = text.chars().next().unwrap_or('a');
                        (kind, text.get(1..).unwrap_or_default(), slots.next().unwrap_or_default())
                    }
                };
                dom::attach(element, kind, name, value);
                continue;
            }
        };
        match open.last() {
            Some(Open { element, next }) => dom::insert(view, element, next.as_ref()),
            None => roots.push(view),
        }
    }
    roots
}
