// Holds every kernel of every level that this machine runs to its definition in plain C, and products to themselves in
// other splits: `kernel-twins` all sizes, `kernel-twins sparse` a part of them (for an emulated processor). One line a level
// and kernel; the status is 1 where anything differs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Others.h"
#include "TrapTiles.h"
#include "Twins.h"

extern const wb_kernels wb_kernels_emulated_tiles;
#if defined(__x86_64__)
extern const wb_kernels wb_kernels_amx;
#endif

/// Depths around the vectors, runs and blocks of all levels.
static const int64_t depths[] = {1,  2,  3,  7,  8,  15, 16, 17,  31,  32,  33,  47,  48,
                                 49, 63, 64, 65, 66, 96, 97, 129, 256, 257, 391, 514, 771};

/// Beyond the blocks that products by pairs are taken in.
static const size deep[] = {{5, 35, 3303}, {19, 115, 3302}};

static bool seldom(int64_t i) { return i > 5 && i % 8 != 0 && i % 8 != 1 && i % 8 != 7; }

/// How many of the types failed.
static int64_t run_size(const wb_kernels *kernels, const comparison_of *test, size s) {
  int64_t failed = 0;
  for (int t = WB_F32; t <= (test->once ? WB_F32 : WB_BF16); t++) {
    begin(kernels->name, test->name, s, t, (uint64_t)(s.rows * 1000 + s.n * 2 + t));
    test->run(kernels, s, (wb_type)t);
    if (!compare()) failed++;
  }
  return failed;
}

static bool run_kernel(const wb_kernels *kernels, const comparison_of *test, bool sparse) {
  if (test->pairs && !kernels->has_pairs) return true;
  const int64_t count = (int64_t)(sizeof depths / sizeof *depths);
  int64_t sizes = 0, failed = 0;
  for (int64_t rows = 1; rows <= 34; rows++)
    for (int64_t n = 1; n <= 70; n++) {
      // Beyond one tile of rows, the rows around the second and third.
      if (rows > 17 && rows < 31) continue;
      if (sparse && (seldom(rows) || seldom(n))) continue;
      failed += run_size(kernels, test, (size){rows, n, depths[(rows * 31 + n * 17) % count]});
      sizes++;
    }
  for (size_t i = 0; i < sizeof deep / sizeof *deep; i++, sizes++) failed += run_size(kernels, test, deep[i]);
  if (failed)
    printf("%-18s %-24s FAILED %lld times\n", kernels->name, test->name, (long long)failed);
  else
    printf("%-18s %-24s %lld sizes\n", kernels->name, test->name, (long long)sizes);
  fflush(stdout);
  return failed == 0;
}

static bool run_table(const wb_kernels *kernels, bool sparse) {
  const comparison_of *const lists[] = {row_kernels, product_kernels, splits};
  bool well = true;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (const comparison_of *test = lists[i]; test->name; test++) well = run_kernel(kernels, test, sparse) && well;
  return well;
}

int main(int count, char **arguments) {
  const bool sparse = count == 2 && !strcmp(arguments[1], "sparse");
  if (count > 1 && !sparse) {
    fprintf(stderr, "error: usage: kernel-twins [sparse]\n");
    return 2;
  }
  // Before anything asks for the level: threads that run already must be granted tiles as well.
  bool well = run_others();
  const wb_level best = wb_best_level();
  for (int level = WB_PORTABLE; level <= (int)best; level++) {
    const wb_kernels *kernels = wb_kernels_at((wb_level)level);
    if (kernels->level == (wb_level)level) well = run_table(kernels, sparse) && well;
  }
  well = run_table(&wb_kernels_emulated_tiles, sparse) && well;
#if defined(__x86_64__)
  // The rest of AMX's table is AVX-512 with bf16.
  if (best == WB_AVX512_BF16 && trap_tiles()) well = run_table(&wb_kernels_amx, sparse) && well;
#endif
  printf("%s; best level here: %s\n", well ? "all kernels are their definitions' twins" : "FAILED",
         wb_kernels_at(best)->name);
  return well ? 0 : 1;
}
