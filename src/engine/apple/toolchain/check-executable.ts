import { OutOfBounds } from '../../bytes/layout.js';
import type { ByteSource } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import { readFat } from '../macho/fat.js';
import { FILE_TYPE, linkeditData, PLATFORM } from '../macho/layout.js';
import { headerSize, readMachO, type MachO } from '../macho/read.js';
import { decodeVersion, encodeVersion } from './architecture.js';

/** MH_PIE of mach-o/loader.h: the program can be loaded anywhere, so its addresses cannot be guessed. */
const POSITION_INDEPENDENT = 0x200000;
/** `libSystem` is all that our compilers link with; `system` lets in everything that every Mac has. */
const ALLOWED = {
  libSystem: /^\/usr\/lib\/libSystem\.B\.dylib$/,
  system: /^\/(usr\/lib|System\/Library)\/(?!.*\/\.\.\/)/,
} as const;

/**
 * Checks that an executable is fit to be signed and shipped: position independent, with room for a signature, with no
 * libraries but the `allowed` ones, and with exactly these slices for these minimum versions of macOS.
 * @throws SigningError `INVALID_HELPER` with all that is wrong; `NOT_SIGNABLE`, `MALFORMED` when it is no Mach-O.
 */
export async function checkExecutable(
  source: ByteSource,
  minimumVersions: Readonly<Record<string, string>>,
  allowed: keyof typeof ALLOWED = 'libSystem',
): Promise<void> {
  const slices = await readSlices(source);
  const faults = [
    ...slices.flatMap((macho) =>
      faultsOf(macho, minimumVersions[macho.arch], ALLOWED[allowed]).map(
        (fault) => `${macho.arch}: ${fault}`,
      ),
    ),
    ...Object.keys(minimumVersions)
      .filter((arch) => !slices.some((macho) => macho.arch === arch))
      .map((arch) => `${arch}: this slice is missing`),
  ];
  if (faults.length === 0) return;
  throw new SigningError('INVALID_HELPER', `the executable cannot be shipped: ${faults.join('; ')}`, {
    hint: 'build it with another compiler or other flags',
  });
}

/** Every slice of a thin or universal file. @throws SigningError `NOT_SIGNABLE`, `MALFORMED` */
export async function readSlices(source: ByteSource): Promise<MachO[]> {
  try {
    const slices = (await readFat(source)) ?? [{ source }];
    return await Promise.all(slices.map((slice) => readMachO(slice.source)));
  } catch (error) {
    if (error instanceof OutOfBounds) throw new SigningError('MALFORMED', error.message, { cause: error });
    throw error;
  }
}

function faultsOf(macho: MachO, minimumVersion: string | undefined, allowed: RegExp): string[] {
  const faults = [
    macho.fileType !== FILE_TYPE.execute && 'it is no executable',
    (macho.flags & POSITION_INDEPENDENT) === 0 && 'it is not position independent (PIE)',
    ...macho.dylibs
      .filter((name) => !allowed.test(name))
      .map((name) => `it needs ${name}, which may not be there`),
    minimumVersionFault(macho, minimumVersion),
    !hasRoomForSignature(macho) &&
      'its header has no room for a signature: relink with -Wl,-headerpad,0x1000',
  ];
  return faults.filter((fault) => fault !== false);
}

function minimumVersionFault({ version }: MachO, wanted: string | undefined): string | false {
  if (wanted === undefined) return 'this slice was not asked for';
  if (version?.platform !== PLATFORM.macos) return 'it is not for macOS';
  if (version.minimum === encodeVersion(wanted)) return false;
  return `it is for macOS ${decodeVersion(version.minimum)}, not ${wanted}`;
}

function hasRoomForSignature(macho: MachO): boolean {
  if (macho.codeSignature) return true;
  const commandsEnd = headerSize(macho.is64) + macho.commandsSize;
  const offsets = macho.segments.flatMap(({ sections }) => sections.map((section) => section.offset));
  const firstContent = Math.min(...offsets.filter((offset) => offset > 0));
  return firstContent - commandsEnd >= linkeditData.size;
}
