import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sign, type SignOptions } from '../../src/engine/sign.js';
import type { Receipt } from '../../src/engine/receipt.js';
import { readPlist } from '../../src/engine/system/plist/read.js';
import type { PlistDict, PlistValue } from '../../src/engine/system/plist/value.js';
import { verify } from '../../src/engine/verify.js';
import { pemFile } from '../key-files.js';
import { labSurroundings } from '../lab-surroundings.js';
import { testPki } from '../pki/test-pki.js';
import { temporaryFolders } from '../temporary-folder.js';
import { plant, type Tree } from '../tree.js';
import { inside } from './parts.js';

/** The kinds of identity that a bundle is signed with: their requirements differ. */
export const SIGNERS = ['ad-hoc', 'with a certificate'] as const;
export type SignerName = (typeof SIGNERS)[number];

export interface SignRequest extends Partial<SignOptions> {
  readonly name?: string;
  readonly by?: SignerName;
}

export interface BundleLab {
  newFolder(): string;
  /** Plants the tree as `name`, `App.app` unless told, and signs it into another folder. */
  signed(tree: Tree, request?: SignRequest): Promise<SignedBundle>;
  /** Signs what was planted, there or elsewhere. */
  signAt(folder: string, request: SignRequest): Promise<Receipt>;
}

/** Signs bundles in temporary folders and looks at what came out. */
export function bundleLab(name: string): BundleLab {
  const newFolder = temporaryFolders(name);
  const keys = newFolder();
  const identityOf = (by: SignerName) =>
    by === 'ad-hoc' ? 'adhoc' : pemFile(keys, testPki.developerIdApplication());
  const signAt = (folder: string, { name: bundle = 'App.app', by = 'ad-hoc', ...options }: SignRequest) =>
    sign(
      { path: bundle, outputPath: 'out/', identity: identityOf(by), timestamp: false, ...options },
      labSurroundings(folder),
    );
  return {
    newFolder,
    signAt,
    signed: async (tree, request = {}) => {
      const folder = newFolder();
      const bundle = request.name ?? 'App.app';
      plant(folder, inside(bundle, tree));
      const receipt = await signAt(folder, request);
      return new SignedBundle(join(folder, 'out', bundle), receipt);
    },
  };
}

export class SignedBundle {
  constructor(
    readonly path: string,
    readonly receipt: Receipt,
  ) {}

  at(path: string): string {
    return join(this.path, path);
  }

  /** Everything that was signed, in the order of names. */
  get code(): string[] {
    return this.receipt.files.map(({ path }) => path).sort();
  }

  /** `files2` of the seal of the bundle whose root is `root`. */
  seals(root: string, files = 'files2'): PlistDict {
    const seal = readPlist(readFileSync(this.at(`${root}/_CodeSignature/CodeResources`)));
    return (seal as PlistDict)[files] as PlistDict;
  }

  sealOf(root: string, path: string): PlistValue | undefined {
    return this.seals(root)[path];
  }

  /** What the verifier finds: severity, code and the place in the bundle. */
  async findings(): Promise<string[]> {
    const { findings } = await verify({ path: this.path }, labSurroundings(this.path));
    return findings.map(
      ({ severity, code, path }) => `${severity} ${code} ${path.slice(this.path.length + 1)}`,
    );
  }
}
