// Rotary positions.
INLINE void rope_of(int64_t rows, int64_t heads, int64_t dim, int64_t turned, const float *x, int64_t ldx,
                    const float *table, const int32_t *positions, float direction, void *y, int64_t ldy, wb_type t) {
  int64_t half = turned / 2;
  for (int64_t row = 0; row < rows; row++) {
    const float *cosine = table + (int64_t)positions[row] * turned, *sine = cosine + half;
    for (int64_t h = 0; h < heads; h++) {
      const float *in = x + row * ldx + h * dim;
      int64_t out = row * ldy + h * dim;
      COLUMNS(half, {
        vf a = load_first(in, i, WB_F32, c), b = load_first(in, i + half, WB_F32, c);
        vf p = load_first(cosine, i, WB_F32, c), q = load_first(sine, i, WB_F32, c) * direction;
        store_first(y, out + i, t, a * p - b * q, c);
        store_first(y, out + i + half, t, b * p + a * q, c);
      });
      COLUMNS(dim - turned, {
        store_first(y, out + turned + i, t, load_first(in, turned + i, WB_F32, c), c);
      });
    }
  }
}

static void rope(int64_t rows, int64_t heads, int64_t dim, int64_t turned, const float *x, int64_t ldx,
                 const float *table, const int32_t *positions, float direction, void *y, int64_t ldy, wb_type t) {
  BY_TYPE(t, rope_of(rows, heads, dim, turned, x, ldx, table, positions, direction, y, ldy, T));
}
