import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../../../src/engine/system/clock.js';
import { testPki } from '../../pki/test-pki.js';
import { FAULTS, type Answer, type TimestampFault } from './faults.js';
import { grant, readQuestion } from './timestamp-authority.js';

export interface TimestampServer {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  close(): Promise<void>;
}

export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/**
 * An RFC 3161 server on loopback whose tokens are real, signed by the test PKI's timestamp signer.
 * @param fault what it gets wrong, each time; nothing when undefined
 */
export async function startTimestampServer(
  options: { readonly fault?: TimestampFault; readonly clock?: Clock } = {},
): Promise<TimestampServer> {
  const { fault, clock = systemClock } = options;
  const requests: ReceivedRequest[] = [];
  const answer: Answer = fault ? FAULTS[fault] : grantAsAsked;
  const server = createServer((request, response) => {
    void receive(request)
      .then((received) => {
        requests.push(received);
        return answer(received.body, response, clock.now());
      })
      .catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((closed) => server.close(closed));
  };
  if (fault === 'down') await close();
  return { url: `http://127.0.0.1:${port}/ts01`, requests, close };
}

const grantAsAsked: Answer = async (body, response, now) => {
  const granted = await grant(readQuestion(body), testPki.timestampSigner().signingKey, now);
  response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(granted);
};

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return { method: request.method, headers: request.headers, body: new Uint8Array(Buffer.concat(chunks)) };
}
