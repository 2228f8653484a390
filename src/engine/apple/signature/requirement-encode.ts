import { roundUp } from '../../bytes/align.js';
import { concat } from '../../bytes/concat.js';
import { oid } from '../../crypto/der.js';
import { CODE_FLAGS, MATCH_CODES, REQUIREMENT_CODES } from './requirement-codes.js';
import type { Match, Requirement } from './requirement.js';

/** In prefix form: the code, then the operands; every number big-endian, every item aligned to 4 bytes. */
export function encodeExpression(requirement: Requirement): Uint8Array {
  const parts: Uint8Array[] = [];
  write(requirement, parts);
  return concat(...parts);
}

function write(requirement: Requirement, parts: Uint8Array[]): void {
  if (requirement.op === 'unknown') {
    const { code, payload, meaning } = requirement;
    parts.push(u32(code), u32(payload.length), payload); // Not padded, unlike every other item.
    if ((code & CODE_FLAGS.genericFalse) === 0) write(meaning, parts);
    return;
  }
  parts.push(u32(REQUIREMENT_CODES[requirement.op]));
  switch (requirement.op) {
    case 'identifier':
    case 'named-anchor':
    case 'named-code':
      parts.push(text(requirement.name));
      break;
    case 'and':
    case 'or':
      write(requirement.left, parts);
      write(requirement.right, parts);
      break;
    case 'not':
      write(requirement.operand, parts);
      break;
    case 'cdhash':
      parts.push(data(requirement.hash));
      break;
    case 'info':
    case 'entitlement':
      parts.push(text(requirement.key), match(requirement.match));
      break;
    case 'info-value':
      parts.push(text(requirement.key), text(requirement.value));
      break;
    case 'certificate-hash':
      parts.push(u32(requirement.slot), data(requirement.hash));
      break;
    case 'certificate-trusted':
      parts.push(u32(requirement.slot));
      break;
    case 'certificate-subject':
      parts.push(u32(requirement.slot), text(requirement.key), match(requirement.match));
      break;
    case 'certificate-field':
    case 'certificate-policy':
    case 'certificate-date':
      parts.push(u32(requirement.slot), objectIdentifier(requirement.oid), match(requirement.match));
      break;
    case 'platform':
      parts.push(u32(requirement.platform));
      break;
    case 'never':
    case 'always':
    case 'anchor-apple':
    case 'anchor-apple-generic':
    case 'anchor-trusted':
    case 'notarized':
    case 'legacy':
      break;
  }
}

function match(condition: Match): Uint8Array {
  if (condition.op === 'unknown') return concat(u32(condition.code), data(condition.payload));
  const code = u32(MATCH_CODES[condition.op]);
  if ('value' in condition) return concat(code, text(condition.value));
  if ('seconds' in condition) return concat(code, i64(condition.seconds));
  return code;
}

/** Negative slots and platforms keep their two's complement. */
function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function i64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes;
}

function text(value: string): Uint8Array {
  return data(new TextEncoder().encode(value));
}

/** The content octets alone, without DER's tag and length. */
function objectIdentifier(dotted: string): Uint8Array {
  return data(oid(dotted).subarray(2));
}

function data(content: Uint8Array): Uint8Array {
  return concat(u32(content.length), content, new Uint8Array(roundUp(content.length, 4) - content.length));
}
