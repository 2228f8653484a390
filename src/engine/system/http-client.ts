import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { SigningError, systemCode } from './error.js';
import type { Http, HttpRequest, HttpResponse } from './http.js';

/** The network, by Node's own client: no redirects followed, a connection for each request, none kept open. */
export function httpClient(): Http {
  return { request };
}

async function request(wanted: HttpRequest): Promise<HttpResponse> {
  const url = parseUrl(wanted.url);
  // One deadline for name lookup, connection, headers and body: a server that drips cannot stretch it.
  const deadline = AbortSignal.timeout(wanted.timeout);
  try {
    const response = await send(url, wanted, deadline);
    const body = await readBody(response, wanted.maxBytes);
    return { status: response.statusCode ?? 0, headers: plainHeaders(response), body };
  } catch (error) {
    // Without query and credentials: they can be secrets.
    const where = `${wanted.method} ${url.origin}${url.pathname}`;
    const reason = deadline.aborted
      ? `no complete answer within ${wanted.timeout / 1000} s`
      : reasonOf(error);
    throw new SigningError('NETWORK', `${where}: ${reason}`, {
      hint: 'check the address, the network and its proxies',
    });
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  const what = url ? `${url.protocol}//${url.host}` : 'what was given as an address';
  throw new SigningError('NETWORK', `${what} is not an http or https address`, { hint: 'check the address' });
}

function send(
  url: URL,
  { method, headers = {}, body }: HttpRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  const length = body ? { 'content-length': String(body.length) } : {};
  return new Promise((resolve, reject) => {
    const outgoing = start(url, { method, headers: { ...headers, ...length }, agent: false, signal });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLarge(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

class TooLarge extends Error {}

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
};

/** Every failure of an exchange ends here, whatever Node calls it: TLS and HTTP parser errors have codes of their own. */
function reasonOf(error: unknown): string {
  if (error instanceof TooLarge) return error.message;
  const code = systemCode(error);
  return (code && REASONS[code]) ?? code ?? 'the exchange failed';
}
