//! What the URL says: filters, page and open windows, read from and written to its query.

use super::route::Address;
use super::url::{Pairs, parse_pairs};
use ringback_wire::{CallbackSummary, Signature};

/// The parameter that names a window.
const WINDOW: &str = "callback";

/// The query of the callbacks page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// What the list shows.
    pub list: ListQuery,
    /// The `?callback=` of each open window, in the order they were opened.
    pub callbacks: Vec<String>,
}

/// What the list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Which callbacks.
    pub filters: Filters,
    /// Which page of them.
    pub page: Page,
}

/// A page of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    #[default]
    First,
    /// Those older than a position.
    Before(String),
    /// Those newer than a position.
    After(String),
}

/// Which callbacks are shown; an empty text does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Any of these event types.
    pub event_types: Vec<String>,
    /// Any of these workflows.
    pub workflows: Vec<String>,
    /// Any of these sources.
    pub sources: Vec<String>,
    /// Any of these verdicts.
    pub signature: Vec<Signature>,
    /// Opened by somebody or not.
    pub viewed: Option<bool>,
    /// The callback id begins so.
    pub id_prefix: String,
    /// Received then or later: RFC 3339, or the hours before now, like `24h`.
    pub from: String,
    /// Received earlier, RFC 3339.
    pub to: String,
}

/// Names one filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// [`Filters::event_type`]
    EventType,
    /// [`Filters::workflow`]
    Workflow,
    /// [`Filters::source`]
    Source,
    /// [`Filters::signature`]
    Signature,
    /// [`Filters::viewed`]
    Viewed,
    /// [`Filters::id_prefix`]
    IdPrefix,
    /// [`Filters::from`]
    From,
    /// [`Filters::to`]
    To,
}

/// All filters, in the order they are shown.
pub const FIELDS: [Field; 8] = [
    Field::IdPrefix,
    Field::EventType,
    Field::Workflow,
    Field::Source,
    Field::Signature,
    Field::Viewed,
    Field::From,
    Field::To,
];

impl Field {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::EventType => "Event type",
            Self::Workflow => "Workflow",
            Self::Source => "Source",
            Self::Signature => "Signature",
            Self::Viewed => "Viewed",
            Self::IdPrefix => "Callback or job id",
            Self::From => "From",
            Self::To => "To",
        }
    }

    /// The parameter of the URL and of the API.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::EventType => "event_type",
            Self::Workflow => "workflow",
            Self::Source => "source",
            Self::Signature => "signature",
            Self::Viewed => "viewed",
            Self::IdPrefix => "id_prefix",
            Self::From => "from",
            Self::To => "to",
        }
    }
}

impl Filters {
    /// The values of one filter as the URL has them; none when it does not filter.
    pub fn values(&self, field: Field) -> Vec<String> {
        match field {
            Field::EventType => self.event_types.clone(),
            Field::Workflow => self.workflows.clone(),
            Field::Source => self.sources.clone(),
            _ => Some(self.value(field)).filter(|value| !value.is_empty()).into_iter().collect(),
        }
    }

    /// The value of a filter that takes one; empty when it does not filter.
    pub fn value(&self, field: Field) -> String {
        match field {
            Field::EventType | Field::Workflow | Field::Source => String::new(),
            Field::Signature => {
                let words: Vec<_> = self.signature.iter().map(|s| signature_word(*s)).collect();
                words.join(",")
            }
            Field::Viewed => self.viewed.map_or_else(String::new, |viewed| viewed.to_string()),
            Field::IdPrefix => self.id_prefix.clone(),
            Field::From => self.from.clone(),
            Field::To => self.to.clone(),
        }
    }

    /// With one value more for a filter that takes several, else with the filter set; an empty or
    /// unknown value takes it away.
    #[must_use]
    pub fn with(mut self, field: Field, value: &str) -> Self {
        let value = value.trim();
        if let Some(values) = self.several(field) {
            if !value.is_empty() && !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
            return self;
        }
        match field {
            Field::EventType | Field::Workflow | Field::Source => {}
            Field::Signature => {
                self.signature = value.split(',').filter_map(signature_from_word).collect();
                self.signature.dedup();
            }
            Field::Viewed => self.viewed = value.parse().ok(),
            Field::IdPrefix => value.clone_into(&mut self.id_prefix),
            Field::From => value.clone_into(&mut self.from),
            Field::To => value.clone_into(&mut self.to),
        }
        self
    }

    /// Without one value of a filter.
    #[must_use]
    pub fn without(mut self, field: Field, value: &str) -> Self {
        match self.several(field) {
            Some(values) => {
                values.retain(|known| known != value);
                self
            }
            None => self.with(field, ""),
        }
    }

    fn several(&mut self, field: Field) -> Option<&mut Vec<String>> {
        match field {
            Field::EventType => Some(&mut self.event_types),
            Field::Workflow => Some(&mut self.workflows),
            Field::Source => Some(&mut self.sources),
            _ => None,
        }
    }

    /// The filters that are set, each value by itself.
    pub fn active(&self) -> Vec<(Field, String)> {
        let values = |field| self.values(field).into_iter().map(move |value| (field, value));
        FIELDS.into_iter().flat_map(values).collect()
    }

    /// True when everything is shown.
    pub fn is_empty(&self) -> bool {
        self.active().is_empty()
    }

    /// How many hours before now the span of time begins, when it follows the clock.
    pub fn hours(&self) -> Option<i64> {
        let hours = self.from.strip_suffix('h')?.parse().ok()?;
        (0..100_000).contains(&hours).then_some(hours)
    }

