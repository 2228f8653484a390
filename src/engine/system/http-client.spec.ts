import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { testPki } from '../../../test/pki/test-pki.js';
import type { HttpRequest } from './http.js';
import { httpClient } from './http-client.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(url: string, changes: Partial<HttpRequest> = {}) {
  return httpClient().request({ method: 'GET', url, timeout: 2000, maxBytes: 1000, ...changes });
}

function failureOf(url: string, changes: Partial<HttpRequest> = {}): Promise<unknown> {
  return ask(url, changes).catch((error: unknown) => error);
}

describe('when a server answers', () => {
  it('sends method, headers and body with its length, and gives status, headers and body', async () => {
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(418, { 'X-Two': ['a', 'b'], 'Content-Type': 'text/plain' });
        response.end(
          `${request.method!} ${request.url!} ${request.headers['x-one'] as string} ${request.headers['content-length']!} ${String(Buffer.concat(chunks))}`,
        );
      });
    });
    const answer = await ask(`${url}/path?query`, {
      method: 'PUT',
      headers: { 'x-one': '1' },
      body: new TextEncoder().encode('body'),
    });
    expect(answer.status).toBe(418);
    expect(answer.headers).toMatchObject({ 'x-two': 'a, b', 'content-type': 'text/plain' });
    expect(new TextDecoder().decode(answer.body)).toBe('PUT /path?query 1 4 body');
  });

  it('follows no redirect', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked++;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect((await ask(url)).status).toBe(302);
    expect(asked).toBe(1);
  });

  it('keeps no connection open', async () => {
    const url = await serve((request, response) => response.end(request.headers.connection));
    expect(new TextDecoder().decode((await ask(url)).body)).toBe('close');
    await expect(new Promise((closed) => server!.close(closed))).resolves.toBeUndefined();
  });

  it('accepts an answer of exactly the size allowed', async () => {
    const url = await serve((_, response) => response.end(Buffer.alloc(1000)));
    expect((await ask(url)).body).toHaveLength(1000);
  });
});

describe('when there is no complete answer', () => {
  it.each<[string, RequestListener]>([
    ['never answers', () => undefined],
    [
      'drips',
      (_, response) => {
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => {
          clearInterval(drip);
        });
      },
    ],
  ])('gives up in time on a server that %s', async (_, listener) => {
    const url = await serve(listener);
    const begin = Date.now();
    const failure = await failureOf(url, { timeout: 200 });
    expect(failure).toMatchObject({
      code: 'NETWORK',
      message: `GET ${url}/: no complete answer within 0.2 s`,
    });
    expect(Date.now() - begin).toBeLessThan(1500);
  });

  it.each<[string, RequestListener]>([
    ['is larger than allowed', (_, response) => response.end(Buffer.alloc(1001))],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': 10 });
        response.write('x', () => response.destroy());
      },
    ],
    ['is no HTTP', (request) => request.socket.end('hello\r\n\r\n')],
  ])('fails when the answer %s', async (_, listener) => {
    expect(await failureOf(await serve(listener))).toMatchObject({ code: 'NETWORK' });
  });

  it('fails when nobody listens, and shows neither credentials nor query', async () => {
    const url = await serve(() => undefined);
    await new Promise((closed) => server!.close(closed));
    const failure = await failureOf(`${url.replace('//', '//user:secret@')}/path?secret`);
    expect(failure).toMatchObject({
      code: 'NETWORK',
      message: `GET ${url}/path: the connection was refused`,
    });
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  it.each(['ftp://host', 'file:///etc/passwd', 'not an address', ''])(
    'refuses the address %p',
    async (url) => {
      expect(await failureOf(url)).toMatchObject({ code: 'NETWORK' });
    },
  );

  it('does not take a server’s word for who it is', async () => {
    const { privateKeyPem, certificatePem } = testPki.ecDeveloperIdApplication();
    const https = createHttpsServer({ key: privateKeyPem, cert: certificatePem }, (_, response) =>
      response.end(),
    );
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const failure = await failureOf(`https://127.0.0.1:${(https.address() as AddressInfo).port}`);
    https.close();
    expect(failure).toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/CERT|SIGNATURE|ISSUER/) as string,
    });
  });
});
