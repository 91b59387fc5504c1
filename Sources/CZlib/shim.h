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

// Unpacks in[from ..< to], gzip or zlib, one member or several, into out[0 ..< capacity]. Returns 0 where it is whole and comes to
// just that many bytes, else -1. Both sizes fit in 32 bits.
static inline int cz_unpack(const uint8_t *in, int64_t from, int64_t to, uint8_t *out, int64_t capacity) {
  z_stream stream = {0};
  // 32 more: either header is recognised.
  if (inflateInit2(&stream, MAX_WBITS + 32) != Z_OK) return -1;
  stream.next_in = (Bytef *)(in + from);
  stream.avail_in = (uInt)(to - from);
  stream.next_out = out;
  stream.avail_out = (uInt)capacity;
  int code = inflate(&stream, Z_FINISH);
  while (code == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK) code = inflate(&stream, Z_FINISH);
  int is_whole = code == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return is_whole ? 0 : -1;
}

// CRC-32 of bytes[0 ..< count].
static inline uint32_t cz_checksum(const uint8_t *bytes, int64_t count) {
  return (uint32_t)crc32_z(0, bytes, (z_size_t)count);
}

#endif
