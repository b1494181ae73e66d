//! Embeds the single-page app, compressed, with the hashes its content security policy needs.
//!
//! Without `frontend/dist` the table is empty and the server says on `/` how to build the app.

use base64::Engine as _;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let frontend = manifest.join("../../frontend").canonicalize().expect("the repository is whole");
    let dist = frontend.join("dist");
    // A path that is missing counts as changed for ever, so the nearest folder that exists is watched.
    let watched = if dist.exists() { dist.clone() } else { frontend };
    println!("cargo::rerun-if-changed={}", watched.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    let (mut script_hashes, mut style_hashes) = (String::new(), String::new());
    for (index, file) in files.iter().enumerate() {
        let path =
            file.strip_prefix(&dist).expect("below dist").to_string_lossy().replace('\\', "/");
        let bytes = fs::read(file).expect("a file of the app can be read");
        if path == "index.html" {
            let page = String::from_utf8_lossy(&bytes);
            script_hashes = hash_inline(&page, "script");
            style_hashes = hash_inline(&page, "style");
        }
        let brotli = write_compressed(&out, index, "br", &bytes, brotli);
        let gzip = write_compressed(&out, index, "gz", &bytes, gzip);
        let etag = hex(&Sha256::digest(&bytes)[..12]);
        writeln!(
            table,
            "    Asset {{ path: {path:?}, etag: {etag:?}, identity: include_bytes!({:?}), \
             brotli: {brotli}, gzip: {gzip} }},",
            file.to_str().expect("the path is UTF-8")
        )
        .expect("a string grows");
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table).expect("OUT_DIR can be written");
    fs::write(out.join("script_hashes.txt"), script_hashes).expect("OUT_DIR can be written");
    fs::write(out.join("style_hashes.txt"), style_hashes).expect("OUT_DIR can be written");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry of dist").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Writes a compressed copy when it is smaller and gives the Rust expression for it.
fn write_compressed(
    out: &Path,
    index: usize,
    ending: &str,
    bytes: &[u8],
    compress: impl Fn(&[u8]) -> Vec<u8>,
) -> String {
    let compressed = compress(bytes);
    if compressed.len() >= bytes.len() {
        return "None".to_owned();
    }
    let path = out.join(format!("asset{index}.{ending}"));
    fs::write(&path, compressed).expect("OUT_DIR can be written");
    format!("Some(include_bytes!({:?}))", path.to_str().expect("the path is UTF-8"))
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 1 << 16, 11, 22);
    writer.write_all(bytes).expect("memory grows");
    drop(writer);
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).expect("memory grows");
    writer.finish().expect("memory grows")
}

/// ` 'sha256-…'` for the contents of each element of that name, as CSP level 3 wants it.
fn hash_inline(html: &str, element: &str) -> String {
    let (begin, close) = (format!("<{element}"), format!("</{element}>"));
    let mut hashes = String::new();
    let mut rest = html;
    while let Some(start) = rest.find(&begin) {
        rest = &rest[start..];
        let Some(open) = rest.find('>') else { break };
        let (tag, after) = rest.split_at(open + 1);
        let Some(end) = after.find(&close) else { break };
        if !tag.contains(" src=") && end > 0 {
            let digest = Sha256::digest(&after.as_bytes()[..end]);
            let digest = base64::engine::general_purpose::STANDARD.encode(digest);
            write!(hashes, " 'sha256-{digest}'").expect("a string grows");
        }
        rest = &after[end..];
    }
    hashes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string grows");
        text
    })
}
