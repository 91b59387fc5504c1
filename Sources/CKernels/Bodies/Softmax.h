// Soft-max of a strip and its gradient, and of one tile of a vocabulary.
/// The columns that a row of a strip sees, and the vector that they begin in: lanes are counted from there, so that a row's
/// sums do not depend on the columns before it.
typedef struct row_seen {
  int64_t aligned, first, end;
} row_seen;

INLINE row_seen seen_by(wb_seen seen, int64_t row, int64_t n) {
  const int64_t first = seen.first ? seen.first[row] : 0, end = seen.visible + row;
  return (row_seen){first / L * L, first, end < n ? end : n};
}

INLINE void zero_columns(void *x, int64_t begin, int64_t end, wb_type t) {
  COLUMNS(end - begin, store_first(x, begin + i, t, splat(0.0f), c));
}

/// -infinity in the lanes of a row's first vector that it does not see. A whole vector is written, since it is read next.
INLINE void hide_before(float *x, int64_t lanes) {
  vi lane;
  for (int j = 0; j < L; j++) lane[j] = j;
  if (lanes > 0) store(x, 0, WB_F32, select_lanes(lane < (int32_t)lanes, splat(-INFINITY), load(x, 0, WB_F32)));
}

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

INLINE void softmax_of(int64_t rows, int64_t n, float *s, int64_t lds, float scale, wb_seen seen, float *log_sums,
                       void *p, int64_t ldp, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const row_seen columns = seen_by(seen, row, n);
    float *in = s + row * lds + columns.aligned;
    void *out = (char *)p + row * ldp * (t == WB_F32 ? 4 : 2);
    const int64_t count = columns.end - columns.aligned;
    hide_before(in, columns.first - columns.aligned);
    float maximum = maximum_of(in, count, -INFINITY) * scale;
    float sum = exponentials(in, count, scale, maximum, t), inverse = 1.0f / sum;
    COLUMNS(count, store_first(out, columns.aligned + i, t, load_first(in, i, WB_F32, c) * inverse, c));
    zero_columns(out, 0, columns.aligned, t);
    zero_columns(out, columns.end, n, t);
    log_sums[row] = maximum + logf(sum);
  }
}

static void softmax(int64_t rows, int64_t n, float *s, int64_t lds, float scale, wb_seen seen, float *log_sums, void *p,
                    int64_t ldp, wb_type t) {
  BY_TYPE(t, softmax_of(rows, n, s, lds, scale, seen, log_sums, p, ldp, T));
}

/// What a capped score's slope is multiplied by; `over` is 1 / cap.
INLINE vf cap_slope(vf s, float over) {
  const vf t = s * over;
  // Not below 0 where s was rounded past the cap.
  return larger(1.0f - t * t, splat(0.0f));
}

INLINE void softmax_backward_of(int64_t rows, int64_t n, float *s, float *dp, int64_t ld, float scale, float cap,
                                wb_seen seen, const float *log_sums, const float *delta, bool capped) {
  const float over = capped ? 1.0f / cap : 0;
  for (int64_t row = 0; row < rows; row++) {
    const row_seen columns = seen_by(seen, row, n);
    float *p = s + row * ld, *d = dp + row * ld;
    float shift = log_sums[row], mean = delta[row];
    COLUMNS(columns.end - columns.aligned, {
      vf score = load_first(p + columns.aligned, i, WB_F32, c);
      vf e = exponential((capped ? score : score * scale) - shift);
      vf slope = e * (load_first(d + columns.aligned, i, WB_F32, c) - mean) * scale;
      store_first(p + columns.aligned, i, WB_F32, e, c);
      store_first(d + columns.aligned, i, WB_F32, capped ? slope * cap_slope(score, over) : slope, c);
    });
    for (int64_t j = 0; j < columns.first; j++) p[j] = d[j] = 0;
    for (int64_t j = columns.end; j < n; j++) p[j] = d[j] = 0;
  }
}

static void softmax_backward(int64_t rows, int64_t n, float *s, float *dp, int64_t ld, float scale, float cap,
                             wb_seen seen, const float *log_sums, const float *delta) {
  if (cap > 0)
    softmax_backward_of(rows, n, s, dp, ld, scale, cap, seen, log_sums, delta, true);
  else
    softmax_backward_of(rows, n, s, dp, ld, scale, cap, seen, log_sums, delta, false);
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
