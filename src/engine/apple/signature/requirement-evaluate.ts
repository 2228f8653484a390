import { equal } from '../../bytes/concat.js';
import { toHex } from '../../bytes/hex.js';
import { OID } from '../../crypto/oids.js';
import { entryOf, type PlistDict } from '../../system/plist/value.js';
import {
  attributeOf,
  certificateAt,
  fieldDate,
  hasPolicy,
  rootOf,
  subjectValue,
  type ChainCertificate,
} from './requirement-certificates.js';
import { matches } from './requirement-match.js';
import { printRequirement } from './requirement-text.js';
import { LEAF, type Match, type Requirement } from './requirement.js';

/** What is known of the code that is judged. */
export interface RequirementContext {
  readonly identifier: string;
  /** 20 bytes of each CodeDirectory. */
  readonly cdhashes: readonly Uint8Array[];
  /** From the leaf to the root; empty when the code is signed ad-hoc. */
  readonly certificates: readonly ChainCertificate[];
  readonly infoPlist?: PlistDict | undefined;
  readonly entitlements?: PlistDict | undefined;
  /** The CodeDirectory's platform identifier: 0 but for parts of an operating system. */
  readonly platform?: number | undefined;
  /** Whether there is a notarization ticket; undefined when nobody has looked. */
  readonly notarized?: boolean | undefined;
  readonly isAppleAnchored: (root: ChainCertificate) => boolean;
  /** Whether this machine's trust settings vouch for it; undefined when there are none to ask. */
  readonly isTrusted?: ((certificate: ChainCertificate) => boolean) | undefined;
}

/** A clause, in the words of the requirement, and whether the code meets it. */
export interface ClauseResult {
  readonly text: string;
  /** Undefined when it takes a Mac to tell: trust settings, or requirements that the system keeps under names. */
  readonly result: boolean | undefined;
  /** The operands of `and`, `or` and `!`; chains of the same operator are one list. */
  readonly children: readonly ClauseResult[];
}

/** Judges every clause, also where the whole is decided already. The code meets the requirement only if `result` is true. */
export function evaluateRequirement(requirement: Requirement, context: RequirementContext): ClauseResult {
  const text = printRequirement(requirement);
  if ('left' in requirement) {
    const operands = operandsOf(requirement.op, requirement);
    const children = operands.map((operand) => evaluateRequirement(operand, context));
    return { text, result: combine(requirement.op, children), children };
  }
  if (requirement.op === 'not') {
    const child = evaluateRequirement(requirement.operand, context);
    return { text, result: child.result === undefined ? undefined : !child.result, children: [child] };
  }
  if (requirement.op === 'unknown') return { ...evaluateRequirement(requirement.meaning, context), text };
  return { text, result: evaluateClause(requirement, context), children: [] };
}

/** The clauses without children that kept the whole from being met, in the order of the text. */
export function unmetClauses(clause: ClauseResult): ClauseResult[] {
  if (clause.result === true) return [];
  const isNegation = clause.children.length === 1;
  if (clause.children.length === 0 || isNegation) return [clause];
  return clause.children.flatMap(unmetClauses);
}

function operandsOf(op: 'and' | 'or', requirement: Requirement): Requirement[] {
  if (requirement.op !== op) return [requirement];
  return [...operandsOf(op, requirement.left), ...operandsOf(op, requirement.right)];
}

/** What is not known matters only where the rest does not decide. */
function combine(op: 'and' | 'or', children: readonly ClauseResult[]): boolean | undefined {
  const decisive = op === 'or';
  if (children.some((child) => child.result === decisive)) return decisive;
  return children.some((child) => child.result === undefined) ? undefined : !decisive;
}

type Clause = Exclude<Requirement, { op: 'and' | 'or' | 'not' | 'unknown' }>;

function evaluateClause(clause: Clause, context: RequirementContext): boolean | undefined {
  if ('slot' in clause)
    return evaluateCertificate(clause, certificateAt(context.certificates, clause.slot), context);
  switch (clause.op) {
    case 'never':
      return false;
    case 'always':
      return true;
    case 'identifier':
      return context.identifier === clause.name;
    case 'cdhash':
      return context.cdhashes.some((cdhash) => equal(cdhash, clause.hash));
    case 'info':
      return matchesEntry(context.infoPlist, clause.key, clause.match);
    case 'info-value':
      return matchesEntry(context.infoPlist, clause.key, { op: 'equal', value: clause.value });
    case 'entitlement':
      return matchesEntry(context.entitlements, clause.key, clause.match);
    case 'anchor-apple':
      return isAppleSigned(context);
    case 'anchor-apple-generic':
      return isAppleAnchored(context);
    case 'anchor-trusted':
      return isAnyTrusted(context);
    case 'platform':
      return (context.platform ?? 0) === clause.platform;
    case 'notarized':
      return context.notarized;
    case 'legacy':
    case 'named-anchor':
    case 'named-code':
      return undefined;
  }
}

type CertificateClause = Extract<Clause, { slot: number }>;

/** As in reqinterp.cpp, `absent` is no reason to be content when the certificate itself is missing, save for dates. */
function evaluateCertificate(
  clause: CertificateClause,
  certificate: ChainCertificate | undefined,
  context: RequirementContext,
): boolean | undefined {
  if (clause.op === 'certificate-date')
    return matches(clause.match, certificate && fieldDate(certificate, clause.oid));
  if (!certificate) return false;
  switch (clause.op) {
    case 'certificate-hash':
      return certificate.sha1 === toHex(clause.hash);
    case 'certificate-trusted':
      return context.isTrusted?.(certificate);
    case 'certificate-subject': {
      const value = subjectValue(certificate, clause.key);
      return value !== undefined && matches(clause.match, value);
    }
    case 'certificate-field':
      return matches(clause.match, certificate.extension(clause.oid) !== undefined || undefined);
    case 'certificate-policy':
      return matches(clause.match, hasPolicy(certificate, clause.oid) || undefined);
  }
}

function matchesEntry(dict: PlistDict | undefined, key: string, match: Match): boolean {
  return matches(match, dict && entryOf(dict, key));
}

function isAppleAnchored(context: RequirementContext): boolean {
  const root = rootOf(context.certificates);
  return root !== undefined && context.isAppleAnchored(root);
}

const APPLE_SOFTWARE_MARK = '1.2.840.113635.100.6.22';

/** Apple's own software: an Apple root alone is every developer's. The system's trust cache cannot be asked here. */
function isAppleSigned(context: RequirementContext): boolean {
  const authority = certificateAt(context.certificates, -2);
  return (
    isAppleAnchored(context) &&
    authority !== undefined &&
    attributeOf(authority, OID.commonName) === 'Apple Code Signing Certification Authority' &&
    attributeOf(authority, OID.organization) === 'Apple Inc.' &&
    certificateAt(context.certificates, LEAF)?.extension(APPLE_SOFTWARE_MARK) !== undefined
  );
}

function isAnyTrusted({ certificates, isTrusted }: RequirementContext): boolean | undefined {
  return isTrusted && certificates.some((certificate) => isTrusted(certificate));
}
