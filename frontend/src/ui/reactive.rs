//! Leptos' signals, memos and effects with the types behind a pointer.
//!
//! Leptos compiles its signals for each type that is kept in one, at two to four kilobytes each.
//! These keep all of them in one type and take it out again, which costs a few instructions.

use reactive_graph::computed::ArcMemo;
use reactive_graph::effect::{self, RenderEffect};
use reactive_graph::graph::{AnySubscriber, Subscriber as _, ToAnySubscriber as _};
use reactive_graph::traits::{
    Notify as _, ReadUntracked as _, ReadValue as _, Track as _, Write as _, WriteValue as _,
};
use reactive_graph::{computed, owner, signal};
use send_wrapper::SendWrapper;
use std::any::Any;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// A value of any type. The app has one thread; Leptos wants to be told.
struct Held(SendWrapper<Box<dyn Any>>);

const KIND: &str = "what was put in is taken out";

impl Held {
    fn new<T: 'static>(value: T) -> Self {
        Self::boxed(Box::new(value))
    }

    fn boxed(value: Box<dyn Any>) -> Self {
        Self(SendWrapper::new(value))
    }

    // Asking a value for its type takes two long numbers, so it is done in one place for each type.
    #[inline(never)]
    fn get<T: 'static>(&self) -> &T {
        self.0.downcast_ref().expect(KIND)
    }

    #[inline(never)]
    fn get_mut<T: 'static>(&mut self) -> &mut T {
        self.0.downcast_mut().expect(KIND)
    }
}

type HeldSignal = signal::RwSignal<Held>;
type HeldMemo = computed::Memo<Held>;
type HeldValue = owner::StoredValue<Held>;

// One of each, whatever is kept in it.
#[inline(never)]
fn new_signal(value: Box<dyn Any>) -> HeldSignal {
    HeldSignal::new(Held::boxed(value))
}

#[inline(never)]
fn read_signal(signal: HeldSignal, follow: bool) -> Option<impl Deref<Target = Held>> {
    if follow {
        signal.track();
    }
    signal.try_read_untracked()
}

#[inline(never)]
fn write_signal(signal: HeldSignal, change: &mut dyn Change) {
    if let Some(mut held) = signal.try_write() {
        change.change(&mut held);
    }
}

/// Changes a value, once.
trait Change {
    fn change(&mut self, held: &mut Held);
}

/// A change, and what came of it.
struct Changing<T, U, F>(Option<F>, Option<U>, PhantomData<fn(T)>);

impl<T: 'static, U, F: FnOnce(&mut T) -> U> Change for Changing<T, U, F> {
    fn change(&mut self, held: &mut Held) {
        self.1 = self.0.take().map(|change| change(held.get_mut()));
    }
}

/// False when the owner is gone.
#[inline(never)]
fn replace_signal(signal: HeldSignal, value: Box<dyn Any>) -> bool {
    let Some(mut held) = signal.try_write() else { return false };
    *held = Held::boxed(value);
    true
}

#[inline(never)]
fn write_signal_quietly(signal: HeldSignal) -> Option<impl DerefMut<Target = Held>> {
    signal.try_write_untracked()
}

#[inline(never)]
fn new_memo(
    compute: Box<dyn Compute>,
    differs: fn(Option<&Held>, Option<&Held>) -> bool,
) -> HeldMemo {
    let compute = SendWrapper::new(compute);
    let memo = ArcMemo::new_with_compare(move |before| compute.compute(before), differs);
    follow_until_cleanup(memo.to_any_subscriber());
    memo.into()
}

/// Has the sources of a memo or an effect forget it when its owner goes away. They would remember it
/// for as long as they are there themselves, and tell it of every change.
#[inline(never)]
fn follow_until_cleanup(subscriber: AnySubscriber) {
    owner::on_cleanup(move || subscriber.clear_sources(&subscriber));
}

/// Computes a value from others and the one before.
trait Compute {
    fn compute(&self, before: Option<&Held>) -> Held;
}

struct Computing<T, F>(F, PhantomData<fn() -> T>);

