// Layouts of words that hold two bf16 numbers.
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

/// 16 rows of 16 words, transposed; rows of x lie `stride` bytes apart, of any alignment.
INLINE void transpose_block(const void *x, int64_t stride, uint32_t *y, int64_t ldy) {
  vu r[L];
#pragma clang loop unroll(full)
  for (int i = 0; i < L; i++) r[i] = words_at((const char *)x + i * stride);
  transpose_lanes(r);
#pragma clang loop unroll(full)
  for (int i = 0; i < L; i++) *(vu *)(y + i * ldy) = r[i];
}

static void transpose_words(int64_t rows, int64_t n, const uint32_t *x, int64_t ldx, uint32_t *y, int64_t ldy) {
  const int64_t block = 16;
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < n; c += block) {
      int64_t rEnd = r + block < rows ? r + block : rows, cEnd = c + block < n ? c + block : n;
      if (rEnd - r == block && cEnd - c == block) {
        transpose_block(x + r * ldx + c, ldx * 4, y + c * ldy + r, ldy);
        continue;
      }
      for (int64_t j = c; j < cEnd; j++)
        for (int64_t i = r; i < rEnd; i++) y[j * ldy + i] = x[i * ldx + j];
    }
}
