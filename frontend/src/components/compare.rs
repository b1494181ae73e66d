//! Two bodies of one callback beside each other: the values that are not the same.

use crate::api;
use crate::state::json::{Change, changes, rows};
use crate::ui::prelude::*;

/// More changes than anybody reads are not listed.
const MOST: usize = 50;
/// Larger bodies are better compared by a program.
const LARGEST: usize = 512 * 1024;
const SHOWN_CHARS: usize = 160;

/// Fetches both bodies and lists what changed from the content to the other.
pub fn compare_view(id: i64, (content, other): (i64, i64)) -> AnyView {
    let found = RwSignal::new(None::<Result<Vec<Change>, String>>);
    let fetch = move |delivery| api::fetch_payload(id, delivery, None);
    spawn_local(async move {
        let answer = match (fetch(content).await, fetch(other).await) {
            (Ok(content), Ok(other)) => compare(&content, &other),
            (Err(error), _) | (_, Err(error)) => Err(error.message()),
        };
        found.set(Some(answer));
    });
    let shown = move || {
        match found.get() {
        None => view! { <p class="quiet" aria-busy="true">"Comparing…"</p> }.into_any(),
        Some(Err(why)) => view! { <p class="remark">{why}</p> }.into_any(),
        Some(Ok(changes)) if changes.is_empty() => {
            view! { <p class="quiet">"The same values: only order, white space or repeated keys differ."</p> }
                .into_any()
        }
        Some(Ok(changes)) => table(changes),
    }
    };
    shown.into_any()
}

fn compare(content: &[u8], other: &[u8]) -> Result<Vec<Change>, String> {
    if content.len().max(other.len()) > LARGEST {
        return Err("Too large to compare here: download both.".to_owned());
    }
    match (rows(content), rows(other)) {
        (Ok(first), Ok(second)) => Ok(changes((content, &first), (other, &second), MOST)),
        _ => Err("One of them is not JSON: download both to compare them.".to_owned()),
    }
}

fn table(changes: Vec<Change>) -> AnyView {
    let more = (changes.len() == MOST)
        .then(|| view! { <p class="quiet">"Only the first 50 differences are listed."</p> });
    let line = |change: Change| {
        view! {
            <tr>
                <th scope="row" class="mono">{change.pointer}</th>
                <td class="mono">{shorten(change.before)}</td>
                <td class="mono">{shorten(change.after)}</td>
            </tr>
        }
    };
    view! {
        <table class="compare">
            <thead>
                <tr>
                    <th scope="col">"Where"</th>
                    <th scope="col">"Content"</th>
                    <th scope="col">"This body"</th>
                </tr>
            </thead>
            <tbody>{changes.into_iter().map(line).collect_view()}</tbody>
        </table>
        {more}
    }
    .into_any()
}

fn shorten(value: Option<String>) -> String {
    let Some(mut value) = value else { return "not there".to_owned() };
    if let Some((at, _)) = value.char_indices().nth(SHOWN_CHARS) {
        value.truncate(at);
        value.push('…');
    }
    value
}
