import { httpClient } from '../src/engine/system/http-client.js';
import type { Http } from '../src/engine/system/http.js';

/** Sends every request to this address, whatever it was meant for: a stand-in for servers with well-known names. */
export function httpTo(url: string): Http {
  const client = httpClient();
  return { request: (request) => client.request({ ...request, url }) };
}
