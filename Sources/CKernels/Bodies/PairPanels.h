// Products with an operand packed by pairs of bf16. b[k, n] is packed once into panels of WB_PANEL columns, each a run of
// words that hold two neighbours along k: a product then streams it in order, and every row of a uses it again. Each sum
// runs over k from the first pair to the last whatever the tile or the split into blocks, so a row's result never depends
// on the rows beside it.
//
// The tile is 8 rows by 3 vectors: 24 accumulators, and 11 loads for 24 products, below one load a product.

#define WB_PANEL_ROWS 8
#define WB_PANEL_VECTORS 3

/// Bytes of a packed block that may stay in the second cache, and the longest run of k taken at once (even): two terms
/// of 1,536 and the low-rank one behind them need no second pass over c.
#define WB_PANEL_CACHE (640 << 10)
#define WB_PANEL_DEPTH 3136

/// How many rows before its turn a row is asked for while it is packed.
#define WB_PACK_AHEAD 32

/// Two neighbours in memory as a word; bf16 rows may begin at any element.
INLINE uint32_t word_at(const uint16_t *x) {
  uint32_t word;
  memcpy(&word, x, 4);
  return word;
}

// MARK: Packing

/// Columns j..j + count of a panel from w[n, k].
INLINE void pack_transposed(int64_t k, int64_t count, const uint16_t *w, int64_t ldw, uint32_t *y) {
  int64_t done = 0;
  if (count == WB_PANEL)
    for (; done + 32 <= k; done += 32) {
      // The next panel's words, of which the processor sees sixteen short runs.
      for (int64_t j = WB_PANEL; j < 2 * WB_PANEL; j++) ask_ahead(w, j * ldw + done);
      transpose_block(w + done, ldw * 2, y + done / 2 * WB_PANEL, WB_PANEL);
    }
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
      *(vu *)out = __builtin_convertvector(*(const vh *)first, vu) |
                   __builtin_convertvector(*(const vh *)second, vu) << 16;
    } else {
      for (int64_t j = 0; j < WB_PANEL; j++)
        out[j] = j >= count ? 0 : (uint32_t)first[j] | (l + 1 < k ? (uint32_t)second[j] << 16 : 0);
    }
  }
}

/// As many panels of b[k, n] as come in twos, row by row: each line of memory is read once. Returns how many columns.
INLINE int64_t pack_straight_panels(int64_t k, int64_t n, const uint16_t *b, int64_t ldb, uint32_t *y, int64_t panel) {
  const int64_t columns = n / (2 * WB_PANEL) * (2 * WB_PANEL);
  for (int64_t l = 0; l < k; l += 2) {
    const uint16_t *first = b + l * ldb, *second = l + 1 < k ? first + ldb : 0;
    for (int64_t j = 0; j < columns; j += 2 * WB_PANEL) {
      ask_ahead(first, WB_PACK_AHEAD * ldb + j);
      ask_ahead(first, (WB_PACK_AHEAD + 1) * ldb + j);
      vu pairs[2];
      row_pairs(first + j, second ? second + j : 0, pairs);
      uint32_t *out = y + j / WB_PANEL * panel + l / 2 * WB_PANEL;
      *(vu *)out = pairs[0];
      *(vu *)(out + panel) = pairs[1];
    }
  }
  return columns;
}

static void pack_pairs(int64_t k, int64_t n, const uint16_t *b, int64_t ldb, int32_t transposed, uint32_t *y) {
  const int64_t panel = (k + 1) / 2 * WB_PANEL;
  int64_t done = 0;
  if (!transposed) done = pack_straight_panels(k, n, b, ldb, y, panel);
  for (int64_t j = done; j < n; j += WB_PANEL) {
    int64_t count = n - j < WB_PANEL ? n - j : WB_PANEL;
    uint32_t *out = y + j / WB_PANEL * panel;
    if (transposed)
      pack_transposed(k, count, b + j * ldb, ldb, out);
    else
      pack_straight(k, count, b + j, ldb, out);
  }
}

// MARK: Products

// Where there are tiles, they multiply what was packed here.
#ifndef WB_HAS_TILES

