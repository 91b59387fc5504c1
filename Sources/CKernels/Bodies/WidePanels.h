// Products with a packed operand in fp32. b[k, n] is packed once into panels of WB_PANEL columns, each a run of k rows of
// WB_PANEL fp32 numbers: a product then streams it in order, and every row of a uses it again. bf16 weights are widened
// while they are packed and bf16 rows of a while they are staged, so that a model in bf16 costs what one in fp32 does.
//
// Each sum runs over k from its first element to its last, whatever the tile or the split into blocks, so a row's result
// never depends on the rows beside it.
//
// The tile is as many rows and vectors as the registers hold: 6 by 2 on AVX2 (12 accumulators, 8 loads for 12 products),
// 8 by 3 on AVX-512 (24, 11 for 24), 6 by 4 on arm64 (24, and a load brings four of k of a row, which its products take by
// element: some 8 loads for 24).

#if WB_LANES == 16
#define WB_WIDE_ROWS 8
#define WB_WIDE_VECTORS 3
#elif WB_LANES == 8
#define WB_WIDE_ROWS 6
#define WB_WIDE_VECTORS 2
#elif defined(__aarch64__)
#define WB_WIDE_ROWS 6
#define WB_WIDE_VECTORS 4
#else
#define WB_WIDE_ROWS 4
#define WB_WIDE_VECTORS 2
#endif

/// The longest run of k taken at once: with 192 columns its packed block takes 192 KiB, of a second cache of 256 or
/// 512 KiB, and a tile's rows 6 KiB of the first.
#define WB_WIDE_DEPTH 256

// MARK: Packing

/// L columns of a panel from L rows of w[n, k], k from `done` on in whole vectors; returns where it ended.
INLINE int64_t pack_wide_lanes(int64_t k, const void *w, int64_t ldw, float *y, wb_type t) {
  const int64_t step = t == WB_BF16 ? 2 * L : L;
  int64_t l = 0;
  for (; l + step <= k; l += step) {
    vu words[L];
#pragma clang loop unroll(full)
    for (int j = 0; j < L; j++) words[j] = words_at(at(w, j * ldw + l, t));
    transpose_lanes(words);
#pragma clang loop unroll(full)
    for (int i = 0; i < L; i++) {
      if (t == WB_BF16) {
        *(vu *)(y + (l + 2 * i) * WB_PANEL) = words[i] << 16;
        *(vu *)(y + (l + 2 * i + 1) * WB_PANEL) = words[i] & 0xffff0000u;
      } else {
        *(vu *)(y + (l + i) * WB_PANEL) = words[i];
      }
    }
  }
  return l;
}

/// Columns 0..count of a panel from w[n, k]; the others are 0.
INLINE void pack_wide_transposed(int64_t k, int64_t count, const void *w, int64_t ldw, float *y, wb_type t) {
  int64_t done = 0;
  if (count == WB_PANEL)
    for (int j = 0; j < WB_PANEL; j += L) done = pack_wide_lanes(k, at(w, j * ldw, t), ldw, y + j, t);
  for (int64_t l = done; l < k; l++)
    for (int64_t j = 0; j < WB_PANEL; j++) y[l * WB_PANEL + j] = j < count ? wb_load(w, j * ldw + l, t) : 0;
}

INLINE void pack_wide_of(int64_t k, int64_t n, const void *b, int64_t ldb, int32_t transposed, float *y, wb_type t) {
  const int64_t panel = k * WB_PANEL, whole = n / WB_PANEL * WB_PANEL;
  if (transposed) {
    for (int64_t j = 0; j < n; j += WB_PANEL)
      pack_wide_transposed(k, n - j < WB_PANEL ? n - j : WB_PANEL, at(b, j * ldb, t), ldb, y + j / WB_PANEL * panel, t);
    return;
  }
  // Row by row, so that each line of memory is read once.
  for (int64_t l = 0; l < k; l++) {
    float *out = y + l * WB_PANEL;
    for (int64_t j = 0; j < whole; j += L)
      *(vf *)(out + j / WB_PANEL * panel + j % WB_PANEL) = load(b, l * ldb + j, t);
    if (whole < n)
      for (int64_t j = whole; j < whole + WB_PANEL; j++)
        out[whole / WB_PANEL * panel + j - whole] = j < n ? wb_load(b, l * ldb + j, t) : 0;
  }
}

// MARK: Products

/// One summand of a block: rows of a in fp32, and packed b from the block's first k on.
typedef struct wide_part {
  const float *a, *b;
  int64_t k, panel;
} wide_part;

