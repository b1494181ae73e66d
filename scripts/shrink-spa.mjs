// Takes out of the built SPA what only its makers need: the long names by which the program and its
// script know each other, each with sixteen random digits, and the script's comments and indents.
//
// node scripts/shrink-spa.mjs <folder>
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const find = (pattern) => readdirSync(folder).find((name) => pattern.test(name));
const wasmName = find(/^ringback-frontend-[0-9a-f]+_bg\.wasm$/);
const jsName = find(/^ringback-frontend-[0-9a-f]+\.js$/);
if (!wasmName || !jsName) throw new Error(`no app in ${folder}`);

const wasm = readFileSync(join(folder, wasmName));
let script = readFileSync(join(folder, jsName), "utf8");

// A LEB128 number: its value, and where it ends.
function number(at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function leb(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

function text(at) {
  const [length, begin] = number(at);
  return [wasm.toString("utf8", begin, begin + length), begin + length];
}

const named = (name) => {
  const bytes = Buffer.from(name);
  return Buffer.concat([leb(bytes.length), bytes]);
};

// What stands for what; only names that the script has as whole words, and no word that it has.
const short = new Map();
function shorten(name) {
  if (!/^_*w(asm_)?b(ind)?g/.test(name) && !/h[0-9a-f]{16}$/.test(name)) return name;
  if (!new RegExp(`\\b${name}\\b`).test(script)) return name;
  if (!short.has(name)) short.set(name, `$${short.size.toString(36)}`);
  return short.get(name);
}

// How far a type of a table, a memory, a global or a tag goes.
function descriptionEnd(kind, at) {
  const limits = (at) => {
    const flags = wasm[at];
    [, at] = number(at + 1);
    return flags & 1 ? number(at)[1] : at;
  };
  if (kind === 0) return number(at)[1];
  if (kind === 1) return limits(at + 1);
  if (kind === 2) return limits(at);
  return kind === 3 ? at + 2 : number(at + 1)[1];
}

const parts = [wasm.subarray(0, 8)];
for (let at = 8; at < wasm.length; ) {
  const begin = at;
  const id = wasm[at];
  const [size, content] = number(at + 1);
  at = content + size;
  if (id !== 2 && id !== 7) {
    parts.push(wasm.subarray(begin, at));
    continue;
  }
  const [count, first] = number(content);
  const entries = [leb(count)];
  let next = first;
  for (let entry = 0; entry < count; entry++) {
    let from;
    if (id === 2) {
      [from, next] = text(next);
      entries.push(named(from));
    }
    let name;
    [name, next] = text(next);
    const end = id === 2 ? descriptionEnd(wasm[next], next + 1) : number(next + 1)[1];
    entries.push(named(shorten(name)), wasm.subarray(next, end));
    next = end;
  }
  const section = Buffer.concat(entries);
  parts.push(Buffer.from([id]), leb(section.length), section);
}
const shrunk = Buffer.concat(parts);
if (!WebAssembly.validate(shrunk)) throw new Error("the shortened program is none");

if (script.split("`").some((part, at) => at % 2 === 1 && part.includes("\n"))) throw new Error("a text over several lines would lose its indents");
for (const [name, by] of short) script = script.replace(new RegExp(`\\b${name}\\b`, "g"), () => by);
script = script
  .replace(/^\s*\/\*\*[\s\S]*?\*\/\s*$/gm, "")
  .replace(/^\s*\/\/.*$/gm, "")
  .replace(/^\s+/gm, "");

// New contents, new names: browsers keep what has the old ones for ever.
const digest = createHash("sha256").update(shrunk).update(script).digest("hex").slice(0, 16);
const old = jsName.match(/-([0-9a-f]+)\.js$/)[1];
const renamed = (text) => text.replaceAll(`ringback-frontend-${old}`, `ringback-frontend-${digest}`);
script = renamed(script);
const page = join(folder, "index.html");
writeFileSync(page, renamed(readFileSync(page, "utf8")));
rmSync(join(folder, wasmName));
rmSync(join(folder, jsName));
writeFileSync(join(folder, renamed(wasmName)), shrunk);
writeFileSync(join(folder, renamed(jsName)), script);
