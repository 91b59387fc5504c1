// Soft-max of a strip and its gradient, and of one tile of a vocabulary.
/// exp(x * scale - shift) over a row in place, for what ends in type t; returns the sum.
INLINE float exponentials(float *row, int64_t n, float scale, float shift, wb_type t) {
  vf sums = {0};
  COLUMNS(n, {
    store_first(row, i, WB_F32, exponential_to(load_first(row, i, WB_F32, c) * scale - shift, t), c);
    sums += load_first(row, i, WB_F32, c);
  });
  return sum_lanes(sums);
}

INLINE float maximum_of(const float *row, int64_t n, float start) {
  vf maxima = splat(start);
  int64_t i = 0;
  for (; i + L <= n; i += L) maxima = larger(load(row, i, WB_F32), maxima);
  float maximum = max_lanes(maxima);
  for (; i < n; i++) maximum = row[i] > maximum ? row[i] : maximum;
  return maximum;
}

INLINE void softmax_of(int64_t rows, int64_t n, float *s, int64_t lds, float scale, int64_t visible, float *log_sums,
                       void *p, int64_t ldp, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    float *in = s + row * lds;
    int64_t seen = visible + row < n ? visible + row : n;
    float maximum = maximum_of(in, seen, -INFINITY) * scale;
    float sum = exponentials(in, seen, scale, maximum, t), inverse = 1.0f / sum;
    COLUMNS(seen, store_first(p, row * ldp + i, t, load_first(in, i, WB_F32, c) * inverse, c));
    if (t == WB_F32)
      for (int64_t j = seen; j < n; j++) ((float *)p)[row * ldp + j] = 0;
    else
      for (int64_t j = seen; j < n; j++) ((uint16_t *)p)[row * ldp + j] = 0;
    log_sums[row] = maximum + logf(sum);
  }
}

static void softmax(int64_t rows, int64_t n, float *s, int64_t lds, float scale, int64_t visible, float *log_sums,
                    void *p, int64_t ldp, wb_type t) {
  BY_TYPE(t, softmax_of(rows, n, s, lds, scale, visible, log_sums, p, ldp, T));
}

static void softmax_backward(int64_t rows, int64_t n, float *s, float *dp, int64_t ld, float scale, int64_t visible,
                             const float *log_sums, const float *delta) {
  for (int64_t row = 0; row < rows; row++) {
    float *p = s + row * ld, *d = dp + row * ld;
    int64_t seen = visible + row < n ? visible + row : n;
    float shift = log_sums[row], mean = delta[row];
    COLUMNS(seen, {
      vf e = exponential(load_first(p, i, WB_F32, c) * scale - shift);
      store_first(p, i, WB_F32, e, c);
      store_first(d, i, WB_F32, e * (load_first(d, i, WB_F32, c) - mean) * scale, c);
    });
    for (int64_t j = seen; j < n; j++) p[j] = d[j] = 0;
  }
}

INLINE void online_softmax_of(int64_t rows, int64_t n, const float *x, int64_t ldx, float *maxima, float *sums,
                              float *correction, float cap, void *p, int64_t ldp, wb_type t) {
  const float inverse = 1.0f / cap;
  for (int64_t row = 0; row < rows; row++) {
    const float *in = x + row * ldx;
    float maximum = maximum_of(in, n, maxima[row]), last = 0;
    vf total = {0};
    COLUMNS(n, {
      vf z = load_first(in, i, WB_F32, c), e = exponential_to(z - maximum, t);
      vf share = z * inverse;
      store_first(p, row * ldp + i, t, cap > 0 ? e * (1.0f - share * share) : e, c);
      if (c == L)
        total += e;
      else
        for (int64_t j = 0; j < c; j++) last += e[j];
    });
    correction[row] = expf(maxima[row] - maximum);
    sums[row] = sums[row] * correction[row] + (sum_lanes(total) + last);
    maxima[row] = maximum;
  }
}

static void online_softmax(int64_t rows, int64_t n, const float *x, int64_t ldx, float *maxima, float *sums,
                           float *correction, float cap, void *p, int64_t ldp, wb_type t) {
  if (cap > 0)
    BY_TYPE(t, online_softmax_of(rows, n, x, ldx, maxima, sums, correction, cap, p, ldp, T));
  else
    BY_TYPE(t, online_softmax_of(rows, n, x, ldx, maxima, sums, correction, 0, p, ldp, T));
}
