import { isDate, isPlistArray, Real, type PlistValue } from './value.js';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A property list for people and programs that read JSON: data as base64, dates as ISO 8601, huge integers as text. */
export function toJson(value: PlistValue): JsonValue {
  if (isPlistArray(value)) return value.map(toJson);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Real) return value.value;
  if (isDate(value)) return value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]));
}
