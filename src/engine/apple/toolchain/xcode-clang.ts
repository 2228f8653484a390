import { compileFlags, HEADER_PADDING } from './compile-flags.js';
import type { Compiler } from './compiler.js';

/** Apple's clang. It is called through xcrun, which tells it where the SDK is. */
export const xcodeClang: Compiler = {
  name: "Xcode's clang",
  commands: (job) => [
    {
      program: 'xcrun',
      args: [
        ...['--sdk', 'macosx', 'clang'],
        ...['-arch', job.architecture, `-mmacosx-version-min=${job.minimumVersion}`],
        ...compileFlags(job),
        `-Wl,-headerpad,${HEADER_PADDING}`,
        '-Wl,-x',
        ...['-o', job.output],
        ...job.sources,
      ],
    },
  ],
};
