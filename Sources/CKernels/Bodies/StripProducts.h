// Products of attention strips in fp32, operands read in place.

/// Rows and vectors of a tile: 12 sums on AVX2's sixteen registers, 16 where there are 32.
#if WB_REGISTERS == 32
#define WB_STRIP_ROWS 8
#elif WB_LANES == 8
#define WB_STRIP_ROWS 6
#else
#define WB_STRIP_ROWS 4
#endif

/// A register tile of `m` rows and `v` vectors of columns, k from `first` to `last`, innermost, so that every sum is taken
/// in the order of k.
INLINE void gemm_tile(const int m, const int v, int64_t first, int64_t last, const float *a, int64_t a_row,
                      int64_t a_column, const float *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_STRIP_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
#pragma clang loop unroll_count(2)
  for (int64_t l = first; l < last; l++) {
    vf columns[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) columns[j] = load(b, l * ldb + j * L, WB_F32);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      const float x = a[i * a_row + l * a_column];
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) sums[i][j] = sums[i][j] + x * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

/// All rows against `v` vectors of columns from column `column` on. The last rows go together as well: one alone would
/// wait for its own sums.
INLINE void gemm_columns(const int v, int64_t m, int64_t column, int64_t k, const float *a, int64_t a_row,
                         int64_t a_column, const float *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate,
                         wb_causal causal) {
  for (int64_t i = 0; i < m; i += WB_STRIP_ROWS) {
    const int64_t rows = m - i < WB_STRIP_ROWS ? m - i : WB_STRIP_ROWS, bottom = i + rows - 1;
    if (column >= causal.columns + bottom || column + v * L <= causal.first + i) continue;
    const int64_t first = i > causal.begin ? i - causal.begin : 0;
    const int64_t last = causal.end + bottom < k ? causal.end + bottom : k;
    switch (rows) {
#define WB_ROWS(M)                                                                                                  \
  case M:                                                                                                           \
    if (M <= WB_STRIP_ROWS)                                                                                         \
      gemm_tile(M, v, first, last, a + i * a_row, a_row, a_column, b + column, ldb, c + i * ldc + column, ldc,      \
                accumulate);                                                                                        \
    break;
      WB_ROWS(1) WB_ROWS(2) WB_ROWS(3) WB_ROWS(4) WB_ROWS(5) WB_ROWS(6) WB_ROWS(7) WB_ROWS(8)
#undef WB_ROWS
    }
  }
}

static void gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                 int64_t ldb, float *c, int64_t ldc, int32_t accumulate, wb_causal causal) {
  int64_t j = 0;
  for (; j + 2 * L <= n; j += 2 * L)
    gemm_columns(2, m, j, k, a, a_row, a_column, b, ldb, c, ldc, accumulate, causal);
  for (; j < n; j += L) gemm_columns(1, m, j, k, a, a_row, a_column, b, ldb, c, ldc, accumulate, causal);
}
