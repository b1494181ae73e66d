//! Why a callback is not trusted, in words, under the verdict: the cause, what to do, what was seen.

use crate::api;
use crate::hooks::session::use_session;
use crate::ui::prelude::*;
use ringback_wire::{Certainty, DiagnosisResponse, Signature};

/// The explanation of a callback; nothing for one that is trusted.
pub fn diagnosis_view(callback: i64, signature: Signature) -> AnyView {
    if signature == Signature::Valid {
        return ().into_any();
    }
    let found = RwSignal::new(None::<DiagnosisResponse>);
    spawn_local(async move {
        // Without an answer the verdict's own sentence stands alone.
        if let Ok(answer) = api::find_diagnosis(callback).await {
            found.set(Some(answer));
        }
    });
    (move || found.get().map(|answer| explanation_view(callback, answer))).into_any()
}

fn explanation_view(callback: i64, answer: DiagnosisResponse) -> AnyView {
    let heading = match answer.certainty {
        Certainty::Proved => "Why: ",
        Certainty::Likely => "Most likely: ",
    };
    let evidence: Vec<AnyView> =
        answer.evidence.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect();
    let again = answer.can_verify_again && use_session().is_admin();
    view! {
        <section class="diagnosis" role="group" aria-label="Why the signature does not hold">
            <p><strong>{heading}</strong>{answer.explanation}</p>
            <p>{answer.advice}</p>
            <details>
                <summary>"What was seen"</summary>
                <ul>{evidence}</ul>
            </details>
            {again.then(|| again_view(callback))}
        </section>
    }
    .into_any()
}

fn again_view(callback: i64) -> AnyView {
    let said = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let verify = move |_| {
        busy.set(true);
        spawn_local(async move {
            let text = match api::reverify_callback(callback).await {
                Ok(answer) if answer.trusted > 0 => "It is trusted now.".to_owned(),
                Ok(_) => "It still does not hold with the secrets of now.".to_owned(),
                Err(error) => error.message(),
            };
            said.set(text);
            busy.set(false);
        });
    };
    view! {
        <p>
            <button type="button" class="button" disabled=move || busy.get() on:click=verify>
                "Verify again"
            </button>
            " "
            <span role="status">{move || said.get()}</span>
        </p>
    }
    .into_any()
}
