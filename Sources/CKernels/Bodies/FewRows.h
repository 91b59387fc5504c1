// Products where one operand has few rows: decoding one token at a time, and low-rank products.

/// The largest tiles: as many sums as leave registers for one vector of w an output and one of x.
#if WB_REGISTERS == 32
#define WB_FEW_SUMS 16
#define WB_FEW_OUTPUTS 4
#else
#define WB_FEW_SUMS 12
#define WB_FEW_OUTPUTS 3
#endif

/// `rows` rows of x against `outputs` of w, each sum in lanes over k and folded at the end, so that a row's result does
/// not depend on the tile. Where `asks`, the w of the tile after this one is asked for meanwhile.
INLINE void few_rows_tile(const int rows, const int outputs, const bool asks, int64_t k, const void *x, int64_t ldx,
                          wb_type tx, const void *w, int64_t ldw, wb_type tw, float *y, int64_t ldy,
                          int32_t accumulate) {
  vf sums[WB_FEW_SUMS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows * outputs; i++) sums[i] = (vf){0};
  int64_t l = 0;
  for (; l + L <= k; l += L) {
    if (asks && l % (tw == WB_F32 ? 16 : 32) == 0) {
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) __builtin_prefetch(at(w, (j + outputs) * ldw + l, tw), 0, 2);
    }
    vf columns[8];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) columns[j] = load(w, j * ldw + l, tw);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const vf a = load(x, i * ldx + l, tx);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) sums[i * outputs + j] = sums[i * outputs + j] + a * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) {
      float sum = sum_lanes(sums[i * outputs + j]);
      for (int64_t r = l; r < k; r++) sum += wb_load(x, i * ldx + r, tx) * wb_load(w, j * ldw + r, tw);
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

/// One step of a tile over k: 32 elements, or as many as `mask` has bits where it is not `whole`.
INLINE void few_rows_pairs_step(const int rows, const int outputs, const bool whole, __mmask32 mask, int64_t l,
                                const uint16_t *x, int64_t ldx, const uint16_t *w, int64_t ldw, __m512 sums[16]) {
  __m512i columns[16];
#pragma clang loop unroll(full)
  for (int j = 0; j < outputs; j++)
    columns[j] = whole ? _mm512_loadu_si512(w + j * ldw + l) : _mm512_maskz_loadu_epi16(mask, w + j * ldw + l);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    __m512i a = whole ? _mm512_loadu_si512(x + i * ldx + l) : _mm512_maskz_loadu_epi16(mask, x + i * ldx + l);
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++)
      sums[i * outputs + j] = _mm512_dpbf16_ps(sums[i * outputs + j], (__m512bh)a, (__m512bh)columns[j]);
  }
}

/// The same on pairs of bf16: a lane sums every 16th pair. At most 16 sums; each is folded by one tree, so a row's
/// result does not depend on the tile. Where `asks`, the w of the tile after this one is asked for meanwhile.
INLINE void few_rows_pairs_tile(const int rows, const int outputs, const bool asks, int64_t k, const uint16_t *x,
                                int64_t ldx, const uint16_t *w, int64_t ldw, float *y, int64_t ldy,
                                int32_t accumulate) {
  __m512 sums[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  int64_t l = 0;
  for (; l + 32 <= k; l += 32) {
    if (asks) {
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) ask_ahead(w, (j + outputs) * ldw + l);
    }
    few_rows_pairs_step(rows, outputs, true, 0, l, x, ldx, w, ldw, sums);
  }
  if (l < k) few_rows_pairs_step(rows, outputs, false, (1u << (k - l)) - 1, l, x, ldx, w, ldw, sums);
  float found[16] __attribute__((aligned(64)));
  _mm512_store_ps(found, fold_sixteen(sums));
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++)
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + found[i * outputs + j] : found[i * outputs + j];
}
#endif

