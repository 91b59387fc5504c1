// The MLP's functions: act(gate) * up, or act(gate) alone where `up` is null, forward and backward.
/// 1 / d of a positive d, for what ends in type t.
INLINE vf reciprocal(vf d, wb_type t) {
#ifdef WB_HAS_AVX512
  // 14 bits, doubled by one Newton step where more than 8 are kept: a third of a division's time.
  vf r = (vf)_mm512_rcp14_ps((__m512)d);
  return t == WB_BF16 ? r : r * (2.0f - d * r);
#else
  (void)t;
  return 1.0f / d;
#endif
}

/// 1 / (1 + exp(-x)), for what ends in type t.
INLINE vf sigmoid(vf x, wb_type t) { return reciprocal(1.0f + exponential_to(-x, t), t); }

/// A function's value and its derivative.
typedef struct gate_at {
  vf value, slope;
} gate_at;

INLINE gate_at silu(vf x, wb_type t) {
  vf e = sigmoid(x, t), y = x * e;
  return (gate_at){y, e + y - y * e};
}

/// (1 + tanh(u)) / 2 is the sigmoid of 2u, which has no cancellation at its lower end. From |x| = 10 on it is 0 or 1.
INLINE gate_at gelu_tanh(vf x, wb_type t) {
  vf near = select_lanes(x > 10.0f, splat(10.0f), x);
  near = select_lanes(near < -10.0f, splat(-10.0f), near);
  vf square = near * near;
  vf e = exponential_to(-near * (square * 0.071354816272f + 1.5957691216f), t);
  vf p = reciprocal(1.0f + e, t), y = x * p;
  // 1 - p is e * p.
  return (gate_at){y, p + y * (e * p) * (square * 0.21406444882f + 1.5957691216f)};
}

/// Phi(-|x|) = exp(-x^2 / 2) q(1 / (1 + 0.3|x|)), q the polynomial of degree 8 with the smallest relative error to |x| = 14,
/// 1.6e-7 (Lawson's weights); behind that the exponential is 0.
INLINE gate_at gelu(vf x, wb_type t) {
  vf size = (vf)((vi)x & 0x7fffffff);
  size = select_lanes(size > 14.0f, splat(14.0f), size);
  vf r = reciprocal(size * 0.3f + 1.0f, t);
  vf q = splat(3.567475826e-2f);
  q = q * r - 1.572030038e-1f;
  q = q * r + 2.063533813e-1f;
  q = q * r - 5.368352309e-2f;
  q = q * r + 1.285615563e-1f;
  q = q * r + 9.991351515e-2f;
  q = q * r + 1.207539514e-1f;
  q = q * r + 1.196293011e-1f;
  vf e = exponential_to(x * x * -0.5f, t), tail = e * (q * r);
  vf p = select_lanes(x < 0.0f, tail, 1.0f - tail);
  return (gate_at){x * p, p + x * e * 0.39894228040f};
}

INLINE gate_at gate_of(vf x, wb_gate f, wb_type t) {
  return f == WB_SILU ? silu(x, t) : f == WB_GELU_TANH ? gelu_tanh(x, t) : gelu(x, t);
}

/// Calls with the function F and the type T fixed.
#define BY_GATE(f, t, call)           \
  do {                                \
    if ((f) == WB_SILU) {             \
      const wb_gate F = WB_SILU;      \
      BY_TYPE(t, call);               \
    } else if ((f) == WB_GELU_TANH) { \
      const wb_gate F = WB_GELU_TANH; \
      BY_TYPE(t, call);               \
    } else {                          \
      const wb_gate F = WB_GELU;      \
      BY_TYPE(t, call);               \
    }                                 \
  } while (0)

INLINE void gate_mul_of(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                        int64_t lda, wb_gate f, wb_type t) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n, {
      vf y = gate_of(load_first(gate, row * ldg + i, t, c), f, t).value;
      if (up) y = y * load_first(up, row * ldu + i, t, c);
      store_first(act, row * lda + i, t, y, c);
    });
}

