//! The style sheets as one file: on a slow line each file more is a round trip before anything is seen.

/// The page with one style sheet in place of its own, and the files that it had, in order.
///
/// `name` is the new one's. The page is as Trunk writes it: one `<link>` for each file.
pub(crate) fn merge(page: &str, name: &str) -> (String, Vec<String>) {
    let mut files = Vec::new();
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
                if files.is_empty() {
                    out.extend(["<link href=/", name, " rel=stylesheet>"]);
                }
                files.push(file);
            }
        }
    }
    out.push_str(rest);
    (out, files)
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
    fn the_first_style_sheet_becomes_all_of_them_and_other_links_stay() {
        let page = "<head><link href=data:x rel=icon><link href=/a-1.css rel=stylesheet>\
                    <script>1</script><link rel=\"stylesheet\" href=\"/b-2.css\"/>\
                    <link crossorigin href=/app.js rel=modulepreload></head>";
        let (merged, files) = merge(page, "all.css");
        assert_eq!(files, ["a-1.css", "b-2.css"]);
        assert_eq!(
            merged,
            "<head><link href=data:x rel=icon><link href=/all.css rel=stylesheet><script>1</script>\
             <link crossorigin href=/app.js rel=modulepreload></head>"
        );
    }
}