    /// True when a callback that just arrived belongs to what is shown.
    pub fn admits(&self, row: &CallbackSummary) -> bool {
        let any = |wanted: &[String], actual: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted == actual)
        };
        let received = crate::format::parse_time(&row.received_at);
        let not_before = crate::format::parse_time(&self.from);
        let before = crate::format::parse_time(&self.to);
        any(&self.event_types, &row.event_type)
            && any(&self.workflows, row.workflow.as_deref().unwrap_or_default())
            && any(&self.sources, &row.source)
            && (self.signature.is_empty() || self.signature.contains(&row.signature))
            && self.viewed.is_none_or(|viewed| viewed == row.viewed_at.is_some())
            && (row.callback_id.starts_with(&self.id_prefix)
                || row.job_id.as_ref().is_some_and(|job| job.starts_with(&self.id_prefix)))
            && received.zip(not_before).is_none_or(|(at, from)| at >= from)
            && received.zip(before).is_none_or(|(at, to)| at < to)
    }
}

impl ListQuery {
    /// True on the newest page without a filter, where an arrival may appear by itself.
    pub fn is_live(&self) -> bool {
        self.page == Page::First && self.filters.is_empty()
    }

    /// The query for the API, without `?`.
    pub fn to_api(&self) -> String {
        let mut pairs = Pairs::default();
        self.write(&mut pairs);
        pairs.into_text()
    }

    fn write(&self, pairs: &mut Pairs) {
        for (field, value) in self.filters.active() {
            pairs.push(field.parameter(), &value);
        }
        match &self.page {
            Page::First => {}
            Page::Before(position) => pairs.push("before", position),
            Page::After(position) => pairs.push("after", position),
        }
    }
}

impl PageQuery {
    /// Reads the query of a URL, with or without `?`. What it does not know is ignored.
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for (name, value) in parse_pairs(search) {
            match name.as_str() {
                WINDOW if !value.is_empty() && !query.callbacks.contains(&value) => {
                    query.callbacks.push(value);
                }
                "before" => query.list.page = Page::Before(value),
                "after" => query.list.page = Page::After(value),
                _ => {
                    if let Some(field) = FIELDS.into_iter().find(|f| f.parameter() == name) {
                        query.list.filters =
                            std::mem::take(&mut query.list.filters).with(field, &value);
                    }
                }
            }
        }
        query
    }

    /// The path of the callbacks page with this query.
    pub fn to_href(&self) -> String {
        let mut pairs = Pairs::default();
        self.list.write(&mut pairs);
        for callback in &self.callbacks {
            pairs.push(WINDOW, callback);
        }
        match pairs.into_text() {
            text if text.is_empty() => "/".to_owned(),
            text => format!("/?{text}"),
        }
    }

    /// The same with another list; the windows stay.
    #[must_use]
    pub fn with_list(&self, list: ListQuery) -> Self {
        Self { list, callbacks: self.callbacks.clone() }
    }

    /// The same with other filters, on the first page.
    #[must_use]
    pub fn with_filters(&self, filters: Filters) -> Self {
        self.with_list(ListQuery { filters, page: Page::First })
    }

    /// The same on another page.
    #[must_use]
    pub fn with_page(&self, page: Page) -> Self {
        self.with_list(ListQuery { filters: self.list.filters.clone(), page })
    }

    /// The same with one more window, in front.
    #[must_use]
    pub fn with_callback(&self, id: &str) -> Self {
        let mut query = self.without_callback(id);
        query.callbacks.push(id.to_owned());
        query
    }

    /// The same with one window showing another callback.
    #[must_use]
    pub fn with_callback_renamed(&self, from: &str, to: &str) -> Self {
        let mut query = self.clone();
        query.callbacks.retain(|open| open != to);
        for open in query.callbacks.iter_mut().filter(|open| *open == from) {
            to.clone_into(open);
        }
        query
    }

    /// The same with one window closed.
    #[must_use]
    pub fn without_callback(&self, id: &str) -> Self {
        let mut query = self.clone();
        query.callbacks.retain(|open| open != id);
        query
    }
}

/// A query with these windows in the place of its own; all else stays.
pub fn with_windows(search: &str, windows: &[String]) -> String {
    let mut pairs = Pairs::default();
    for (name, value) in parse_pairs(search) {
        if name != WINDOW {
            pairs.push(&name, &value);
        }
    }
    for id in windows {
        pairs.push(WINDOW, id);
    }
    match pairs.into_text() {
        text if text.is_empty() => text,
        text => "?".to_owned() + &text,
    }
}

/// Where a link on a page leads: the windows stay as one goes from page to page of the desk.
pub fn taking_windows_along(from: &Address, to: Address) -> Address {
    let mut windows = PageQuery::parse(&from.search).callbacks;
    if windows.is_empty() || !to.route().is_desk() {
        return to;
    }
    // One that is named twice is open once.
    windows.extend(PageQuery::parse(&to.search).callbacks);
    Address { search: with_windows(&to.search, &windows), path: to.path }
}

/// The word of a verdict in URLs.
pub fn signature_word(signature: Signature) -> &'static str {
    match signature {
        Signature::Valid => "valid",
        Signature::Invalid => "invalid",
        Signature::Missing => "missing",
        Signature::Unchecked => "unchecked",
    }
}

fn signature_from_word(word: &str) -> Option<Signature> {
    match word.trim() {
        "valid" => Some(Signature::Valid),
        "invalid" => Some(Signature::Invalid),
        "missing" => Some(Signature::Missing),
        "unchecked" => Some(Signature::Unchecked),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
