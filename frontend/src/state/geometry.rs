//! Where a detail window lies: pure arithmetic in CSS pixels. A window never leaves the viewport.

use ringback_wire::json::{Json, Value, close, member, write_member};

/// Narrowest window.
pub const MIN_WIDTH: f64 = 320.0;
/// Lowest window.
pub const MIN_HEIGHT: f64 = 240.0;
/// What one arrow key moves or resizes by.
pub const STEP: f64 = 24.0;
const MARGIN: f64 = 12.0;
const CASCADE: f64 = 32.0;
const CASCADE_SLOTS: usize = 8;

/// The room there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// Inner width.
    pub width: f64,
    /// Inner height.
    pub height: f64,
}

/// Where a window lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// From the left edge.
    pub left: f64,
    /// From the top edge.
    pub top: f64,
    /// Outer width.
    pub width: f64,
    /// Outer height.
    pub height: f64,
}

/// To the pixel.
impl Json for Bounds {
    fn read(value: &mut Value) -> Option<Self> {
        let mut length = |name| member(value, name).map(|Pixels(length)| length);
        let (left, top) = (length("left")?, length("top")?);
        Some(Self { left, top, width: length("width")?, height: length("height")? })
    }

    fn write(&self, to: &mut String) {
        to.push('{');
        self.write_members(to);
        close(to);
    }
}

struct Pixels(f64);

