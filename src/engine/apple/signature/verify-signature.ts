import { equal } from '../../bytes/concat.js';
import type { ByteSource } from '../../bytes/source.js';
import type { Certificate } from '../../crypto/certificate.js';
import { hashPages } from '../../system/hash-pages.js';
import { readPlist } from '../../system/plist/read.js';
import { toJson } from '../../system/plist/to-json.js';
import { isPlistDict, type PlistDict } from '../../system/plist/value.js';
import { appleKindOf } from '../certificates.js';
import { errorFinding, type Finding, type FindingCode, type Where } from '../finding.js';
import { payloadOf } from './blob.js';
import { codeSlotCount } from './code-directory.js';
import { readEntitlementsDer } from './entitlements-der.js';
import { slotHash } from './hash-type.js';
import { CODE_FLAG, SLOT } from './magic.js';
import type { CodeSignature, StoredDirectory } from './read-signature.js';
import { blobIn } from './super-blob.js';
import { verifyCms, type CmsVerdict } from './verify-cms.js';

/** Code, and the signature that covers all of it from the start to `codeLimit`. */
export interface SignedRange {
  readonly source: ByteSource;
  readonly codeLimit: number;
  readonly signature: CodeSignature;
}

/** What lies outside the file and is covered by its signature. */
export interface Outside {
  readonly infoPlist: Uint8Array | undefined;
  readonly resources: Uint8Array | undefined;
}

export interface VerifyContext {
  readonly now: Date;
  readonly appleRoots: readonly Certificate[];
}

export interface SignatureVerdict {
  readonly findings: readonly Finding[];
  readonly signature: CodeSignature | undefined;
  readonly cms: CmsVerdict | undefined;
  readonly infoPlist: PlistDict | undefined;
  readonly entitlements: PlistDict | undefined;
}

/** Checks pages, special slots, and the CMS. @throws SigningError `MALFORMED`, `INVALID_PLIST`; OutOfBounds */
export async function verifySignature(
  range: SignedRange,
  outside: Outside,
  where: Where,
  context: VerifyContext,
): Promise<SignatureVerdict> {
  const { signature } = range;
  const cms = signature.cms?.length ? verifyCms(signature.cms, signature, { ...context, where }) : undefined;
  const findings = [
    ...(await pageFindings(range, where)),
    ...specialFindings(signature, outside, where),
    ...agreementFindings(signature, where),
    ...identityFindings(signature, cms, where),
    ...teamFindings(signature, cms, where),
    ...entitlementFindings(signature, where),
    ...(cms?.findings ?? []),
  ];
  return {
    findings,
    signature,
    cms,
    infoPlist: dictOf(outside.infoPlist),
    entitlements: entitlementsOf(signature),
  };
}

async function pageFindings({ source, codeLimit, signature }: SignedRange, where: Where): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const stored of signature.directories)
    findings.push(...(await pagesOf(source, codeLimit, stored, where)));
  return findings;
}

async function pagesOf(
  source: ByteSource,
  signatureOffset: number,
  { directory, hashType }: StoredDirectory,
  where: Where,
): Promise<Finding[]> {
  const { codeLimit, codeSlots, pageSize } = directory;
  if (codeLimit !== signatureOffset) {
    return [
      errorFinding(
        'MODIFIED_CODE',
        where,
        `the signature covers ${codeLimit} bytes, but ${signatureOffset} come before it`,
      ),
    ];
  }
  if (codeSlots.length !== codeSlotCount(codeLimit, pageSize) * hashType.size) {
    return [errorFinding('MODIFIED_CODE', where, 'the signature does not have a hash for every page')];
  }
  const [hashes] = await hashPages(source, codeLimit, pageSize, [hashType.algorithm]);
  const wrong = wrongPages(hashes!, codeSlots, fullSize(hashType.algorithm), hashType.size);
  if (wrong.length === 0) return [];
  const first = `page ${wrong[0]!} at offset 0x${(wrong[0]! * pageSize).toString(16)}`;
  const more = wrong.length > 1 ? ` and ${wrong.length - 1} more` : '';
  return [errorFinding('MODIFIED_CODE', where, `${first}${more}, by ${hashType.name}`)];
}

function fullSize(algorithm: 'sha1' | 'sha256' | 'sha384'): number {
  return { sha1: 20, sha256: 32, sha384: 48 }[algorithm];
}

/** Computed hashes have their full size, stored ones may be cut. */
function wrongPages(
  computed: Uint8Array,
  stored: Uint8Array,
  computedSize: number,
  storedSize: number,
): number[] {
  const wrong: number[] = [];
  for (let page = 0; page * storedSize < stored.length; page++) {
    const ours = computed.subarray(page * computedSize, page * computedSize + storedSize);
    if (!equal(ours, stored.subarray(page * storedSize, (page + 1) * storedSize))) wrong.push(page);
  }
  return wrong;
}

