// Gradients of low-rank factors: sums over rows of the products of a few columns of one matrix with all of another.

#if WB_REGISTERS == 32
#define WB_ROW_FACTORS 8
#else
#define WB_ROW_FACTORS 4
#endif

/// How many rows and factors are brought into fp32 at once; x's block of so many rows stays in the first cache meanwhile.
#define WB_ROW_BLOCK 64
#define WB_ROW_WIDTH 64

/// `m` factors by `v` vectors of columns, or by `width` lanes of one.
INLINE void row_tile(const int m, const int v, int64_t width, int64_t rows, const float *a, const void *x, int64_t ldx,
                     float *c, int64_t ldc, int32_t accumulate, wb_type t) {
  vf sums[WB_ROW_FACTORS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++)
      sums[i][j] = accumulate ? load_first(c, i * ldc + j * L, WB_F32, v == 1 ? width : L) : (vf){0};
  for (int64_t row = 0; row < rows; row++) {
    vf columns[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) columns[j] = load_first(x, row * ldx + j * L, t, v == 1 ? width : L);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      const float y = a[row * WB_ROW_WIDTH + i];
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) sums[i][j] = sums[i][j] + y * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store_first(c, i * ldc + j * L, WB_F32, sums[i][j], v == 1 ? width : L);
}

/// One block of rows and factors against all columns.
INLINE void row_block(int64_t m, int64_t n, int64_t rows, const float *a, const void *x, int64_t ldx, float *c,
                      int64_t ldc, int32_t accumulate, wb_type t) {
  for (int64_t i = 0, factors; i < m; i += factors) {
    factors = m - i >= WB_ROW_FACTORS ? WB_ROW_FACTORS : m - i >= 4 ? 4 : m - i >= 2 ? 2 : 1;
    switch (factors) {
#define WB_FACTORS(M)                                                                                               \
  case M:                                                                                                           \
    if (M <= WB_ROW_FACTORS) {                                                                                      \
      int64_t j = 0;                                                                                                \
      for (; j + 2 * L <= n; j += 2 * L)                                                                            \
        row_tile(M, 2, L, rows, a + i, at(x, j, t), ldx, c + i * ldc + j, ldc, accumulate, t);                      \
      for (; j < n; j += L)                                                                                         \
        row_tile(M, 1, n - j < L ? n - j : L, rows, a + i, at(x, j, t), ldx, c + i * ldc + j, ldc, accumulate, t);  \
    }                                                                                                               \
    break;
      WB_FACTORS(1) WB_FACTORS(2) WB_FACTORS(4) WB_FACTORS(8)
#undef WB_FACTORS
    }
  }
}

INLINE void gemm_rows_of(int64_t m, int64_t n, int64_t rows, const void *a, int64_t lda, const void *x, int64_t ldx,
                         float *c, int64_t ldc, int32_t accumulate, wb_type t) {
  float stage[WB_ROW_BLOCK * WB_ROW_WIDTH] __attribute__((aligned(64)));
  for (int64_t begin = 0; begin < rows; begin += WB_ROW_BLOCK) {
    const int64_t count = rows - begin < WB_ROW_BLOCK ? rows - begin : WB_ROW_BLOCK;
    for (int64_t first = 0; first < m; first += WB_ROW_WIDTH) {
      const int64_t width = m - first < WB_ROW_WIDTH ? m - first : WB_ROW_WIDTH;
      convert_of(count, width, at(a, begin * lda + first, t), lda, t, stage, WB_ROW_WIDTH, WB_F32);
      row_block(width, n, count, stage, at(x, begin * ldx, t), ldx, c + first * ldc, ldc, accumulate || begin > 0, t);
    }
  }
}

static void gemm_rows(int64_t m, int64_t n, int64_t rows, const void *a, int64_t lda, const void *x, int64_t ldx,
                      wb_type t, float *c, int64_t ldc, int32_t accumulate) {
  BY_TYPE(t, gemm_rows_of(m, n, rows, a, lda, x, ldx, c, ldc, accumulate, T));
}
