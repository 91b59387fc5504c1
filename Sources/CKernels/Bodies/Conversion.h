// Types and layouts.
INLINE void convert_of(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, void *y, int64_t ldy,
                       wb_type ty) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n, store_first(y, row * ldy + i, ty, load_first(x, row * ldx + i, tx, c), c));
}

static void convert(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, void *y, int64_t ldy, wb_type ty) {
  if (tx == WB_F16) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < n; j++) wb_store(y, i * ldy + j, ty, wb_half(((const uint16_t *)x)[i * ldx + j]));
  } else if (tx == WB_BF16) {
    BY_TYPE(ty, convert_of(rows, n, x, ldx, WB_BF16, y, ldy, T));
  } else {
    BY_TYPE(ty, convert_of(rows, n, x, ldx, WB_F32, y, ldy, T));
  }
}

static void transpose(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, float *y, int64_t ldy) {
  const int64_t block = 16;
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < n; c += block) {
      int64_t rEnd = r + block < rows ? r + block : rows, cEnd = c + block < n ? c + block : n;
      for (int64_t j = c; j < cEnd; j++)
        for (int64_t i = r; i < rEnd; i++) y[j * ldy + i] = wb_load(x, i * ldx + j, tx);
    }
}

INLINE void pair_rows_of(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, uint32_t *y, int64_t ldy) {
  for (int64_t row = 0; row < rows; row += 2) {
    const bool both = row + 1 < rows;
    int64_t j = 0;
    for (; j + L <= n; j += L) {
      uint16_t halves[2 * L];
      store(halves, 0, WB_BF16, load(x, row * ldx + j, tx));
      store(halves, L, WB_BF16, both ? load(x, (row + 1) * ldx + j, tx) : (vf){0});
      vu first = __builtin_convertvector(*(const vh *)halves, vu);
      vu second = __builtin_convertvector(*(const vh *)(halves + L), vu);
      *(vu *)(y + row / 2 * ldy + j) = first | second << 16;
    }
    // Narrow bf16 rows (the low-rank ones) need no rounding.
    if (tx == WB_BF16) {
      const uint16_t *first = (const uint16_t *)x + row * ldx, *second = both ? first + ldx : 0;
      for (; j < n; j++) y[row / 2 * ldy + j] = (uint32_t)first[j] | (both ? (uint32_t)second[j] << 16 : 0);
    }
    for (; j < n; j++)
      y[row / 2 * ldy + j] =
          wb_pair(wb_load(x, row * ldx + j, tx), both ? wb_load(x, (row + 1) * ldx + j, tx) : 0);
  }
}

static void pair_rows(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, uint32_t *y, int64_t ldy) {
  BY_TYPE(tx, pair_rows_of(rows, n, x, ldx, T, y, ldy));
}

#ifdef WB_HAS_AVX512
/// 16 rows of 16 words, transposed; rows of x lie `stride` bytes apart, of any alignment.
INLINE void transpose_block(const void *x, int64_t stride, uint32_t *y, int64_t ldy) {
  __m512i r[16], t[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512((const char *)x + i * stride);
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
    _mm512_storeu_si512(y + i * ldy, _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88));
    _mm512_storeu_si512(y + (i + 8) * ldy, _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd));
  }
}
#endif

static void transpose_words(int64_t rows, int64_t n, const uint32_t *x, int64_t ldx, uint32_t *y, int64_t ldy) {
  const int64_t block = 16;
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < n; c += block) {
      int64_t rEnd = r + block < rows ? r + block : rows, cEnd = c + block < n ? c + block : n;
#ifdef WB_HAS_AVX512
      if (rEnd - r == block && cEnd - c == block) {
        transpose_block(x + r * ldx + c, ldx * 4, y + c * ldy + r, ldy);
        continue;
      }
#endif
      for (int64_t j = c; j < cEnd; j++)
        for (int64_t i = r; i < rEnd; i++) y[j * ldy + i] = x[i * ldx + j];
    }
}
