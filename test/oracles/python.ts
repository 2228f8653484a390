import { spawnSync } from 'node:child_process';

/** What a Python program prints. */
export function python(program: string, input: Uint8Array = new Uint8Array()): Buffer {
  const env = { ...process.env, PYTHONIOENCODING: 'utf-8' };
  const { stdout, stderr, status } = spawnSync('python3', ['-c', program], { input, env });
  if (status !== 0) throw new Error(`python3 failed: ${String(stderr)}`);
  return stdout;
}
