/** Where an engine verb tells what it does. Whoever calls it decides what is shown; the engine never prints. */
export interface Reporter {
  /** One thing done or begun: lower case, one line, no full stop. */
  step(text: string): void;
  /** Something the user should know although the work goes on. */
  warn(text: string): void;
  /** How far a long step has come; `total` is in the same unit as `done`. */
  progress(done: number, total: number): void;
  /** Shown only to those who asked for more. */
  detail(text: string): void;
}

const ignore = () => undefined;
export const silentReporter: Reporter = { step: ignore, warn: ignore, progress: ignore, detail: ignore };
