//! What is provided to everything below an owner, in one kind of context: Leptos would compile its
//! own for each kind of thing that is provided.

use reactive_graph::owner;
use send_wrapper::SendWrapper;
use std::any::{Any, TypeId};
use std::rc::Rc;

/// The newest thing that was provided here or above.
#[derive(Clone)]
struct Given(SendWrapper<Rc<Entry>>);

struct Entry {
    kind: TypeId,
    value: Box<dyn Any>,
    before: Option<Rc<Entry>>,
}

/// Provides something to everything below the owner of here.
pub fn provide_context<T: 'static>(value: T) {
    provide(TypeId::of::<T>(), Box::new(value));
}

fn provide(kind: TypeId, value: Box<dyn Any>) {
    let entry = Entry { kind, value, before: newest() };
    owner::provide_context(Given(SendWrapper::new(Rc::new(entry))));
}

fn newest() -> Option<Rc<Entry>> {
    owner::use_context::<Given>().map(|given| (*given.0).clone())
}

fn find(kind: TypeId) -> Option<Rc<Entry>> {
    let mut next = newest();
    while let Some(entry) = next.take_if(|entry| entry.kind != kind) {
        next.clone_from(&entry.before);
    }
    next
}

/// What was provided.
pub fn expect_context<T: Clone + 'static>() -> T {
    let entry = find(TypeId::of::<T>());
    let value = entry.as_ref().and_then(|entry| entry.value.downcast_ref::<T>());
    value.expect("provided above everything that asks for it").clone()
}
