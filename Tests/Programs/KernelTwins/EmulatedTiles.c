// The products by matrix tiles on emulated ones, for any processor: in this table `gemm_panels` and `peak` of bf16 take
// pairs; the rest is the portable body.
#include "CKernels.h"
#include "TileEmulation.h"

/// So small that the sizes of the comparisons are taken in groups of columns.
#define WB_TILE_CACHE (48 << 10)
#define WB_LANES 4
#define WB_TABLE wb_kernels_emulated_tiles
#define WB_NAME "amx-emulated"
#define WB_LEVEL WB_AMX
#include "Body.h"
