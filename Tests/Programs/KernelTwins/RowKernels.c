// Kernels of rows: types and layouts, norms, rotary positions, gates, soft-max, the optimizer.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "Twins.h"

/// How far results may lie apart: fp32 sums in another order and another exponential, or a last bit of bf16 and its sequels.
static double close_to(wb_type t) { return t == WB_F32 ? 3e-5 : 0.02; }

static void convert(const wb_kernels *kernels, size s, wb_type t) {
  const int from[] = {F32, BF16, F16};
  for (int i = 0; i < 3; i++) {
    const void *x = input(s.rows, s.n, s.n + 3, from[i]);
    twin y = output(s.rows, s.n, s.n + 1, (int)t, 0);
    FOR_BOTH(kernels, v, k) k->convert(s.rows, s.n, x, s.n + 3, (wb_type)from[i], y.at[v], s.n + 1, t);
  }
}

static void rms_norm(const wb_kernels *kernels, size s, wb_type t) {
  const float *x = input(s.rows, s.n, s.n + 5, F32), *w = input(1, s.n, s.n, F32);
  for (int once = 0; once < 2; once++) {
    twin xhat = output(s.rows, s.n, s.n, (int)t, close_to(t)), y = output(s.rows, s.n, s.n + 2, (int)t, close_to(t));
    twin scales = output(1, s.rows, s.rows, F32, 1e-5);
    FOR_BOTH(kernels, v, k)
      k->rms_norm(s.rows, s.n, x, s.n + 5, w, 1e-5f, once, xhat.at[v], s.n, y.at[v], s.n + 2, scales.at[v], t);
  }
}

static void rms_norm_backward(const wb_kernels *kernels, size s, wb_type t) {
  const void *xhat = input(s.rows, s.n, s.n + 1, (int)t);
  const float *scales = input(1, s.rows, s.rows, F32), *w = input(1, s.n, s.n, F32);
  const float *dy = input(s.rows, s.n, s.n + 2, F32);
  twin dx = both(s.rows, s.n, s.n + 3, F32, 3e-5);
  FOR_BOTH(kernels, v, k)
    k->rms_norm_backward(s.rows, s.n, xhat, s.n + 1, scales, w, dy, s.n + 2, dx.at[v], s.n + 3, t);
}

static void layer_norm(const wb_kernels *kernels, size s, wb_type t) {
  const float *x = input(s.rows, s.n, s.n + 5, F32), *w = input(1, s.n, s.n, F32), *b = input(1, s.n, s.n, F32);
  for (int once = 0; once < 2; once++) {
    twin xhat = output(s.rows, s.n, s.n, (int)t, close_to(t)), y = output(s.rows, s.n, s.n + 2, (int)t, close_to(t));
    twin scales = output(1, s.rows, s.rows, F32, 1e-4);
    FOR_BOTH(kernels, v, k)
      k->layer_norm(s.rows, s.n, x, s.n + 5, w, once ? b : NULL, 1e-3f, once, xhat.at[v], s.n, y.at[v], s.n + 2,
                    scales.at[v], t);
  }
}

static void layer_norm_backward(const wb_kernels *kernels, size s, wb_type t) {
  const void *xhat = input(s.rows, s.n, s.n + 1, (int)t);
  const float *scales = input(1, s.rows, s.rows, F32), *w = input(1, s.n, s.n, F32);
  const float *dy = input(s.rows, s.n, s.n + 2, F32);
  twin dx = both(s.rows, s.n, s.n + 3, F32, 3e-5);
  FOR_BOTH(kernels, v, k)
    k->layer_norm_backward(s.rows, s.n, xhat, s.n + 1, scales, w, dy, s.n + 2, dx.at[v], s.n + 3, t);
}

