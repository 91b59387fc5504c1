// Transposing in registers, and what is made of it.

/// r[i][j] = r[j][i] for L vectors of L words.
INLINE void transpose_lanes(vu r[L]) {
#if WB_LANES == 4
#define WB_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define WB_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
  const vu a = WB_LOW(r[0], r[1]), b = WB_LOW(r[2], r[3]), c = WB_HIGH(r[0], r[1]), d = WB_HIGH(r[2], r[3]);
  r[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  r[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
#undef WB_LOW
#undef WB_HIGH
#elif WB_LANES == 8
  vu t[L];
#pragma clang loop unroll(full)
  for (int i = 0; i < L; i += 2) {
    t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < L; i += 4) {
    r[i] = __builtin_shufflevector(t[i], t[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 1] = __builtin_shufflevector(t[i], t[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    r[i + 2] = __builtin_shufflevector(t[i + 1], t[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 3] = __builtin_shufflevector(t[i + 1], t[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    t[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    t[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < L; i++) r[i] = t[i];
#else
  __m512i x[16], t[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) x[i] = (__m512i)r[i];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4) {
    x[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    x[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    x[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    x[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(x[i], x[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(x[i], x[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0xdd);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    r[i] = (vu)_mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = (vu)_mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
#endif
}

INLINE void transpose_of(int64_t rows, int64_t n, const void *x, int64_t ldx, float *y, int64_t ldy, wb_type t) {
  for (int64_t r = 0; r < rows; r += L)
    for (int64_t c = 0; c < n; c += L) {
      const int64_t height = rows - r < L ? rows - r : L, width = n - c < L ? n - c : L;
      vu words[L];
      for (int64_t i = 0; i < L; i++)
        words[i] = i < height ? (vu)load_first(x, (r + i) * ldx + c, t, width) : (vu){0};
      transpose_lanes(words);
      for (int64_t j = 0; j < width; j++) store_first(y, (c + j) * ldy + r, WB_F32, (vf)words[j], height);
    }
}

static void transpose(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, float *y, int64_t ldy) {
  if (tx == WB_F16) {
    for (int64_t j = 0; j < n; j++)
      for (int64_t i = 0; i < rows; i++) y[j * ldy + i] = wb_load(x, i * ldx + j, tx);
    return;
  }
  BY_TYPE(tx, transpose_of(rows, n, x, ldx, y, ldy, T));
}
