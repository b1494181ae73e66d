//! What the person chose in the settings, but for the theme, which `index.html` reads as well.

use super::url::{Pairs, parse_pairs};

/// How long a toast stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToastLife {
    /// Five seconds.
    Short,
    /// Ten seconds.
    #[default]
    Usual,
    /// A minute.
    Long,
    /// Until somebody dismisses it.
    Endless,
}

/// How times are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// `3 min ago`.
    #[default]
    Relative,
    /// In the reader's zone.
    Local,
    /// In UTC, as the server has it.
    Utc,
}

/// How close the lines of lists lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// With room.
    #[default]
    Comfortable,
    /// Close.
    Compact,
}

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// How long a toast stays.
    pub toast_life: ToastLife,
    /// Single letters do something.
    pub shortcuts: bool,
    /// How times are told.
    pub times: TimeFormat,
    /// How close the lines of lists lie.
    pub density: Density,
    /// New callbacks come into the list as they arrive; else they wait behind a button.
    pub at_once: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            toast_life: ToastLife::default(),
            shortcuts: true,
            times: TimeFormat::default(),
            density: Density::default(),
            at_once: true,
        }
    }
}

/// A choice that has a word to store and one for people.
pub trait Choice: Copy + PartialEq + 'static {
    /// Each with its stored word and its label.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The word to store.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(choice, ..)| *choice == self).map_or("", |(_, word, _)| word)
    }

    /// From what was stored.
    fn from_word(stored: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word, _)| *word == stored).map(|(choice, ..)| *choice)
    }
}

impl Choice for ToastLife {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Short, "5", "5 seconds"),
        (Self::Usual, "10", "10 seconds"),
        (Self::Long, "60", "1 minute"),
        (Self::Endless, "endless", "Until dismissed"),
    ];
}

impl Choice for TimeFormat {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Relative, "relative", "Relative (3 min ago)"),
        (Self::Local, "local", "Local time"),
        (Self::Utc, "utc", "UTC"),
    ];
}

impl Choice for Density {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Comfortable, "comfortable", "Comfortable"), (Self::Compact, "compact", "Compact")];
}

impl Choice for bool {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(true, "on", "On"), (false, "off", "Off")];
}

impl ToastLife {
    /// In milliseconds; `None` without end.
    pub fn ms(self) -> Option<u32> {
        match self {
            Self::Short => Some(5_000),
            Self::Usual => Some(10_000),
            Self::Long => Some(60_000),
            Self::Endless => None,
        }
    }
}

impl Preferences {
    /// From what was stored; what is missing or unknown is as at the first visit.
    pub fn parse(text: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in parse_pairs(text) {
            match name.as_str() {
                "toasts" => read.toast_life = Choice::from_word(&value).unwrap_or(read.toast_life),
                "shortcuts" => read.shortcuts = value != "off",
                "times" => read.times = Choice::from_word(&value).unwrap_or(read.times),
                "density" => read.density = Choice::from_word(&value).unwrap_or(read.density),
                "arrivals" => read.at_once = value != "off",
                _ => {}
            }
        }
        read
    }

    /// As it is stored.
    pub fn to_text(self) -> String {
        let mut pairs = Pairs::default();
        pairs.push("toasts", self.toast_life.word());
        pairs.push("shortcuts", self.shortcuts.word());
        pairs.push("times", self.times.word());
        pairs.push("density", self.density.word());
        pairs.push("arrivals", self.at_once.word());
        pairs.into_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_read_back() {
        for (toast_life, ..) in ToastLife::ALL {
            for (times, ..) in TimeFormat::ALL {
                for (density, ..) in Density::ALL {
                    let chosen = Preferences {
                        toast_life: *toast_life,
                        shortcuts: *density == Density::Compact,
                        times: *times,
                        density: *density,
                        at_once: *times == TimeFormat::Utc,
                    };
                    assert_eq!(Preferences::parse(&chosen.to_text()), chosen);
                }
            }
        }
    }

    #[test]
    fn what_nobody_knows_leaves_the_rest_as_it_was() {
        let read = Preferences::parse("toasts=7&times=utc&colour=red");
        assert_eq!(read, Preferences { times: TimeFormat::Utc, ..Preferences::default() });
    }
}