/// `m` rows by `v` vectors, from row `row` and panel `first` on. Where `asks`, the next m rows are asked for meanwhile:
/// they come from beyond the second cache in runs too short for the processor's own prefetching.
INLINE void panel_tile(const bool asks, const int m, const int v, int64_t row, int64_t first,
                       const wb_panel_term *terms, int64_t count, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_PANEL_ROWS][WB_PANEL_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
#pragma clang loop unroll(disable)
  for (int64_t t = 0; t < count; t++) {
    const int64_t lda = terms[t].lda, panel = terms[t].panel, even = terms[t].k & ~INT64_C(1);
    const uint16_t *a = (const uint16_t *)terms[t].a + row * lda;
    const uint32_t *b = (const uint32_t *)terms[t].b + first * panel;
    int64_t l = 0;
    for (; l < even; l += 2) {
      if (asks && l % 32 == 0) {
#pragma clang loop unroll(full)
        for (int i = 0; i < m; i++) ask_near(a, (i + m) * lda + l);
      }
      vu columns[WB_PANEL_VECTORS];
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++)
        columns[j] = *(const vu *)(b + l / 2 * WB_PANEL + j * panel);
#pragma clang loop unroll(full)
      for (int i = 0; i < m; i++) {
        vu x = word_at(a + i * lda + l) - (vu){0};
#pragma clang loop unroll(full)
        for (int j = 0; j < v; j++) sums[i][j] = add_pairs(sums[i][j], x, columns[j]);
      }
    }
    // The word after an odd row's last element is not the row's.
    if (l < terms[t].k) {
#pragma clang loop unroll(full)
      for (int i = 0; i < m; i++) {
        vu x = (uint32_t)a[i * lda + l] - (vu){0};
#pragma clang loop unroll(full)
        for (int j = 0; j < v; j++)
          sums[i][j] = add_pairs(
              sums[i][j], x, *(const vu *)(b + l / 2 * WB_PANEL + j * panel));
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

/// Rows from..to against `v` vectors of columns from panel `first` on; c is what row 0 makes of them. The first columns'
/// pass asks for the rows that all columns will read.
INLINE void panel_columns(const int v, int64_t from, int64_t to, int64_t first, const wb_panel_term *terms,
                          int64_t count, float *c, int64_t ldc, int32_t accumulate) {
  int64_t i = from;
  for (; i + WB_PANEL_ROWS <= to; i += WB_PANEL_ROWS)
    if (first == 0)
      panel_tile(true, WB_PANEL_ROWS, v, i, first, terms, count, c + i * ldc, ldc, accumulate);
    else
      panel_tile(false, WB_PANEL_ROWS, v, i, first, terms, count, c + i * ldc, ldc, accumulate);
  for (; i < to; i++) panel_tile(false, 1, v, i, first, terms, count, c + i * ldc, ldc, accumulate);
}

/// The last, incomplete panel goes through whole vectors beside c.
static void last_panel(int64_t m, int64_t n, int64_t first, const wb_panel_term *terms, int64_t count, float *c,
                       int64_t ldc, int32_t accumulate) {
  float whole[WB_PANEL_ROWS * WB_PANEL] __attribute__((aligned(64)));
  for (int64_t i = 0; i < m; i += WB_PANEL_ROWS) {
    int64_t rows = m - i < WB_PANEL_ROWS ? m - i : WB_PANEL_ROWS;
    if (accumulate)
      for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < WB_PANEL; j++) whole[r * WB_PANEL + j] = j < n ? c[(i + r) * ldc + j] : 0;
    for (int64_t r = 0; r < rows;) {
      float *out = whole + r * WB_PANEL;
      if (rows - r == WB_PANEL_ROWS) {
        panel_tile(false, WB_PANEL_ROWS, 1, i, first, terms, count, out, WB_PANEL, accumulate);
        r += WB_PANEL_ROWS;
      } else {
        panel_tile(false, 1, 1, i + r, first, terms, count, out, WB_PANEL, accumulate);
        r += 1;
      }
    }
    for (int64_t r = 0; r < rows; r++) memcpy(c + (i + r) * ldc, whole + r * WB_PANEL, (size_t)n * sizeof(float));
  }
}

/// One block of k. Packed blocks that fit the second cache stay there while rows pass, eight at a time; larger ones
/// are taken by groups of panels, each for all rows before the next.
static void gemm_panel_block(int64_t m, int64_t whole, const wb_panel_term *terms, int64_t count, float *c, int64_t ldc,
                             int32_t accumulate) {
  int64_t depth = 0;
  for (int64_t t = 0; t < count; t++) depth += (terms[t].k + 1) / 2;
  const bool fits = whole * depth * WB_PANEL * 4 <= WB_PANEL_CACHE;
  const int64_t step = fits ? WB_PANEL_ROWS : m;
  for (int64_t i = 0; i < m; i += step) {
    int64_t end = m - i < step ? m : i + step;
    for (int64_t p = 0; p < whole;) {
      float *out = c + p * WB_PANEL;
      int64_t left = whole - p;
      // Four panels go as two and two: a tile of one vector is bound by its loads.
      if (left >= 3 && left != 4) {
        panel_columns(3, i, end, p, terms, count, out, ldc, accumulate);
        p += 3;
      } else if (left >= 2) {
        panel_columns(2, i, end, p, terms, count, out, ldc, accumulate);
        p += 2;
      } else {
        panel_columns(1, i, end, p, terms, count, out, ldc, accumulate);
        p += 1;
      }
    }
  }
}

/// Terms are taken together up to a depth of WB_PANEL_DEPTH, so that a short one (LoRA's) costs no pass over c.
static void gemm_pair_panels(int64_t m, int64_t n, const wb_panel_term *terms, int64_t count, float *c, int64_t ldc,
                        int32_t accumulate) {
  const int64_t whole = n / WB_PANEL;
  int64_t term = 0, done = 0;
  int32_t onto = accumulate;
  do {
    wb_panel_term block[4];
    int64_t parts = 0, depth = 0;
    while (term < count && parts < 4 && depth < WB_PANEL_DEPTH) {
      int64_t k = terms[term].k - done;
      if (k > WB_PANEL_DEPTH - depth) k = WB_PANEL_DEPTH - depth;
      block[parts] = terms[term];
      block[parts].a = (const uint16_t *)terms[term].a + done;
      block[parts].b = (const uint32_t *)terms[term].b + done / 2 * WB_PANEL;
      block[parts++].k = k;
      // An odd term ends on half a pair; the next one still begins on an even depth.
      depth += (k + 1) / 2 * 2;
      done += k;
      if (done == terms[term].k) term++, done = 0;
    }
    gemm_panel_block(m, whole, block, parts, c, ldc, onto);
    if (n % WB_PANEL) last_panel(m, n % WB_PANEL, whole, block, parts, c + whole * WB_PANEL, ldc, onto);
    onto = 1;
  } while (term < count);
}

#endif
