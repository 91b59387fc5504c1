#ifndef WORKBENCH_CZSTD_SHIM_H
#define WORKBENCH_CZSTD_SHIM_H

#include <stdint.h>
#include <zstd.h>
#include <zstd_errors.h>

// libzstd over whole arrays and offsets, so that Swift hands over no pointer of its own making. Each function reads
// in[0 ..< count] and writes out[0 ..< capacity] only: libzstd is given exactly these sizes.

// Decodes from in[from ..< count] until out is full or the input is used up. Returns the bytes written, or minus
// libzstd's error code where the stream is damaged; *used is how far the input was read, *open whether a frame is unfinished.
static inline int64_t zs_decode(
    ZSTD_DStream *stream, const uint8_t *in, int64_t from, int64_t count, uint8_t *out, int64_t capacity, int64_t *used,
    int32_t *open) {
  ZSTD_inBuffer source = {in, (size_t)count, (size_t)from};
  ZSTD_outBuffer target = {out, (size_t)capacity, 0};
  while (target.pos < target.size) {
    size_t before = source.pos, written = target.pos;
    size_t left = ZSTD_decompressStream(stream, &target, &source);
    if (ZSTD_isError(left)) return -(int64_t)ZSTD_getErrorCode(left);
    // A call that starts a frame without input says how much the next one needs; no frame is open then.
    if (source.pos > before || target.pos > written) *open = left != 0;
    if (source.pos == source.size && target.pos < target.size) break;
    if (source.pos == before && target.pos == written) break;
  }
  *used = (int64_t)source.pos;
  return (int64_t)target.pos;
}

// One block as one frame with a checksum of its content. Returns its size, or −1.
static inline int64_t zs_compress(
    ZSTD_CCtx *context, const uint8_t *in, int64_t count, uint8_t *out, int64_t capacity) {
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  size_t size = ZSTD_compress2(context, out, (size_t)capacity, in, (size_t)count);
  return ZSTD_isError(size) ? -1 : (int64_t)size;
}

// The reverse; −1 where the frame is damaged (its checksum included) or does not hold exactly `capacity` bytes.
static inline int64_t zs_decompress(const uint8_t *in, int64_t from, int64_t to, uint8_t *out, int64_t capacity) {
  size_t size = ZSTD_decompress(out, (size_t)capacity, in + from, (size_t)(to - from));
  return ZSTD_isError(size) || size != (size_t)capacity ? -1 : (int64_t)size;
}

static inline int64_t zs_bound(int64_t count) { return (int64_t)ZSTD_compressBound((size_t)count); }

#endif