static void gate_mul(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                     int64_t lda, wb_gate f, wb_type t) {
  if (up)
    BY_GATE(f, t, gate_mul_of(rows, n, gate, ldg, up, ldu, act, lda, F, T));
  else
    BY_GATE(f, t, gate_mul_of(rows, n, gate, ldg, NULL, 0, act, lda, F, T));
}

INLINE void round_gate_mul_of(int64_t rows, int64_t n, const float *g, int64_t ldg, const float *u, int64_t ldu,
                              void *gate, int64_t ldx, void *up, int64_t ldy, void *act, int64_t lda, wb_gate f,
                              wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    if (gate) ask_row(gate, (row + WB_ROWS_AHEAD) * ldx, t, n);
    if (up) ask_row(up, (row + WB_ROWS_AHEAD) * ldy, t, n);
    ask_row(act, (row + WB_ROWS_AHEAD) * lda, t, n);
    COLUMNS(n, {
      vf x = round_to(load_first(g, row * ldg + i, WB_F32, c), t);
      vf y = u ? round_to(load_first(u, row * ldu + i, WB_F32, c), t) : x;
      if (gate) store_first(gate, row * ldx + i, t, x, c);
      if (up) store_first(up, row * ldy + i, t, y, c);
      vf z = gate_of(x, f, t).value;
      store_first(act, row * lda + i, t, u ? z * y : z, c);
    });
  }
}

static void round_gate_mul(int64_t rows, int64_t n, const float *g, int64_t ldg, const float *u, int64_t ldu,
                           void *gate, int64_t ldx, void *up, int64_t ldy, void *act, int64_t lda, wb_gate f,
                           wb_type t) {
  if (!u)
    BY_GATE(f, t, round_gate_mul_of(rows, n, g, ldg, NULL, 0, gate, ldx, NULL, 0, act, lda, F, T));
  else if (gate && up)
    BY_GATE(f, t, round_gate_mul_of(rows, n, g, ldg, u, ldu, gate, ldx, up, ldy, act, lda, F, T));
  else if (gate || up)
    BY_GATE(f, t, round_gate_mul_of(rows, n, g, ldg, u, ldu, gate, ldx, up, ldy, act, lda, F, T));
  else
    BY_GATE(f, t, round_gate_mul_of(rows, n, g, ldg, u, ldu, NULL, 0, NULL, 0, act, lda, F, T));
}

INLINE void gate_mul_backward_of(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                                 const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                                 void *act, int64_t lda, wb_gate f, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    ask_row(gate, (row + WB_ROWS_AHEAD) * ldg, t, n);
    if (up) ask_row(up, (row + WB_ROWS_AHEAD) * ldu, t, n);
    ask_row(act, (row + WB_ROWS_AHEAD) * lda, t, n);
    COLUMNS(n, {
      vf g = load_first(gate, row * ldg + i, t, c), u = up ? load_first(up, row * ldu + i, t, c) : g;
      vf d = load_first(dact, row * ldd + i, WB_F32, c);
      gate_at y = gate_of(g, f, t);
      store_first(dgate, row * ldx + i, t, up ? d * u * y.slope : d * y.slope, c);
      if (up) store_first(dup, row * ldy + i, t, d * y.value, c);
      store_first(act, row * lda + i, t, up ? y.value * u : y.value, c);
    });
  }
}

static void gate_mul_backward(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                              const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                              void *act, int64_t lda, wb_gate f, wb_type t) {
  if (up)
    BY_GATE(f, t, gate_mul_backward_of(rows, n, gate, ldg, up, ldu, dact, ldd, dgate, ldx, dup, ldy, act, lda, F, T));
  else
    BY_GATE(f, t, gate_mul_backward_of(rows, n, gate, ldg, NULL, 0, dact, ldd, dgate, ldx, NULL, 0, act, lda, F, T));
}