/** What a wrong special slot is called; the others are part of the signature itself. */
const SLOT_FINDING: Readonly<Record<number, FindingCode>> = {
  [SLOT.infoPlist]: 'MODIFIED_INFO_PLIST',
  [SLOT.resources]: 'RESOURCES_MISSING',
};

function specialFindings(
  { superBlob, directories }: CodeSignature,
  outside: Outside,
  where: Where,
): Finding[] {
  const contents = new Map<number, Uint8Array | undefined>([
    [SLOT.infoPlist, outside.infoPlist],
    [SLOT.resources, outside.resources],
  ]);
  for (const { slot } of superBlob.slots)
    if (slot > 0 && slot < SLOT.alternateCodeDirectories) contents.set(slot, blobIn(superBlob, slot));
  return directories.flatMap(({ directory, hashType }) => {
    const slots = new Set([...contents.keys(), ...directory.specialSlots.keys()]);
    return [...slots].flatMap((slot) => {
      const content = contents.get(slot);
      const sealed = directory.specialSlots.get(slot);
      const isRight =
        content && sealed
          ? equal(slotHash(hashType, content), sealed)
          : content === sealed || isUnsealable(slot, sealed);
      return isRight ? [] : [slotFinding(slot, content, sealed, where)];
    });
  });
}

/** Linkers sign before there is a bundle: what is around the file is then simply not covered. */
function isUnsealable(slot: number, sealed: Uint8Array | undefined): boolean {
  return sealed === undefined && (slot === SLOT.infoPlist || slot === SLOT.resources);
}

function slotFinding(
  slot: number,
  content: Uint8Array | undefined,
  sealed: Uint8Array | undefined,
  where: Where,
): Finding {
  const code = SLOT_FINDING[slot] ?? 'MODIFIED_CODE';
  if (slot === SLOT.resources && content)
    return errorFinding('SEALED_RESOURCE', where, 'CodeResources was modified');
  if (slot in SLOT_FINDING) return errorFinding(code, where);
  const what = !content ? 'is missing' : sealed ? 'was modified' : 'is not covered';
  return errorFinding(code, where, `what slot ${slot} holds ${what}`);
}

/** Several CodeDirectories have to tell the same story: systems choose one of them. */
function agreementFindings({ directories }: CodeSignature, where: Where): Finding[] {
  const stories = directories.map(
    ({ directory: { identifier, teamId, flags, codeLimit, execSegment, runtimeVersion } }) =>
      JSON.stringify([identifier, teamId, flags, codeLimit, execSegment, runtimeVersion]),
  );
  return new Set(stories).size <= 1
    ? []
    : [errorFinding('MODIFIED_CODE', where, 'its CodeDirectories contradict each other')];
}

/** Without a CMS, code has to say itself that it is signed ad-hoc. */
function identityFindings(
  { directories }: CodeSignature,
  cms: CmsVerdict | undefined,
  where: Where,
): Finding[] {
  const isAdhoc = (directories[0]!.directory.flags & CODE_FLAG.adhoc) !== 0;
  if (isAdhoc !== (cms !== undefined)) return [];
  return [
    errorFinding(
      'MODIFIED_CODE',
      where,
      isAdhoc ? 'it is marked ad-hoc and has a signer' : 'the signature of its signer is missing',
    ),
  ];
}

function dictOf(data: Uint8Array | undefined): PlistDict | undefined {
  const value = data && readPlist(data);
  return isPlistDict(value) ? value : undefined;
}

function entitlementsOf({ entitlements }: CodeSignature): PlistDict | undefined {
  return entitlements && dictOf(payloadOf(entitlements));
}

/**
 * A team is the signer's own (StaticCode.cpp, errSecCSBadTeamIdentifier). Apple's internal certificates have none to
 * compare with.
 */
function teamFindings({ directories }: CodeSignature, cms: CmsVerdict | undefined, where: Where): Finding[] {
  const leaf = cms?.certificates[0];
  if (!leaf || appleKindOf(leaf) === undefined) return [];
  const team = leaf.subject.organizationalUnit;
  const isOther = directories.some(({ directory: { teamId } }) => teamId !== undefined && teamId !== team);
  return isOther
    ? [errorFinding('MODIFIED_CODE', where, 'its team identifier is not that of its signer')]
    : [];
}

/** Some systems read the entitlements as XML and some as DER: they must find the same. */
function entitlementFindings(signature: CodeSignature, where: Where): Finding[] {
  const { entitlementsDer } = signature;
  const xml = entitlementsOf(signature);
  if (!entitlementsDer || !xml) return [];
  const der = readEntitlementsDer(payloadOf(entitlementsDer));
  if (canonical(xml) === canonical(der)) return [];
  return [errorFinding('MODIFIED_CODE', where, 'its entitlements in XML and in DER contradict each other')];
}

function canonical(value: PlistDict): string {
  return JSON.stringify(toJson(value), (_, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
