//! Who is signed in, and the way to sign-in and back.

use super::router::use_router;
use crate::api::{self, ApiError};
use crate::state::route::Route;
use crate::state::url::percent_encode;
use crate::storage;
use crate::ui::prelude::*;
use ringback_wire::{Role, SessionResponse};

/// What is known of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// The first answer is on its way.
    Unknown,
    /// Nobody is signed in.
    SignedOut,
    /// Somebody was, and the server no longer knows the session.
    Ended,
    /// The server could not be asked; what to tell.
    Failed(String),
    /// Somebody is.
    SignedIn(SessionResponse),
}

/// The session, for the whole app.
#[derive(Clone, Copy)]
pub struct SessionContext(RwSignal<Session>);

/// Makes the session available and leads to sign-in whenever an answer says that it is over.
pub fn provide_session() -> SessionContext {
    let session = SessionContext(RwSignal::new(Session::Unknown));
    provide_context(session);
    Effect::new(move |_| storage::save_signed_in(session.is_signed_in()));
    let router = use_router();
    api::on_signed_out(move || {
        let ended = untrack(|| session.is_signed_in());
        session.0.set(if ended { Session::Ended } else { Session::SignedOut });
        let address = router.current();
        if matches!(address.route(), Route::SignIn | Route::SetUp) {
            return;
        }
        let here = address.href();
        let target = match here.as_str() {
            "/" => "/sign-in".to_owned(),
            _ => "/sign-in?next=".to_owned() + &percent_encode(&here),
        };
        router.replace(&target);
    });
    session
}

/// The session.
pub fn use_session() -> SessionContext {
    expect_context()
}

impl SessionContext {
    /// What is known; follows changes.
    pub fn get(self) -> Session {
        self.0.get()
    }

    /// True when there is a session; follows changes.
    pub fn is_signed_in(self) -> bool {
        self.0.with(|session| matches!(session, Session::SignedIn(_)))
    }

    /// True when the session ended before the person wanted; follows changes.
    pub fn has_ended(self) -> bool {
        self.0.with(|session| matches!(session, Session::Ended))
    }

    /// True when the person may change things; follows changes.
    pub fn is_admin(self) -> bool {
        self.0.with(|session| matches!(session, Session::SignedIn(who) if who.role == Role::Admin))
    }

    /// The person's name, empty when nobody is signed in.
    pub fn name(self) -> String {
        self.0.with(|session| match session {
            Session::SignedIn(who) => who.name.clone(),
            _ => String::new(),
        })
    }

    /// Somebody signed in.
    pub fn signed_in(self, who: SessionResponse) {
        self.0.set(Session::SignedIn(who));
    }

    /// Somebody signed out.
    pub fn signed_out(self) {
        self.0.set(Session::SignedOut);
    }

    /// Asks the server who is signed in.
    pub async fn load(self) {
        match api::find_session().await {
            Ok(who) => self.signed_in(who),
            // The handler of `on_signed_out` has changed the state and the page.
            Err(ApiError::SignedOut) => {}
            Err(error) => self.0.set(Session::Failed(error.message())),
        }
    }
}