/// A tile on the kernel of its types.
INLINE void few_tile(const int rows, const int outputs, const bool asks, int64_t k, const void *x, int64_t ldx,
                     wb_type tx, const void *w, int64_t ldw, wb_type tw, float *y, int64_t ldy, int32_t accumulate) {
#ifdef WB_HAS_BF16
  if (tx == WB_BF16) {
    few_rows_pairs_tile(rows, outputs, asks, k, x, ldx, w, ldw, y, ldy, accumulate);
    return;
  }
#endif
  few_rows_tile(rows, outputs, asks, k, x, ldx, tx, w, ldw, tw, y, ldy, accumulate);
}

/// How many of `left` outputs a tile takes beside `rows` rows: one row takes eight, or sixteen by pairs.
INLINE int64_t few_rows_outputs(int64_t rows, int64_t left, wb_type t) {
#ifdef WB_HAS_BF16
  if (t == WB_BF16) {
    if (rows == 1 && left >= 16) return 16;
    if (rows < 4 && left >= 8) return 8;
    return left >= 4 ? 4 : 1;
  }
#endif
  (void)t;
  if (rows == 1 && left >= 8) return 8;
  return left >= WB_FEW_OUTPUTS ? WB_FEW_OUTPUTS : 1;
}

/// `rows` rows against `outputs` outputs, as many rows as one tile takes; returns how many.
INLINE int64_t few_rows_step(const bool asks, int64_t rows, int64_t outputs, int64_t k, const void *x, int64_t ldx,
                             wb_type tx, const void *w, int64_t ldw, wb_type tw, float *y, int64_t ldy,
                             int32_t accumulate) {
#define WB_TILE(M, N)                                                          \
  do {                                                                         \
    few_tile(M, N, asks, k, x, ldx, tx, w, ldw, tw, y, ldy, accumulate);       \
    return M;                                                                  \
  } while (0)
#ifdef WB_HAS_BF16
  if (tx == WB_BF16) {
    if (outputs == 16) WB_TILE(1, 16);
    if (outputs == 8 && rows >= 2) WB_TILE(2, 8);
  }
#endif
  if (outputs == 8) WB_TILE(1, 8);
#if WB_REGISTERS == 32
  if (outputs == 4 && rows >= 4) WB_TILE(4, 4);
  if (outputs == 4 && rows >= 2) WB_TILE(2, 4);
  if (outputs == 4) WB_TILE(1, 4);
#else
  if (outputs == 3 && rows >= 4) WB_TILE(4, 3);
  if (outputs == 3 && rows >= 2) WB_TILE(2, 3);
  if (outputs == 3) WB_TILE(1, 3);
#endif
  if (rows >= 4) WB_TILE(4, 1);
  WB_TILE(1, 1);
#undef WB_TILE
}

INLINE void few_rows_of(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx, const void *w,
                        int64_t ldw, wb_type tw, float *y, int64_t ldy, int32_t accumulate) {
  // The smaller operand stays in the first cache while the other passes.
  const int64_t block = m > n ? 4 : m;
  for (int64_t first = 0; first < m; first += block) {
    const int64_t end = first + block < m ? first + block : m;
    for (int64_t j = 0, outputs; j < n; j += outputs) {
      outputs = few_rows_outputs(block, n - j, tx);
      const void *columns = at(w, j * ldw, tw);
      for (int64_t i = first; i < end;) {
        const void *row = at(x, i * ldx, tx);
        float *out = y + i * ldy + j;
        // Whoever reads w for the first time asks for what comes after.
        if (i == 0 && m <= n)
          i += few_rows_step(true, end - i, outputs, k, row, ldx, tx, columns, ldw, tw, out, ldy, accumulate);
        else
          i += few_rows_step(false, end - i, outputs, k, row, ldx, tx, columns, ldw, tw, out, ldy, accumulate);
      }
    }
  }
}

static void few_rows(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx, const void *w, int64_t ldw,
                     wb_type tw, float *y, int64_t ldy, int32_t accumulate) {
  if (tx == tw)
    BY_TYPE(tw, few_rows_of(m, n, k, x, ldx, T, w, ldw, T, y, ldy, accumulate));
  else
    few_rows_of(m, n, k, x, ldx, WB_F32, w, ldw, WB_BF16, y, ldy, accumulate);
}
