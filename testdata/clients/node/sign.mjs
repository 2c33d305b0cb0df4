// Signs requests with client libraries of npm, as their users do, and prints them, one
// JSON object a line. Takes the file of keys.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sign as github } from '@octokit/webhooks-methods'
import aws4 from 'aws4'
import { createSigner, httpbis } from 'http-message-signatures'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import twilio from 'twilio'

const keys = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const body = '{"id":"evt_1","amount":100}'
const now = Math.floor(Date.now() / 1000)

function show(client, provider, headers, more = {}) {
  console.log(JSON.stringify({
    client, provider, now, method: 'POST', target: '/' + provider,
    headers: Object.entries({ 'content-type': 'application/json', ...headers }), body,
    covers: Object.keys(headers), ...more,
  }))
}

const stripe = new Stripe('sk_test_1')
show('stripe (npm)', 'stripe', {
  'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload: body, secret: keys.stripe, timestamp: now }),
})

show('@octokit/webhooks-methods', 'github', { 'x-hub-signature-256': await github(keys.github, body) })

show('standardwebhooks (npm)', 'standard-webhooks', {
  'webhook-id': 'msg_node', 'webhook-timestamp': String(now),
  'webhook-signature': new Webhook(keys.webhooks).sign('msg_node', new Date(now * 1000), body),
})

const form = { From: '+15550001', To: '+15550002', Body: 'hello & bye' }
show('twilio (npm)', 'twilio', {
  'x-twilio-signature': twilio.getExpectedTwilioSignature(keys.twilio, 'https://edge.test/twilio?a=1', form),
}, {
  target: '/twilio?a=1', body: new URLSearchParams(form).toString(),
  headers: [['content-type', 'application/x-www-form-urlencoded'],
    ['x-twilio-signature', twilio.getExpectedTwilioSignature(keys.twilio, 'https://edge.test/twilio?a=1', form)]],
  covers: ['target', 'x-twilio-signature'],
})

const amazon = aws4.sign({
  host: 'edge.test', path: '/sigv4?x=%2F&y=2', method: 'POST', service: 'execute-api', region: 'eu-west-1',
  headers: { 'content-type': 'application/json' }, body,
}, { accessKeyId: keys.aws_id, secretAccessKey: keys.aws_secret })
const lower = Object.entries(amazon.headers).map(([k, v]) => [k.toLowerCase(), String(v)])
  .filter(([k]) => k !== 'host' && k !== 'content-length')
show('aws4', 'sigv4', {}, {
  target: amazon.path, headers: lower, covers: ['target', 'content-type', 'x-amz-date', 'authorization'],
})

const digest = 'sha-256=:' + createHash('sha256').update(body).digest('base64') + ':'
for (const [id, algorithm, key, refused] of [
  ['shared', 'hmac-sha256', Buffer.from(keys.shared_base64, 'base64')],
  ['ed25519', 'ed25519', keys.ed25519],
  ['p256', 'ecdsa-p256-sha256', keys.p256],
  ['rsa15', 'rsa-v1_5-sha256', keys.rsa],
  ['rsa', 'rsa-pss-sha512', keys.rsa, 'its salt is as long as can be, RFC 9421 §3.3.1 says 64 bytes'],
]) {
  const signed = await httpbis.signMessage({
    key: createSigner(key, algorithm, id),
    fields: ['@method', '@authority', '@path', '@query', 'content-digest'],
    params: ['created', 'keyid', 'alg'],
  }, {
    method: 'POST', url: 'http://edge.test/rfc9421?a=1',
    headers: { 'content-type': 'application/json', 'content-digest': digest },
  })
  show('http-message-signatures (npm), ' + algorithm, 'rfc9421', {}, {
    target: '/rfc9421?a=1',
    headers: Object.entries(signed.headers).map(([k, v]) => [k.toLowerCase(), v]),
    covers: ['target', 'content-digest', 'signature-input', 'signature'], refused,
  })
}
