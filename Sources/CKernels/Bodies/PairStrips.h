// Products of attention strips whose operands are words of two bf16.
/// Words first..last of k.
INLINE void gemm_pairs_tile(const int m, const int v, int64_t first, int64_t last, const uint32_t *a, int64_t a_row,
                            int64_t a_column, const uint32_t *b, int64_t ldb, float *c, int64_t ldc,
                            int32_t accumulate) {
  vf sums[8][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t l = first; l < last; l++) {
    vu columns[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) columns[j] = *(const vu *)(b + l * ldb + j * L);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      vu x = a[i * a_row + l * a_column] - (vu){0};
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) sums[i][j] = add_pairs(sums[i][j], x, columns[j]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

/// All rows against `v` vectors of columns from column `column` on. The last rows go together as well: one alone would
/// wait for its own sums.
INLINE void gemm_pairs_columns(const int v, int64_t m, int64_t column, int64_t pairs, const uint32_t *a, int64_t a_row,
                               int64_t a_column, const uint32_t *b, int64_t ldb, float *c, int64_t ldc,
                               int32_t accumulate, wb_causal causal) {
  for (int64_t i = 0; i < m; i += 8) {
    const int64_t rows = m - i < 8 ? m - i : 8, bottom = i + rows - 1;
    if (column >= causal.columns + bottom || column + v * L <= causal.first + i) continue;
    const int64_t first = i > causal.begin ? (i - causal.begin) / 2 : 0;
    const int64_t last = causal.end + bottom < 2 * pairs ? (causal.end + bottom + 1) / 2 : pairs;
    switch (rows) {
#define WB_ROWS(M)                                                                                                  \
  case M:                                                                                                           \
    if (M <= 8)                                                                                                     \
      gemm_pairs_tile(M, v, first, last, a + i * a_row, a_row, a_column, b + column, ldb, c + i * ldc + column, ldc, \
                      accumulate);                                                                                  \
    break;
      WB_ROWS(1) WB_ROWS(2) WB_ROWS(3) WB_ROWS(4) WB_ROWS(5) WB_ROWS(6) WB_ROWS(7) WB_ROWS(8)
#undef WB_ROWS
    }
  }
}

static void gemm_pairs(int64_t m, int64_t n, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                       const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate,
                       wb_causal causal) {
  int64_t j = 0;
  for (; j + 2 * L <= n; j += 2 * L)
    gemm_pairs_columns(2, m, j, pairs, a, a_row, a_column, b, ldb, c, ldc, accumulate, causal);
  for (; j < n; j += L)
    gemm_pairs_columns(1, m, j, pairs, a, a_row, a_column, b, ldb, c, ldc, accumulate, causal);
}