impl<T: 'static, F: Fn(Option<&T>) -> T> Compute for Computing<T, F> {
    fn compute(&self, before: Option<&Held>) -> Held {
        Held::new((self.0)(before.map(Held::get)))
    }
}

#[inline(never)]
fn read_memo(memo: HeldMemo, follow: bool) -> Option<impl Deref<Target = Held>> {
    if follow {
        memo.track();
    }
    memo.try_read_untracked()
}

#[inline(never)]
fn new_value(value: Box<dyn Any>) -> HeldValue {
    HeldValue::new(Held::boxed(value))
}

#[inline(never)]
fn read_value(value: HeldValue) -> Option<impl Deref<Target = Held>> {
    value.try_read_value()
}

#[inline(never)]
fn write_value(value: HeldValue) -> Option<impl DerefMut<Target = Held>> {
    value.try_write_value()
}

#[inline(never)]
fn replace_value(stored: HeldValue, value: Box<dyn Any>) {
    if let Some(mut held) = write_value(stored) {
        *held = Held::boxed(value);
    }
}

/// Runs now and whenever a signal changes that it reads, until the owner goes away.
#[inline(never)]
pub fn effect(mut run: Box<dyn FnMut()>) {
    let effect = RenderEffect::new(move |_: Option<()>| run());
    follow_until_cleanup(effect.to_any_subscriber());
    owner::StoredValue::new_local(effect);
}

/// What runs after the page has been built.
pub struct Effect;

impl Effect {
    /// Runs soon, and whenever a signal changes that it reads. It is handed what it gave before.
    #[expect(clippy::new_ret_no_self, reason = "written as in Leptos; its owner keeps it")]
    pub fn new<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
        let mut before = None;
        Self::start(Box::new(move || before = Some(run(before.take()))));
    }

    #[inline(never)]
    fn start(mut run: Box<dyn FnMut()>) {
        let effect = effect::Effect::new(move |_: Option<()>| run());
        follow_until_cleanup(effect.to_any_subscriber());
    }
}

macro_rules! copied {
    ($name:ident) => {
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}
    };
}

/// A value that is read and written, and tells who reads it.
pub struct RwSignal<T>(HeldSignal, PhantomData<fn() -> T>);

copied!(RwSignal);

impl<T: Default + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// Disposed of before it was read: a mistake in the program.
const GONE: &str = "its owner is there";

/// What reads a signal or a memo: the two differ in the function that gets at the value alone.
macro_rules! read_by {
    ($kind:ident, $read:ident) => {
        impl<T: 'static> $kind<T> {
            /// Reads and follows.
            pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
                read($read(self.0, true).expect(GONE).get())
            }

            /// Reads.
            pub fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
                read($read(self.0, false).expect(GONE).get())
            }

            /// A copy; follows.
            pub fn get(self) -> T
            where
                T: Clone,
            {
                self.with(T::clone)
            }

            /// A copy.
            pub fn get_untracked(self) -> T
            where
                T: Clone,
            {
                self.with_untracked(T::clone)
            }

            /// A copy, as long as the owner is there.
            pub fn try_get_untracked(self) -> Option<T>
            where
                T: Clone,
            {
                Some($read(self.0, false)?.get::<T>().clone())
            }
        }
    };
}

read_by!(RwSignal, read_signal);

impl<T: 'static> RwSignal<T> {
    /// Belongs to the owner of here.
    pub fn new(value: T) -> Self {
        Self(new_signal(Box::new(value)), PhantomData)
    }

    /// Follows without reading.
    pub fn track(self) {
        self.0.track();
    }

    /// Tells everybody who reads.
    pub fn notify(self) {
        self.0.notify();
    }

    /// Replaces the value, if the owner is there.
    pub fn set(self, value: T) {
        self.try_set(value);
    }

    /// Replaces the value; false when the owner is gone.
    pub fn try_set(self, value: T) -> bool {
        replace_signal(self.0, Box::new(value))
    }

    /// Changes the value, if the owner is there.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.try_update(change);
    }

    /// Changes the value, if the owner is there.
    pub fn try_update<U>(self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        let mut change = Changing(Some(change), None, PhantomData);
        write_signal(self.0, &mut change);
        change.1
    }

    /// Changes the value and tells nobody.
    pub fn try_update_untracked<U>(self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        Some(change(write_signal_quietly(self.0)?.get_mut()))
    }
}

