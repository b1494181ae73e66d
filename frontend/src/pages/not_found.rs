//! For addresses that lead nowhere.

use crate::ui::prelude::*;

/// Says so and leads back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <main class="centred" id="main">
            <div class="card">
                <h1>"There is no such page"</h1>
                <p>"The address may be mistyped or old."</p>
                <a class="button button-primary" href="/">"Go to the callbacks"</a>
            </div>
        </main>
    }
}
