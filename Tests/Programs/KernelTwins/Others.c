#include "Others.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "CHash.h"
#include "Operands.h"

extern const wb_kernels wb_kernels_emulated_tiles;

static bool say(const char *name, bool well) {
  printf("%-18s %-24s %s\n", "all levels", name, well ? "well" : "FAILED");
  return well;
}

static bool check_sha256(void) {
  enum { BLOCKS = 9 };
  uint8_t bytes[2][BLOCKS * 64];
  for (int i = 0; i < BLOCKS * 64; i++) bytes[0][i] = (uint8_t)(i * 7 + 3), bytes[1][i] = (uint8_t)(i * 13 + 5);
  bool well = true;
  for (int64_t blocks = 0; blocks <= BLOCKS; blocks++) {
    uint32_t wanted[2][8], single[2][8], paired[2][8];
    for (int i = 0; i < 8; i++)
      for (int l = 0; l < 2; l++) wanted[l][i] = single[l][i] = paired[l][i] = 0x9e3779b9u * (uint32_t)(i + 1 + l);
    uint32_t *const states[2] = {paired[0], paired[1]};
    const uint8_t *const inputs[2] = {bytes[0], bytes[1]};
    for (int l = 0; l < 2; l++) {
      wb_sha256_blocks_naive(wanted[l], bytes[l], blocks);
      wb_sha256_blocks(single[l], bytes[l], blocks);
    }
    wb_sha256_pair(states, inputs, blocks);
    well = well && !memcmp(wanted, single, sizeof wanted) && !memcmp(wanted, paired, sizeof wanted);
  }
  return say("sha256", well);
}

typedef struct loop {
  wb_workers *pool;
  _Atomic int64_t sum;
} loop;

static void add_part(void *context, int64_t part, int64_t worker) {
  (void)worker;
  atomic_fetch_add(&((loop *)context)->sum, part);
}

static void add_task(void *context, int64_t task, int64_t worker) {
  loop *own = context;
  atomic_fetch_add(&own->sum, task * 1000);
  wb_workers_share(own->pool, worker, 8, add_part, own);
}

static bool check_workers(wb_workers *pool) {
  bool well = true;
  for (int64_t round = 0; round < 200; round++) {
    loop all = {.pool = pool};
    const int64_t tasks = round % 40;
    wb_workers_run(pool, tasks, add_task, &all);
    // 0 + 1 + … in thousands, and 28 of parts a task.
    well = well && atomic_load(&all.sum) == tasks * (tasks - 1) / 2 * 1000 + tasks * 28;
  }
  return say("workers", well);
}

enum { M = 40, N = 48, K = 70, TASKS = 16 };

typedef struct products {
  const wb_kernels *kernels;
  wb_panel_term term;
  float c[TASKS][M * N];
} products;

static void multiply_task(void *context, int64_t task, int64_t worker) {
  (void)worker;
  products *all = context;
  all->kernels->gemm_panels(M, N, &all->term, 1, WB_BF16, all->c[task], N, 0);
}

/// Where the processor has tiles: the pool's threads began before the level was asked for, and the processor's bits are
/// the emulation's.
static bool check_tiles(wb_workers *pool) {
  static products all;
  if (wb_best_level() < WB_AMX) return true;
  begin("amx", "tiles on threads", (size){M, N, K}, WB_BF16, 1);
  const uint32_t *b = input(N / WB_PANEL, K / 2 * WB_PANEL, K / 2 * WB_PANEL, WORD);
  all.kernels = wb_kernels_at(WB_AMX);
  all.term = (wb_panel_term){.a = input(M, K, K, BF16), .b = b, .lda = K, .k = K, .panel = K / 2 * WB_PANEL};
  wb_workers_run(pool, TASKS, multiply_task, &all);
  float wanted[M * N];
  wb_kernels_emulated_tiles.gemm_panels(M, N, &all.term, 1, WB_BF16, wanted, N, 0);
  bool well = true;
  for (int i = 0; i < TASKS; i++) well = well && !memcmp(wanted, all.c[i], sizeof wanted);
  return say("tiles on threads", well);
}

bool run_others(void) {
  bool well = check_sha256();
  wb_workers *pool = wb_workers_make(4);
  well = pool && check_workers(pool) && well;
  well = pool && check_tiles(pool) && well;
  if (pool) wb_workers_free(pool);
  return well;
}
