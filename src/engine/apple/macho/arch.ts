const ABI64 = 0x01000000;
const ABI64_32 = 0x02000000;
const CPU = { x86: 7, arm: 12, powerpc: 18 } as const;
/** The high byte of a subtype holds capabilities, not a kind of processor. */
const SUBTYPE = 0x00ffffff;

export const CPU_ARM64 = ABI64 | CPU.arm;
export const CPU_ARM64_32 = ABI64_32 | CPU.arm;
export const CPU_X86_64 = ABI64 | CPU.x86;

const NAMES: Readonly<Record<string, string>> = {
  [`${CPU_ARM64}`]: 'arm64',
  [`${CPU_ARM64}/2`]: 'arm64e',
  [`${CPU_ARM64_32}`]: 'arm64_32',
  [`${CPU_X86_64}`]: 'x86_64',
  [`${CPU_X86_64}/8`]: 'x86_64h',
  [`${CPU.x86}`]: 'i386',
  [`${CPU.arm}`]: 'arm',
  [`${CPU.arm}/9`]: 'armv7',
  [`${CPU.arm}/11`]: 'armv7s',
  [`${CPU.arm}/12`]: 'armv7k',
  [`${CPU.powerpc}`]: 'ppc',
  [`${CPU.powerpc}/100`]: 'ppc970',
  [`${ABI64 | CPU.powerpc}`]: 'ppc64',
};

/** The name that lipo and codesign use, such as `arm64e`; unknown ones read `cpu(16777228,7)`. */
export function archName(cpuType: number, cpuSubtype: number): string {
  const subtype = cpuSubtype & SUBTYPE;
  return NAMES[`${cpuType}/${subtype}`] ?? NAMES[`${cpuType}`] ?? `cpu(${cpuType},${subtype})`;
}
