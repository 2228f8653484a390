import { cString } from '../../toolchain/compile-flags.js';
import { GENERATED, type EmbeddedArchive, type Module } from './archive.js';

/** A header and its one source, for GCC and Clang. Compile it with -I set to its folder: a relative path is looked for there. */
export function cModules({ name, absolutePath, sha256 }: EmbeddedArchive): Module[] {
  return [
    { name: 'app_zip_data.h', text: header(sha256) },
    { name: 'app_zip_data.c', text: source(absolutePath ?? name) },
  ];
}

function header(sha256: string): string {
  return `/* ${GENERATED} */
#ifndef APP_ZIP_DATA_H
#define APP_ZIP_DATA_H

#include <stddef.h>

#define APP_ZIP_SHA256 ${cString(sha256)}
#define APP_ZIP_SIZE ((size_t)(app_zip_data_end - app_zip_data))

#ifdef __cplusplus
extern "C" {
#endif
extern const unsigned char app_zip_data[];
extern const unsigned char app_zip_data_end[];
#ifdef __cplusplus
}
#endif

#endif
`;
}

/** #embed of C23 would be shorter, but compilers that know it are still rare; all of them know .incbin. */
function source(path: string): string {
  // Without the first line, Go would refuse a package that has this file in its folder (go help buildconstraint).
  return `//go:build ignore
/* ${GENERATED} */
#include "app_zip_data.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define SYMBOL(x) TEXT(__USER_LABEL_PREFIX__) #x

#if defined(__APPLE__)
#define READ_ONLY ".const"
#elif defined(_WIN32)
#define READ_ONLY ".section .rdata,\\"dr\\""
#else
#define READ_ONLY ".section .rodata"
#endif

__asm__(READ_ONLY "\\n"
        ".globl " SYMBOL(app_zip_data) "\\n"
        ".globl " SYMBOL(app_zip_data_end) "\\n"
        ".balign 16\\n"
        SYMBOL(app_zip_data) ":\\n"
        ".incbin " ${cString(cString(path))} "\\n"
        SYMBOL(app_zip_data_end) ":\\n"
        ".byte 0\\n"
        ".text\\n");
`;
}
