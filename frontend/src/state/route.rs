//! Which page an address leads to.

/// A page of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// The history of callbacks.
    Callbacks,
    /// What this browser remembers of a person's wishes.
    Settings,
    /// Who sends callbacks, and how they sign.
    Sources,
    /// What is wrong, and who is told.
    Alerts,
    /// Name and password.
    SignIn,
    /// The first admin.
    SetUp,
    /// Nothing is there.
    NotFound,
}

impl Route {
    /// From the path of an address; a slash at the end changes nothing.
    pub fn parse(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::Callbacks,
            "/settings" => Self::Settings,
            "/sources" => Self::Sources,
            "/alerts" => Self::Alerts,
            "/sign-in" => Self::SignIn,
            "/setup" => Self::SetUp,
            _ => Self::NotFound,
        }
    }

    /// The name of the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Callbacks => "Callbacks",
            Self::Settings => "Settings",
            Self::Sources => "Sources",
            Self::Alerts => "Alerts",
            Self::SignIn => "Sign in",
            Self::SetUp => "Set up",
            Self::NotFound => "Not found",
        }
    }

    /// The tabs of the desk: page, address, and the letter that follows `g`.
    pub const TABS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Callbacks, "/", "c"),
        (Self::Sources, "/sources", "s"),
        (Self::Alerts, "/alerts", "a"),
        (Self::Settings, "/settings", "t"),
    ];

    /// True for the pages that need a session.
    pub fn is_desk(self) -> bool {
        !matches!(self, Self::SignIn | Self::SetUp | Self::NotFound)
    }
}

/// A path and a query of this site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Begins with a slash.
    pub path: String,
    /// With its question mark; empty when there is none.
    pub search: String,
}

impl Address {
    /// From what a link says; `None` when it leads elsewhere or is the server's to answer.
    pub fn parse(href: &str) -> Option<Self> {
        let href = href.split('#').next().unwrap_or_default();
        let mut characters = href.chars();
        let is_ours = characters.next() == Some('/')
            && !matches!(characters.next(), Some('/' | '\\'))
            && !href.starts_with("/api/");
        if !is_ours {
            return None;
        }
        let (path, search) = match href.find('?') {
            Some(at) => href.split_at_checked(at)?,
            None => (href, ""),
        };
        let search = if search == "?" { "" } else { search };
        Some(Self { path: path.to_owned(), search: search.to_owned() })
    }

    /// As a link says it.
    pub fn href(&self) -> String {
        format!("{}{}", self.path, self.search)
    }

    /// The page.
    pub fn route(&self) -> Route {
        Route::parse(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_page_has_its_address() {
        for (path, route) in [
            ("/", Route::Callbacks),
            ("", Route::Callbacks),
            ("/settings", Route::Settings),
            ("/sources", Route::Sources),
            ("/alerts", Route::Alerts),
            ("/sign-in", Route::SignIn),
            ("/setup/", Route::SetUp),
            ("/sign-in/x", Route::NotFound),
        ] {
            assert_eq!(Route::parse(path), route, "{path}");
        }
    }

    #[test]
    fn links_to_other_sites_and_to_the_server_are_left_to_the_browser() {
        for href in
            ["https://example.com/", "//example.com", "/\\example.com", "#main", "x", "/api/docs"]
        {
            assert_eq!(Address::parse(href), None, "{href}");
        }
    }

    #[test]
    fn a_link_is_taken_apart() {
        let address = Address::parse("/?callback=7#x").expect("ours");
        assert_eq!((address.path.as_str(), address.search.as_str()), ("/", "?callback=7"));
    }

    proptest! {
        #[test]
        fn an_address_survives_a_trip_through_a_link(path in "/[a-z]{0,8}", search in "(\\?[a-z=&]{1,12})?") {
            let address = Address { path, search };
            prop_assert_eq!(Address::parse(&address.href()), Some(address));
        }
    }
}
