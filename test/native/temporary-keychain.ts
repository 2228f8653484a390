import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runTool } from './run-tool.js';
import * as security from './security-arguments.js';
import type { CodesignIdentity } from './signing-wish.js';
import type { ThrowAwayIdentity } from './throw-away-identity.js';

/**
 * A keychain for one test file, in its own folder. codesign builds chains from the search list alone, so the keychain
 * joins it and leaves it again: two of these at once would undo each other.
 * `security` takes passwords from its arguments or from a terminal; this one is random and guards throw-away keys.
 */
export class TemporaryKeychain {
  readonly #path: string;
  readonly #password = randomBytes(16).toString('hex');
  readonly #before: readonly string[];

  constructor(folder: string) {
    this.#path = join(folder, 'parity.keychain-db');
    this.#before = security.parseKeychains(run(security.listKeychains()));
    run(security.createKeychain(this.#path, this.#password));
    run(security.neverLock(this.#path));
    run(security.unlockKeychain(this.#path, this.#password));
    run(security.setKeychains([this.#path, ...this.#before]));
  }

  add({ p12, password, certificate }: ThrowAwayIdentity): CodesignIdentity {
    run(security.importIdentity(p12, password, this.#path));
    run(security.letAppleToolsSign(this.#path, this.#password));
    return { sha1: certificate.sha1, keychain: this.#path };
  }

  /** SHA-1 of each, lower-case hexadecimal. */
  identities(): string[] {
    return security.parseIdentities(run(security.findIdentities(this.#path)));
  }

  remove(): void {
    run(security.setKeychains(this.#before));
    run(security.deleteKeychain(this.#path));
  }
}

function run(args: readonly string[]): string {
  return runTool('security', args).stdout;
}
