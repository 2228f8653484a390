const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How long a killed child may take to hand over its last words. */
const LAST_WORDS = 1000;

/** A child that leads a process group (its `pid` is the group's) and resolves to `T` when it has ended. */
export interface Child<T> extends PromiseLike<T> {
  readonly pid?: number | undefined;
  kill(signal: NodeJS.Signals): boolean;
}

export interface Watched<T> {
  /** Undefined when a descendant outside the group still holds the pipes of the killed child. */
  readonly result: T | undefined;
  readonly timedOut: boolean;
}

/** Starts a child and waits for it; after `timeout` ms it is killed with all that it started. It dies with us, too. */
export async function watchGroup<T>(start: () => Child<T>, timeout: number): Promise<Watched<T>> {
  const child = startWatched(start);
  let timedOut = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
      timer = setTimeout(() => {
        resolve(undefined);
      }, LAST_WORDS);
    }, timeout);
  });
  try {
    return { result: await Promise.race([child, late]), timedOut };
  } finally {
    clearTimeout(timer);
    forget(child);
  }
}

type AnyChild = Child<unknown>;
const running = new Set<AnyChild>();

/** Listens before the child starts: a signal in between would leave it behind. */
function startWatched<T>(start: () => Child<T>): Child<T> {
  if (running.size === 0) listen();
  try {
    const child = start();
    running.add(child);
    return child;
  } finally {
    if (running.size === 0) unlisten();
  }
}

function forget(child: AnyChild): void {
  running.delete(child);
  if (running.size === 0) unlisten();
}

/** First in line: the children must be dead before others tidy up what they write. */
function listen(): void {
  process.prependListener('exit', killAll);
  for (const signal of SIGNALS) process.prependListener(signal, killAllAndDie);
}

function unlisten(): void {
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, killAllAndDie);
}

function killAll(): void {
  for (const child of running) killGroup(child);
}

function killAllAndDie(signal: NodeJS.Signals): void {
  killAll();
  unlisten();
  // Whoever still listens decides about our end; when nobody does, the signal has its usual effect.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function killGroup(child: AnyChild): void {
  try {
    if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
  child.kill('SIGKILL');
}
