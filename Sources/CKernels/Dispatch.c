// Picks the table for this processor.
#include "CKernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

extern const wb_kernels wb_kernels_naive, wb_kernels_portable;
#if defined(__x86_64__)
extern const wb_kernels wb_kernels_avx2, wb_kernels_avx512, wb_kernels_avx512_bf16;
#endif

wb_level wb_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return __builtin_cpu_supports("avx512bf16") ? WB_AVX512_BF16 : WB_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return WB_AVX2;
#endif
  return WB_PORTABLE;
}

const wb_kernels *wb_kernels_at(wb_level level) {
  wb_level best = wb_best_level();
  if (level > best) level = best;
  if (level == WB_NAIVE) return &wb_kernels_naive;
#if defined(__x86_64__)
  if (level == WB_AVX512_BF16) return &wb_kernels_avx512_bf16;
  if (level == WB_AVX512) return &wb_kernels_avx512;
  if (level == WB_AVX2) return &wb_kernels_avx2;
#endif
  return &wb_kernels_portable;
}

int32_t wb_has_matrix_tiles(void) {
#if defined(__x86_64__)
  unsigned a, b, c, d;
  // Leaf 7: bit 22 of EDX is AMX-BF16.
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) ? (int32_t)(d >> 22 & 1) : 0;
#else
  return 0;
#endif
}
