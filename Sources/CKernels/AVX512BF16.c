// The vector bodies for AVX-512 with its bf16 dot product and conversion; Dispatch.c calls them only where it is there.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), \
                             apply_to = function)
#define WB_HAS_BF16
#define WB_HAS_AVX512
#define WB_LANES 16
#define WB_TABLE wb_kernels_avx512_bf16
#define WB_NAME "avx512-bf16"
#define WB_LEVEL WB_AVX512_BF16
#include "Body.h"
#pragma clang attribute pop
#endif
