// The gated MLP: silu(gate) * up, forward and backward.
/// 1 / (1 + exp(-x)), for what ends in type t.
INLINE vf sigmoid(vf x, wb_type t) {
  vf d = 1.0f + exponential_to(-x, t);
#ifdef WB_HAS_AVX512
  // 14 bits, doubled by one Newton step where more than 8 are kept: a third of a division's time.
  vf r = (vf)_mm512_rcp14_ps((__m512)d);
  return t == WB_BF16 ? r : r * (2.0f - d * r);
#else
  return 1.0f / d;
#endif
}

INLINE void silu_mul_of(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                        int64_t lda, wb_type t) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n, {
      vf g = load_first(gate, row * ldg + i, t, c);
      store_first(act, row * lda + i, t, g * sigmoid(g, t) * load_first(up, row * ldu + i, t, c), c);
    });
}

static void silu_mul(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                     int64_t lda, wb_type t) {
  BY_TYPE(t, silu_mul_of(rows, n, gate, ldg, up, ldu, act, lda, T));
}

INLINE void round_silu_mul_of(int64_t rows, int64_t n, const float *g, int64_t ldg, const float *u, int64_t ldu,
                              void *gate, int64_t ldx, void *up, int64_t ldy, void *act, int64_t lda, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    if (gate) ask_row(gate, (row + WB_ROWS_AHEAD) * ldx, t, n);
    if (up) ask_row(up, (row + WB_ROWS_AHEAD) * ldy, t, n);
    ask_row(act, (row + WB_ROWS_AHEAD) * lda, t, n);
    COLUMNS(n, {
      vf x = round_to(load_first(g, row * ldg + i, WB_F32, c), t);
      vf y = round_to(load_first(u, row * ldu + i, WB_F32, c), t);
      if (gate) store_first(gate, row * ldx + i, t, x, c);
      if (up) store_first(up, row * ldy + i, t, y, c);
      store_first(act, row * lda + i, t, x * sigmoid(x, t) * y, c);
    });
  }
}

static void round_silu_mul(int64_t rows, int64_t n, const float *g, int64_t ldg, const float *u, int64_t ldu,
                           void *gate, int64_t ldx, void *up, int64_t ldy, void *act, int64_t lda, wb_type t) {
  if (gate && up)
    BY_TYPE(t, round_silu_mul_of(rows, n, g, ldg, u, ldu, gate, ldx, up, ldy, act, lda, T));
  else if (gate)
    BY_TYPE(t, round_silu_mul_of(rows, n, g, ldg, u, ldu, gate, ldx, 0, 0, act, lda, T));
  else if (up)
    BY_TYPE(t, round_silu_mul_of(rows, n, g, ldg, u, ldu, 0, 0, up, ldy, act, lda, T));
  else
    BY_TYPE(t, round_silu_mul_of(rows, n, g, ldg, u, ldu, 0, 0, 0, 0, act, lda, T));
}

INLINE void silu_mul_backward_of(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                                 const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                                 void *act, int64_t lda, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    ask_row(gate, (row + WB_ROWS_AHEAD) * ldg, t, n);
    ask_row(up, (row + WB_ROWS_AHEAD) * ldu, t, n);
    ask_row(act, (row + WB_ROWS_AHEAD) * lda, t, n);
    COLUMNS(n, {
      vf g = load_first(gate, row * ldg + i, t, c), u = load_first(up, row * ldu + i, t, c);
      vf d = load_first(dact, row * ldd + i, WB_F32, c), e = sigmoid(g, t);
      vf silu = g * e;
      store_first(dgate, row * ldx + i, t, d * u * (e + silu - silu * e), c);
      store_first(dup, row * ldy + i, t, d * silu, c);
      store_first(act, row * lda + i, t, silu * u, c);
    });
  }
}

static void silu_mul_backward(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                              const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                              void *act, int64_t lda, wb_type t) {
  BY_TYPE(t, silu_mul_backward_of(rows, n, gate, ldg, up, ldu, dact, ldd, dgate, ldx, dup, ldy, act, lda, T));
}
