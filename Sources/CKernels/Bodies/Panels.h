// Products with a packed operand. b[k, n] is packed once into panels of WB_PANEL columns, each a run of words that hold
// two neighbours along k: a product then streams it in order, and every row of a uses it again. Each sum runs over k
// from the first pair to the last whatever the tile or the split into blocks, so a row's result never depends on the
// rows beside it.
//
// The tile is 8 rows by 3 vectors on AVX-512: 24 accumulators, and 11 loads for 24 products, below one load a product.

#if WB_LANES == 16
#define WB_PANEL_ROWS 8
#define WB_PANEL_VECTORS 3
#else
#define WB_PANEL_ROWS 4
#define WB_PANEL_VECTORS (WB_PANEL / WB_LANES)
#endif

/// Bytes of a packed block that may stay in the second cache, and the longest run of k taken at once (even).
#define WB_PANEL_CACHE (640 << 10)
#define WB_PANEL_DEPTH 3072

/// Two neighbours in memory as a word; bf16 rows may begin at any element.
INLINE uint32_t word_at(const uint16_t *x) {
  uint32_t word;
  memcpy(&word, x, 4);
  return word;
}

// MARK: Packing

#ifdef WB_HAS_BF16
/// 16 rows of 16 words, transposed.
INLINE void transpose_block(const uint16_t *x, int64_t ldx, uint32_t *y) {
  __m512i r[16], t[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(x + i * ldx);
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    _mm512_storeu_si512(y + i * 16, _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88));
    _mm512_storeu_si512(y + (i + 8) * 16, _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd));
  }
}
#endif

/// Columns j..j + count of a panel from w[n, k].
INLINE void pack_transposed(int64_t k, int64_t count, const uint16_t *w, int64_t ldw, uint32_t *y) {
  int64_t done = 0;
#ifdef WB_HAS_BF16
  if (count == WB_PANEL)
    for (; done + 32 <= k; done += 32) transpose_block(w + done, ldw, y + done / 2 * WB_PANEL);
#endif
  for (int64_t l = done; l < k; l += 2)
    for (int64_t j = 0; j < WB_PANEL; j++) {
      const uint16_t *x = w + j * ldw + l;
      y[l / 2 * WB_PANEL + j] = j >= count ? 0 : l + 1 < k ? word_at(x) : (uint32_t)*x;
    }
}

/// The same from b[k, n].
INLINE void pack_straight(int64_t k, int64_t count, const uint16_t *b, int64_t ldb, uint32_t *y) {
  for (int64_t l = 0; l < k; l += 2) {
    const uint16_t *first = b + l * ldb, *second = first + ldb;
    uint32_t *out = y + l / 2 * WB_PANEL;
    if (count == WB_PANEL && l + 1 < k) {
#pragma clang loop unroll(full)
      for (int j = 0; j < WB_PANEL; j += L)
        *(vu *)(out + j) = __builtin_convertvector(*(const vh *)(first + j), vu) |
                           __builtin_convertvector(*(const vh *)(second + j), vu) << 16;
    } else {
      for (int64_t j = 0; j < WB_PANEL; j++)
        out[j] = j >= count ? 0 : (uint32_t)first[j] | (l + 1 < k ? (uint32_t)second[j] << 16 : 0);
    }
  }
}

static void pack_panels(int64_t k, int64_t n, const uint16_t *b, int64_t ldb, int32_t transposed, uint32_t *y) {
  const int64_t panel = (k + 1) / 2 * WB_PANEL;
  for (int64_t j = 0; j < n; j += WB_PANEL, y += panel) {
    int64_t count = n - j < WB_PANEL ? n - j : WB_PANEL;
    if (transposed)
      pack_transposed(k, count, b + j * ldb, ldb, y);
    else
      pack_straight(k, count, b + j, ldb, y);
  }
}

// MARK: Products

