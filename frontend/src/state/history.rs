//! The list of callbacks on screen: what was loaded, what arrived since, what is selected.

use super::query::{ListQuery, Page};
use ringback_wire::{CallbackSummary, HistoryResponse, Seen};
use std::collections::{HashMap, HashSet};

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

/// What reading on is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum More {
    /// Nothing.
    #[default]
    Idle,
    /// The next page is on its way.
    Loading,
    /// It did not come; what to tell.
    Failed(String),
}

/// The list.
#[derive(Clone, Debug, Default)]
pub struct History {
    query: ListQuery,
    /// The rows are those of another query yet.
    is_foreign: bool,
    /// What it is doing.
    pub load: Load,
    /// What reading on is doing.
    pub more: More,
    order: Vec<i64>,
    rows: HashMap<i64, CallbackSummary>,
    /// The page of older ones.
    pub before: Option<String>,
    /// The page of newer ones.
    pub after: Option<String>,
    arrivals: HashSet<i64>,
    /// What arrived while an answer was on its way, which may have left before it came.
    meanwhile: Vec<(CallbackSummary, bool)>,
    selected: HashSet<i64>,
    /// The row that was selected last: a range goes from there.
    anchor: Option<i64>,
}

/// With more rows than this the live list begins anew: what is older is read again on the way down.
const MOST_ROWS: usize = 2_000;

impl History {
    /// Whether arrivals have made the list longer than anybody reads.
    pub fn is_too_long(&self) -> bool {
        self.load == Load::Ready && self.query.is_live() && self.order.len() > MOST_ROWS
    }

    /// The callbacks of the list, newest first.
    pub fn ids(&self) -> &[i64] {
        &self.order
    }

    /// One of them.
    pub fn row(&self, id: i64) -> Option<&CallbackSummary> {
        self.rows.get(&id)
    }

    /// Its place in the list.
    pub fn place(&self, id: i64) -> Option<usize> {
        self.order.iter().position(|known| *known == id)
    }

    /// How many new callbacks belong here and are not shown yet.
    pub fn arrivals(&self) -> usize {
        self.arrivals.len()
    }

    /// Why the rows that are there were not read again, when that failed.
    pub fn failed_reload(&self) -> Option<String> {
        match &self.load {
            Load::Failed(message) if !self.order.is_empty() => Some(message.clone()),
            _ => None,
        }
    }

    /// Starts to load; the old rows stay on screen until the new ones are there.
    pub fn begin(&mut self, query: ListQuery) {
        if query != self.query {
            self.selected.clear();
            self.is_foreign = true;
        }
        self.query = query;
        self.load = Load::Loading;
        self.more = More::Idle;
    }

    /// Whether there is more to read and nothing is on its way; after a failure only when the
    /// person wants it.
    pub fn may_read_on(&self, wanted: bool) -> bool {
        let may = if wanted { self.more != More::Loading } else { self.more == More::Idle };
        may && self.load == Load::Ready && self.before.is_some()
    }

    /// Starts to read on: what to ask for.
    pub fn begin_more(&mut self) -> Option<ListQuery> {
        if !self.may_read_on(true) {
            return None;
        }
        let page = Page::Before(self.before.clone()?);
        self.more = More::Loading;
        Some(ListQuery { filters: self.query.filters.clone(), page })
    }

    /// Takes the next page, unless the list is another one by now. What is shown already keeps its
    /// place.
    pub fn finish_more(&mut self, query: &ListQuery, answer: Result<HistoryResponse, String>) {
        let is_wanted = self.more == More::Loading
            && query.filters == self.query.filters
            && query.page == self.before.clone().map_or(Page::First, Page::Before);
        if !is_wanted {
            return;
        }
        match answer {
            Ok(HistoryResponse { callbacks, before, .. }) => {
                for row in callbacks {
                    let id = row.id;
                    self.arrivals.remove(&id);
                    if self.rows.insert(id, row).is_none() {
                        self.order.push(id);
                    }
                }
                self.before = before;
                self.more = More::Idle;
            }
            Err(message) => self.more = More::Failed(message),
        }
    }

