import { toHex } from '../bytes/hex.js';
import { childrenOf, expectTag, readOid, sequenceFields, type BerNode } from './ber.js';
import { TAG } from './der.js';
import { OID } from './oids.js';

/** One part of a name, for example the common name `Developer ID Application: Example (TEAM123456)`. */
export interface NameAttribute {
  readonly oid: string;
  readonly value: string;
}

/** Whom a certificate speaks of (RFC 5280 4.1.2.4). Two names are the same when their `der` is. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  /** In the order of the certificate. */
  readonly attributes: readonly NameAttribute[];
  readonly commonName: string | undefined;
  readonly organization: string | undefined;
  /** On Apple's developer certificates: the team identifier. */
  readonly organizationalUnit: string | undefined;
  readonly country: string | undefined;
  /** In RFC 4514's form, most specific part first: `CN=…,OU=…,O=…,C=US`. */
  readonly text: string;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  [OID.commonName]: 'CN',
  [OID.organizationalUnit]: 'OU',
  [OID.organization]: 'O',
  [OID.country]: 'C',
  [OID.locality]: 'L',
  [OID.state]: 'ST',
  [OID.street]: 'STREET',
  [OID.userId]: 'UID',
  [OID.domainComponent]: 'DC',
};

/** @throws SigningError `MALFORMED`, OutOfBounds */
export function readName(node: BerNode): DistinguishedName {
  const parts = childrenOf(expectTag(node, TAG.sequence)).map((part) =>
    childrenOf(expectTag(part, TAG.set)).map(readAttribute),
  );
  const attributes = parts.flat();
  const first = (oid: string) => attributes.find((attribute) => attribute.oid === oid)?.value;
  return {
    der: node.raw,
    attributes,
    commonName: first(OID.commonName),
    organization: first(OID.organization),
    organizationalUnit: first(OID.organizationalUnit),
    country: first(OID.country),
    text: parts.toReversed().map(partText).join(','),
  };
}

function readAttribute(node: BerNode): NameAttribute {
  const fields = sequenceFields(node);
  const oid = readOid(fields.take(TAG.oid));
  return { oid, value: readText(fields.take()) };
}

/** Every character set of X.520's DirectoryString; an unknown kind is shown as RFC 4514 2.4 has it, `#` and hexadecimal. */
function readText(node: BerNode): string {
  switch (node.tag) {
    case TAG.utf8String:
      return new TextDecoder().decode(node.content);
    case TAG.bmpString:
      return new TextDecoder('utf-16be').decode(node.content);
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.teletexString:
    case TAG.numericString:
    case TAG.visibleString:
      return Array.from(node.content, (octet) => String.fromCharCode(octet)).join('');
    default:
      return `#${toHex(node.raw)}`;
  }
}

function partText(attributes: readonly NameAttribute[]): string {
  return attributes
    .toReversed()
    .map(({ oid, value }) => `${SHORT_NAMES[oid] ?? oid}=${escapeText(value)}`)
    .join('+');
}

/** RFC 4514 2.4; control characters too, so that no name can write on a terminal as it likes. */
function escapeText(value: string): string {
  return value
    .replace(/[\\"+,;<>]/g, '\\$&')
    .replace(/^[ #]| $/g, '\\$&')
    .replace(/[\p{Cc}\p{Cf}]/gu, (letter) =>
      Array.from(
        new TextEncoder().encode(letter),
        (octet) => `\\${octet.toString(16).padStart(2, '0')}`,
      ).join(''),
    );
}
