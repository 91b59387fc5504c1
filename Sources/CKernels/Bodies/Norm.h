// RMSNorm and LayerNorm, forward and backward.
INLINE void rms_norm_of(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, float eps, bool once,
                        void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *in = x + row * ldx;
    vf sums = {0};
    COLUMNS(n, {
      vf a = load_first(in, i, WB_F32, c);
      sums += a * a;
    });
    float inverse = 1.0f / sqrtf(sum_lanes(sums) / (float)n + eps);
    s[row] = inverse;
    COLUMNS(n, {
      vf exact = load_first(in, i, WB_F32, c) * inverse;
      store_first(xhat, row * ldh + i, t, exact, c);
      vf factor = once ? exact : load_first(xhat, row * ldh + i, t, c);
      store_first(y, row * ldy + i, t, factor * load_first(w, i, WB_F32, c), c);
    });
  }
}

static void rms_norm(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, float eps, int32_t once,
                     void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  if (once)
    BY_TYPE(t, rms_norm_of(rows, n, x, ldx, w, eps, true, xhat, ldh, y, ldy, s, T));
  else
    BY_TYPE(t, rms_norm_of(rows, n, x, ldx, w, eps, false, xhat, ldh, y, ldy, s, T));
}

INLINE void rms_norm_backward_of(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                                 const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *d = dy + row * ldy;
    float *out = dx + row * ldx;
    vf sums = {0};
    COLUMNS(n, {
      vf weighted = load_first(w, i, WB_F32, c) * load_first(d, i, WB_F32, c);
      sums += weighted * load_first(xhat, row * ldh + i, t, c);
    });
    float dot = sum_lanes(sums) / (float)n, scale = s[row];
    COLUMNS(n, {
      vf e = load_first(w, i, WB_F32, c) * load_first(d, i, WB_F32, c) - load_first(xhat, row * ldh + i, t, c) * dot;
      store_first(out, i, WB_F32, load_first(out, i, WB_F32, c) + e * scale, c);
    });
  }
}

static void rms_norm_backward(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                              const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  BY_TYPE(t, rms_norm_backward_of(rows, n, xhat, ldh, s, w, dy, ldy, dx, ldx, T));
}

/// The first n lanes of x, the others 0.
INLINE vf first_lanes(vf x, int64_t n) {
  if (n == L) return x;
  vi lane;
  for (int j = 0; j < L; j++) lane[j] = j;
  return (vf)((vi)x & (vi)(lane < (int32_t)n));
}

INLINE void layer_norm_of(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, const float *b, float eps,
                          bool once, void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *in = x + row * ldx;
    vf sums = {0};
    vf squares = {0};
    COLUMNS(n, sums += load_first(in, i, WB_F32, c));
    const float mean = sum_lanes(sums) / (float)n;
    COLUMNS(n, {
      vf a = first_lanes(load_first(in, i, WB_F32, c) - mean, c);
      squares += a * a;
    });
    float inverse = 1.0f / sqrtf(sum_lanes(squares) / (float)n + eps);
    s[row] = inverse;
    COLUMNS(n, {
      vf exact = (load_first(in, i, WB_F32, c) - mean) * inverse;
      store_first(xhat, row * ldh + i, t, exact, c);
      vf factor = once ? exact : load_first(xhat, row * ldh + i, t, c);
      vf out = factor * load_first(w, i, WB_F32, c);
      if (b) out = out + load_first(b, i, WB_F32, c);
      store_first(y, row * ldy + i, t, out, c);
    });
  }
}

static void layer_norm(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, const float *b, float eps,
                       int32_t once, void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  if (once)
    BY_TYPE(t, layer_norm_of(rows, n, x, ldx, w, b, eps, true, xhat, ldh, y, ldy, s, T));
  else
    BY_TYPE(t, layer_norm_of(rows, n, x, ldx, w, b, eps, false, xhat, ldh, y, ldy, s, T));
}

INLINE void layer_norm_backward_of(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                                   const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *d = dy + row * ldy;
    float *out = dx + row * ldx;
    vf sums = {0};
    vf products = {0};
    COLUMNS(n, {
      vf weighted = load_first(w, i, WB_F32, c) * load_first(d, i, WB_F32, c);
      sums += weighted;
      products += weighted * load_first(xhat, row * ldh + i, t, c);
    });
    float mean = sum_lanes(sums) / (float)n, dot = sum_lanes(products) / (float)n, scale = s[row];
    COLUMNS(n, {
      vf e = load_first(w, i, WB_F32, c) * load_first(d, i, WB_F32, c) - mean;
      e = e - load_first(xhat, row * ldh + i, t, c) * dot;
      store_first(out, i, WB_F32, load_first(out, i, WB_F32, c) + e * scale, c);
    });
  }
}

static void layer_norm_backward(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                                const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  BY_TYPE(t, layer_norm_backward_of(rows, n, xhat, ldh, s, w, dy, ldy, dx, ldx, T));
}