    /// Takes the answer, unless the person has gone on to another query meanwhile.
    pub fn finish(&mut self, query: &ListQuery, answer: Result<HistoryResponse, String>) {
        if *query != self.query {
            return;
        }
        match answer {
            Ok(HistoryResponse { callbacks, before, after }) => {
                self.order = callbacks.iter().map(|row| row.id).collect();
                self.rows = callbacks.into_iter().map(|row| (row.id, row)).collect();
                self.before = before;
                self.after = after;
                self.arrivals.clear();
                self.is_foreign = false;
                self.load = Load::Ready;
                for (row, at_top) in std::mem::take(&mut self.meanwhile) {
                    self.arrive_one(&row, at_top);
                }
                let rows = &self.rows;
                self.selected.retain(|id| rows.contains_key(id));
            }
            Err(message) => {
                if self.is_foreign {
                    self.order.clear();
                    self.rows.clear();
                    (self.before, self.after) = (None, None);
                }
                self.load = Load::Failed(message);
            }
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
        if let Some(shown) = self.rows.get_mut(&row.id) {
            shown.clone_from(row);
        } else if self.load == Load::Ready
            && self.query.is_live()
            && at_top
            && self.arrivals.is_empty()
        {
            self.order.insert(0, row.id);
            self.rows.insert(row.id, row.clone());
        } else if self.query.filters.admits(row) {
            self.arrivals.insert(row.id);
        }
    }

    /// Notes that callbacks were viewed.
    pub fn mark_viewed(&mut self, ids: &HashSet<i64>, by: &str, at: &str) {
        for id in ids {
            if let Some(row) = self.rows.get_mut(id).filter(|row| row.viewed_at.is_none()) {
                row.viewed_at = Some(at.to_owned());
                row.viewed_by = Some(by.to_owned());
            }
        }
        self.selected.retain(|id| !ids.contains(id));
    }

    /// Notes how often one was delivered by now; true when that is news.
    pub fn note_deliveries(&mut self, id: i64, deliveries: i64) -> bool {
        self.rows
            .get_mut(&id)
            .is_some_and(|row| std::mem::replace(&mut row.deliveries, deliveries) != deliveries)
    }

    /// Notes that marks were taken back: those made at a time.
    pub fn unmark_viewed(&mut self, at: &str) {
        for row in self.rows.values_mut() {
            if row.viewed_at.as_deref() == Some(at) {
                row.viewed_at = None;
                row.viewed_by = None;
            }
        }
    }

    /// These rows as they are on screen.
    pub fn seen(&self, ids: &HashSet<i64>) -> Vec<Seen> {
        let rows = ids.iter().filter_map(|id| self.rows.get(id));
        rows.map(|row| Seen { id: row.id, seq: row.seq }).collect()
    }

    /// Selects a row or takes it out of the selection; with `range`, and all between it and the
    /// one selected last.
    pub fn set_selected(&mut self, id: i64, selected: bool, range: bool) {
        let from = self.anchor.filter(|_| range).and_then(|anchor| self.place(anchor));
        let ids: Vec<i64> = match (from, self.place(id)) {
            (Some(from), Some(to)) => self.order[from.min(to)..=from.max(to)].to_vec(),
            _ => vec![id],
        };
        for id in ids {
            if selected {
                self.selected.insert(id);
            } else {
                self.selected.remove(&id);
            }
        }
        self.anchor = Some(id);
    }

    /// Selects all rows of the list, or none.
    pub fn select_all(&mut self, selected: bool) {
        self.selected =
            if selected { self.order.iter().copied().collect() } else { HashSet::new() };
    }

    /// The selected rows.
    pub fn selected(&self) -> &HashSet<i64> {
        &self.selected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::query::PageQuery;
    use crate::state::sample::row;
    use ringback_wire::Signature;

    fn loaded(search: &str, ids: &[i64]) -> History {
        let mut history = History::default();
        let query = PageQuery::parse(search).list;
        history.begin(query.clone());
        let callbacks = ids.iter().copied().map(row).collect();
        history.finish(&query, Ok(HistoryResponse { callbacks, before: None, after: None }));
        history
    }

    fn shown(history: &History) -> Vec<i64> {
        history.ids().to_vec()
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
    fn a_live_list_does_not_grow_for_ever() {
        let mut history = loaded("", &[1]);
        let rows: Vec<CallbackSummary> = (2..=2_000).map(row).collect();
        history.arrive(&rows, true);
        assert_eq!((history.ids().len(), history.is_too_long()), (2_000, false));
        history.arrive(&[row(2_001)], true);
        assert!(history.is_too_long());
        history.begin(ListQuery::default());
        assert!(!history.is_too_long(), "it is read again already");
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
        assert_eq!((history.row(1).unwrap().deliveries, history.arrivals()), (5, 0));
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
    fn a_list_that_is_not_read_again_keeps_its_rows_and_says_so() {
        let mut history = loaded("", &[2, 1]);
        history.arrive(&[row(3)], false);
        let query = ListQuery::default();
        history.begin(query.clone());
        history.finish(&query, Err("no answer".into()));
        assert_eq!((shown(&history), history.arrivals()), (vec![2, 1], 1));
        assert_eq!(history.failed_reload().as_deref(), Some("no answer"));
        history.begin(query.clone());
        assert_eq!(history.failed_reload(), None);
        let callbacks = vec![row(3), row(2), row(1)];
        history.finish(&query, Ok(HistoryResponse { callbacks, before: None, after: None }));
        assert_eq!((shown(&history), history.arrivals()), (vec![3, 2, 1], 0));
    }

    #[test]
    fn the_rows_of_another_query_are_not_kept() {
        let mut history = loaded("", &[2, 1]);
        let query = PageQuery::parse("?source=a").list;
        history.begin(query.clone());
        history.finish(&query, Err("no answer".into()));
        assert_eq!((shown(&history), history.failed_reload()), (vec![], None));
        assert_eq!(history.load, Load::Failed("no answer".into()));
    }

    #[test]
    fn marking_as_viewed_ends_the_selection_and_keeps_the_first_viewer() {
        let mut history = loaded("", &[2, 1]);
        history.select_all(true);
        history.mark_viewed(&HashSet::from([2]), "ada", "2026-01-01T00:00:00Z");
        history.mark_viewed(&HashSet::from([2]), "bob", "2026-01-02T00:00:00Z");
        assert_eq!(history.row(2).unwrap().viewed_by.as_deref(), Some("ada"));
        assert_eq!(history.selected(), &HashSet::from([1]));
        history.unmark_viewed("2026-01-02T00:00:00Z");
        assert!(history.row(2).unwrap().viewed_at.is_some(), "that was another mark");
        history.unmark_viewed("2026-01-01T00:00:00Z");
        assert_eq!(history.row(2).unwrap().viewed_by, None);
    }

    #[test]
    fn shift_selects_all_between() {
        let mut history = loaded("", &[5, 4, 3, 2, 1]);
        history.set_selected(4, true, false);
        history.set_selected(2, true, true);
        assert_eq!(history.selected(), &HashSet::from([4, 3, 2]));
        history.set_selected(3, false, true);
        assert_eq!(history.selected(), &HashSet::from([4]));
    }

    #[test]
    fn nothing_is_read_on_while_the_list_loads_or_after_it_failed() {
        let mut history = loaded("", &[6, 5]);
        history.before = Some("k5".into());
        assert!(history.may_read_on(false));
        let asked = history.begin_more().expect("there is more");
        assert!(!history.may_read_on(true), "it is on its way");
        history.finish_more(&asked, Err("no answer".into()));
        assert!(!history.may_read_on(false) && history.may_read_on(true));
        let other = PageQuery::parse("?source=a").list;
        history.begin(other.clone());
        assert!(!history.may_read_on(true), "another list is on its way");
        history.finish(&other, Err("no answer".into()));
        assert!(!history.may_read_on(true), "it did not come, and has no more");
    }

    #[test]
    fn reading_on_adds_what_is_older_without_gap_or_repeat() {
        let mut history = loaded("", &[6, 5]);
        assert_eq!(history.begin_more(), None, "there is no more");
        history.before = Some("k5".into());
        let asked = history.begin_more().expect("there is more");
        assert_eq!(asked.page, Page::Before("k5".into()));
        assert_eq!(history.begin_more(), None, "it is on its way");
        history.arrive(&[row(7)], true);
        let page = |ids: &[i64], before: Option<&str>| {
            let callbacks = ids.iter().copied().map(row).collect();
            Ok(HistoryResponse { callbacks, before: before.map(str::to_owned), after: None })
        };
        history.finish_more(&asked, page(&[5, 4, 3], Some("k3")));
        assert_eq!((shown(&history), history.before.as_deref()), (vec![7, 6, 5, 4, 3], Some("k3")));
        let asked = history.begin_more().expect("there is more");
        history.finish_more(&asked, Err("no answer".into()));
        assert_eq!(history.more, More::Failed("no answer".into()));
        let again = history.begin_more().expect("one may try again");
        history.begin(PageQuery::parse("?source=a").list);
        history.finish_more(&again, page(&[2], None));
        assert_eq!(shown(&history), [7, 6, 5, 4, 3], "the list is another one");
    }
}