static void rope(const wb_kernels *kernels, size s, wb_type t) {
  const int64_t heads = 1 + s.k % 3, dim = 2 * s.n, wide = heads * dim;
  const float *x = input(s.rows, wide, wide + 3, F32), *table = input(9, dim, dim, F32);
  int32_t *positions = input(1, s.rows, s.rows, F32);
  for (int64_t i = 0; i < s.rows; i++) positions[i] = (int32_t)draw(9);
  const float direction = s.rows % 2 ? 1 : -1;
  twin y = output(s.rows, wide, wide + 1, (int)t, close_to(t));
  FOR_BOTH(kernels, v, k)
    k->rope(s.rows, heads, dim, x, wide + 3, table, positions, direction, y.at[v], wide + 1, t);
}

static void gate_mul(const wb_kernels *kernels, size s, wb_type t) {
  const void *gate = input(s.rows, s.n, s.n + 1, (int)t), *up = input(s.rows, s.n, s.n + 2, (int)t);
  for (int f = WB_SILU; f <= WB_GELU; f++)
    for (int gated = 0; gated < 2; gated++) {
      twin act = output(s.rows, s.n, s.n + 3, (int)t, close_to(t));
      FOR_BOTH(kernels, v, k)
        k->gate_mul(s.rows, s.n, gate, s.n + 1, gated ? up : NULL, s.n + 2, act.at[v], s.n + 3, (wb_gate)f, t);
    }
}

static void round_gate_mul(const wb_kernels *kernels, size s, wb_type t) {
  const float *g = input(s.rows, s.n, s.n + 1, F32), *u = input(s.rows, s.n, s.n + 2, F32);
  const wb_gate f = (wb_gate)draw(3);
  // Without u there is no up to keep.
  for (int keeps = 0; keeps < 6; keeps++) {
    twin act = output(s.rows, s.n, s.n + 3, (int)t, close_to(t)), none = {{NULL, NULL}};
    twin gate = keeps & 1 ? output(s.rows, s.n, s.n + 4, (int)t, 0) : none;
    twin up = keeps & 2 ? output(s.rows, s.n, s.n, (int)t, 0) : none;
    FOR_BOTH(kernels, v, k)
      k->round_gate_mul(s.rows, s.n, g, s.n + 1, keeps < 4 ? u : NULL, s.n + 2, gate.at[v], s.n + 4, up.at[v], s.n,
                        act.at[v], s.n + 3, f, t);
  }
}

static void gate_mul_backward(const wb_kernels *kernels, size s, wb_type t) {
  const float *dact = input(s.rows, s.n, s.n + 1, F32);
  const wb_gate f = (wb_gate)draw(3);
  // In place, as training calls it.
  twin gate = both(s.rows, s.n, s.n + 2, (int)t, close_to(t)), up = both(s.rows, s.n, s.n + 3, (int)t, close_to(t));
  twin act = output(s.rows, s.n, s.n, (int)t, close_to(t));
  FOR_BOTH(kernels, v, k)
    k->gate_mul_backward(s.rows, s.n, gate.at[v], s.n + 2, up.at[v], s.n + 3, dact, s.n + 1, gate.at[v], s.n + 2,
                         up.at[v], s.n + 3, act.at[v], s.n, f, t);
  twin alone = both(s.rows, s.n, s.n + 2, (int)t, close_to(t)), z = output(s.rows, s.n, s.n, (int)t, close_to(t));
  FOR_BOTH(kernels, v, k)
    k->gate_mul_backward(s.rows, s.n, alone.at[v], s.n + 2, NULL, 0, dact, s.n + 1, alone.at[v], s.n + 2, NULL, 0,
                         z.at[v], s.n, f, t);
}

static void add_bias(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const float *bias = input(1, s.n, s.n, F32);
  twin y = both(s.rows, s.n, s.n + 1, F32, 0);
  FOR_BOTH(kernels, v, k) k->add_bias(s.rows, s.n, y.at[v], s.n + 1, bias);
}

static void scale_rows(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  float *factors = input(1, s.rows, s.rows, F32);
  factors[draw(s.rows)] = 1;
  twin y = both(s.rows, s.n, s.n + 1, F32, 0);
  FOR_BOTH(kernels, v, k) k->scale_rows(s.rows, s.n, y.at[v], s.n + 1, factors);
}

