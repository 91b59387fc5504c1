// The vector bodies for AVX2 with FMA; Dispatch.c calls them only where the processor has both.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define WB_LANES 8
#define WB_TABLE wb_kernels_avx2
#define WB_NAME "avx2"
#define WB_LEVEL WB_AVX2
#include "Body.h"
#pragma clang attribute pop
#endif
