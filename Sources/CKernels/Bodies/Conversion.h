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
