//! The list of callbacks on screen: what was loaded, what arrived since, what is selected.

use super::query::ListQuery;
use ringback_wire::{CallbackSummary, HistoryResponse};
use std::collections::HashSet;

/// A live page grows no further than this by arrivals: past it they are announced instead.
const LIVE_ROWS: usize = 200;

/// What the list is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load {
    /// Nothing was asked for, or the answer is on its way.
    #[default]
    Loading,
    /// The rows are those of the query.
    Ready,
    /// The last question failed; what to tell.
    Failed(String),
}

/// The list.
#[derive(Clone, Debug, Default)]
pub struct History {
    query: ListQuery,
    /// What it is doing.
    pub load: Load,
    rows: Vec<CallbackSummary>,
    /// The page of older ones.
    pub before: Option<String>,
    /// The page of newer ones.
    pub after: Option<String>,
    arrivals: HashSet<i64>,
    /// What arrived while an answer was on its way, which may have left before it came.
    meanwhile: Vec<(CallbackSummary, bool)>,
    selected: HashSet<i64>,
}

impl History {
    /// The rows on screen, newest first.
    pub fn rows(&self) -> &[CallbackSummary] {
        &self.rows
    }

    /// How many new callbacks belong here and are not shown yet.
    pub fn arrivals(&self) -> usize {
        self.arrivals.len()
    }

    /// Starts to load; the old rows stay on screen until the new ones are there.
    pub fn begin(&mut self, query: ListQuery) {
        if query != self.query {
            self.selected.clear();
        }
        self.query = query;
        self.load = Load::Loading;
    }

    /// Takes the answer, unless the person has gone on to another query meanwhile.
    pub fn finish(&mut self, query: &ListQuery, answer: Result<HistoryResponse, String>) {
        if *query != self.query {
            return;
        }
        match answer {
            Ok(HistoryResponse { callbacks, before, after }) => {
                self.rows = callbacks;
                self.before = before;
                self.after = after;
                self.arrivals.clear();
                self.load = Load::Ready;
                for (row, at_top) in std::mem::take(&mut self.meanwhile) {
                    self.arrive_one(&row, at_top);
                }
                let shown: HashSet<i64> = self.rows.iter().map(|row| row.id).collect();
                self.selected.retain(|id| shown.contains(id));
            }
            Err(message) => self.load = Load::Failed(message),
        }
    }

    /// Takes new or changed callbacks. What is on screen is brought up to date in its place; what
    /// is new is shown only `at_top` of the live page, so that nothing moves under a reader.
    pub fn arrive(&mut self, batch: &[CallbackSummary], at_top: bool) {
        for row in batch {
            if self.load == Load::Loading {
                self.meanwhile.push((row.clone(), at_top));
            }
            self.arrive_one(row, at_top);
        }
    }

    fn arrive_one(&mut self, row: &CallbackSummary, at_top: bool) {
        if let Some(shown) = self.rows.iter_mut().find(|shown| shown.id == row.id) {
            shown.clone_from(row);
        } else if self.load == Load::Ready
            && self.query.is_live()
            && at_top
            && self.arrivals.is_empty()
            && self.rows.len() < LIVE_ROWS
        {
            self.rows.insert(0, row.clone());
        } else if self.query.filters.admits(row) {
            self.arrivals.insert(row.id);
        }
    }

    /// Notes that callbacks were viewed.
    pub fn mark_viewed(&mut self, ids: &HashSet<i64>, by: &str, at: &str) {
        for row in &mut self.rows {
            if row.viewed_at.is_none() && ids.contains(&row.id) {
                row.viewed_at = Some(at.to_owned());
                row.viewed_by = Some(by.to_owned());
            }
        }
        self.selected.retain(|id| !ids.contains(id));
    }

    /// The ids of the rows on screen.
    pub fn ids(&self) -> HashSet<i64> {
        self.rows.iter().map(|row| row.id).collect()
    }

    /// Selects a row or takes it out of the selection.
    pub fn set_selected(&mut self, id: i64, selected: bool) {
        if selected {
            self.selected.insert(id);
        } else {
            self.selected.remove(&id);
        }
    }

    /// Selects all rows on screen, or none.
    pub fn select_all(&mut self, selected: bool) {
        self.selected = if selected { self.ids() } else { HashSet::new() };
    }

