//! Takes out of the built app what only its makers need: the long names by which the program and its
//! script know each other, each with sixteen random digits, the paths of their sources, and all that
//! the script says at length.
//!
//! `ringback-frontend-shrink FOLDER` does it to what Trunk left in the folder.

mod names;
mod order;
mod places;
mod program;
mod script;
mod styles;

use names::Names;
use places::Places;
use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

const APP: &str = "ringback-frontend-";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name the folder of the built app")?;
    shrink(Path::new(&folder))
}

fn shrink(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (script_path, old) = find(folder, ".js")?;
    let (program_path, _) = find(folder, "_bg.wasm")?;
    let script = fs::read_to_string(&script_path)?;
    let mut names = Names::of(&script);
    let places = Places::of(&cargo_home().unwrap_or_default());
    let program = program::shrink(&fs::read(&program_path)?, &mut names, &places)?;
    // The page starts the program by the default export alone: what else could start it can go.
    let script = script.replace("export { initSync, ", "export { ");
    let script = script::minify(&names.replace(&script))?;

    // New contents, a new name: browsers keep what has the old one for ever.
    let old = format!("{APP}{old}");
    let new = format!("{APP}{}", hash((&program, &script)));
    let page = folder.join("index.html");
    let html = script::start(&fs::read_to_string(&page)?.replace(&old, &new), &new)?;
    fs::write(&page, join_styles(folder, &html)?)?;
    fs::write(folder.join(format!("{new}.js")), script.replace(&old, &new))?;
    fs::write(folder.join(format!("{new}_bg.wasm")), program)?;
    fs::remove_file(script_path)?;
    fs::remove_file(program_path)?;
    Ok(())
}

/// Where Cargo keeps what it fetches.
fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

/// The page with the style sheets that it names in one file.
fn join_styles(folder: &Path, html: &str) -> io::Result<String> {
    let read = |file: &str| {
        let path = folder.join(file);
        let style = fs::read_to_string(&path)?;
        fs::remove_file(path)?;
        Ok(style)
    };
    styles::join(html, read, |styles| {
        let name = format!("{APP}{}.css", hash(styles));
        fs::write(folder.join(&name), styles)?;
        Ok(name)
    })
}

fn hash(contents: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The app's file that ends so, and the hash in its name.
fn find(folder: &Path, end: &str) -> Result<(PathBuf, String), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let hash = name.strip_prefix(APP).and_then(|rest| rest.strip_suffix(end));
        if let Some(hash) = hash.filter(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            let hash = hash.to_owned();
            return Ok((path, hash));
        }
    }
    Err(format!("there is no {APP}…{end} in {}", folder.display()).into())
}
