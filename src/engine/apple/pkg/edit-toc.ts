import type { HeapPlan, PlannedSignature } from './heap-plan.js';
import type { HeapRange, TableOfContents } from './table-of-contents.js';
import { edited, type TextEdit, type XmlElement } from './xml.js';

const XML_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';
const BASE64_LINE = 72;

/** The table of contents with the checksum and signatures of a plan, whose files have moved on by `shift` bytes. */
export function withHeapPlan(toc: TableOfContents, plan: HeapPlan, shift: number): string {
  const { text, element, checksum, signatures } = toc;
  const own = [checksumXml(plan), ...plan.signatures.map(signatureXml)].join('\n  ');
  const first: TextEdit = checksum
    ? { start: checksum.element.start, end: checksum.element.end, put: own }
    : { start: element.contentStart, end: element.contentStart, put: `\n  ${own}` };
  return edited(text, [
    first,
    ...signatures.map((signature) => removalOf(text, signature.element)),
    ...toc.pieces
      .filter(({ length }) => length > 0)
      .map((piece) => shifted(piece.offsetElement, piece.offset + shift)),
  ]);
}

function shifted({ contentStart, contentEnd }: XmlElement, offset: number): TextEdit {
  return { start: contentStart, end: contentEnd, put: String(offset) };
}

/** With the line break before it. */
function removalOf(text: string, { start, end }: XmlElement): TextEdit {
  return { start: text.slice(0, start).trimEnd().length, end, put: '' };
}

function checksumXml({ algorithm, checksum }: HeapPlan): string {
  return element('checksum', `style="${algorithm}"`, placeXml(checksum));
}

/** Readers from before the CMS would stumble over a second <signature>: it is an "extended" one. */
function signatureXml(signature: PlannedSignature): string {
  const certificates = signature.certificates.map((der) => element('X509Certificate', '', base64(der)));
  const data = element('X509Data', '', ['', ...certificates, ''].join('\n'));
  const keyInfo = element('KeyInfo', `xmlns="${XML_SIGNATURE}"`, `\n${data}\n`);
  const name = signature.style === 'RSA' ? 'signature' : 'x-signature';
  return element(name, `style="${signature.style}"`, `${placeXml(signature)}\n   ${keyInfo}\n  `);
}

function placeXml({ offset, length }: HeapRange): string {
  return `\n   ${element('offset', '', String(offset))}\n   ${element('size', '', String(length))}`;
}

function element(name: string, attribute: string, content: string): string {
  return `<${attribute === '' ? name : `${name} ${attribute}`}>${content}</${name}>`;
}

function base64(der: Uint8Array): string {
  const text = Buffer.from(der).toString('base64');
  return text.match(new RegExp(`.{1,${BASE64_LINE}}`, 'g'))!.join('\n');
}