    /// The selected rows.
    pub fn selected(&self) -> &HashSet<i64> {
        &self.selected
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::state::query::PageQuery;
    use ringback_wire::Signature;

    pub(crate) fn row(id: i64) -> CallbackSummary {
        CallbackSummary {
            id,
            source: "default".into(),
            callback_id: format!("evt_{id}"),
            event_type: "batch.completed".into(),
            job_id: None,
            workflow: None,
            signature: Signature::Valid,
            reason: None,
            received_at: "2026-01-01T00:00:00.000000Z".into(),
            deliveries: 1,
            viewed_at: None,
            viewed_by: None,
        }
    }

    fn loaded(search: &str, ids: &[i64]) -> History {
        let mut history = History::default();
        let query = PageQuery::parse(search).list;
        history.begin(query.clone());
        let callbacks = ids.iter().copied().map(row).collect();
        history.finish(&query, Ok(HistoryResponse { callbacks, before: None, after: None }));
        history
    }

    fn shown(history: &History) -> Vec<i64> {
        history.rows().iter().map(|row| row.id).collect()
    }

    #[test]
    fn what_arrives_while_the_list_loads_is_not_lost() {
        let mut history = History::default();
        let query = PageQuery::parse("").list;
        history.begin(query.clone());
        history.arrive(&[row(3)], true);
        // The answer left the server before the third was there.
        let callbacks = vec![row(2), row(1)];
        history.finish(&query, Ok(HistoryResponse { callbacks, before: None, after: None }));
        assert_eq!(shown(&history), [3, 2, 1]);
        assert_eq!(history.arrivals(), 0);
    }

    #[test]
    fn what_the_answer_has_already_is_shown_once() {
        let mut history = History::default();
        let query = PageQuery::parse("").list;
        history.begin(query.clone());
        history.arrive(&[row(2)], true);
        let callbacks = vec![row(2), row(1)];
        history.finish(&query, Ok(HistoryResponse { callbacks, before: None, after: None }));
        assert_eq!(shown(&history), [2, 1]);
    }

    #[test]
    fn at_the_top_of_the_live_page_an_arrival_appears() {
        let mut history = loaded("", &[2, 1]);
        history.arrive(&[row(3), row(4)], true);
        assert_eq!(shown(&history), [4, 3, 2, 1]);
    }

    #[test]
    fn nothing_moves_under_a_reader() {
        let mut history = loaded("", &[2, 1]);
        history.arrive(&[row(3)], false);
        assert_eq!((shown(&history), history.arrivals()), (vec![2, 1], 1));
        history.arrive(&[row(4)], true);
        assert_eq!(history.arrivals(), 2, "what waits keeps the order");
    }

    #[test]
    fn a_changed_callback_is_brought_up_to_date_in_its_place() {
        let mut history = loaded("?before=x", &[2, 1]);
        history.arrive(&[CallbackSummary { deliveries: 5, ..row(1) }], false);
        assert_eq!((history.rows()[1].deliveries, history.arrivals()), (5, 0));
    }

    #[test]
    fn only_arrivals_that_the_filters_admit_are_announced() {
        let mut history = loaded("?signature=invalid", &[2]);
        let forged = CallbackSummary { signature: Signature::Invalid, ..row(4) };
        history.arrive(&[row(3), forged.clone(), forged], true);
        assert_eq!(history.arrivals(), 1);
    }

    #[test]
    fn an_answer_that_comes_too_late_is_dropped() {
        let mut history = loaded("", &[1]);
        history.begin(PageQuery::parse("?source=a").list);
        let late = HistoryResponse { callbacks: vec![row(9)], before: None, after: None };
        history.finish(&ListQuery::default(), Ok(late));
        assert_eq!((shown(&history), history.load), (vec![1], Load::Loading));
    }

    #[test]
    fn marking_as_viewed_ends_the_selection_and_keeps_the_first_viewer() {
        let mut history = loaded("", &[2, 1]);
        history.select_all(true);
        history.mark_viewed(&HashSet::from([2]), "ada", "2026-01-01T00:00:00Z");
        history.mark_viewed(&HashSet::from([2]), "bob", "2026-01-02T00:00:00Z");
        assert_eq!(history.rows()[0].viewed_by.as_deref(), Some("ada"));
        assert_eq!(history.selected(), &HashSet::from([1]));
    }
}
