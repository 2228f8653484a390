import type { Compat } from '../compat.js';
import { CPU_ARM64, CPU_X86_64 } from '../macho/arch.js';

interface HasCpu {
  readonly cpuType: number;
  readonly cpuSubtype: number;
}

const HOST_CPU: Readonly<Record<Compat['hostArch'], number>> = { arm64: CPU_ARM64, x86_64: CPU_X86_64 };

/** The slice that the signing Mac would run: its own architecture, else the other 64-bit one, else the first. */
export function nativeSlice<T extends HasCpu>(slices: readonly T[], hostArch: Compat['hostArch']): T {
  const preferred = [HOST_CPU[hostArch], CPU_ARM64, CPU_X86_64];
  const ranked = preferred.map((cpu) => slices.find((slice) => slice.cpuType === cpu));
  return ranked.find((slice) => slice !== undefined) ?? slices[0]!;
}

/** The native slice first, then the others by processor (StaticCode.cpp, the order of an implicit requirement). */
export function nativeFirst<T extends HasCpu>(slices: readonly T[], hostArch: Compat['hostArch']): T[] {
  const native = nativeSlice(slices, hostArch);
  const others = slices.filter((slice) => slice !== native);
  // Subtypes are compared as signed numbers, so capabilities in the high bit come first.
  others.sort((a, b) => a.cpuType - b.cpuType || (a.cpuSubtype | 0) - (b.cpuSubtype | 0));
  return [native, ...others];
}
