//! The style sheets that the page names as one file: a browser asks for few at a time.

use std::io;

/// The page with one style sheet, where the first was, instead of all.
///
/// The page is as Trunk writes it: one `<link>` for each file, whose contents `read` gives. `write`
/// keeps those of all and gives the name of their file.
///
/// # Errors
/// Those of `read` and `write`.
pub(crate) fn join(
    page: &str,
    read: impl Fn(&str) -> io::Result<String>,
    write: impl FnOnce(&str) -> io::Result<String>,
) -> io::Result<String> {
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
    if let Some(place) = place {
        out.insert_str(place, &["<link rel=stylesheet href=/", &write(&styles)?, ">"].concat());
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
    fn one_stands_where_the_first_was_and_other_links_stay() {
        let page = "<head><link href=data:x rel=icon><style>c{}</style></head>\
                    <link href=/a-1.css rel=stylesheet>\
                    <script>1</script><link rel=\"stylesheet\" href=\"/b-2.css\"/>\
                    <link crossorigin href=/app.js rel=modulepreload>";
        let read = |file: &str| match file {
            "a-1.css" => Ok("a{}".to_owned()),
            "b-2.css" => Ok("b{}".to_owned()),
            other => Err(io::Error::other(other)),
        };
        let write = |styles: &str| {
            assert_eq!(styles, "a{}b{}");
            Ok("all.css".to_owned())
        };
        assert_eq!(
            join(page, read, write).expect("all are there"),
            "<head><link href=data:x rel=icon><style>c{}</style></head>\
             <link rel=stylesheet href=/all.css><script>1</script>\
             <link crossorigin href=/app.js rel=modulepreload>"
        );
    }
}