static void add_rows(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const float *x = input(s.rows, s.n, s.n + 2, F32);
  twin y = both(s.rows, s.n, s.n + 1, F32, 1e-6);
  FOR_BOTH(kernels, v, k) k->add_rows(s.rows, s.n, 0.7f, x, s.n + 2, y.at[v], s.n + 1);
}

static void row_dots(const wb_kernels *kernels, size s, wb_type t) {
  const void *a = input(s.rows, s.n, s.n + 1, (int)t), *b = input(s.rows, s.n, s.n + 2, (int)t);
  twin delta = output(1, s.rows, s.rows, F32, 3e-5);
  FOR_BOTH(kernels, v, k) k->row_dots(s.rows, s.n, a, s.n + 1, b, s.n + 2, delta.at[v], t);
}

static void transpose(const wb_kernels *kernels, size s, wb_type t) {
  const int from[] = {(int)t, F16};
  for (int i = 0; i < 2; i++) {
    const void *x = input(s.rows, s.n, s.n + 1, from[i]);
    twin y = output(s.n, s.rows, s.rows + 2, F32, 0);
    FOR_BOTH(kernels, v, k) k->transpose(s.rows, s.n, x, s.n + 1, (wb_type)from[i], y.at[v], s.rows + 2);
  }
}

static void transpose_words(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const uint32_t *x = input(s.rows, s.n, s.n + 1, WORD);
  twin y = output(s.n, s.rows, s.rows + 2, WORD, 0);
  FOR_BOTH(kernels, v, k) k->transpose_words(s.rows, s.n, x, s.n + 1, y.at[v], s.rows + 2);
}

static void pair_rows(const wb_kernels *kernels, size s, wb_type t) {
  const void *x = input(s.rows, s.n, s.n + 1, (int)t);
  twin y = output((s.rows + 1) / 2, s.n, s.n + 2, WORD, 0);
  FOR_BOTH(kernels, v, k) k->pair_rows(s.rows, s.n, x, s.n + 1, t, y.at[v], s.n + 2);
}

static void softmax(const wb_kernels *kernels, size s, wb_type t) {
  const int64_t visible = 1 + draw(s.n + 3);
  // What becomes of the scores is nobody's business.
  twin scores = both(s.rows, s.n, s.n + 1, F32, INFINITY);
  twin sums = output(1, s.rows, s.rows, F32, 3e-5), p = output(s.rows, s.n, s.n + 2, (int)t, close_to(t));
  FOR_BOTH(kernels, v, k)
    k->softmax(s.rows, s.n, scores.at[v], s.n + 1, 0.5f, visible, sums.at[v], p.at[v], s.n + 2, t);
}

static void softmax_backward(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t visible = 1 + draw(s.n + 3);
  const float *sums = input(1, s.rows, s.rows, F32), *delta = input(1, s.rows, s.rows, F32);
  twin scores = both(s.rows, s.n, s.n + 1, F32, 3e-5), dp = both(s.rows, s.n, s.n + 1, F32, 3e-5);
  FOR_BOTH(kernels, v, k)
    k->softmax_backward(s.rows, s.n, scores.at[v], dp.at[v], s.n + 1, 0.5f, visible, sums, delta);
}

static void softmax_backward_pairs(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t visible = 1 + draw(s.n + 3), pairs = (s.rows + 1) / 2;
  const float *sums = input(1, s.rows, s.rows, F32), *delta = input(1, s.rows, s.rows, F32);
  const float *scores = input(s.rows, s.n, s.n + 1, F32), *dp = input(s.rows, s.n, s.n + 1, F32);
  twin ds = output(s.rows, s.n, s.n + 2, BF16, 0.02);
  twin p = output(pairs, s.n, s.n + 3, WORD, 0.02), d = output(pairs, s.n, s.n + 3, WORD, 0.02);
  FOR_BOTH(kernels, v, k)
    k->softmax_backward_pairs(s.rows, s.n, scores, dp, s.n + 1, 0.5f, visible, sums, delta, ds.at[v], s.n + 2, p.at[v],
                              d.at[v], s.n + 3);
}

