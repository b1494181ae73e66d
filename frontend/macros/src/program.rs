//! The text that says what to build. `frontend/src/ui/build.rs` reads it.

/// What comes next. Each step goes on to the beginning of the next one.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// An HTML element of this name; what follows is inside.
    Open = 1,
    /// The end of the element.
    Close = 2,
    /// A text.
    Text = 3,
    /// The next slot, as a child.
    Slot = 4,
    /// `name=value`, an attribute.
    Attribute = 5,
    /// An attribute of this name with the next slot as its value.
    Dynamic = 6,
    /// A letter for the kind and a name: the next slot is a property, a class, a style or a listener.
    Special = 7,
    /// An SVG element of this name.
    OpenSvg = 8,
}

/// Steps, one after the other.
#[derive(Default)]
pub(crate) struct Program(pub(crate) String);

impl Program {
    /// Adds a step. Fails when the text holds what begins a step.
    pub(crate) fn step(&mut self, step: Step, text: &str) -> Result<(), &'static str> {
        if text.bytes().any(|byte| (1..=8).contains(&byte)) {
            return Err("a control character has no place in a view");
        }
        self.0.push(char::from(step as u8));
        self.0.push_str(text);
        Ok(())
    }
}
