//! Carries out what `view!` wrote down. `macros/src/program.rs` has the steps.

use super::dom;
use super::view::AnyView;
use std::mem::take;
use web_sys::{Element, Node};

/// Builds a view. Every step takes the next of the slots, if it takes one.
pub fn build(program: &'static str, slots: &mut [AnyView]) -> AnyView {
    let mut slots = slots.iter_mut().map(take);
    let mut roots: Vec<AnyView> = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    let mut rest = program;
    while let Some(step) = rest.bytes().next() {
        let end = rest.bytes().skip(1).position(|byte| (1..=8).contains(&byte));
        let end = end.map_or(rest.len(), |end| end + 1);
        let text = rest.get(1..end).unwrap_or_default();
        rest = rest.get(end..).unwrap_or_default();
        let view = match (step, open.last()) {
            (1 | 8, _) => {
                open.push(dom::create(text, step == 8));
                continue;
            }
            (2, _) => match open.pop() {
                Some(element) => AnyView::Element(element.into()),
                None => continue,
            },
            (3, _) => AnyView::Static(text),
            (4, _) => slots.next().unwrap_or_default(),
            (_, None) => continue,
            (step, Some(element)) => {
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
            Some(parent) => dom::insert(view, parent, None::<&Node>),
            None => roots.push(view),
        }
    }
    match roots.len() {
        1 => roots.remove(0),
        _ => AnyView::Several(roots),
    }
}
