//! How the list of callbacks is laid out: which columns it has, how high its rows are, and which of
//! them are in the document.

use std::ops::Range;

/// Below this the rows are cards; in `cards.css` it is 40em. All lengths here are those of a page
/// with letters of the usual size; with others they are as much longer or shorter.
const CARDS_PX: f64 = 640.0;
/// Below these the columns that are needed least are left out.
const MEDIUM_PX: f64 = 860.0;
const WIDE_PX: f64 = 1_160.0;
/// Rows beyond what is in sight, so that a turn of the wheel shows no gap.
const OVERSCAN: usize = 4;
/// The least that lies above the first row: the header of the app and what stands over the list.
const HEAD_PX: f64 = 200.0;

/// A column that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Who sent it.
    Source,
    /// The upstream object.
    Job,
    /// The workflow.
    Workflow,
    /// How many requests carried it.
    Deliveries,
}

/// All of them, in the order they are shown.
pub const COLUMNS: [Column; 4] =
    [Column::Source, Column::Job, Column::Workflow, Column::Deliveries];

impl Column {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Job => "Job",
            Self::Workflow => "Workflow",
            Self::Deliveries => "Deliveries",
        }
    }

    /// True when there is room for it: a card has room for the source and the workflow.
    pub fn fits(self, width_px: f64) -> bool {
        let is_in_card = is_cards(width_px) && matches!(self, Self::Source | Self::Workflow);
        let narrowest_px = match self {
            Self::Source | Self::Deliveries => MEDIUM_PX,
            Self::Job | Self::Workflow => WIDE_PX,
        };
        is_in_card || width_px >= narrowest_px
    }
}

/// What a person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSettings {
    /// More rows on a screen.
    pub compact: bool,
    /// Times are written out, which takes more room than their age; what the settings say, and not stored
    /// with these.
    pub writes_times: bool,
    /// The columns left out.
    pub hidden: Vec<Column>,
}

impl ListSettings {
    /// Reads what was stored; what it does not know is ignored.
    pub fn from_stored(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        Self {
            compact: words.contains(&"compact"),
            writes_times: false,
            hidden: COLUMNS.into_iter().filter(|column| words.contains(&column.label())).collect(),
        }
    }

    /// What to store.
    pub fn stored(&self) -> String {
        let mut text = if self.compact { "compact" } else { "comfortable" }.to_owned();
        for column in &self.hidden {
            text.push(' ');
            text.push_str(column.label());
        }
        text
    }

    /// True when the column is chosen and there is room for it.
    pub fn shows(&self, column: Column, width_px: f64) -> bool {
        !self.hidden.contains(&column) && column.fits(width_px)
    }

    /// The height of a row.
    pub fn row_px(&self, width_px: f64) -> u32 {
        match (is_cards(width_px), self.compact) {
            (true, false) => 128,
            (true, true) => 108,
            (false, false) => 44,
            (false, true) => 32,
        }
    }

    /// The widths of the columns, as `grid-template-columns` takes them.
    pub fn template(&self, width_px: f64, selectable: bool) -> String {
        let mut out = String::new();
        if selectable {
            out.push_str("2.75rem ");
        }
        out.push_str("8.25rem minmax(8rem, 1.2fr) minmax(9rem, 1.8fr) ");
        for (column, width) in [
            (Column::Source, "minmax(6rem, 0.6fr) "),
            (Column::Job, "minmax(7rem, 1fr) "),
            (Column::Workflow, "minmax(7rem, 0.9fr) "),
        ] {
            if self.shows(column, width_px) {
                out.push_str(width);
            }
        }
        out.push_str(if self.writes_times { "14.5rem " } else { "7.5rem " });
        if self.shows(Column::Deliveries, width_px) {
            out.push_str("6.25rem ");
        }
        out.push_str("3.25rem");
        out
    }
}

/// True when the rows are laid out as cards.
pub fn is_cards(width_px: f64) -> bool {
    width_px <= CARDS_PX
}

/// Which part of the rows is in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// Where the first row lies below the upper edge of the viewport; negative once one has scrolled
    /// past it.
    pub top_px: f64,
    /// The height of the viewport.
    pub view_px: f64,
    /// False until they were painted: what is not in sight would hold up what is.
    pub is_painted: bool,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "row numbers stay far below 2^52, and positions are not negative"
)]
impl Sight {
    /// What can be said before there are rows.
    pub fn expected(view_px: f64) -> Self {
        Self { top_px: HEAD_PX, view_px, is_painted: false }
    }

    /// The row that lies highest of those that are wholly in sight.
    pub fn highest(self, row_px: f64) -> usize {
        ((-self.top_px).max(0.0) / row_px).ceil() as usize
    }

    /// The rows in the document: those in sight and, once they were painted, a few more.
    pub fn rows(self, row_px: f64, count: usize) -> Range<usize> {
        let first = ((-self.top_px).max(0.0) / row_px) as usize;
        let last = ((self.view_px - self.top_px).max(0.0) / row_px) as usize + 1;
        let spare = if self.is_painted { OVERSCAN } else { 0 };
        let first = first.saturating_sub(spare).min(count);
        first..(last + spare).min(count).max(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_least_needed_columns_go_first() {
        let all = ListSettings::default();
        let shown = |width: f64| COLUMNS.into_iter().filter(|c| all.shows(*c, width)).count();
        assert_eq!([shown(1_440.0), shown(1_000.0), shown(700.0), shown(390.0)], [4, 2, 0, 2]);
        let without = ListSettings { hidden: vec![Column::Job], ..all };
        assert!(!without.shows(Column::Job, 1_440.0));
        let columns = |settings: &ListSettings| {
            settings.template(1_440.0, true).replace(", ", ",").split(' ').count()
        };
        assert_eq!((columns(&ListSettings::default()), columns(&without)), (10, 9));
    }

    #[test]
    fn what_was_stored_by_nobody_is_the_usual() {
        assert_eq!(ListSettings::from_stored(""), ListSettings::default());
        assert_eq!(ListSettings::from_stored("colourful Job nonsense").hidden, [Column::Job]);
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_read_back(compact: bool, hidden in prop::sample::subsequence(COLUMNS.to_vec(), 0..=4)) {
            let settings = ListSettings { compact, writes_times: false, hidden };
            prop_assert_eq!(ListSettings::from_stored(&settings.stored()), settings);
        }

        #[test]
        fn every_row_in_sight_is_in_the_document_and_few_others(
            scrolled in 0.0_f64..500_000.0, view in 240.0_f64..1_600.0, row in 32.0_f64..130.0, count in 0_usize..10_000,
            is_painted: bool,
        ) {
            let sight = Sight { top_px: 200.0 - scrolled, view_px: view, is_painted };
            let rows = sight.rows(row, count);
            let spare = if is_painted { 2 * OVERSCAN } else { 0 };
            prop_assert!(rows.len() <= 1_600 / 32 + 2 + spare);
            prop_assert!(rows.end <= count);
            for index in [0, count / 2, count.saturating_sub(1)] {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let top = 200.0 - scrolled + index as f64 * row;
                if index < count && top + row > 0.0 && top < view {
                    prop_assert!(rows.contains(&index), "{} at {} is not in {:?}", index, top, rows);
                }
            }
        }
    }
}
