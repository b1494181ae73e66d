import { createHmac, randomUUID } from "node:crypto";

/** The secret that every test server has in LLM_WEBHOOK_SECRET. */
export const SECRET = "whsec_cmluZ2JhY2sncyBicm93c2VyIHRlc3RzISE=";

export interface Delivery {
  id: string;
  body: Buffer;
  headers: Record<string, string>;
}

/**
 * Signs a body as the Standard Webhooks specification says. Written out here, so that the server's
 * verdict is checked against something that is not the server's own code.
 */
export function sign(
  body: string | Buffer,
  { id = `msg_${randomUUID()}`, secret = SECRET, at = Math.floor(Date.now() / 1000) } = {},
): Delivery {
  const bytes = Buffer.from(body);
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${at}.`).update(bytes).digest("base64");
  return {
    id,
    body: bytes,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,${mac}`,
    },
  };
}

/** Signs with a secret that the server does not have. */
export function forge(body: string | Buffer, options: { id?: string } = {}): Delivery {
  return sign(body, { ...options, secret: "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzZXJ2ZXI=" });
}

/** A delivery without any signature. */
export function unsigned(body: string | Buffer, { id = `msg_${randomUUID()}` } = {}): Delivery {
  return {
    id,
    body: Buffer.from(body),
    headers: { "content-type": "application/json", "webhook-id": id },
  };
}

/** The body of a finished job, as an in-house service sends it. */
export function jobBody(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ event_type: "batch.completed", job_id: "batch_e2e", workflow: "nightly", ...fields });
}

/** A JSON body of exactly so many bytes, of one short item after the other. All of it is ASCII. */
export function largeBody(bytes: number, item: (index: number) => string, last = item(0)): string {
  const head = '{"event_type": "batch.completed", "items": [';
  const tail = "]}";
  const items: string[] = [];
  let room = bytes - head.length - last.length - tail.length;
  for (let index = 0; ; index += 1) {
    const next = `${item(index)},`;
    room -= next.length;
    if (room < 0) break;
    items.push(next);
  }
  return `${head}${items.join("")}${last}`.padEnd(bytes - tail.length) + tail;
}
