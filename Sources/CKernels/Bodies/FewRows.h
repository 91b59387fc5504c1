// Products where one operand has few rows: decoding one token at a time, and low-rank products.
/// `rows` rows of x against 4 of w, each sum in lanes over k and folded at the end.
INLINE void few_rows_tile(const int rows, const int outputs, int64_t k, const void *x, int64_t ldx, const void *w,
                          int64_t ldw, float *y, int64_t ldy, int32_t accumulate, wb_type t) {
  vf sums[4][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) sums[i][j] = (vf){0};
  int64_t l = 0;
  for (; l + L <= k; l += L) {
    vf columns[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) columns[j] = load(w, j * ldw + l, t);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      vf a = load(x, i * ldx + l, t);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) sums[i][j] = sums[i][j] + a * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) {
      float sum = sum_lanes(sums[i][j]);
      for (int64_t r = l; r < k; r++) sum += wb_load(x, i * ldx + r, t) * wb_load(w, j * ldw + r, t);
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + sum : sum;
    }
}

#ifdef WB_HAS_BF16
/// Lane i of the result is the sum of all lanes of x[i], each taken by the same tree.
INLINE __m512 fold_sixteen(const __m512 x[16]) {
  __m512 a[8], b[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    a[i] = _mm512_add_ps(_mm512_unpacklo_ps(x[2 * i], x[2 * i + 1]), _mm512_unpackhi_ps(x[2 * i], x[2 * i + 1]));
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    __m512d first = (__m512d)a[2 * i], second = (__m512d)a[2 * i + 1];
    b[i] = _mm512_add_ps((__m512)_mm512_unpacklo_pd(first, second), (__m512)_mm512_unpackhi_pd(first, second));
  }
  __m512 c = _mm512_add_ps(_mm512_shuffle_f32x4(b[0], b[1], 0x88), _mm512_shuffle_f32x4(b[0], b[1], 0xdd));
  __m512 d = _mm512_add_ps(_mm512_shuffle_f32x4(b[2], b[3], 0x88), _mm512_shuffle_f32x4(b[2], b[3], 0xdd));
  return _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x88), _mm512_shuffle_f32x4(c, d, 0xdd));
}

/// The same on pairs of bf16: a lane sums every 16th pair.
INLINE void few_rows_pairs_tile(const int rows, const int outputs, int64_t k, const uint16_t *x, int64_t ldx,
                                const uint16_t *w, int64_t ldw, float *y, int64_t ldy, int32_t accumulate) {
  __m512 sums[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  for (int64_t l = 0; l < k; l += 32) {
    const __mmask32 mask = k - l >= 32 ? 0xffffffffu : (1u << (k - l)) - 1;
    __m512i columns[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) columns[j] = _mm512_maskz_loadu_epi16(mask, w + j * ldw + l);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512i a = _mm512_maskz_loadu_epi16(mask, x + i * ldx + l);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++)
        sums[i * 4 + j] = _mm512_dpbf16_ps(sums[i * 4 + j], (__m512bh)a, (__m512bh)columns[j]);
    }
  }
  float found[16] __attribute__((aligned(64)));
  _mm512_store_ps(found, fold_sixteen(sums));
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++)
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + found[i * 4 + j] : found[i * 4 + j];
}
#endif

INLINE void few_tile(const int rows, const int outputs, int64_t k, const void *x, int64_t ldx, const void *w,
                     int64_t ldw, float *y, int64_t ldy, int32_t accumulate, wb_type t) {
#ifdef WB_HAS_BF16
  if (t == WB_BF16) {
    few_rows_pairs_tile(rows, outputs, k, x, ldx, w, ldw, y, ldy, accumulate);
    return;
  }
#endif
  few_rows_tile(rows, outputs, k, x, ldx, w, ldw, y, ldy, accumulate, t);
}

/// Rows i.. against outputs j..j + 4, as many rows as one tile takes; returns how many.
INLINE int64_t few_rows_step(int64_t rows, int64_t outputs, int64_t k, const void *x, int64_t ldx, const void *w,
                             int64_t ldw, float *y, int64_t ldy, int32_t accumulate, wb_type t) {
  const int64_t width = t == WB_BF16 ? 2 : 4;
  if (outputs < 4) {
    for (int64_t r = 0; r < outputs; r++)
      few_tile(1, 1, k, x, ldx, (const char *)w + r * ldw * width, ldw, y + r, ldy, accumulate, t);
    return 1;
  }
  if (rows >= 4) {
    few_tile(4, 4, k, x, ldx, w, ldw, y, ldy, accumulate, t);
    return 4;
  }
  if (rows >= 2) {
    few_tile(2, 4, k, x, ldx, w, ldw, y, ldy, accumulate, t);
    return 2;
  }
  few_tile(1, 4, k, x, ldx, w, ldw, y, ldy, accumulate, t);
  return 1;
}

INLINE void few_rows_of(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, const void *w, int64_t ldw,
                        float *y, int64_t ldy, int32_t accumulate, wb_type t) {
  const int64_t width = t == WB_BF16 ? 2 : 4;
  // The smaller operand stays in the first cache while the other passes.
  const int64_t block = m > n ? 4 : m;
  for (int64_t first = 0; first < m; first += block)
    for (int64_t j = 0; j < n; j += 4)
      for (int64_t i = first; i < first + block && i < m;)
        i += few_rows_step((first + block < m ? first + block : m) - i, n - j, k, (const char *)x + i * ldx * width,
                           ldx, (const char *)w + j * ldw * width, ldw, y + i * ldy + j, ldy, accumulate, t);
}

static void few_rows(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, const void *w, int64_t ldw, float *y,
                     int64_t ldy, int32_t accumulate, wb_type t) {
  BY_TYPE(t, few_rows_of(m, n, k, x, ldx, w, ldw, y, ldy, accumulate, T));
}
