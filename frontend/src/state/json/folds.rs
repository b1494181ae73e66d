//! Which containers are folded, and so which rows are in the list.

use super::Row;

/// The folded containers of one payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folds {
    /// Opening rows, in order; also those inside of another one.
    closed: Vec<u32>,
    /// The outermost of them, each with what is hidden up to and including it.
    shown: Vec<Fold>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fold {
    row: u32,
    /// Place of `row` in the list.
    at: u32,
    /// Rows hidden by this one and all before it.
    hidden: u32,
}

impl Folds {
    /// How many rows the list has.
    pub fn count(&self, rows: &[Row]) -> usize {
        rows.len() - self.shown.last().map_or(0, |fold| fold.hidden as usize)
    }

    /// The row at a place of the list.
    pub fn row_at(&self, place: usize) -> u32 {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let before = self.shown.partition_point(|fold| fold.at < place);
        let hidden = before.checked_sub(1).map_or(0, |last| self.shown[last].hidden);
        place.saturating_add(hidden)
    }

    /// The place of a row in the list; of a hidden one, the place of the fold that hides it.
    pub fn place_of(&self, row: u32) -> usize {
        let before = self.shown.partition_point(|fold| fold.row < row);
        let Some(fold) = before.checked_sub(1).map(|last| self.shown[last]) else {
            return row as usize;
        };
        (row.saturating_sub(fold.hidden)).max(fold.at) as usize
    }

    /// True when this container is folded.
    pub fn is_closed(&self, row: u32) -> bool {
        self.closed.binary_search(&row).is_ok()
    }

    /// Folds or unfolds one container.
    pub fn set(&mut self, rows: &[Row], row: u32, closed: bool) {
        match (self.closed.binary_search(&row), closed) {
            (Err(place), true) if rows.get(row as usize).is_some_and(|row| row.span > 0) => {
                self.closed.insert(place, row);
            }
            (Ok(place), false) => {
                self.closed.remove(place);
            }
            _ => return,
        }
        self.refresh(rows);
    }

    /// Folds everything that is inside the outermost value, or nothing.
    pub fn set_all(&mut self, rows: &[Row], closed: bool) {
        self.closed.clear();
        if closed {
            for (index, row) in (0..).zip(rows) {
                if row.span > 0 && row.depth > 0 {
                    self.closed.push(index);
                }
            }
        }
        self.refresh(rows);
    }

    /// Unfolds all siblings of a row.
    pub fn open_siblings(&mut self, rows: &[Row], row: u32) {
        let parent = rows.get(row as usize).map(|row| row.parent);
        self.closed.retain(|closed| rows.get(*closed as usize).map(|row| row.parent) != parent);
        self.refresh(rows);
    }

    /// Unfolds everything around a row, so that it is in the list.
    pub fn reveal(&mut self, rows: &[Row], row: u32) {
        let mut around = rows.get(row as usize).map(|row| row.parent);
        let mut changed = false;
        while let Some(parent) = around {
            if let Ok(place) = self.closed.binary_search(&parent) {
                self.closed.remove(place);
                changed = true;
            }
            around = rows.get(parent as usize).map(|row| row.parent);
        }
        if changed {
            self.refresh(rows);
        }
    }

    fn refresh(&mut self, rows: &[Row]) {
        self.shown.clear();
        let (mut end, mut hidden) = (0, 0);
        for &row in &self.closed {
            let Some(span) = rows.get(row as usize).map(|row| row.span) else { continue };
            if row < end {
                continue;
            }
            let at = row - hidden;
            hidden += span;
            end = row + span + 1;
            self.shown.push(Fold { row, at, hidden });
        }
    }
}
