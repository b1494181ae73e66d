// The official packages of the senders sign and Ringback verifies; Ringback signs and they verify.
// What they hold to be changed, Ringback holds to be changed too.
import Anthropic from '@anthropic-ai/sdk';
import { sign as signGitHub, verify as verifyGitHub } from '@octokit/webhooks-methods';
import OpenAI from 'openai';
import { validateWebhook } from 'replicate';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { send, verify } from './support.js';

const WHSEC = 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=';
const BODY = '{"id":"evt_1","type":"response.completed","created_at":1750861210,"data":{"id":"resp_1","note":"grün"}}';
const valid = { signature: 'valid', reason: null };
const wrong = { signature: 'invalid', reason: 'wrong' };

const openai = new OpenAI({ apiKey: 'none', webhookSecret: WHSEC });
const anthropic = new Anthropic({ apiKey: 'none', webhookKey: WHSEC });
const stripe = new Stripe('none');

/** Ringback takes what was signed, and nothing that was changed. */
async function assertRingbackAgrees({ scheme, secret, headers, body = BODY }) {
  assert.deepEqual(await verify({ scheme, secret, headers, body }), valid, scheme);
  const changed = `${body} `;
  assert.deepEqual(await verify({ scheme, secret, headers, body: changed }), wrong, scheme);
  const other = 'whsec_AdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=';
  assert.deepEqual(await verify({ scheme, secret: other, headers, body }), wrong, scheme);
}

const packages = [
  ['standardwebhooks', (id, at) => new StandardWebhook(WHSEC).sign(id, at, BODY), 'webhook'],
  ['svix', (id, at) => new SvixWebhook(WHSEC).sign(id, at, BODY), 'svix'],
];
for (const [name, sign, family] of packages) {
  test(`what ${name} signs, Ringback verifies for every provider of Standard Webhooks`, async () => {
    const at = new Date();
    const headers = {
      [`${family}-id`]: 'msg_1',
      [`${family}-timestamp`]: String(Math.floor(at.getTime() / 1000)),
      [`${family}-signature`]: sign('msg_1', at),
    };
    for (const scheme of ['standard-webhooks', 'svix', 'openai', 'anthropic', 'replicate', 'gemini', 'automatic']) {
      await assertRingbackAgrees({ scheme, secret: WHSEC, headers });
    }
  });
}

test('what stripe signs, Ringback verifies', async () => {
  const secret = 'whsec_test_secret';
  const header = stripe.webhooks.generateTestHeaderString({ payload: BODY, secret });
  await assertRingbackAgrees({ scheme: 'stripe', secret, headers: { 'Stripe-Signature': header } });
});

test('what octokit signs, Ringback verifies', async () => {
  const secret = "It's a Secret to Everybody";
  const headers = { 'X-Hub-Signature-256': await signGitHub(secret, BODY) };
  await assertRingbackAgrees({ scheme: 'github', secret, headers });
});

/** A package takes what Ringback signed, and refuses it changed. */
async function assertPackageAgrees(scheme, secret, accept) {
  const request = await send({ scheme, secret, body: BODY, id: 'msg_1' });
  assert.equal(request.body.toString(), BODY, 'the body is sent byte for byte');
  assert.ok(await accept(BODY, request.headers), `${scheme}: as sent`);
  const refused = async () => (await accept(`${BODY} `, request.headers)) || assert.fail('taken');
  await assert.rejects(refused, `${scheme}: changed`);
}

test('what Ringback signs, standardwebhooks and svix verify', async () => {
  for (const Webhook of [StandardWebhook, SvixWebhook]) {
    await assertPackageAgrees('standard-webhooks', WHSEC, (body, headers) => {
      new Webhook(WHSEC).verify(body, headers);
      return true;
    });
  }
});

test('what Ringback signs, openai verifies', async () => {
  await assertPackageAgrees('openai', WHSEC, async (body, headers) => {
    const event = await openai.webhooks.unwrap(body, headers);
    return event.data.id === 'resp_1';
  });
});

test('what Ringback signs, anthropic verifies', async () => {
  await assertPackageAgrees('anthropic', WHSEC, async (body, headers) => {
    const event = await anthropic.beta.webhooks.unwrap(body, { headers, key: WHSEC });
    return event.id === 'evt_1';
  });
});

test('what Ringback signs, replicate verifies', async () => {
  await assertPackageAgrees('replicate', WHSEC, async (body, headers) => {
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`]);
    return (await validateWebhook({ id, timestamp, signature, body, secret: WHSEC })) || assert.fail('refused');
  });
});

test('what Ringback signs, stripe verifies', async () => {
  const secret = 'whsec_test_secret';
  await assertPackageAgrees('stripe', secret, (body, headers) =>
    stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret),
  );
});

test('what Ringback signs, octokit verifies', async () => {
  const secret = "It's a Secret to Everybody";
  await assertPackageAgrees('github', secret, async (body, headers) => {
    return (await verifyGitHub(secret, body, headers['x-hub-signature-256'])) || assert.fail('refused');
  });
});

test('a secret that is plain text is used by openai and by Ringback alike', async () => {
  const secret = 'not base64 at all!';
  const client = new OpenAI({ apiKey: 'none', webhookSecret: secret });
  await assertPackageAgrees('openai', secret, (body, headers) => client.webhooks.unwrap(body, headers));
});
