//! The script without its comments and indents.

/// Takes out comments that have lines of their own, and the indents.
///
/// # Errors
/// When the script has a text over several lines, which would lose its indents too.
pub(crate) fn strip(script: &str) -> Result<String, &'static str> {
    if script.split('`').skip(1).step_by(2).any(|text| text.contains('\n')) {
        return Err("the script has a text over several lines");
    }
    let mut out = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            in_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indents_go_and_the_rest_stays() {
        let script = "/** One.\n * More.\n */\n  let a = 'x // y'; // stays\n\n    // Goes.\n/* so */\nb()\n";
        assert_eq!(strip(script), Ok("let a = 'x // y'; // stays\nb()\n".to_owned()));
    }

    #[test]
    fn a_text_over_several_lines_is_refused() {
        assert!(strip("let a = `x\n  y`;").is_err());
        assert!(strip("let a = `x`;\nlet b = `y`;").is_ok());
    }
}
