import { isDate, isPlistArray, type PlistValue } from '../../system/plist/value.js';
import { secondsSince2001, type DateMatchOp, type Match, type TextMatchOp } from './requirement.js';

/**
 * Whether a value is as `match` asks, in the way of reqinterp.cpp; undefined stands for a value that is not there.
 * Any element of an array may match.
 */
export function matches(match: Match, value: PlistValue | undefined): boolean {
  if (value === undefined) return match.op === 'absent';
  if (isPlistArray(value) && value.some((item) => matches(match, item))) return true;
  if ('seconds' in match) return isDate(value) && matchesDate(match.op, value, match.seconds);
  if ('value' in match) return typeof value === 'string' && matchesText(match.op, value, match.value);
  return match.op === 'exists' && value !== false;
}

function matchesText(op: TextMatchOp, text: string, value: string): boolean {
  switch (op) {
    case 'equal':
      return text === value;
    // CFStringFind never finds the empty text.
    case 'contains':
      return value !== '' && text.includes(value);
    case 'begins-with':
      return value !== '' && text.startsWith(value);
    case 'ends-with':
      return value !== '' && text.endsWith(value);
    case 'less':
      return compareNumerically(text, value) < 0;
    case 'greater':
      return compareNumerically(text, value) > 0;
    case 'at-most':
      return compareNumerically(text, value) <= 0;
    case 'at-least':
      return compareNumerically(text, value) >= 0;
  }
}

function matchesDate(op: DateMatchOp, date: Date, seconds: bigint): boolean {
  // Apple compares fractions too: a moment after the second is after it.
  const whole = secondsSince2001(date);
  const order = Number(whole - seconds) || date.getUTCMilliseconds();
  switch (op) {
    case 'on':
      return order === 0;
    case 'before':
      return order < 0;
    case 'after':
      return order > 0;
    case 'on-or-before':
      return order <= 0;
    case 'on-or-after':
      return order >= 0;
  }
}

/** CFStringCompare with kCFCompareNumerically: runs of digits count as numbers, all else by its UTF-16 units. */
export function compareNumerically(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const numberA = digitsAt(a, i);
    const numberB = digitsAt(b, j);
    const bothNumbers = numberA !== '' && numberB !== '';
    const order = bothNumbers ? compareDigits(numberA, numberB) : a.charCodeAt(i) - b.charCodeAt(j);
    if (order !== 0) return order;
    i += bothNumbers ? numberA.length : 1;
    j += bothNumbers ? numberB.length : 1;
  }
  return a.length - i - (b.length - j);
}

function digitsAt(text: string, at: number): string {
  let end = at;
  while (text.charCodeAt(end) >= 0x30 && text.charCodeAt(end) <= 0x39) end++;
  return text.slice(at, end);
}

function compareDigits(a: string, b: string): number {
  const [first, second] = [a, b].map((digits) => digits.replace(/^0+/, '')) as [string, string];
  if (first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : Number(first > second);
}
