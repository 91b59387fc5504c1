#ifndef WORKBENCH_CBYTES_H
#define WORKBENCH_CBYTES_H

#include <stdint.h>
#include <string.h>

// Scans over raw memory, for reading JSON and data files. Swift hands over whole arrays and offsets.

// Index of the first `byte` in bytes[from ..< to], or `to` where there is none.
static inline int64_t cb_index_of(const uint8_t *bytes, int64_t from, int64_t to, uint8_t byte) {
  if (from >= to) return to;
  const uint8_t *hit = (const uint8_t *)memchr(bytes + from, byte, (size_t)(to - from));
  return hit ? hit - bytes : to;
}

// Index of the first byte in bytes[from ..< to] that ends a plain run of a JSON string: a quote, a backslash or a control
// character. Eight bytes at a time; the usual "has zero byte" trick, exact for the lowest hit on little-endian machines.
static inline int64_t cb_json_run_end(const uint8_t *bytes, int64_t from, int64_t to) {
  const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
  int64_t i = from;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (i + 8 <= to) {
    uint64_t w;
    memcpy(&w, bytes + i, 8);
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
    uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * 0x20) & ~w);
    hit &= tops;
    if (hit) return i + (__builtin_ctzll(hit) >> 3);
    i += 8;
  }
#endif
  while (i < to && bytes[i] != '"' && bytes[i] != '\\' && bytes[i] >= 0x20) i++;
  return i;
}

// A 64-bit hash of bytes[0 ..< count], chained through `seed`: 8 bytes at a time through a 128-bit product, both halves folded.
// Good enough to tell rows apart (chance of one false match among a million rows: 3e-8); not for hostile keys.
static inline uint64_t cb_hash(const uint8_t *bytes, int64_t count, uint64_t seed) {
  uint64_t h = seed ^ (0x9E3779B97F4A7C15ULL * (uint64_t)(count + 1));
  while (count > 0) {
    uint64_t w = 0;
    memcpy(&w, bytes, count < 8 ? (size_t)count : 8);
    __uint128_t product = (__uint128_t)(h ^ w ^ 0xA0761D6478BD642FULL) * 0xE7037ED1A0B428DBULL;
    h = (uint64_t)(product >> 64) ^ (uint64_t)product;
    bytes += 8;
    count -= 8;
  }
  return h;
}

// What the formats of compression do: copy short parts. Most are shorter than 16 bytes, and two words are moved faster than
// memcpy is called; what that writes too much is written over later. The caller has made sure of the exact sizes; whether there
// is room for more is looked at here.

// Copies in[from ..< from + count] to out[at ...]. `size` and `present` are the whole lengths of out and in.
static inline void cb_copy(
    uint8_t *out, int64_t at, int64_t size, const uint8_t *in, int64_t from, int64_t present, int64_t count) {
  if (count <= 16 && size - at >= 16 && present - from >= 16) {
    memcpy(out + at, in + from, 16);
  } else {
    memcpy(out + at, in + from, (size_t)count);
  }
}

// Appends `count` bytes at out[at] that stand `distance` before it, each read after those before it are written: with a short
// distance they repeat. 0 < distance <= at.
static inline void cb_repeat(uint8_t *out, int64_t at, int64_t size, int64_t distance, int64_t count) {
  uint8_t *to = out + at;
  const uint8_t *from = to - distance;
  if (count <= 16 && distance >= 16 && size - at >= 16) {
    memcpy(to, from, 16);
    return;
  }
  // What has been copied doubles what can be copied at once.
  while (count > distance) {
    memcpy(to, from, (size_t)distance);
    to += distance;
    count -= distance;
    distance += distance;
  }
  memcpy(to, from, (size_t)count);
}

#endif
