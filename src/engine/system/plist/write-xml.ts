import { isDate, isPlistArray, Real, type PlistDict, type PlistValue } from './value.js';

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const DOUBLE_DIGITS = 17;

/**
 * The property list as CoreFoundation writes it (CFPropertyList.c), byte for byte: tabs, sorted keys, base64 on
 * lines of its own. Hashes cover these bytes, so the style is part of the format.
 */
export function writeXmlPlist(value: PlistValue): Uint8Array {
  const parts = [HEAD];
  writeValue(value, 0, parts);
  parts.push('</plist>\n');
  return new TextEncoder().encode(parts.join(''));
}

function writeValue(value: PlistValue, indent: number, parts: string[]): void {
  const tabs = '\t'.repeat(indent);
  if (isPlistArray(value)) writeArray(value, indent, parts);
  else if (value instanceof Uint8Array)
    parts.push(`${tabs}<data>\n`, ...dataLines(value, indent), `${tabs}</data>\n`);
  else if (typeof value === 'object' && !(value instanceof Real) && !isDate(value))
    writeDict(value, indent, parts);
  else parts.push(tabs, scalar(value), '\n');
}

function writeArray(items: readonly PlistValue[], indent: number, parts: string[]): void {
  const tabs = '\t'.repeat(indent);
  if (items.length === 0) return void parts.push(`${tabs}<array/>\n`);
  parts.push(`${tabs}<array>\n`);
  for (const item of items) writeValue(item, indent + 1, parts);
  parts.push(`${tabs}</array>\n`);
}

/** Keys are sorted by UTF-16 unit: CFStringCompare without options, which is JavaScript's order too. */
function writeDict(dict: PlistDict, indent: number, parts: string[]): void {
  const tabs = '\t'.repeat(indent);
  const keys = Object.keys(dict).sort();
  if (keys.length === 0) return void parts.push(`${tabs}<dict/>\n`);
  parts.push(`${tabs}<dict>\n`);
  for (const key of keys) {
    parts.push(`${tabs}\t<key>${escape(key)}</key>\n`);
    writeValue(dict[key]!, indent + 1, parts);
  }
  parts.push(`${tabs}</dict>\n`);
}

function scalar(value: string | number | bigint | boolean | Date | Real): string {
  if (typeof value === 'string') return `<string>${escape(value)}</string>`;
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>';
  if (value instanceof Real) return `<real>${formatReal(value.value)}</real>`;
  if (typeof value === 'object') return `<date>${value.toISOString().slice(0, 19)}Z</date>`;
  return `<integer>${BigInt(value)}</integer>`; // BigInt throws when a number is not whole: use Real.
}

/** Quotation marks stay as they are. */
function escape(text: string): string {
  return text.replace(/[&<>]/g, (letter) => ESCAPES[letter]!);
}

/** Lines shrink by 8 for each tab in front of them, but neither grow tabs nor shrink beyond the eighth. */
function dataLines(data: Uint8Array, indent: number): string[] {
  const capped = Math.min(indent, 8);
  const width = 76 - 8 * capped;
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += width)
    lines.push(`${'\t'.repeat(capped)}${base64.slice(at, at + width)}\n`);
  return lines;
}

/** What C's `%.17g` prints, with CoreFoundation's own words for the values that are no decimal numbers. */
function formatReal(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? '+infinity' : '-infinity';
  if (value === 0) return '0.0';
  const [mantissa = '', power = ''] = Math.abs(value)
    .toExponential(DOUBLE_DIGITS - 1)
    .split('e');
  const exponent = Number(power);
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= DOUBLE_DIGITS) return sign + scientific(digits, exponent);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + withPoint(digits.padEnd(exponent + 1, '0'), exponent + 1);
}

function scientific(digits: string, exponent: number): string {
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${withPoint(digits, 1)}e${exponent < 0 ? '-' : '+'}${power}`;
}

function withPoint(digits: string, at: number): string {
  return digits.length > at ? `${digits.slice(0, at)}.${digits.slice(at)}` : digits;
}
