// The vector bodies for AVX-512 with bf16, and products of bf16 by AMX's matrix tiles; Dispatch.c calls them only where
// the processor has both and the system grants the tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16," \
                                                   "avx2,fma"))), apply_to = function)
#define WB_HAS_BF16
#define WB_HAS_AVX512
#define WB_HAS_TILES
#define WB_TILES_SET(configuration) _tile_loadconfig(configuration)
#define WB_TILES_END() _tile_release()
#define WB_TILE_ZERO(tile) _tile_zero(tile)
#define WB_TILE_LOAD(tile, memory, stride) _tile_loadd(tile, memory, stride)
#define WB_TILE_STORE(tile, memory, stride) _tile_stored(tile, memory, stride)
#define WB_TILE_ADD_PAIRS(sums, rows, columns) _tile_dpbf16ps(sums, rows, columns)
#define WB_LANES 16
#define WB_TABLE wb_kernels_amx
#define WB_NAME "amx"
#define WB_LEVEL WB_AMX
#include "Body.h"
#pragma clang attribute pop
#endif