/// `m` rows by `v` vectors; k is counted from the first packed pair.
INLINE void panel_tile(const int m, const int v, int64_t k, const uint16_t *a, int64_t lda, const uint32_t *b,
                       int64_t panel, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_PANEL_ROWS][WB_PANEL_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t l = 0; l < k; l += 2) {
    vu columns[WB_PANEL_VECTORS];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++)
      columns[j] = *(const vu *)(b + l / 2 * WB_PANEL + j * L / WB_PANEL * panel + j * L % WB_PANEL);
    // The word after an odd row's last element is not the row's.
    if (__builtin_expect(l + 1 < k, 1)) {
#pragma clang loop unroll(full)
      for (int i = 0; i < m; i++) {
        vu x = word_at(a + i * lda + l) - (vu){0};
#pragma clang loop unroll(full)
        for (int j = 0; j < v; j++) sums[i][j] = add_pairs(sums[i][j], x, columns[j]);
      }
    } else {
#pragma clang loop unroll(full)
      for (int i = 0; i < m; i++) {
        vu x = (uint32_t)a[i * lda + l] - (vu){0};
#pragma clang loop unroll(full)
        for (int j = 0; j < v; j++) sums[i][j] = add_pairs(sums[i][j], x, columns[j]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

/// All rows against `v` vectors of columns.
INLINE void panel_columns(const int v, int64_t m, int64_t k, const uint16_t *a, int64_t lda, const uint32_t *b,
                          int64_t panel, float *c, int64_t ldc, int32_t accumulate) {
  int64_t i = 0;
  for (; i + WB_PANEL_ROWS <= m; i += WB_PANEL_ROWS)
    panel_tile(WB_PANEL_ROWS, v, k, a + i * lda, lda, b, panel, c + i * ldc, ldc, accumulate);
  for (; i < m; i++) panel_tile(1, v, k, a + i * lda, lda, b, panel, c + i * ldc, ldc, accumulate);
}

/// The last, incomplete panel goes through whole vectors beside c.
static void last_panel(int64_t m, int64_t n, int64_t k, const uint16_t *a, int64_t lda, const uint32_t *b,
                       int64_t panel, float *c, int64_t ldc, int32_t accumulate) {
  float whole[WB_PANEL_ROWS * WB_PANEL] __attribute__((aligned(64)));
  for (int64_t i = 0; i < m; i += WB_PANEL_ROWS) {
    int64_t rows = m - i < WB_PANEL_ROWS ? m - i : WB_PANEL_ROWS;
    if (accumulate)
      for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < WB_PANEL; j++) whole[r * WB_PANEL + j] = j < n ? c[(i + r) * ldc + j] : 0;
    panel_columns(WB_PANEL / L, rows, k, a + i * lda, lda, b, panel, whole, WB_PANEL, accumulate);
    for (int64_t r = 0; r < rows; r++) memcpy(c + (i + r) * ldc, whole + r * WB_PANEL, (size_t)n * sizeof(float));
  }
}

/// One block of k. A packed block that fits the second cache stays there while rows pass, eight at a time; a larger one
/// is taken by groups of panels, each for all rows before the next.
static void gemm_panel_block(int64_t m, int64_t whole, int64_t k, const uint16_t *a, int64_t lda, const uint32_t *b,
                             int64_t panel, float *c, int64_t ldc, int32_t accumulate) {
#if WB_LANES == 16
  const bool fits = whole * (k + 1) / 2 * WB_PANEL * 4 <= WB_PANEL_CACHE;
  const int64_t step = fits ? WB_PANEL_ROWS : m;
  for (int64_t i = 0; i < m; i += step) {
    int64_t rows = m - i < step ? m - i : step;
    const uint16_t *x = a + i * lda;
    for (int64_t p = 0; p < whole;) {
      const uint32_t *y = b + p * panel;
      float *out = c + i * ldc + p * WB_PANEL;
      int64_t left = whole - p;
      // Four panels go as two and two: a tile of one vector is bound by its loads.
      if (left >= 3 && left != 4) {
        panel_columns(3, rows, k, x, lda, y, panel, out, ldc, accumulate);
        p += 3;
      } else if (left >= 2) {
        panel_columns(2, rows, k, x, lda, y, panel, out, ldc, accumulate);
        p += 2;
      } else {
        panel_columns(1, rows, k, x, lda, y, panel, out, ldc, accumulate);
        p += 1;
      }
    }
  }
#else
  for (int64_t p = 0; p < whole; p++)
    panel_columns(WB_PANEL_VECTORS, m, k, a, lda, b + p * panel, panel, c + p * WB_PANEL, ldc, accumulate);
#endif
}

static void gemm_panels(int64_t m, int64_t n, int64_t k, const uint16_t *a, int64_t lda, const uint32_t *b,
                        int64_t panel, float *c, int64_t ldc, int32_t accumulate) {
  const int64_t whole = n / WB_PANEL;
  for (int64_t l = 0; l < k || l == 0; l += WB_PANEL_DEPTH) {
    int64_t depth = k - l < WB_PANEL_DEPTH ? k - l : WB_PANEL_DEPTH;
    const uint32_t *y = b + l / 2 * WB_PANEL;
    int32_t onto = accumulate || l > 0;
    gemm_panel_block(m, whole, depth, a + l, lda, y, panel, c, ldc, onto);
    if (n % WB_PANEL)
      last_panel(m, n % WB_PANEL, depth, a + l, lda, y + whole * panel, panel, c + whole * WB_PANEL, ldc, onto);
  }
}