/// A value that is computed from others, and tells who reads it when it is another one.
pub struct Memo<T>(HeldMemo, PhantomData<fn() -> T>);

copied!(Memo);

impl<T: PartialEq + 'static> Memo<T> {
    /// Belongs to the owner of here.
    pub fn new(compute: impl Fn(Option<&T>) -> T + 'static) -> Self {
        Self(new_memo(Box::new(Computing(compute, PhantomData)), differs::<T>), PhantomData)
    }
}

fn differs<T: PartialEq + 'static>(one: Option<&Held>, other: Option<&Held>) -> bool {
    one.map(Held::get::<T>) != other.map(Held::get::<T>)
}

read_by!(Memo, read_memo);

/// A value that tells nobody.
pub struct StoredValue<T>(HeldValue, PhantomData<fn() -> T>);

copied!(StoredValue);

impl<T: 'static> StoredValue<T> {
    /// Belongs to the owner of here.
    pub fn new(value: T) -> Self {
        Self(new_value(Box::new(value)), PhantomData)
    }

    /// Reads.
    pub fn with_value<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(read_value(self.0).expect(GONE).get())
    }

    /// Reads, as long as the owner is there.
    pub fn try_with_value<U>(self, read: impl FnOnce(&T) -> U) -> Option<U> {
        Some(read(read_value(self.0)?.get()))
    }

    /// A copy.
    pub fn get_value(self) -> T
    where
        T: Clone,
    {
        self.with_value(T::clone)
    }

    /// A copy, as long as the owner is there.
    pub fn try_get_value(self) -> Option<T>
    where
        T: Clone,
    {
        self.try_with_value(T::clone)
    }

    /// Replaces the value, if the owner is there.
    pub fn set_value(self, value: T) {
        replace_value(self.0, Box::new(value));
    }

    /// Changes the value, if the owner is there.
    pub fn update_value(self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }

    /// Changes the value, if the owner is there.
    pub fn try_update_value<U>(self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        Some(change(write_value(self.0)?.get_mut()))
    }
}

/// A function that is handed around.
pub struct Callback<In, Out = ()>(StoredValue<Rc<dyn Run<In, Out>>>);

/// Does what it is called for.
trait Run<In, Out> {
    fn run(&self, input: In) -> Out;
}

impl<In, Out, F: Fn(In) -> Out> Run<In, Out> for F {
    fn run(&self, input: In) -> Out {
        self(input)
    }
}

impl<In, Out> Clone for Callback<In, Out> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<In, Out> Copy for Callback<In, Out> {}

impl<In: 'static, Out: 'static> Callback<In, Out> {
    /// Belongs to the owner of here.
    pub fn new(run: impl Fn(In) -> Out + 'static) -> Self {
        Self(StoredValue::new(Rc::new(run)))
    }

    /// Calls it.
    pub fn run(self, input: In) -> Out {
        self.0.get_value().run(input)
    }
}

/// A value that is asked for, wherever it comes from.
pub struct Signal<T>(Callback<(), T>);

copied!(Signal);

impl<T: 'static> Signal<T> {
    /// Computed each time; follows what it reads.
    pub fn derive(read: impl Fn() -> T + 'static) -> Self {
        Self(Callback::new(move |()| read()))
    }

    /// Always the same.
    pub fn stored(value: T) -> Self
    where
        T: Clone,
    {
        Self::derive(move || value.clone())
    }

    /// The value; follows.
    pub fn get(self) -> T {
        self.0.run(())
    }
}

impl<T: Clone + 'static> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self::derive(move || signal.get())
    }
}

impl<T: Clone + 'static> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self::derive(move || memo.get())
    }
}
