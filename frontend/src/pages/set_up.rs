//! Set-up: the first admin, by the link that the server printed.

use crate::api;
use crate::components::account_form::{AccountForm, Credentials, Outcome, Purpose, outcome};
use crate::hooks::router::use_router;
use crate::state::url::find_parameter;
use crate::ui::prelude::*;
use ringback_wire::SetUpRequest;

const LEAST_CHARACTERS: usize = 12;

/// Name and password of the first admin.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let router = use_router();
    let introduction =
        view! { <p>"Make the first admin account. The link you followed is good once."</p> };
    let send = Callback::new(move |Credentials { name, password }| -> Outcome {
        let token = find_parameter(&router.current().search, "token").unwrap_or_default();
        Box::pin(async move {
            if let Some(error) = check(&token, &password) {
                return Err(error.to_owned());
            }
            outcome(api::set_up(&SetUpRequest { token, name, password })).await
        })
    });
    view! { <AccountForm purpose=Purpose::SetUp introduction=introduction.into_any() send/> }
}

fn check(token: &str, password: &str) -> Option<&'static str> {
    if token.is_empty() {
        return Some("This link has no token. Copy the whole set-up link that the server printed.");
    }
    (password.chars().count() < LEAST_CHARACTERS).then_some("Choose at least 12 characters.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_refuse_is_told_before() {
        assert!(check("", "long enough for all").is_some());
        assert!(check("token", "short").is_some());
        assert!(check("token", "long enough for all").is_none());
    }
}
