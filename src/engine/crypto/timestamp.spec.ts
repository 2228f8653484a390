import { randomBytes } from 'node:crypto';
import { FAULTS, type TimestampFault } from '../../../test/fakes/timestamp/faults.js';
import { startTimestampServer, type TimestampServer } from '../../../test/fakes/timestamp/server.js';
import { testPki } from '../../../test/pki/test-pki.js';
import { fixedClock } from '../system/clock.js';
import { httpClient } from '../system/http-client.js';
import { requestTimestamp, type TimestampOrder } from './timestamp.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const message = new TextEncoder().encode('a signature value');

let servers: TimestampServer[] = [];
/** Those that make a request last until its timeout. */
const silent = new WeakSet<TimestampServer>();
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function start(fault?: TimestampFault): Promise<TimestampServer> {
  const server = await startTimestampServer({ clock: fixedClock(NOW), ...(fault ? { fault } : {}) });
  servers.push(server);
  if (fault === 'slow' || fault === 'dripping') silent.add(server);
  return server;
}

function orderFrom(...from: readonly TimestampServer[]): TimestampOrder {
  return {
    message,
    hash: 'sha256',
    servers: from.map(({ url }) => url),
    http: httpClient(),
    clock: fixedClock(NOW),
    random: (size) => new Uint8Array(randomBytes(size)),
    timeout: from.some((server) => silent.has(server)) ? 1000 : 10_000,
    policy: '1.2.3.4.5.6',
    anchors: [testPki.root().certificate],
  };
}

/** What each fault leads to, and what the error says of the server. */
const OUTCOMES: Record<TimestampFault, readonly [code: string, saying: string]> = {
  down: ['TIMESTAMP_UNAVAILABLE', 'the connection was refused'],
  slow: ['TIMESTAMP_UNAVAILABLE', 'no complete answer within 1 s'],
  dripping: ['TIMESTAMP_UNAVAILABLE', 'no complete answer within 1 s'],
  'cut-off': ['TIMESTAMP_UNAVAILABLE', 'the connection was cut'],
  'endless-body': ['TIMESTAMP_UNAVAILABLE', 'the answer is larger than 131072 bytes'],
  'status-500': ['TIMESTAMP_UNAVAILABLE', 'HTTP status 500'],
  redirect: ['TIMESTAMP_UNAVAILABLE', 'HTTP status 302'],
  'wrong-content-type': ['TIMESTAMP_UNAVAILABLE', 'its answer is not a timestamp but text/html'],
  garbage: ['TIMESTAMP_UNAVAILABLE', 'the timestamp response is'],
  empty: ['TIMESTAMP_UNAVAILABLE', 'the timestamp response is truncated'],
  rejecting: [
    'TIMESTAMP_UNAVAILABLE',
    'rejected, the hash algorithm is not accepted, "ask again [31m later"',
  ],
  'stale-token': [
    'TIMESTAMP_INVALID',
    'it was made for something else; it answers another request; it says 2026-10-23',
  ],
  'wrong-nonce': ['TIMESTAMP_INVALID', 'it answers another request'],
  'missing-nonce': ['TIMESTAMP_INVALID', 'it answers another request'],
  'wrong-imprint': ['TIMESTAMP_INVALID', 'it was made for something else'],
  'wrong-policy': ['TIMESTAMP_INVALID', 'it follows policy 1.2.3.9, not 1.2.3.4.5.6'],
  'wrong-time': ['TIMESTAMP_INVALID', 'it says 2026-11-24T12:00:00.000Z while'],
  'wrong-purpose': ['TIMESTAMP_INVALID', 'CN=Test Timestamp Signer may not make timestamps'],
  untrusted: ['TIMESTAMP_INVALID', 'does not lead to a trusted root'],
  'broken-signature': ['TIMESTAMP_INVALID', "was not made by the signer's key"],
};

describe('when a timestamp is requested', () => {
  it('gives the server’s token, its time and its certificate', async () => {
    const server = await start();
    const timestamp = await requestTimestamp(orderFrom(server));
    expect(timestamp.time).toEqual(NOW);
    expect(timestamp.server).toBe(server.url);
    expect(timestamp.signer.subject.commonName).toBe('Test Timestamp Signer');
    expect(timestamp.certificates).toHaveLength(3);
    expect(
      server.requests.map(({ method, headers }) => [method, headers['content-type'], headers.connection]),
    ).toEqual([['POST', 'application/timestamp-query', 'close']]);
  });

  it('asks anew each time: no two requests are alike', async () => {
    const server = await start();
    await requestTimestamp(orderFrom(server));
    await requestTimestamp(orderFrom(server));
    const [first, second] = server.requests;
    expect(first!.body).not.toEqual(second!.body);
  });

  it('takes any policy when none is asked for, and any root when none is named', async () => {
    const order = { ...orderFrom(await start('untrusted')), policy: undefined, anchors: undefined };
    expect((await requestTimestamp(order)).signer.issuer.commonName).toBe('Stranger Root CA');
  });

  it('understands a nonce that begins with zeros', async () => {
    const random = () => Uint8Array.of(0, 0, 0x80, 1, 2, 3, 4, 5);
    await expect(requestTimestamp({ ...orderFrom(await start()), random })).resolves.toHaveProperty(
      'time',
      NOW,
    );
  });
});

describe('when a timestamp server fails', () => {
  it.each(Object.entries(OUTCOMES))('says so: %s', async (fault, [code, saying]) => {
    const server = await start(fault as TimestampFault);
    const failure: unknown = await requestTimestamp(orderFrom(server)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringContaining(saying) as string });
    expect((failure as Error).message).toContain(server.url.replace('http://', ''));
  });

  it.each(Object.keys(FAULTS))('asks the next one: after %s', async (fault) => {
    const [bad, good] = [await start(fault as TimestampFault), await start()];
    expect((await requestTimestamp(orderFrom(bad, good))).server).toBe(good.url);
    expect(good.requests).toHaveLength(1);
  });

  it('tells what each did, and that it was lies only when it was lies only', async () => {
    const [down, lying, refusing] = [
      await start('down'),
      await start('wrong-nonce'),
      await start('status-500'),
    ];
    await expect(requestTimestamp(orderFrom(down, lying))).rejects.toMatchObject({
      code: 'TIMESTAMP_INVALID',
      message: expect.stringMatching(/refused\n.*it answers another request$/) as string,
    });
    await expect(requestTimestamp(orderFrom(down, lying, refusing))).rejects.toHaveProperty(
      'code',
      'TIMESTAMP_UNAVAILABLE',
    );
  });

  it('shows neither passwords nor queries of addresses', async () => {
    const { url } = await start('status-500');
    const order = {
      ...orderFrom(),
      servers: [`${url.replace('//', '//user:secret@')}?token=secret`, 'ftp://u:secret@host'],
    };
    const failure: unknown = await requestTimestamp(order).catch((error: unknown) => error);
    expect(String(failure)).toContain(url);
    expect(String(failure)).not.toContain('secret');
  });

  it('says when there is none to ask', async () => {
    await expect(requestTimestamp(orderFrom())).rejects.toMatchObject({
      code: 'TIMESTAMP_UNAVAILABLE',
      message: 'no timestamp server was named',
    });
  });
});
