export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset: that is what CI systems make of a secret that is missing or withheld from forks. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}
