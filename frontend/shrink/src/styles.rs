//! The style sheets as part of the page: on a slow line a file more is a round trip before anything is
//! seen, and the page is asked for anyway.

use std::io;

/// The page with all of its style sheets in one `<style>`, where the first of them was.
///
/// The page is as Trunk writes it: one `<link>` for each file, whose contents `read` gives.
///
/// # Errors
/// Those of `read`, and a style sheet that would end the element that it is in.
pub(crate) fn inline(page: &str, read: impl Fn(&str) -> io::Result<String>) -> io::Result<String> {
    let mut styles = String::new();
    let mut place = None;
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(begin) = rest.find("<link ") {
        let (before, tag) = rest.split_at(begin);
        out.push_str(before);
        let end = tag.find('>').map_or(tag.len(), |at| at + 1);
        let (tag, after) = tag.split_at(end);
        rest = after;
        match style_sheet(tag) {
            None => out.push_str(tag),
            Some(file) => {
                place = place.or(Some(out.len()));
                styles.push_str(&read(&file)?);
            }
        }
    }
    out.push_str(rest);
    if styles.to_ascii_lowercase().contains("</style") {
        return Err(io::Error::other(
            "a style sheet has `</style`, which would end it in the page",
        ));
    }
    if let Some(place) = place {
        out.insert_str(place, &["<style>", &styles, "</style>"].concat());
    }
    Ok(out)
}

/// The file that a `<link>` names as a style sheet of the app's own.
fn style_sheet(tag: &str) -> Option<String> {
    let plain = tag.replace(['"', '\''], "");
    let mut words = plain.trim_end_matches(['>', '/']).split_ascii_whitespace();
    let is_style =
        plain.split_ascii_whitespace().any(|word| word.trim_end_matches('>') == "rel=stylesheet");
    let href = words.find_map(|word| word.strip_prefix("href=/"))?;
    is_style.then(|| href.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheets_stand_where_the_first_was_and_other_links_stay() {
        let page = "<head><link href=data:x rel=icon><link href=/a-1.css rel=stylesheet>\
                    <script>1</script><link rel=\"stylesheet\" href=\"/b-2.css\"/>\
                    <link crossorigin href=/app.js rel=modulepreload></head>";
        let read = |file: &str| match file {
            "a-1.css" => Ok("a{}".to_owned()),
            "b-2.css" => Ok("b{}".to_owned()),
            other => Err(io::Error::other(other)),
        };
        assert_eq!(
            inline(page, read).expect("all are there"),
            "<head><link href=data:x rel=icon><style>a{}b{}</style><script>1</script>\
             <link crossorigin href=/app.js rel=modulepreload></head>"
        );
    }

    #[test]
    fn what_would_end_its_element_is_refused() {
        let read = |_: &str| Ok("a{content:'</style>'}".to_owned());
        assert!(inline("<link href=/a.css rel=stylesheet>", read).is_err());
    }
}
