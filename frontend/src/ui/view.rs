//! What can be shown.

use super::ev::Kind;
use super::keyed::Keyed;
use super::parts::Part;
use super::reactive::{Memo, RwSignal, Signal};
use reactive_graph::owner::Owner;
use std::marker::PhantomData;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, Node};

/// Anything a view can hold: a child, the value of an attribute, a listener.
#[derive(Default)]
pub enum AnyView {
    /// Nothing; as the value of an attribute, that it is not there.
    #[default]
    Nothing,
    /// As the value of an attribute, that it is there.
    Present,
    /// A text that is part of the program.
    Static(&'static str),
    /// A text.
    Text(String),
    /// An element.
    Element(Node),
    /// One after the other.
    Several(Vec<AnyView>),
    /// Asked for again whenever a signal changes that it reads.
    Follows(Box<dyn Make>),
    /// Lines that stay the same as long as their keys are there.
    Lines(Keyed),
    /// What to do at an event.
    Listener(Box<dyn Act>),
    /// Where an element is to be put for the program to use it.
    Ref(NodeRef),
    /// What follows a value together with others.
    Part(Part),
}

/// Makes a view. The app's own traits stand where `Fn` traits could, because each closure behind a
/// pointer to one of those comes with a second copy of itself, for who would call it only once.
pub trait Make {
    /// Makes it, again and again.
    fn make(&mut self) -> AnyView;
}

impl<V: IntoView, F: FnMut() -> V> Make for F {
    fn make(&mut self) -> AnyView {
        self().into_any()
    }
}

/// Does something at an event.
pub trait Act {
    /// Does it.
    fn act(&mut self, event: Event);
}

struct Typed<E, F>(F, PhantomData<E>);

impl<E: JsCast, F: FnMut(E)> Act for Typed<E, F> {
    fn act(&mut self, event: Event) {
        (self.0)(event.unchecked_into());
    }
}

/// Something that `#[component]` made of a function.
pub trait Component {
    /// Shows it.
    fn view(self) -> AnyView;
}

/// What can stand in a view.
pub trait IntoView: Sized {
    /// As a view.
    fn into_any(self) -> AnyView;
}

/// What `view!` wraps values in.
pub fn child(value: impl IntoView) -> AnyView {
    value.into_any()
}

impl IntoView for AnyView {
    fn into_any(self) -> AnyView {
        self
    }
}

impl IntoView for () {
    fn into_any(self) -> AnyView {
        AnyView::Nothing
    }
}

impl IntoView for bool {
    fn into_any(self) -> AnyView {
        if self { AnyView::Present } else { AnyView::Nothing }
    }
}

impl IntoView for &'static str {
    fn into_any(self) -> AnyView {
        AnyView::Static(self)
    }
}

impl IntoView for String {
    fn into_any(self) -> AnyView {
        AnyView::Text(self)
    }
}

impl IntoView for usize {
    fn into_any(self) -> AnyView {
        AnyView::Text(self.to_string())
    }
}

impl<V: IntoView, W: IntoView> IntoView for (V, W) {
    fn into_any(self) -> AnyView {
        AnyView::Several(vec![self.0.into_any(), self.1.into_any()])
    }
}

impl<V: IntoView> IntoView for Option<V> {
    fn into_any(self) -> AnyView {
        self.map_or(AnyView::Nothing, V::into_any)
    }
}

impl<V: IntoView> IntoView for Vec<V> {
    fn into_any(self) -> AnyView {
        AnyView::Several(self.into_iter().map(V::into_any).collect())
    }
}

impl<V: IntoView, const N: usize> IntoView for [V; N] {
    fn into_any(self) -> AnyView {
        AnyView::Several(self.into_iter().map(V::into_any).collect())
    }
}

impl<V: IntoView, F: FnMut() -> V + 'static> IntoView for F {
    fn into_any(self) -> AnyView {
        AnyView::Follows(Box::new(self))
    }
}

impl<V: IntoView + Clone + 'static> IntoView for RwSignal<V> {
    fn into_any(self) -> AnyView {
        (move || self.get()).into_any()
    }
}

impl<V: IntoView + Clone + PartialEq + 'static> IntoView for Memo<V> {
    fn into_any(self) -> AnyView {
        (move || self.get()).into_any()
    }
}

impl<V: IntoView + 'static> IntoView for Signal<V> {
    fn into_any(self) -> AnyView {
        (move || self.get()).into_any()
    }
}

impl From<NodeRef> for AnyView {
    fn from(node: NodeRef) -> Self {
        Self::Ref(node)
    }
}

/// Views one after the other.
pub trait CollectView {
    /// As one view.
    fn collect_view(self) -> AnyView;
}

impl<V: IntoView, I: IntoIterator<Item = V>> CollectView for I {
    fn collect_view(self) -> AnyView {
        AnyView::Several(self.into_iter().map(V::into_any).collect())
    }
}

/// A listener; as in Leptos, what it makes belongs to where it was written.
pub fn listener<E: JsCast + 'static>(_: Kind<E>, act: impl FnMut(E) + 'static) -> AnyView {
    AnyView::Listener(Box::new(Typed(act, PhantomData)))
}

/// Runs a listener under the owner of here.
pub(super) fn owned(mut act: Box<dyn Act>) -> Box<dyn FnMut(Event)> {
    let owner = Owner::current().unwrap_or_default();
    Box::new(move |event| owner.with(|| act.act(event)))
}

/// A listener that keeps what is typed.
pub fn typed_into(text: RwSignal<String>) -> AnyView {
    let typed = move |event: Event| text.set(event_target_value(&event));
    AnyView::Listener(Box::new(Typed(typed, PhantomData)))
}

/// Shows something while a condition holds. It is made anew only when that changes.
pub fn show<V: IntoView>(
    when: impl Fn() -> bool + 'static,
    children: impl Fn() -> V + 'static,
) -> AnyView {
    show_boxed(Memo::new(move |_| when()), Box::new(children), Box::new(|| ()))
}

/// Shows one thing or the other.
pub fn show_or<V: IntoView, W: IntoView>(
    when: impl Fn() -> bool + 'static,
    children: impl Fn() -> V + 'static,
    other: impl Fn() -> W + 'static,
) -> AnyView {
    show_boxed(Memo::new(move |_| when()), Box::new(children), Box::new(other))
}

fn show_boxed(when: Memo<bool>, mut children: Box<dyn Make>, mut other: Box<dyn Make>) -> AnyView {
    (move || if when.get() { children.make() } else { other.make() }).into_any()
}

/// An element that the program itself uses, once it is there.
#[derive(Clone, Copy)]
pub struct NodeRef(RwSignal<Option<Element>>);

impl Default for NodeRef {
    fn default() -> Self {
        Self(RwSignal::new(None))
    }
}

impl NodeRef {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The element; follows its coming.
    pub fn get<E: JsCast>(self) -> Option<E> {
        self.0.get().map(JsCast::unchecked_into)
    }

    pub(super) fn fill(self, element: &Element) {
        self.0.set(Some(element.clone()));
    }
}

/// What stands in the field that an event is about.
pub fn event_target_value(event: &Event) -> String {
    let target = event.target().unwrap_or_else(|| event.clone().unchecked_into());
    super::dom::property(&target, "value").as_string().unwrap_or_default()
}

/// Whether the box that an event is about is ticked.
pub fn event_target_checked(event: &Event) -> bool {
    let target = event.target().unwrap_or_else(|| event.clone().unchecked_into());
    super::dom::property(&target, "checked").is_truthy()
}
