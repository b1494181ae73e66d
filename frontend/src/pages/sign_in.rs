//! Sign-in, and the way back to where the person was.

use crate::api;
use crate::components::account_form::{AccountForm, Credentials, Outcome, Purpose, outcome};
use crate::hooks::session::use_session;
use crate::ui::prelude::*;
use ringback_wire::SignInRequest;

/// Name and password.
#[component]
pub fn SignInPage() -> impl IntoView {
    let set_up_open = RwSignal::new(false);
    spawn_local(async move {
        set_up_open.set(api::find_set_up().await.unwrap_or(false));
    });
    let ended = untrack(|| use_session().has_ended()).then(|| {
        view! { <p class="remark" role="alert">"Your session has ended. Sign in to go on."</p> }
            .into_any()
    });
    let introduction = view! {
        <p class="connection" data-state="bad">
            <span class="connection-dot" aria-hidden="true"></span>
            "Signed out"
        </p>
        {ended}
        {move || {
            set_up_open
                .get()
                .then(|| {
                    view! {
                        <p class="remark">
                            "Nobody has an account here yet. Open the set-up link that "
                            <code>"ringback serve"</code>
                            " printed in its terminal."
                        </p>
                    }
                        .into_any()
                })
        }}
    };
    let send = Callback::new(|Credentials { name, password }| -> Outcome {
        Box::pin(async move { outcome(api::sign_in(&SignInRequest { name, password })).await })
    });
    view! { <AccountForm purpose=Purpose::SignIn introduction=introduction.into_any() send/> }
}
