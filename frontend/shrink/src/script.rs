//! The script as short as it can be said.

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// The page with the shortest script that starts the app, whose files are named so.
///
/// # Errors
/// When the page has no script of Trunk's that does.
pub(crate) fn start(page: &str, app: &str) -> Result<String, &'static str> {
    let is_there = "the page does not start the app";
    let (before, rest) = page.split_once("<script type=module>").ok_or(is_there)?;
    let (_, after) = rest.split_once("</script>").ok_or(is_there)?;
    let script = format!("import start from'/{app}.js';start({{module_or_path:'/{app}_bg.wasm'}})");
    Ok([before, "<script type=module>", &script, "</script>", after].concat())
}

/// Shortens the module's own names and what it says; what it exports keeps its names.
///
/// # Errors
/// When the script is none.
pub(crate) fn minify(script: &str) -> Result<String, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, script, SourceType::mjs()).parse();
    if let Some(error) = parsed.errors.first() {
        return Err(format!("the script cannot be read: {error}"));
    }
    let mut program = parsed.program;
    let options = MinifierOptions {
        mangle: Some(MangleOptions { top_level: true, ..MangleOptions::default() }),
        // It says only how to serve and to call it, and both are done.
        compress: Some(CompressOptions { drop_console: true, ..CompressOptions::smallest() }),
    };
    let scoping = Minifier::new(options).minify(&allocator, &mut program).scoping;
    let writer = Codegen::new().with_options(CodegenOptions::minify()).with_scoping(scoping);
    Ok(writer.build(&program).code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_get_short_and_what_others_know_stays() {
        let script = "/** Says. */\nfunction greeting(person) {\n  return person.name + '$7';\n}\n\
                      export { greeting as default };\n";
        let short = minify(script).unwrap_or_default();
        assert!(short.len() < 60 && !short.contains("person"), "{short}");
        for kept in [".name", "$7", "as default"] {
            assert!(short.contains(kept), "{short}");
        }
    }

    #[test]
    fn the_page_starts_the_app_and_stays_as_it_is() {
        let page =
            "<p>a</p><script>b()</script><script type=module>import c;\n\nc()</script><p>d</p>";
        let started = start(page, "app-1").unwrap_or_default();
        assert!(started.starts_with("<p>a</p><script>b()</script><script type=module>import "));
        assert!(started.contains("'/app-1.js'") && started.contains("'/app-1_bg.wasm'"));
        assert!(started.ends_with(")</script><p>d</p>") && !started.contains("import c"));
        assert!(start("<p>a</p>", "app-1").is_err());
    }

    #[test]
    fn what_is_no_script_is_refused() {
        assert!(minify("let = = 1").is_err_and(|error| error.contains("cannot be read")));
    }
}
