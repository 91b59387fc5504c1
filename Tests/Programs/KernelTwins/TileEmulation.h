// Matrix tiles in plain C, strict: what would be a fault on the processor, and what the kernels have no business to do,
// ends the program with a sentence. Loads and stores touch the configured rows and bytes and nothing beside them.
//
// Source of the arithmetic: Intel's Architecture Software Developer's Manual, volume 2, TDPBF16PS. Even and odd elements of
// k are summed apart from 0 on by fused multiply-adds, then both are added, then that to the tile; every step rounds to
// nearest even, takes subnormal inputs for 0 and gives 0 for a subnormal result.
#ifndef TILE_EMULATION_H
#define TILE_EMULATION_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILES = 8, TILE_HEIGHT = 16, TILE_BYTES = 64 };

static _Thread_local struct {
  int configured;
  uint8_t rows[TILES];
  uint16_t bytes[TILES];
  /// Whether anything was put into the tile since it was configured.
  int filled[TILES];
  uint8_t data[TILES][TILE_HEIGHT][TILE_BYTES];
} tile_state;

static void tile_fault(const char *why, int tile) {
  fprintf(stderr, "error: emulated tiles: %s (tile %d)\n", why, tile);
  exit(1);
}

static void tiles_set(const void *memory) {
  uint8_t bytes[64];
  memcpy(bytes, memory, sizeof bytes);
  if (bytes[0] != 1) tile_fault("another palette than 1", -1);
  for (int i = 1; i < 16; i++)
    if (bytes[i]) tile_fault("reserved bytes are not 0", -1);
  memset(&tile_state, 0, sizeof tile_state);
  for (int t = 0; t < 16; t++) {
    const int width = bytes[16 + 2 * t] | bytes[17 + 2 * t] << 8, height = bytes[48 + t];
    if (t >= TILES && (width || height)) tile_fault("there are eight tiles", t);
    if (width > TILE_BYTES || height > TILE_HEIGHT || width % 4 || !width != !height) tile_fault("a shape that no tile has", t);
    if (t >= TILES) continue;
    tile_state.bytes[t] = (uint16_t)width;
    tile_state.rows[t] = (uint8_t)height;
  }
  tile_state.configured = 1;
}

static void tiles_end(void) {
  if (!tile_state.configured) tile_fault("released before they were configured", -1);
  memset(&tile_state, 0, sizeof tile_state);
}

static void tile_must_exist(int tile) {
  if (!tile_state.configured) tile_fault("used before it was configured", tile);
  if (!tile_state.rows[tile]) tile_fault("used, and has no rows", tile);
}

static void tile_zero(int tile) {
  tile_must_exist(tile);
  memset(tile_state.data[tile], 0, sizeof tile_state.data[tile]);
  tile_state.filled[tile] = 1;
}

static void tile_load(int tile, const void *memory, int64_t stride) {
  tile_zero(tile);
  for (int i = 0; i < tile_state.rows[tile]; i++)
    memcpy(tile_state.data[tile][i], (const char *)memory + i * stride, tile_state.bytes[tile]);
}

static void tile_store(int tile, void *memory, int64_t stride) {
  tile_must_exist(tile);
  if (!tile_state.filled[tile]) tile_fault("stored, and holds nothing", tile);
  for (int i = 0; i < tile_state.rows[tile]; i++)
    memcpy((char *)memory + i * stride, tile_state.data[tile][i], tile_state.bytes[tile]);
}

static float tile_flushed(float x) { return fabsf(x) < FLT_MIN ? copysignf(0, x) : x; }

static float tile_bf16(const uint8_t *at) {
  uint16_t half;
  memcpy(&half, at, 2);
  const uint32_t bits = (uint32_t)half << 16;
  float x;
  memcpy(&x, &bits, 4);
  return tile_flushed(x);
}

static void tile_add_pairs(int sums, int rows, int columns) {
  tile_must_exist(sums);
  tile_must_exist(rows);
  tile_must_exist(columns);
  if (!tile_state.filled[sums] || !tile_state.filled[rows] || !tile_state.filled[columns])
    tile_fault("multiplied, and holds nothing", sums);
  if (sums == rows || sums == columns || rows == columns) tile_fault("multiplied with itself", sums);
  if (tile_state.rows[sums] != tile_state.rows[rows] || tile_state.bytes[sums] != tile_state.bytes[columns] ||
      tile_state.bytes[rows] / 4 != tile_state.rows[columns])
    tile_fault("multiplied with shapes that do not fit", sums);
  for (int m = 0; m < tile_state.rows[sums]; m++)
    for (int n = 0; n < tile_state.bytes[sums] / 4; n++) {
      float apart[2] = {0, 0}, sum;
      for (int k = 0; k < tile_state.rows[columns]; k++)
        for (int h = 0; h < 2; h++)
          apart[h] = tile_flushed(fmaf(tile_bf16(tile_state.data[rows][m] + 4 * k + 2 * h),
                                       tile_bf16(tile_state.data[columns][k] + 4 * n + 2 * h), apart[h]));
      memcpy(&sum, tile_state.data[sums][m] + 4 * n, 4);
      sum = tile_flushed(tile_flushed(sum) + tile_flushed(apart[0] + apart[1]));
      memcpy(tile_state.data[sums][m] + 4 * n, &sum, 4);
    }
}

#define WB_HAS_TILES
#define WB_TILES_SET(configuration) tiles_set(configuration)
#define WB_TILES_END() tiles_end()
#define WB_TILE_ZERO(tile) tile_zero(tile)
#define WB_TILE_LOAD(tile, memory, stride) tile_load(tile, memory, stride)
#define WB_TILE_STORE(tile, memory, stride) tile_store(tile, memory, stride)
#define WB_TILE_ADD_PAIRS(sums, rows, columns) tile_add_pairs(sums, rows, columns)

#endif
