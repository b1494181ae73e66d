//! One message for everything that is due on a channel, in the forms that channels take.

use crate::views;
use ringback_core::alert::Telling;
use ringback_core::alert::text::{headline, words};
use ringback_core::queries::channels::Notice;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Stays the same when it is tried again, so that a receiver can tell.
    pub id: String,
    /// One line.
    pub subject: String,
    /// What is told, oldest first.
    pub lines: Vec<Line>,
    /// The page that shows it all.
    pub link: String,
}

/// One thing that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is said: a name of [`Telling`], or `test`.
    pub telling: &'static str,
    /// The condition's name.
    pub condition: &'static str,
    /// Where.
    pub source: String,
    /// Why.
    pub cause: String,
    /// How often.
    pub count: i64,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it happened last.
    pub last_at: String,
    /// What is wrong, in a line.
    pub headline: String,
    /// What to do; empty when it is over.
    pub advice: String,
    /// A callback that shows it.
    pub sample: Option<String>,
}

/// The name of what is said.
pub fn telling_name(telling: Telling) -> &'static str {
    match telling {
        Telling::Started => "started",
        Telling::Again => "again",
        Telling::Grown => "grown",
        Telling::Reminder => "reminder",
        Telling::Resolved => "resolved",
    }
}

impl Message {
    /// A message of notices, which must not be none. `base` is the server's public address.
    pub fn of(notices: &[Notice], base: &str) -> Self {
        let lines: Vec<Line> = notices.iter().map(|notice| line(notice, base)).collect();
        let subject = match lines.as_slice() {
            [line] => line.headline.clone(),
            lines => {
                let over = lines.iter().filter(|line| line.telling == "resolved").count();
                match over {
                    0 => format!("{} alerts", lines.len()),
                    over if over == lines.len() => format!("{over} alerts resolved"),
                    over => format!("{} alerts, {over} of them resolved", lines.len()),
                }
            }
        };
        let ends = notices.first().zip(notices.last());
        let id = ends
            .map_or_else(String::new, |(first, last)| format!("alert_{}_{}", first.id, last.id));
        Self { id, subject, lines, link: format!("{base}/alerts") }
    }

    /// What the button of a channel sends.
    pub fn test(id: String, channel: &str, by: &str, at: &str, base: &str) -> Self {
        let headline = format!("This is a test of the channel “{channel}”, asked for by {by}");
        Self {
            id,
            subject: headline.clone(),
            lines: vec![Line {
                telling: "test",
                condition: "test",
                source: String::new(),
                cause: String::new(),
                count: 0,
                started_at: at.to_owned(),
                last_at: at.to_owned(),
                headline,
                advice: "Nothing is wrong.".to_owned(),
                sample: None,
            }],
            link: format!("{base}/alerts"),
        }
    }

    /// For people who read text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{}", line.headline);
            let _ = writeln!(text, "  since {}, last {}", line.started_at, line.last_at);
            if !line.advice.is_empty() {
                let _ = writeln!(text, "  {}", line.advice);
            }
            if let Some(sample) = &line.sample {
                let _ = writeln!(text, "  Example: {sample}");
            }
            text.push('\n');
        }
        let _ = writeln!(text, "All alerts, and what you are told: {}", self.link);
        text
    }

    /// For people who read HTML. Whatever a sender named is escaped.
    pub fn html(&self) -> String {
        let mut html = String::from(
            "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif;line-height:1.5\">",
        );
        for line in &self.lines {
            let colour = if line.telling == "resolved" { "#15803d" } else { "#b91c1c" };
            let colour = if line.telling == "test" { "#1d4ed8" } else { colour };
            let _ = write!(
                html,
                "<div style=\"border-left:4px solid {colour};padding-left:12px;margin:0 0 20px\">\
                 <p style=\"margin:0\"><strong>{}</strong></p>\
                 <p style=\"margin:0;color:#4b5563\">since {}, last {}</p>",
                escape(&line.headline),
                escape(&line.started_at),
                escape(&line.last_at)
            );
            if !line.advice.is_empty() {
                let _ = write!(html, "<p style=\"margin:4px 0 0\">{}</p>", escape(&line.advice));
            }
            if let Some(sample) = &line.sample {
                let _ = write!(
                    html,
                    "<p style=\"margin:4px 0 0\"><a href=\"{}\">Open an example</a></p>",
                    escape(sample)
                );
            }
            html.push_str("</div>");
        }
        let _ = write!(
            html,
            "<p><a href=\"{}\">All alerts, and what you are told</a></p></body></html>",
            escape(&self.link)
        );
        html
    }

    /// What Slack and those that are compatible with it take.
    pub fn slack(&self) -> Value {
        let mut text = String::new();
        for line in &self.lines {
            let mark = match line.telling {
                "resolved" => ":white_check_mark:",
                "test" => ":information_source:",
                _ => ":rotating_light:",
            };
            let _ = write!(text, "{mark} *{}*", escape_slack(&line.headline));
            if !line.advice.is_empty() {
                let _ = write!(text, "\n{}", escape_slack(&line.advice));
            }
            if let Some(sample) = &line.sample {
                let _ = write!(text, " <{sample}|Open an example>");
            }
            text.push('\n');
        }
        let _ = write!(text, "<{}|All alerts>", self.link);
        json!({ "text": text })
    }

    /// For programs: the body of a signed webhook.
    pub fn webhook(&self, at: &str) -> Value {
        let alert = |line: &Line| {
            json!({
                "telling": line.telling,
                "condition": line.condition,
                "source": line.source,
                "cause": line.cause,
                "count": line.count,
                "started_at": line.started_at,
                "last_at": line.last_at,
                "title": line.headline,
                "advice": line.advice,
                "sample": line.sample,
            })
        };
        let alerts: Vec<Value> = self.lines.iter().map(alert).collect();
        json!({
            "type": "ringback.alerts",
            "timestamp": at,
            "data": { "subject": self.subject, "alerts": alerts, "link": self.link },
        })
    }
}

