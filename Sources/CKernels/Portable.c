// The vector bodies on the compiler's baseline (SSE2 on x86-64, NEON on arm64).
#define WB_LANES 4
#define WB_TABLE wb_kernels_portable
#define WB_NAME "portable"
#define WB_LEVEL WB_PORTABLE
#include "Body.h"
