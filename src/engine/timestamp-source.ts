import { requestTimestamp, type Timestamp } from './crypto/timestamp.js';
import type { Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';

/** True: Apple's server; false: no timestamp; else the servers to ask, in this order. */
export type TimestampOption = boolean | string | readonly string[];

const APPLE_SERVER = 'http://timestamp.apple.com/ts01';

/** Gets timestamps during one run and remembers the last. */
export interface TimestampSource {
  readonly request: (signatureValue: Uint8Array) => Promise<Timestamp>;
  last(): Timestamp | undefined;
}

/**
 * Like codesign, asks for a timestamp by itself only for Developer ID, whose notarization needs one.
 * @throws SigningError `INVALID_OPTION` when a server is no http address
 */
export function timestampSource(
  option: TimestampOption | undefined,
  isDeveloperId: boolean,
  { http, clock, random }: Surroundings,
): TimestampSource | undefined {
  const chosen = option ?? isDeveloperId;
  if (chosen === false) return undefined;
  const servers = chosen === true ? [APPLE_SERVER] : [chosen].flat().map(checkedServer);
  let last: Timestamp | undefined;
  return {
    request: async (message) =>
      (last = await requestTimestamp({ message, hash: 'sha256', servers, http, clock, random })),
    last: () => last,
  };
}

function checkedServer(server: string): string {
  if (/^https?:$/.test(URL.parse(server)?.protocol ?? '')) return server;
  throw new SigningError('INVALID_OPTION', 'a timestamp server is not an http or https address', {
    hint: `write it like ${APPLE_SERVER}`,
  });
}
