#ifndef WORKBENCH_CZLIB_SHIM_H
#define WORKBENCH_CZLIB_SHIM_H

#include <stdint.h>
#include <zlib.h>

// gzread into bytes[from ..< to].
static inline int64_t cz_read(gzFile file, uint8_t *bytes, int64_t from, int64_t to) {
  return gzread(file, bytes + from, (unsigned)(to - from));
}

// Whether gzread stopped because the compressed stream ends early.
static inline int cz_truncated(gzFile file) {
  int code = Z_OK;
  gzerror(file, &code);
  return code == Z_BUF_ERROR;
}

#endif
