#include "CMeasure.h"

#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

__attribute__((noinline)) static void axpy(int64_t n, float a, const float *x, float *y) {
  for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

double cm_bandwidth(int64_t bytes, int count) {
  const int64_t n = bytes / 8;
  float *x = malloc((size_t)n * 4), *y = malloc((size_t)n * 4);
  if (!x || !y) {
    free(x);
    free(y);
    return 0;
  }
  for (int64_t i = 0; i < n; i++) x[i] = 1, y[i] = 0;
  axpy(n, 0.5f, x, y);
  const double begin = now();
  for (int i = 0; i < count; i++) axpy(n, 0.5f, x, y);
  const double time = now() - begin;
  free(x);
  free(y);
  return 12.0 * (double)n * count / time;
}

double cm_read(const void *memory, int64_t bytes) {
  // Sixteen sums, so that none waits for itself, in vectors as wide as the compiler's baseline has them.
  typedef uint64_t lanes __attribute__((vector_size(16), aligned(8)));
  const lanes *x = memory;
  lanes sums[16] = {0}, total = {0};
  const int64_t n = bytes / 256;
  for (int64_t i = 0; i < n; i++)
    for (int j = 0; j < 16; j++) sums[j] += x[16 * i + j];
  for (int j = 0; j < 16; j++) total += sums[j];
  return (double)(total[0] ^ total[1]);
}
