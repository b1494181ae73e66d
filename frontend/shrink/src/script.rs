//! The script as short as it can be said.

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

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
        compress: Some(CompressOptions::smallest()),
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
    fn what_is_no_script_is_refused() {
        assert!(minify("let = = 1").is_err_and(|error| error.contains("cannot be read")));
    }
}
