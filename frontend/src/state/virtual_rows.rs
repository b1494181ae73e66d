//! Which rows of a long list are in the DOM: all rows are equally high, only those in sight exist.

use super::geometry::between;
use std::ops::Range;

/// Height of one row in CSS pixels, which is also the least a pointer can aim at (WCAG 2.5.8);
/// `payload.css` has the same number.
pub const ROW_PX: f64 = 24.0;
/// Browsers stop laying out taller elements (Firefox near 17.8 million, Chromium near 33 million
/// pixels). Past this the scroll position is scaled.
const TALLEST_PX: f64 = 12_000_000.0;
const OVERSCAN: usize = 8;

/// The rows to render, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Indices of the rows.
    pub rows: Range<usize>,
    /// Where the first of them lies.
    pub top_px: f64,
}

/// Height of the scrolled area.
pub fn total_px(count: usize) -> f64 {
    natural_px(count).min(TALLEST_PX)
}

/// The rows in sight at a scroll position.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "row numbers stay far below 2^52, and positions are not negative"
)]
pub fn slice(scroll_px: f64, view_px: f64, count: usize) -> Slice {
    let natural = natural_px(count);
    let total = total_px(count);
    let reach = (total - view_px).max(1.0);
    let scroll = between(scroll_px, 0.0, reach);
    let natural_scroll =
        if natural > total { scroll / reach * (natural - view_px).max(0.0) } else { scroll };
    let first = ((natural_scroll / ROW_PX) as usize).saturating_sub(OVERSCAN).min(count);
    let in_sight = (view_px.max(0.0) / ROW_PX).ceil() as usize + 1 + 2 * OVERSCAN;
    let last = (first + in_sight).min(count);
    Slice { rows: first..last, top_px: first as f64 * ROW_PX - natural_scroll + scroll }
}

/// Where to scroll to so that a row is in sight, in the middle when it was not; `None` when it is
/// in sight already.
#[expect(clippy::cast_precision_loss, reason = "row numbers stay far below 2^52")]
pub fn scroll_to_show(row: usize, scroll_px: f64, view_px: f64, count: usize) -> Option<f64> {
    let (natural, total) = (natural_px(count), total_px(count));
    let scale = if natural > total {
        (total - view_px).max(1.0) / (natural - view_px).max(1.0)
    } else {
        1.0
    };
    let top = row as f64 * ROW_PX;
    let shown = scroll_px / scale;
    if top >= shown && top + ROW_PX <= shown + view_px {
        return None;
    }
    // One step out of sight is followed by one step; a jump is shown with what is around.
    let target = if top >= shown - ROW_PX && top < shown {
        top
    } else if top + ROW_PX > shown + view_px && top <= shown + view_px {
        top + ROW_PX - view_px
    } else {
        top - view_px / 2.0
    };
    Some(between(target * scale, 0.0, (total - view_px).max(0.0)))
}

#[expect(clippy::cast_precision_loss, reason = "row numbers stay far below 2^52")]
fn natural_px(count: usize) -> f64 {
    count as f64 * ROW_PX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_list_is_rendered_whole() {
        assert_eq!(slice(0.0, 400.0, 10), Slice { rows: 0..10, top_px: 0.0 });
    }

    #[test]
    fn few_rows_of_a_long_list_exist() {
        let slice = slice(50_000.0, 600.0, 80_000);
        assert!(slice.rows.len() < 70 && slice.rows.contains(&2_100));
        assert!((slice.top_px - f64::from(2_083_u32 - 8) * ROW_PX).abs() < 0.001);
    }

    #[test]
    fn the_last_row_of_a_list_too_tall_for_browsers_can_be_reached() {
        let count = 1_000_000;
        let bottom = total_px(count) - 600.0;
        let slice = slice(bottom, 600.0, count);
        assert_eq!(slice.rows.end, count);
        let last_row_ends =
            slice.top_px + f64::from(u32::try_from(slice.rows.len()).unwrap()) * ROW_PX;
        assert!((last_row_ends - total_px(count)).abs() < 0.001);
    }

    #[test]
    fn a_row_out_of_sight_is_brought_into_sight() {
        for count in [100_usize, 1_000_000] {
            for row in [0, 1, 57, count - 1] {
                for from in [0.0, 900.0] {
                    let Some(scroll) = scroll_to_show(row, from, 400.0, count) else { continue };
                    let slice = slice(scroll, 400.0, count);
                    assert!(slice.rows.contains(&row), "{row} of {count} from {from}: {scroll}");
                    assert_eq!(scroll_to_show(row, scroll, 400.0, count), None, "{row} of {count}");
                }
            }
        }
        assert_eq!(scroll_to_show(3, 0.0, 400.0, 100), None);
    }

    #[test]
    fn an_empty_list_has_no_rows() {
        assert_eq!(slice(100.0, 300.0, 0).rows, 0..0);
    }
}
