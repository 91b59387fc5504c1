// One factor, one bias or one sum a row; sums of matrices.

static void add_bias(int64_t rows, int64_t n, float *y, int64_t ldy, const float *bias) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = 0; i < n; i++) y[row * ldy + i] += bias[i];
}

static void scale_rows(int64_t rows, int64_t n, float *y, int64_t ldy, const float *factors) {
  for (int64_t row = 0; row < rows; row++) {
    if (factors[row] == 1.0f) continue;
    for (int64_t i = 0; i < n; i++) y[row * ldy + i] *= factors[row];
  }
}

static void add_rows(int64_t rows, int64_t n, float a, const float *x, int64_t ldx, float *y, int64_t ldy) {
  for (int64_t row = 0; row < rows; row++) {
    const float *in = x + row * ldx;
    float *out = y + row * ldy;
    for (int64_t i = 0; i < n; i++) out[i] += a * in[i];
  }
}

INLINE void row_dots_of(int64_t rows, int64_t n, const void *a, int64_t lda, const void *b, int64_t ldb, float *delta,
                        wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    vf sums = {0};
    COLUMNS(n, sums += load_first(a, row * lda + i, t, c) * load_first(b, row * ldb + i, t, c));
    delta[row] = sum_lanes(sums);
  }
}

static void row_dots(int64_t rows, int64_t n, const void *a, int64_t lda, const void *b, int64_t ldb, float *delta,
                     wb_type t) {
  BY_TYPE(t, row_dots_of(rows, n, a, lda, b, ldb, delta, T));
}

/// Into the second cache: the first is full of the product that runs meanwhile.
static void prefetch(int64_t rows, int64_t bytes, const void *x, int64_t stride) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)x + row * stride + i, 0, 2);
}
