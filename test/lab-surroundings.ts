import type { Surroundings } from '../src/engine/surroundings.js';
import { SigningError } from '../src/engine/system/error.js';
import type { Http } from '../src/engine/system/http.js';
import { testPki } from './pki/test-pki.js';

export const LAB_TIME = new Date('2026-03-04T05:06:07Z');

/** Every address answers like a machine without a network. */
const noNetwork: Http = {
  request: async ({ url }) => {
    throw new SigningError('NETWORK', `${url}: the network cannot be reached`);
  },
};

/** What a verb may reach in tests: a folder as home, a clock that stands, no network, and the test PKI's root as Apple's. */
export function labSurroundings(home: string, change: Partial<Surroundings> = {}): Partial<Surroundings> {
  return {
    env: {},
    home,
    cwd: home,
    clock: { now: () => LAB_TIME },
    http: noNetwork,
    appleRoots: [testPki.root().certificate],
    ...change,
  };
}
