// One factor, one bias or one sum a row.
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

static void row_dots(int64_t rows, int64_t n, const float *a, int64_t lda, const float *b, int64_t ldb, float *delta) {
  for (int64_t row = 0; row < rows; row++) {
    vf sums = {0};
    COLUMNS(n) sums += load_first(a, row * lda + i, WB_F32, c) * load_first(b, row * ldb + i, WB_F32, c);
    delta[row] = sum_lanes(sums);
  }
}
