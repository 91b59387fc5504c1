// Products of attention strips: small operands read in place, in fp32 or as words of two bf16.
/// A register tile of `m` rows and `v` vectors of columns; k runs innermost, so every sum is taken in the order of k.
INLINE void gemm_tile(const int m, const int v, int64_t k, const float *a, int64_t a_row, int64_t a_column,
                      const float *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t l = 0; l < k; l++) {
    vf columns[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) columns[j] = load(b, l * ldb + j * L, WB_F32);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      float x = a[i * a_row + l * a_column];
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) sums[i][j] = sums[i][j] + x * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

static void gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                 int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  for (int64_t j = 0; j < n; j += 2 * L) {
    int64_t i = 0;
    if (j + 2 * L <= n) {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_tile(WB_TILE_ROWS, 2, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
      for (; i < m; i++)
        gemm_tile(1, 2, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    } else {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_tile(WB_TILE_ROWS, 1, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
      for (; i < m; i++)
        gemm_tile(1, 1, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    }
  }
}

INLINE void gemm_pairs_tile(const int m, const int v, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                            const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t l = 0; l < pairs; l++) {
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

static void gemm_pairs(int64_t m, int64_t n, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                       const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  for (int64_t j = 0; j < n; j += 2 * L) {
    int64_t i = 0;
    if (j + 2 * L <= n) {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_pairs_tile(WB_TILE_ROWS, 2, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc,
                        accumulate);
      for (; i < m; i++)
        gemm_pairs_tile(1, 2, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    } else {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_pairs_tile(WB_TILE_ROWS, 1, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc,
                        accumulate);
      for (; i < m; i++)
        gemm_pairs_tile(1, 1, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    }
  }
}