fn line(notice: &Notice, base: &str) -> Line {
    let Notice { alert, telling, count, .. } = notice;
    let words = words(&alert.key);
    let is_over = *telling == Telling::Resolved;
    let has_sample = !is_over && !alert.key.source.is_empty();
    let sample = alert.sample.filter(|_| has_sample);
    Line {
        telling: telling_name(*telling),
        condition: alert.key.condition.name(),
        source: alert.key.source.clone(),
        cause: alert.key.cause.clone(),
        count: *count,
        started_at: views::time(alert.started_at),
        last_at: views::time(alert.last_at),
        headline: headline(&alert.key, *telling, *count),
        advice: if is_over { String::new() } else { words.advice },
        sample: sample.map(|id| format!("{base}/?callback={id}")),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Slack reads `<…>` as a link or a mention, also one of everybody.
fn escape_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringback_core::alert::{Alert, Condition, Key, Seen};

    fn notice(id: i64, cause: &str, telling: Telling) -> Notice {
        let key = Key::new(Condition::NewEventType, "openai", cause);
        let seen = Seen { count: 3, at: 1_800_000_000_000_000, sample: Some(7) };
        let alert = Alert { id, ..Alert::start(key, seen, None) };
        Notice { id, alert, telling, count: 3, created_at: 0 }
    }

    #[test]
    fn what_a_sender_named_is_text_and_never_markup() {
        let evil = "<!channel><script>alert(1)</script>&\"";
        let message = Message::of(&[notice(1, evil, Telling::Started)], "https://ringback.example");
        assert!(!message.html().contains("<script>"), "{}", message.html());
        assert!(!message.slack().to_string().contains("<!channel>"), "{}", message.slack());
        assert!(message.text().contains(evil));
    }

    #[test]
    fn a_message_names_the_sample_and_the_page() {
        let message = Message::of(&[notice(4, "x", Telling::Started)], "https://r.example");
        assert_eq!(message.lines[0].sample.as_deref(), Some("https://r.example/?callback=7"));
        assert_eq!(
            (message.link.as_str(), message.id.as_str()),
            ("https://r.example/alerts", "alert_4_4")
        );
        for text in [message.text(), message.html(), message.slack().to_string()] {
            assert!(text.contains("https://r.example/?callback=7"), "{text}");
            assert!(text.contains("(3 times)"), "{text}");
        }
    }

    #[test]
    fn several_alerts_are_one_message_that_says_how_many() {
        let notices = [
            notice(1, "a", Telling::Started),
            notice(2, "b", Telling::Reminder),
            notice(3, "c", Telling::Resolved),
        ];
        let message = Message::of(&notices, "");
        assert_eq!(message.subject, "3 alerts, 1 of them resolved");
        assert_eq!(message.lines.len(), 3);
        assert_eq!(message.webhook("now")["data"]["alerts"][2]["telling"], "resolved");
    }
}
