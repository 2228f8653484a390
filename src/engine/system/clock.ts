/** The time, handed in so that signatures can be reproduced and expiry can be tested. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

export function fixedClock(time: Date): Clock {
  return { now: () => time };
}