impl Json for Pixels {
    fn read(value: &mut Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        // Fractions were written by earlier versions.
        let whole = number.split('.').next()?;
        whole.parse::<i32>().ok().map(|pixels| Self(f64::from(pixels)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a window lies within the screen")]
    fn write(&self, to: &mut String) {
        i64::from(self.0.round() as i32).write(to);
    }
}

impl Bounds {
    pub(super) fn write_members(&self, to: &mut String) {
        write_member("left", &Pixels(self.left), to);
        write_member("top", &Pixels(self.top), to);
        write_member("width", &Pixels(self.width), to);
        write_member("height", &Pixels(self.height), to);
    }

    /// The place of the `index`-th new window: from the right, each a little lower.
    pub fn cascade(index: usize, viewport: Viewport) -> Self {
        let slot = f64::from(u32::try_from(index % CASCADE_SLOTS).unwrap_or(0));
        let width = between(viewport.width * 0.46, 520.0, 760.0);
        let height = between(viewport.height * 0.78, 420.0, 860.0);
        Self {
            left: viewport.width - width - 2.0 * MARGIN - slot * CASCADE,
            top: 6.0 * MARGIN + slot * CASCADE,
            width,
            height,
        }
        .clamped(viewport)
    }

    /// The same window, made to fit: first smaller, then moved.
    #[must_use]
    pub fn clamped(self, viewport: Viewport) -> Self {
        let width = finite(self.width, MIN_WIDTH).max(MIN_WIDTH).min(viewport.width);
        let height = finite(self.height, MIN_HEIGHT).max(MIN_HEIGHT).min(viewport.height);
        Self {
            left: finite(self.left, 0.0).min(viewport.width - width).max(0.0),
            top: finite(self.top, 0.0).min(viewport.height - height).max(0.0),
            width,
            height,
        }
    }

    /// Moved by so much, as far as there is room.
    #[must_use]
    pub fn moved(self, dx: f64, dy: f64, viewport: Viewport) -> Self {
        Self { left: self.left + dx, top: self.top + dy, ..self }.clamped(viewport)
    }

    /// Its lower right corner pulled by so much; the upper left corner stays.
    #[must_use]
    pub fn resized(self, dx: f64, dy: f64, viewport: Viewport) -> Self {
        let room_right = (viewport.width - self.left).max(MIN_WIDTH);
        let room_below = (viewport.height - self.top).max(MIN_HEIGHT);
        Self {
            width: between(self.width + dx, MIN_WIDTH, room_right),
            height: between(self.height + dy, MIN_HEIGHT, room_below),
            ..self
        }
        .clamped(viewport)
    }

    /// The left half.
    pub fn left_half(viewport: Viewport) -> Self {
        Self { left: 0.0, top: 0.0, width: viewport.width / 2.0, height: viewport.height }
            .clamped(viewport)
    }

    /// The right half.
    pub fn right_half(viewport: Viewport) -> Self {
        let half = viewport.width / 2.0;
        Self { left: half, top: 0.0, width: half, height: viewport.height }.clamped(viewport)
    }

    /// In the middle, as large as it is.
    #[must_use]
    pub fn centred(self, viewport: Viewport) -> Self {
        let fitted = self.clamped(viewport);
        Self {
            left: (viewport.width - fitted.width) / 2.0,
            top: (viewport.height - fitted.height) / 2.0,
            ..fitted
        }
    }

    /// Larger or, below 1, smaller by a factor; its middle stays where there is room.
    #[must_use]
    pub fn scaled(self, factor: f64, viewport: Viewport) -> Self {
        let width = (self.width * factor).max(MIN_WIDTH);
        let height = (self.height * factor).max(MIN_HEIGHT);
        Self {
            left: self.left - (width - self.width) / 2.0,
            top: self.top - (height - self.height) / 2.0,
            width,
            height,
        }
        .clamped(viewport)
    }

    /// In words, for those who do not see it.
    pub fn told(self) -> String {
        let Self { left, top, width, height } = self;
        let [left, top, width, height] = [left, top, width, height].map(whole);
        ["Window ", &width, " by ", &height, ", ", &left, " from the left, ", &top, " from the top"]
            .concat()
    }

    /// All of it.
    pub fn whole(viewport: Viewport) -> Self {
        Self { left: 0.0, top: 0.0, width: viewport.width, height: viewport.height }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a window lies within the screen")]
fn whole(pixels: f64) -> String {
    (pixels.round() as i64).to_string()
}

/// A value within bounds. That of the standard library can fail, and then prints its bounds, which
/// takes all that there is to write floats.
pub(super) fn between(value: f64, least: f64, most: f64) -> f64 {
    value.max(least).min(most)
}

fn finite(value: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DESK: Viewport = Viewport { width: 1440.0, height: 900.0 };

    fn inside(bounds: Bounds, viewport: Viewport) -> bool {
        bounds.left >= 0.0
            && bounds.top >= 0.0
            && bounds.left + bounds.width <= viewport.width + 0.001
            && bounds.top + bounds.height <= viewport.height + 0.001
    }

    #[test]
    fn new_windows_do_not_hide_each_other() {
        let first = Bounds::cascade(0, DESK);
        let second = Bounds::cascade(1, DESK);
        assert_ne!((first.left, first.top), (second.left, second.top));
    }

    #[test]
    fn resizing_keeps_the_upper_left_corner() {
        let before = Bounds::cascade(0, DESK);
        let after = before.resized(-100.0, 5_000.0, DESK);
        assert_eq!((before.left, before.top), (after.left, after.top));
        assert!((after.top + after.height - DESK.height).abs() < 0.001);
    }

    #[test]
    fn larger_and_smaller_keep_the_middle() {
        let before = Bounds { left: 500.0, top: 300.0, width: 400.0, height: 300.0 };
        let middle =
            |bounds: Bounds| (bounds.left + bounds.width / 2.0, bounds.top + bounds.height / 2.0);
        let larger = before.scaled(1.2, DESK);
        assert!(larger.width > before.width && larger.height > before.height);
        assert_eq!(middle(larger), middle(before));
        assert_eq!(middle(before.centred(DESK)), (720.0, 450.0));
    }

    #[test]
    fn a_window_shrinks_no_further_than_its_least_size() {
        let bounds = Bounds::cascade(0, DESK).resized(-9_000.0, -9_000.0, DESK);
        assert_eq!((bounds.width, bounds.height), (MIN_WIDTH, MIN_HEIGHT));
    }

    proptest! {
        #[test]
        fn a_window_never_leaves_the_viewport(
            steps in prop::collection::vec((0_u8..8, -3_000.0_f64..3_000.0, -3_000.0_f64..3_000.0), 1..40),
            width in 320.0_f64..2_600.0,
            height in 240.0_f64..1_600.0,
            slot in 0_usize..40,
        ) {
            let viewport = Viewport { width, height };
            let mut bounds = Bounds::cascade(slot, viewport);
            prop_assert!(inside(bounds, viewport));
            for (kind, dx, dy) in steps {
                bounds = match kind {
                    0 => bounds.moved(dx, dy, viewport),
                    1 => bounds.resized(dx, dy, viewport),
                    2 => Bounds::left_half(viewport),
                    3 => Bounds::right_half(viewport),
                    4 => bounds.centred(viewport),
                    5 => bounds.scaled(1.2, viewport),
                    6 => bounds.scaled(0.8, viewport),
                    _ => Bounds { left: dx, top: dy, width: dx, height: f64::NAN }.clamped(viewport),
                };
                prop_assert!(inside(bounds, viewport), "{:?} in {:?}", bounds, viewport);
            }
        }
    }
}
