//! Starts the app in the browser.

fn main() {
    ringback_frontend::mount();
}