/// `m` rows by `v` vectors of columns from vector `vector` on; c is the tile's own corner. Rows of a lie `lda` apart.
INLINE void wide_tile(const int m, const int v, int64_t lda, int64_t vector, const wide_part *parts, int64_t count,
                      float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_WIDE_ROWS][WB_WIDE_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (const wide_part *part = parts; part < parts + count; part++) {
    const float *a = part->a, *b[WB_WIDE_VECTORS];
    const int64_t k = part->k;
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++)
      b[j] = part->b + (vector + j) * L / WB_PANEL * part->panel + (vector + j) * L % WB_PANEL;
#pragma clang loop unroll_count(4)
    for (int64_t l = 0; l < k; l++) {
      vf columns[WB_WIDE_VECTORS];
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) columns[j] = load(b[j], l * WB_PANEL, WB_F32);
#pragma clang loop unroll(full)
      for (int i = 0; i < m; i++) {
        const float x = a[i * lda + l];
#pragma clang loop unroll(full)
        for (int j = 0; j < v; j++) sums[i][j] = sums[i][j] + x * columns[j];
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

/// `m` rows against all columns: whole vectors of `n` straight into c, the last, incomplete panel beside it.
INLINE void wide_rows(const int m, int64_t lda, int64_t n, const wide_part *parts, int64_t count, float *c, int64_t ldc,
                      int32_t accumulate) {
  const int64_t vectors = n / WB_PANEL * (WB_PANEL / L);
  int64_t p = 0;
  for (; p + WB_WIDE_VECTORS <= vectors;) {
#if WB_WIDE_VECTORS == 3
    // Four vectors go as two and two: a tile of one is bound by its loads.
    if (vectors - p == 4) break;
#endif
    wide_tile(m, WB_WIDE_VECTORS, lda, p, parts, count, c + p * L, ldc, accumulate);
    p += WB_WIDE_VECTORS;
  }
#if WB_WIDE_VECTORS == 3
  for (; p + 2 <= vectors; p += 2) wide_tile(m, 2, lda, p, parts, count, c + p * L, ldc, accumulate);
  for (; p < vectors; p++) wide_tile(m, 1, lda, p, parts, count, c + p * L, ldc, accumulate);
#endif
  const int64_t rest = n % WB_PANEL;
  if (rest == 0) return;
  float whole[WB_WIDE_ROWS * WB_PANEL] __attribute__((aligned(64)));
  float *corner = c + p * L;
  if (accumulate)
    for (int i = 0; i < m; i++)
      for (int64_t j = 0; j < WB_PANEL; j++) whole[i * WB_PANEL + j] = j < rest ? corner[i * ldc + j] : 0;
  const int step = WB_WIDE_VECTORS == 3 ? 1 : WB_WIDE_VECTORS;
  for (int j = 0; j < WB_PANEL / L; j += step)
    wide_tile(m, step, lda, p + j, parts, count, whole + j * L, WB_PANEL, accumulate);
  for (int i = 0; i < m; i++) memcpy(corner + i * ldc, whole + i * WB_PANEL, (size_t)rest * sizeof(float));
}

/// One block of k, all rows and columns. Rows are brought into fp32 side by side a tile's height at a time, so that the
/// product reads them in order from the first cache, whatever their type and stride.
INLINE void wide_block(int64_t m, int64_t n, const wb_panel_term *terms, const int64_t *begins, const int64_t *counts,
                       int64_t count, float *c, int64_t ldc, int32_t accumulate, wb_type t) {
  float stage[WB_WIDE_ROWS * WB_WIDE_DEPTH] __attribute__((aligned(64)));
  wide_part parts[4];
  for (int64_t s = 0, depth = 0; s < count; depth += counts[s++])
    parts[s] = (wide_part){.a = stage + depth, .b = (const float *)terms[s].b + begins[s] * WB_PANEL,
                           .k = counts[s], .panel = terms[s].panel};
  for (int64_t i = 0; i < m;) {
    const int64_t left = m - i, rows = left < WB_WIDE_ROWS ? left : WB_WIDE_ROWS;
    for (int64_t s = 0, depth = 0; s < count; depth += counts[s++])
      convert_of(rows, counts[s], at(terms[s].a, i * terms[s].lda + begins[s], t), terms[s].lda, t, stage + depth,
                 WB_WIDE_DEPTH, WB_F32);
    // The last rows go by powers of two.
    for (int64_t r = 0; r < rows;) {
#define WB_TILE(M)                                                                                                \
  if (rows - r >= M) {                                                                                            \
    wide_part shifted[4];                                                                                         \
    for (int64_t s = 0; s < count; s++) {                                                                         \
      shifted[s] = parts[s];                                                                                      \
      shifted[s].a += r * WB_WIDE_DEPTH;                                                                          \
    }                                                                                                             \
    wide_rows(M, WB_WIDE_DEPTH, n, shifted, count, c + (i + r) * ldc, ldc, accumulate);                           \
    r += M;                                                                                                       \
    continue;                                                                                                     \
  }
      WB_TILE(WB_WIDE_ROWS)
#if WB_WIDE_ROWS > 4
      WB_TILE(4)
#endif
      WB_TILE(2)
      WB_TILE(1)
#undef WB_TILE
    }
    i += rows;
  }
}

/// Terms are taken together up to a depth of WB_WIDE_DEPTH, so that a short one (LoRA's) costs no pass over c.
INLINE void gemm_wide_of(int64_t m, int64_t n, const wb_panel_term *terms, int64_t count, float *c, int64_t ldc,
                         int32_t accumulate, wb_type t) {
  int64_t term = 0, done = 0;
  int32_t onto = accumulate;
  do {
    int64_t begins[4], counts[4], parts = 0, depth = 0;
    const int64_t first = term;
    while (term < count && parts < 4 && depth < WB_WIDE_DEPTH) {
      int64_t k = terms[term].k - done;
      if (k > WB_WIDE_DEPTH - depth) k = WB_WIDE_DEPTH - depth;
      begins[parts] = done;
      counts[parts++] = k;
      depth += k;
      done += k;
      if (done == terms[term].k) term++, done = 0;
    }
    wide_block(m, n, terms + first, begins, counts, parts, c, ldc, onto, t);
    onto = 1;
  } while (term < count);
}