static void online_softmax(const wb_kernels *kernels, size s, wb_type t) {
  const float *x = input(s.rows, s.n, s.n + 1, F32);
  for (int capped = 0; capped < 2; capped++) {
    twin maxima = both(1, s.rows, s.rows, F32, 0), sums = both(1, s.rows, s.rows, F32, 3e-5);
    twin correction = output(1, s.rows, s.rows, F32, 1e-6), p = output(s.rows, s.n, s.n + 2, (int)t, close_to(t));
    FOR_BOTH(kernels, v, k)
      k->online_softmax(s.rows, s.n, x, s.n + 1, maxima.at[v], sums.at[v], correction.at[v], capped ? 2.5f : 0, p.at[v],
                        s.n + 2, t);
  }
}

static void cap_logits(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  twin x = both(s.rows, s.n, s.n + 1, F32, 1e-6);
  FOR_BOTH(kernels, v, k) k->cap_logits(s.rows, s.n, x.at[v], s.n + 1, 0.7f);
}

static void prefetch(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const char *x = input(s.rows, s.n, s.n + 1, F32);
  kernels->prefetch(s.rows + 3, s.n * 4 + 100, x, (s.n + 1) * 4);
}

static void sum_of_squares(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const float *x = input(1, s.rows * s.n, s.rows * s.n, F32);
  expect(wb_kernels_at(WB_NAIVE)->sum_of_squares(s.rows * s.n, x), kernels->sum_of_squares(s.rows * s.n, x), 1e-13);
}

static void adamw(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t n = s.rows * s.n;
  const float *g = input(1, n, n, F32);
  twin w = both(1, n, n, F32, 3e-5), m = both(1, n, n, F32, 1e-6), second = both(1, n, n, F32, 1e-6);
  for (int64_t i = 0; i < n; i++)
    for (int v = 0; v < 2; v++) ((float *)second.at[v])[i] = fabsf(((float *)second.at[v])[i]);
  FOR_BOTH(kernels, v, k)
    k->adamw(n, w.at[v], g, m.at[v], second.at[v], 0.7f, 0.01f, 0.9f, 0.99f, 1e-6f, 0.1f, 0.19f, 0.0199f);
}

/// A round more is as many operations more, and what was summed is a number.
static void peak(const wb_kernels *kernels, size s, wb_type t) {
  (void)s;
  float sink = NAN;
  const double one = kernels->peak(1, &sink, t);
  expect(one * 3, kernels->peak(3, &sink, t), 0);
  expect(0, isfinite(sink) && one > 0 ? 0 : 1, 0);
}

const comparison_of row_kernels[] = {
    {.name = "convert", .run = convert},
    {.name = "rms_norm", .run = rms_norm},
    {.name = "rms_norm_backward", .run = rms_norm_backward},
    {.name = "layer_norm", .run = layer_norm},
    {.name = "layer_norm_backward", .run = layer_norm_backward},
    {.name = "rope", .run = rope},
    {.name = "gate_mul", .run = gate_mul},
    {.name = "round_gate_mul", .run = round_gate_mul},
    {.name = "gate_mul_backward", .run = gate_mul_backward},
    {.name = "add_bias", .run = add_bias, .once = true},
    {.name = "scale_rows", .run = scale_rows, .once = true},
    {.name = "add_rows", .run = add_rows, .once = true},
    {.name = "row_dots", .run = row_dots},
    {.name = "transpose", .run = transpose},
    {.name = "transpose_words", .run = transpose_words, .once = true, .pairs = true},
    {.name = "pair_rows", .run = pair_rows, .pairs = true},
    {.name = "softmax", .run = softmax},
    {.name = "softmax_backward", .run = softmax_backward, .once = true},
    {.name = "softmax_backward_pairs", .run = softmax_backward_pairs, .once = true, .pairs = true},
    {.name = "online_softmax", .run = online_softmax},
    {.name = "cap_logits", .run = cap_logits, .once = true},
    {.name = "prefetch", .run = prefetch, .once = true},
    {.name = "sum_of_squares", .run = sum_of_squares, .once = true},
    {.name = "adamw", .run = adamw, .once = true},
    {.name = "peak", .run = peak},
    {0},
};
