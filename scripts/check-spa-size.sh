#!/usr/bin/env bash
# Fails when the SPA in frontend/dist weighs more than it may, compressed as the server sends it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
need_node

[ -f frontend/dist/index.html ] || die "the SPA is not built. Run \`just spa\`."
node - <<'JS' || die "the SPA is over its ceiling. docs/TESTING.md says how to find what weighs."
const { readdirSync, readFileSync } = require("node:fs");
const { brotliCompressSync, constants } = require("node:zlib");
// Kilobytes of 1,024 bytes, above which nothing lands.
const budgets = [["WASM and JS", /\.(wasm|js)$/, 180], ["CSS", /\.css$/, 14]];
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
const files = readdirSync("frontend/dist").filter((name) => budgets.some(([, pattern]) => pattern.test(name)));
const parts = files.map((name) => [name, readFileSync(`frontend/dist/${name}`)]);
// What stands in the page itself counts as well: its scripts, and all of the styles.
const page = readFileSync("frontend/dist/index.html", "utf8");
for (const [element, name] of [["script", "index.js"], ["style", "index.css"]]) {
  const found = page.matchAll(new RegExp(`<${element}[^>]*>(.*?)</${element}>`, "gs"));
  parts.push([name, Buffer.from(Array.from(found, ([, contents]) => contents).join("\n"))]);
}
const sizes = parts.map(([name, bytes]) => [name, brotliCompressSync(bytes, { params }).length]);
for (const [what, pattern, ceiling] of budgets) {
  const kilobytes = sizes.filter(([name]) => pattern.test(name)).reduce((sum, [, size]) => sum + size, 0) / 1024;
  console.error(`    ${what}: ${kilobytes.toFixed(1)} KB, and ${ceiling} KB at the most`);
  if (!(kilobytes > 0 && kilobytes <= ceiling)) process.exitCode = 1;
}
JS
