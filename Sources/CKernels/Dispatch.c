// Picks the table for this processor.
#define _GNU_SOURCE
#include "CKernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

extern const wb_kernels wb_kernels_naive, wb_kernels_portable;
#if defined(__x86_64__)
extern const wb_kernels wb_kernels_avx2, wb_kernels_avx512, wb_kernels_avx512_bf16, wb_kernels_amx;

/// Whether the processor has matrix tiles of bf16 and the system saves them with a thread's other registers.
static int has_tiles(void) {
  unsigned a, b, c, d;
  // Leaf 7, EDX: bit 24 is AMX-TILE, 22 AMX-BF16. Leaf 1, ECX: bit 27 says that XGETBV may be asked.
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 24 & 1) || !(d >> 22 & 1)) return 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return 0;
  // XCR0: bit 17 is the tiles' shapes, 18 their data.
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low >> 17 & 3) == 3;
}

/// Tiles are 8 KiB a thread, so Linux gives them to a process that asks: once for all its threads, those that run already
/// among them. It refuses where a thread has set a signal stack too small to hold them.
static int tiles_are_granted(void) {
#if defined(__linux__)
  enum { request = 0x1023, tile_data = 18 };  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
#else
  return 0;
#endif
}

static wb_level find_best_level(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    if (!__builtin_cpu_supports("avx512bf16")) return WB_AVX512;
    return has_tiles() && tiles_are_granted() ? WB_AMX : WB_AVX512_BF16;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return WB_AVX2;
  return WB_PORTABLE;
}
#endif

wb_level wb_best_level(void) {
#if defined(__x86_64__)
  // Asking the processor traps into the host of a virtual machine, so it is asked once. Two threads that ask at the same
  // time find the same.
  static int known;
  int found = __atomic_load_n(&known, __ATOMIC_ACQUIRE);
  if (!found) {
    found = (int)find_best_level();
    __atomic_store_n(&known, found, __ATOMIC_RELEASE);
  }
  return (wb_level)found;
#else
  return WB_PORTABLE;
#endif
}

const wb_kernels *wb_kernels_at(wb_level level) {
  wb_level best = wb_best_level();
  if (level > best) level = best;
  if (level == WB_NAIVE) return &wb_kernels_naive;
#if defined(__x86_64__)
  if (level == WB_AMX) return &wb_kernels_amx;
  if (level == WB_AVX512_BF16) return &wb_kernels_avx512_bf16;
  if (level == WB_AVX512) return &wb_kernels_avx512;
  if (level == WB_AVX2) return &wb_kernels_avx2;
#endif
  return &wb_kernels_portable;
}
