import type { Random } from '../../simulation/random.ts';

/** Stands in every odd request; no answer and no log line may have it. */
export const plantedSecret = 's.planted-in-odd-requests';

const methods = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'LIST',
  'SCAN',
  'CONNECT',
  'TRACE',
  'get',
  '',
  '\0',
];

const names = [
  '',
  '/',
  '.',
  '..',
  '%2e%2e',
  '../../etc/passwd',
  '%2e%2e%2fetc',
  '//',
  'a//b',
  '%',
  '%zz',
  '%ff%fe',
  '%00',
  'a%00',
  '%0d%0aX: y',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '%F0%9F%92%A9',
  'x'.repeat(300),
  'y'.repeat(9000),
  'config',
  'config/',
  'config/below',
  'api/below',
  'nobody',
  '*',
  '?',
  '#',
  ';',
  '\\',
  '$(id)',
  "' OR 1=1 --",
  '<b>',
  '{{7*7}}',
];

const places = [
  '/v1/sys/audit',
  '/v1/sys/audit/',
  '/v1/sys/audit-hash/',
  '/v1/sys/config/auditing/request-headers/',
  '/v1/sys/mounts/',
  '/v1/sys/auth/',
  '/v1/sys/',
  '/v1/',
  '/',
  '',
  '*',
  'http://example.invalid/v1/sys/audit/',
  '//example.invalid/',
  '/metrics/',
  '/readyz',
];

const tails = [
  '',
  '/',
  '/tune',
  '?list=true',
  '?list',
  '?a[__proto__]=1',
  `?token=${plantedSecret}`,
  '#x',
  '%',
];

const bodies = [
  '',
  '{',
  '}',
  'null',
  'true',
  '[]',
  '""',
  '0',
  '{}',
  '{"type":',
  '{"type":"file"}',
  '{"type":"nosuch"}',
  '{"type":{"$gt":""}}',
  '{"type":"file","options":[]}',
  '{"type":"file","options":{"file_path":["x"]}}',
  '{"type":"file","options":{"file_path":"/etc/shadow"}}',
  '{"type":"file","options":{"file_path":"FOLDER/../x.log"}}',
  '{"type":"file","options":{"file_path":"FOLDER/\\u0000"}}',
  '{"type":"file","options":{"file_path":"FOLDER/x.log","mode":"7777777777777"}}',
  '{"type":"file","options":{"__proto__":{"file_path":"x"}}}',
  '{"__proto__":{"type":"file"},"options":{"file_path":"FOLDER/x.log"}}',
  '{"constructor":{"prototype":{"type":"file"}}}',
  '{"type":"file","options":{"file_path":"FOLDER/x.log","prefix":"x"}}',
  '{"type":"file","options":{"file_path":"FOLDER/x.log","log_raw":"1"}}',
  '{"type":"file","options":{"file_path":"FOLDER","queue_bytes":1e999}}',
  '{"type":"socket","options":{"address":"::::"}}',
  '{"type":"syslog","options":{"facility":"\\ud800"}}',
  '{"type":"http","options":{"uri":"file:///etc/passwd"}}',
  '{"input":{}}',
  '{"hmac":"x"}',
  '[['.repeat(5000),
  `{"a":${'{"a":'.repeat(100)}`,
  '\ufeff{}',
  '{"type":"\u0000"}',
  `"${'z'.repeat(100_000)}"`,
  '{"a":1}{"b":2}',
  'type=file&options=x',
];

const headers = [
  'X-Vault-Namespace: ../../x',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Encoding: gzip',
  'Expect: 100-continue',
  'Expect: nonsense',
  'Upgrade: websocket\r\nConnection: Upgrade',
  'X-HTTP-Method-Override: DELETE',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Content-Length: -1',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: 99999999999999999999',
  'Host: a\r\nHost: b',
  ': empty',
  'NoColon',
  'X: \0',
  `Big: ${'b'.repeat(20_000)}`,
  Array.from({ length: 200 }, (_, each) => `N${each}: v`).join('\r\n'),
  ' Folded: line',
  'Authorization: Bearer',
  'Range: bytes=0-',
  'If-None-Match: *',
  `X-Request: ${'é'}`,
];

/**
 * Bytes that begin like a call and go wrong somewhere. None of them, taken at its word, changes which devices there
 * are. `folder` is one that devices may write to.
 */
export function oddRequest(random: Random, folder: string): Buffer {
  if (random.chance(0.05))
    return Buffer.from(Array.from({ length: random.whole(1, 300) }, () => random.below(256)));
  const method = random.chance(0.7) ? random.pick(['GET', 'POST', 'PUT', 'DELETE']) : random.pick(methods);
  const target = random.pick(places) + (random.chance(0.8) ? random.pick(names) : '') + random.pick(tails);
  const body = random.pick(bodies).replaceAll('FOLDER', folder);
  const lines = [
    `${method} ${target} HTTP/${random.chance(0.95) ? '1.1' : random.pick(['1.0', '2.0', '0.9', 'x'])}`,
  ];
  if (random.chance(0.95)) lines.push('Host: localhost');
  lines.push(`X-Vault-Token: ${plantedSecret}`);
  if (random.chance(0.3)) lines.push(random.pick(headers));
  const length = Buffer.byteLength(body);
  if (random.chance(0.8))
    lines.push(`Content-Length: ${random.chance(0.8) ? length : random.below(2 * length + 2)}`);
  const whole = Buffer.from(`${lines.join(random.chance(0.97) ? '\r\n' : '\n')}\r\n\r\n${body}`);
  if (random.chance(0.9)) return whole;
  // Damaged, or cut off.
  const damaged = Buffer.from(whole);
  damaged[random.below(whole.length)] = random.below(256);
  return random.chance(0.5) ? damaged : damaged.subarray(0, random.below(whole.length));
}
