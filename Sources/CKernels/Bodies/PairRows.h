// Gradients of low-rank factors: both operands by pairs of rows.
/// Pairs of the rows x and x + ldx, two vectors of columns.
INLINE void row_pairs(const uint16_t *first, const uint16_t *second, vu pairs[2]) {
#ifdef WB_HAS_BF16
  const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37,
                                       5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  __m512i x = _mm512_loadu_si512(first), y = second ? _mm512_loadu_si512(second) : _mm512_setzero_si512();
  pairs[0] = (vu)_mm512_permutex2var_epi16(x, low, y);
  pairs[1] = (vu)_mm512_permutex2var_epi16(x, high, y);
#else
#pragma clang loop unroll(full)
  for (int j = 0; j < 2; j++) {
    pairs[j] = __builtin_convertvector(*(const vh *)(first + j * L), vu);
    if (second) pairs[j] |= __builtin_convertvector(*(const vh *)(second + j * L), vu) << 16;
  }
#endif
}

INLINE void row_gemm_tile(const int m, int64_t rows, const uint32_t *a, int64_t lda, const uint16_t *x, int64_t ldx,
                          float *c, int64_t ldc, int32_t accumulate) {
  vf sums[8][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t t = 0; t < rows; t += 2) {
    vu pairs[2];
    row_pairs(x + t * ldx, t + 1 < rows ? x + (t + 1) * ldx : 0, pairs);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      vu y = a[t / 2 * lda + i] - (vu){0};
#pragma clang loop unroll(full)
      for (int j = 0; j < 2; j++) sums[i][j] = add_pairs(sums[i][j], y, pairs[j]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

static void gemm_row_pairs(int64_t m, int64_t n, int64_t rows, const uint32_t *a, int64_t lda, const uint16_t *x,
                           int64_t ldx, float *c, int64_t ldc, int32_t accumulate) {
  const int64_t wide = n / (2 * L) * (2 * L);
  for (int64_t j = 0; j < wide; j += 2 * L) {
    int64_t i = 0;
    for (; i + 8 <= m; i += 8)
      row_gemm_tile(8, rows, a + i, lda, x + j, ldx, c + i * ldc + j, ldc, accumulate);
    for (; i + 4 <= m; i += 4)
      row_gemm_tile(4, rows, a + i, lda, x + j, ldx, c + i * ldc + j, ldc, accumulate);
    for (; i < m; i++) row_gemm_tile(1, rows, a + i, lda, x + j, ldx, c + i * ldc + j, ldc, accumulate);
  }
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = wide; j < n; j++) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (int64_t t = 0; t < rows; t++) {
        uint32_t word = a[t / 2 * lda + i];
        sum += (t % 2 ? wb_second(word) : wb_first(word)) * wb_load(x, t * ldx + j, WB_BF16);
      }
      c[i * ldc + j] = sum;
    }
}
