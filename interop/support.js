// Runs Ringback's program: `verify` on what a package signed, `send` towards a server of the test.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = process.env.RINGBACK_PROGRAM ?? '../target/debug/ringback';

/** Calls `work` with a folder that is there for as long. */
async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'ringback-interop-'));
  try {
    return await work((name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `ringback verify` says: `{ signature, reason }`. */
export function verify({ scheme, secret, headers, body, at }) {
  return inFolder(async (file) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    const args = ['verify', '--scheme', scheme];
    args.push('--secret-file', file('secret', secret));
    args.push('--headers', file('headers', lines.join('')), '--body', file('body', body));
    if (at !== undefined) args.push('--at', String(at));
    // An exit code that is not 0 only says that it is not valid: the answer is the output.
    const { stdout } = await run(program, args).catch((error) => error);
    return JSON.parse(stdout);
  });
}

/** The request that `ringback send` makes: `{ headers, body }`. */
export function send({ scheme, secret, body, id }) {
  return inFolder(
    (file) =>
      new Promise((resolve, reject) => {
        const server = createServer((request, response) => {
          const chunks = [];
          request.on('data', (chunk) => chunks.push(chunk));
          request.on('end', () => {
            response.setHeader('content-type', 'application/json');
            response.end(JSON.stringify({ id: 1, callback_id: id, duplicate: false }));
            resolve({ headers: request.headers, body: Buffer.concat(chunks) });
          });
        });
        server.listen(0, '127.0.0.1', () => {
          const url = `http://127.0.0.1:${server.address().port}/`;
          const args = ['send', '--url', url, '--scheme', scheme, '--id', id];
          args.push('--file', file('body', body), '--connections', '1');
          const env = { ...process.env, LLM_WEBHOOK_SECRET: secret };
          run(program, args, { env })
            .catch(reject)
            .finally(() => server.close());
        });
      }),
  );
}
