/** Everything that a property list can hold. Plain numbers are whole; see `Real` for the others. */
export type PlistValue =
  string | number | bigint | boolean | Date | Uint8Array | Real | readonly PlistValue[] | PlistDict;

/** What the readers return has no prototype, so that every key of it came from the file. */
export interface PlistDict {
  readonly [key: string]: PlistValue;
}

/** A `<real>`, which stays one even when it is whole: CodeResources has `<real>10</real>`. */
export class Real {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export function isPlistDict(value: PlistValue | undefined): value is PlistDict {
  return (
    typeof value === 'object' &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Real) &&
    !isDate(value)
  );
}

export function isPlistArray(value: PlistValue | undefined): value is readonly PlistValue[] {
  return Array.isArray(value);
}

export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}

/** The value of `key`, never one that the dictionary's prototype has. */
export function entryOf(dict: PlistDict, key: string): PlistValue | undefined {
  return Object.hasOwn(dict, key) ? dict[key] : undefined;
}

/** A number where it is exact, a bigint beyond. */
export function wholeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
