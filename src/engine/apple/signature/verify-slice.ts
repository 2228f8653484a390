import { OutOfBounds } from '../../bytes/layout.js';
import { SigningError } from '../../system/error.js';
import { errorFinding } from '../finding.js';
import { readEmbeddedInfoPlist, type MachO } from '../macho/read.js';
import { readSignature } from './read-signature.js';
import {
  verifySignature,
  type Outside,
  type SignatureVerdict,
  type VerifyContext,
} from './verify-signature.js';

/** What was found out about one architecture, or about a script. */
export interface SliceVerdict extends SignatureVerdict {
  readonly arch: string;
}

/** Checks one architecture of a Mach-O file. A broken signature is a finding, never a failure. */
export async function verifySlice(
  macho: MachO,
  outside: Outside,
  path: string,
  context: VerifyContext,
): Promise<SliceVerdict> {
  const { arch, source } = macho;
  return judging({ path, arch }, async (where) => {
    const signature = await readSignature(macho);
    if (!signature) return undefined;
    const infoPlist = outside.infoPlist ?? (await readEmbeddedInfoPlist(macho));
    const codeLimit = macho.codeSignature!.offset;
    return verifySignature({ source, codeLimit, signature }, { ...outside, infoPlist }, where, context);
  });
}

const NOTHING: SignatureVerdict = {
  findings: [],
  signature: undefined,
  cms: undefined,
  infoPlist: undefined,
  entitlements: undefined,
};

interface ArchPlace {
  readonly path: string;
  readonly arch: string;
}

/** Turns what cannot be read, and a signature that is not there, into findings. */
export async function judging(
  where: ArchPlace,
  judge: (where: ArchPlace) => Promise<SignatureVerdict | undefined>,
): Promise<SliceVerdict> {
  const { arch } = where;
  try {
    const verdict = await judge(where);
    return { arch, ...(verdict ?? { ...NOTHING, findings: [errorFinding('NOT_SIGNED', where)] }) };
  } catch (error) {
    if (!(error instanceof SigningError || error instanceof OutOfBounds)) throw error;
    return { arch, ...NOTHING, findings: [errorFinding('MALFORMED', where, error.message)] };
  }
}
