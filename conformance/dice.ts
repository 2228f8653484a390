import { createHash } from 'node:crypto';

/** Chance that can be had again: the same seed gives the same numbers. */
export class Dice {
  readonly #seed: string;
  #thrown = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** From 0 up to `sides`, which is never reached; even enough for sizes of files. */
  roll(sides: number): number {
    const octets = createHash('sha256').update(`${this.#seed} ${this.#thrown++}`).digest();
    return octets.readUIntBE(0, 6) % sides;
  }

  pick<T>(things: readonly T[]): T {
    return things[this.roll(things.length)]!;
  }
}
