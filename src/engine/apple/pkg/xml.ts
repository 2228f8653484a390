import { SigningError } from '../../system/error.js';

// As much XML 1.0 as tables of contents use. Elements keep their place in the text, so that an edited table stays as it
// was in all other places. Nothing is expanded but the five entities and character references of the standard itself.

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Offsets in the text: of the whole element, and of what is between its tags. */
  readonly start: number;
  readonly end: number;
  readonly contentStart: number;
  readonly contentEnd: number;
}

/** A hostile table must not cost more than its own size many times over. */
const MAX_ELEMENTS = 500_000;
const MAX_DEPTH = 200;

/** What is not a tag, by its beginning and its end; a document type could declare entities, and is refused. */
const SKIPPED = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
] as const;
const CLOSE = /<\/([\w.:-]+)\s*>/y;
const OPEN = /<([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const ATTRIBUTE = /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

type Growing = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: XmlElement[] };

/** The root element of a document. @throws SigningError `MALFORMED` */
export function parseXml(text: string): XmlElement {
  const open: Growing[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const skipped = SKIPPED.find(([begin]) => text.startsWith(begin, at));
    if (skipped) {
      at = endOf(text, skipped[1], at);
      continue;
    }
    const closed = matchAt(CLOSE, text, at);
    const opened = closed ? undefined : matchAt(OPEN, text, at);
    if (closed) close(open.pop(), closed[1]!, at, closed[0].length);
    else if (opened) {
      if (++elements > MAX_ELEMENTS || open.length >= MAX_DEPTH) throw malformed('is too large');
      const element = elementOf(opened, at);
      if (open.length > 0) open.at(-1)!.children.push(element);
      else if (root) throw malformed('has two roots');
      else root = element;
      if (opened[3] === '') open.push(element);
    } else throw malformed(`has something that is not understood at character ${at}`);
    at += (closed ?? opened)![0].length;
  }
  if (!root || open.length > 0) throw malformed('ends too early');
  return root;
}

/** The one child of that name; undefined when there is none. @throws SigningError `MALFORMED` when there are several */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  const [only, ...others] = childrenOf(element, name);
  // Two readers could choose different ones.
  if (others.length > 0) throw malformed(`has more than one <${name}> in a <${element.name}>`);
  return only;
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** What stands between the tags of an element that has no others inside. @throws SigningError `MALFORMED` */
export function textOf(text: string, { name, contentStart, contentEnd }: XmlElement): string {
  const content = text.slice(contentStart, contentEnd);
  if (content.includes('<')) throw malformed(`has something other than text in a <${name}>`);
  return decodeEntities(content);
}

/** A count of bytes. @throws SigningError `MALFORMED` */
export function numberIn(text: string, element: XmlElement): number {
  const digits = /^\s*(\d{1,15})\s*$/.exec(textOf(text, element))?.[1];
  if (digits === undefined) throw malformed(`has no number in a <${element.name}>`);
  return Number(digits);
}

/** In place of what lies from `start` to `end`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly put: string;
}

export function edited(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, put } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(from, start), put);
    from = end;
  }
  return [...parts, text.slice(from)].join('');
}

export function malformed(what: string): SigningError {
  return new SigningError('MALFORMED', `the package's table of contents ${what}`, {
    hint: 'build the package again',
  });
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at < 0) throw malformed('ends too early');
  return at + mark.length;
}

function elementOf([whole, name, attributes]: RegExpExecArray, start: number): Growing {
  const end = start + whole.length;
  return {
    name: name!,
    attributes: attributesIn(attributes!),
    children: [],
    start,
    end,
    contentStart: end,
    contentEnd: end,
  };
}

function attributesIn(text: string): Map<string, string> {
  const found = [...text.matchAll(ATTRIBUTE)];
  const attributes = new Map(
    found.map(([, name, double, single]) => [name!, decodeEntities(double ?? single!)]),
  );
  if (attributes.size < found.length) throw malformed('has an attribute twice');
  return attributes;
}

function close(element: Growing | undefined, name: string, at: number, length: number): void {
  if (element?.name !== name) throw malformed(`has a </${name}> where none belongs`);
  element.contentEnd = at;
  element.end = at + length;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,10});?/g, (reference, name: string) => {
    const decoded = reference.endsWith(';') ? (ENTITIES.get(name) ?? decodeCharacter(name)) : undefined;
    if (decoded === undefined) throw malformed(`has the unknown entity ${JSON.stringify(reference)}`);
    return decoded;
  });
}

function decodeCharacter(name: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
  const point = hex === undefined ? Number(decimal) : parseInt(hex, 16);
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}
