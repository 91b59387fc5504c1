// The naive twins: each kernel's definition in the fewest words, in scalar fp32. The tests hold the vector bodies to
// these.
#include <math.h>
#include <string.h>

#include "Scalar.h"

static void convert(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, void *y, int64_t ldy, wb_type ty) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) wb_store(y, i * ldy + j, ty, wb_load(x, i * ldx + j, tx));
}

static void rms_norm(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, float eps, int32_t once,
                     void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    float sum = 0;
    for (int64_t j = 0; j < n; j++) sum += x[i * ldx + j] * x[i * ldx + j];
    s[i] = 1.0f / sqrtf(sum / (float)n + eps);
    for (int64_t j = 0; j < n; j++) {
      wb_store(xhat, i * ldh + j, t, x[i * ldx + j] * s[i]);
      wb_store(y, i * ldy + j, t, (once ? x[i * ldx + j] * s[i] : wb_load(xhat, i * ldh + j, t)) * w[j]);
    }
  }
}

static void rms_norm_backward(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                              const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    float dot = 0;
    for (int64_t j = 0; j < n; j++) dot += w[j] * dy[i * ldy + j] * wb_load(xhat, i * ldh + j, t);
    dot /= (float)n;
    for (int64_t j = 0; j < n; j++)
      dx[i * ldx + j] += s[i] * (w[j] * dy[i * ldy + j] - wb_load(xhat, i * ldh + j, t) * dot);
  }
}

static void layer_norm(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, const float *b, float eps,
                       int32_t once, void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    float mean = 0, sum = 0;
    for (int64_t j = 0; j < n; j++) mean += x[i * ldx + j] / (float)n;
    for (int64_t j = 0; j < n; j++) sum += (x[i * ldx + j] - mean) * (x[i * ldx + j] - mean);
    s[i] = 1.0f / sqrtf(sum / (float)n + eps);
    for (int64_t j = 0; j < n; j++) {
      float exact = (x[i * ldx + j] - mean) * s[i];
      wb_store(xhat, i * ldh + j, t, exact);
      wb_store(y, i * ldy + j, t, (once ? exact : wb_load(xhat, i * ldh + j, t)) * w[j] + (b ? b[j] : 0));
    }
  }
}

static void layer_norm_backward(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                                const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    float mean = 0, dot = 0;
    for (int64_t j = 0; j < n; j++) mean += w[j] * dy[i * ldy + j] / (float)n;
    for (int64_t j = 0; j < n; j++) dot += w[j] * dy[i * ldy + j] * wb_load(xhat, i * ldh + j, t) / (float)n;
    for (int64_t j = 0; j < n; j++)
      dx[i * ldx + j] += s[i] * (w[j] * dy[i * ldy + j] - mean - wb_load(xhat, i * ldh + j, t) * dot);
  }
}

static void rope(int64_t rows, int64_t heads, int64_t dim, int64_t turned, const float *x, int64_t ldx,
                 const float *table, const int32_t *positions, float direction, void *y, int64_t ldy, wb_type t) {
  int64_t half = turned / 2;
  for (int64_t i = 0; i < rows; i++) {
    const float *angle = table + (int64_t)positions[i] * turned;
    for (int64_t h = 0; h < heads; h++) {
      for (int64_t j = 0; j < half; j++) {
        int64_t at = h * dim + j;
        float a = x[i * ldx + at], b = x[i * ldx + at + half], c = angle[j], d = angle[half + j] * direction;
        wb_store(y, i * ldy + at, t, a * c - b * d);
        wb_store(y, i * ldy + at + half, t, b * c + a * d);
      }
      for (int64_t at = h * dim + turned; at < (h + 1) * dim; at++) wb_store(y, i * ldy + at, t, x[i * ldx + at]);
    }
  }
}

/// f(x), and its derivative at `slope`.
static float gate_of(float x, wb_gate f, float *slope) {
  if (f == WB_SILU) {
    float sigma = 1.0f / (1.0f + expf(-x));
    *slope = sigma * (1.0f + x * (1.0f - sigma));
    return x * sigma;
  }
  if (f == WB_GELU_TANH) {
    // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)).
    float c = 2 * sqrtf(2 / (float)M_PI), sigma = 1 / (1 + expf(-c * (x + 0.044715f * x * x * x)));
    float rest = 1 / (1 + expf(c * (x + 0.044715f * x * x * x)));
    *slope = sigma + x * sigma * rest * c * (1 + 3 * 0.044715f * x * x);
    return x * sigma;
  }
  float phi = erfcf(-x * (float)M_SQRT1_2) / 2;
  *slope = phi + x * expf(-x * x / 2) / sqrtf(2 * (float)M_PI);
  return x * phi;
}

static void gate_mul(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                     int64_t lda, wb_gate f, wb_type t) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) {
      float slope, y = gate_of(wb_load(gate, i * ldg + j, t), f, &slope);
      wb_store(act, i * lda + j, t, up ? y * wb_load(up, i * ldu + j, t) : y);
    }
}

static float rounded(float x, wb_type t) { return t == WB_F32 ? x : wb_from_bits((uint32_t)wb_bf16(x) << 16); }

static void round_gate_mul(int64_t rows, int64_t n, const float *g, int64_t ldg, const float *u, int64_t ldu,
                           void *gate, int64_t ldx, void *up, int64_t ldy, void *act, int64_t lda, wb_gate f,
                           wb_type t) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) {
      float x = rounded(g[i * ldg + j], t), y = u ? rounded(u[i * ldu + j], t) : 1, slope;
      if (gate) wb_store(gate, i * ldx + j, t, x);
      if (up) wb_store(up, i * ldy + j, t, y);
      wb_store(act, i * lda + j, t, gate_of(x, f, &slope) * y);
    }
}

static void gate_mul_backward(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                              const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                              void *act, int64_t lda, wb_gate f, wb_type t) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) {
      float u = up ? wb_load(up, i * ldu + j, t) : 1, d = dact[i * ldd + j];
      float slope, y = gate_of(wb_load(gate, i * ldg + j, t), f, &slope);
      wb_store(dgate, i * ldx + j, t, d * u * slope);
      if (dup) wb_store(dup, i * ldy + j, t, d * y);
      wb_store(act, i * lda + j, t, y * u);
    }
}

static void add_bias(int64_t rows, int64_t n, float *y, int64_t ldy, const float *bias) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) y[i * ldy + j] += bias[j];
}

static void scale_rows(int64_t rows, int64_t n, float *y, int64_t ldy, const float *factors) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) y[i * ldy + j] *= factors[i];
}

static void transpose(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, float *y, int64_t ldy) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) y[j * ldy + i] = wb_load(x, i * ldx + j, tx);
}

/// Leaves nothing out: what may be left out is 0 or unwanted.
static void gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                 int64_t ldb, float *c, int64_t ldc, int32_t accumulate, wb_causal causal) {
  (void)causal;
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (int64_t l = 0; l < k; l++) sum += a[i * a_row + l * a_column] * b[l * ldb + j];
      c[i * ldc + j] = sum;
    }
}

/// Leaves nothing out either.
static void gemm_pairs(int64_t m, int64_t n, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                       const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate,
                       wb_causal causal) {
  (void)causal;
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (int64_t l = 0; l < pairs; l++) {
        uint32_t x = a[i * a_row + l * a_column], y = b[l * ldb + j];
        sum += wb_first(x) * wb_first(y) + wb_second(x) * wb_second(y);
      }
      c[i * ldc + j] = sum;
    }
}

static void pack_panels(int64_t k, int64_t n, const void *b, int64_t ldb, wb_type t, int32_t pairs,
                        int32_t transposed, void *y) {
  for (int64_t j = 0; j < (n + WB_PANEL - 1) / WB_PANEL * WB_PANEL; j++) {
    const int64_t rows = pairs ? (k + 1) / 2 : k;
    for (int64_t l = 0; l < rows; l++) {
      const int64_t to = (j / WB_PANEL * rows + l) * WB_PANEL + j % WB_PANEL;
      if (!pairs) {
        ((float *)y)[to] = j < n ? wb_load(b, transposed ? j * ldb + l : l * ldb + j, t) : 0;
        continue;
      }
      float pair[2] = {0, 0};
      for (int64_t h = 0; h < 2 && j < n && 2 * l + h < k; h++)
        pair[h] = wb_load(b, transposed ? j * ldb + 2 * l + h : (2 * l + h) * ldb + j, WB_BF16);
      ((uint32_t *)y)[to] = wb_pair(pair[0], pair[1]);
    }
  }
}

static void gemm_panels(int64_t m, int64_t n, const wb_panel_term *terms, int64_t count, wb_type type, float *c,
                        int64_t ldc, int32_t accumulate) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (const wb_panel_term *t = terms; t < terms + count; t++)
        for (int64_t l = 0; l < t->k; l++) {
          const int64_t row = type == WB_BF16 ? l / 2 : l, from = j / WB_PANEL * t->panel + row * WB_PANEL + j % WB_PANEL;
          const uint32_t word = ((const uint32_t *)t->b)[from];
          float x = type == WB_F32 ? wb_from_bits(word) : l % 2 ? wb_second(word) : wb_first(word);
          sum += wb_load(t->a, i * t->lda + l, type) * x;
        }
      c[i * ldc + j] = sum;
    }
}

static void gemm_rows(int64_t m, int64_t n, int64_t rows, const void *a, int64_t lda, const void *x, int64_t ldx,
                      wb_type t, float *c, int64_t ldc, int32_t accumulate) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (int64_t row = 0; row < rows; row++) sum += wb_load(a, row * lda + i, t) * wb_load(x, row * ldx + j, t);
      c[i * ldc + j] = sum;
    }
}

static void gemm_row_pairs(int64_t m, int64_t n, int64_t rows, const uint32_t *a, int64_t lda, const uint16_t *x,
                           int64_t ldx, float *c, int64_t ldc, int32_t accumulate) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (int64_t t = 0; t < rows; t++) {
        uint32_t word = a[t / 2 * lda + i];
        sum += (t % 2 ? wb_second(word) : wb_first(word)) * wb_load(x, t * ldx + j, WB_BF16);
      }
      c[i * ldc + j] = sum;
    }
}

static void pair_rows(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, uint32_t *y, int64_t ldy) {
  for (int64_t i = 0; i < rows; i += 2)
    for (int64_t j = 0; j < n; j++)
      y[i / 2 * ldy + j] =
          wb_pair(wb_load(x, i * ldx + j, tx), i + 1 < rows ? wb_load(x, (i + 1) * ldx + j, tx) : 0);
}

static void transpose_words(int64_t rows, int64_t n, const uint32_t *x, int64_t ldx, uint32_t *y, int64_t ldy) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) y[j * ldy + i] = x[i * ldx + j];
}

static void few_rows(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx, const void *w, int64_t ldw,
                     wb_type tw, float *y, int64_t ldy, int32_t accumulate) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? y[i * ldy + j] : 0;
      for (int64_t l = 0; l < k; l++) sum += wb_load(x, i * ldx + l, tx) * wb_load(w, j * ldw + l, tw);
      y[i * ldy + j] = sum;
    }
}

/// Element i of row `row` of a quantized matrix.
static float dequantized(const wb_quantized *w, int64_t row, int64_t i) {
  const int64_t at = w->origin + row * w->ld + i;
  if (w->kind == WB_INT8) return (float)((const int8_t *)w->codes)[at] * w->scales[at / w->ld];
  const uint8_t byte = ((const uint8_t *)w->codes)[at / 2];
  return wb_nf4_codes[at % 2 ? byte & 15 : byte >> 4] * w->scales[at / WB_NF4_BLOCK];
}

static void expand(int64_t rows, int64_t n, const wb_quantized *w, void *y, int64_t ldy, wb_type t) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) wb_store(y, i * ldy + j, t, dequantized(w, i, j));
}

static void few_rows_quantized(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx,
                               const wb_quantized *w, float *y, int64_t ldy, int32_t accumulate) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      float sum = accumulate ? y[i * ldy + j] : 0;
      for (int64_t l = 0; l < k; l++) sum += wb_load(x, i * ldx + l, tx) * dequantized(w, j, l);
      y[i * ldy + j] = sum;
    }
}

/// Whether row i sees column j.
static int sees(wb_seen seen, int64_t i, int64_t j) {
  return j >= (seen.first ? seen.first[i] : 0) && j < seen.visible + i;
}

static void soft_cap(int64_t rows, int64_t n, float *s, int64_t lds, float scale, float cap, wb_seen seen, wb_type t) {
  (void)t;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++)
      if (sees(seen, i, j)) s[i * lds + j] = cap * tanhf(scale * s[i * lds + j] / cap);
}

static void softmax(int64_t rows, int64_t n, float *s, int64_t lds, float scale, wb_seen seen, float *log_sums, void *p,
                    int64_t ldp, wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    float *row = s + i * lds, maximum = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n; j++)
      if (sees(seen, i, j)) maximum = fmaxf(maximum, row[j] * scale);
    for (int64_t j = 0; j < n; j++)
      if (sees(seen, i, j)) sum += row[j] = expf(row[j] * scale - maximum);
    for (int64_t j = 0; j < n; j++) wb_store(p, i * ldp + j, t, sees(seen, i, j) ? row[j] / sum : 0);
    log_sums[i] = maximum + logf(sum);
  }
}

/// One probability and the slope of its score.
static float probability(float s, float dp, float scale, float cap, float log_sum, float delta, float *slope) {
  float p = expf((cap > 0 ? s : s * scale) - log_sum);
  *slope = p == 0 ? 0 : p * (dp - delta) * scale * (cap > 0 ? 1 - s / cap * (s / cap) : 1);
  return p;
}

static void softmax_backward(int64_t rows, int64_t n, float *s, float *dp, int64_t ld, float scale, float cap,
                             wb_seen seen, const float *log_sums, const float *delta) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) {
      float *p = s + i * ld + j, *d = dp + i * ld + j;
      if (sees(seen, i, j))
        *p = probability(*p, *d, scale, cap, log_sums[i], delta[i], d);
      else
        *p = *d = 0;
    }
}

static void softmax_backward_pairs(int64_t rows, int64_t n, const float *s, const float *dp, int64_t ld, float scale,
                                   float cap, wb_seen seen, const float *log_sums, const float *delta, uint16_t *ds,
                                   int64_t ldd, uint32_t *p_pairs, uint32_t *ds_pairs, int64_t ldp) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) {
      float d = 0, p = 0;
      if (sees(seen, i, j))
        p = probability(s[i * ld + j], dp[i * ld + j], scale, cap, log_sums[i], delta[i], &d);
      uint32_t *p_word = p_pairs + i / 2 * ldp + j, *d_word = ds_pairs + i / 2 * ldp + j;
      wb_store(ds, i * ldd + j, WB_BF16, d);
      *p_word = i % 2 ? wb_pair(wb_first(*p_word), p) : wb_pair(p, 0);
      *d_word = i % 2 ? wb_pair(wb_first(*d_word), d) : wb_pair(d, 0);
    }
}

static void row_dots(int64_t rows, int64_t n, const void *a, int64_t lda, const void *b, int64_t ldb, float *delta,
                     wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    delta[i] = 0;
    for (int64_t j = 0; j < n; j++) delta[i] += wb_load(a, i * lda + j, t) * wb_load(b, i * ldb + j, t);
  }
}

static void online_softmax(int64_t rows, int64_t n, const float *x, int64_t ldx, float *maxima, float *sums,
                           float *correction, float cap, void *p, int64_t ldp, wb_type t) {
  for (int64_t i = 0; i < rows; i++) {
    float maximum = maxima[i], sum = 0;
    for (int64_t j = 0; j < n; j++) maximum = fmaxf(maximum, x[i * ldx + j]);
    for (int64_t j = 0; j < n; j++) {
      float e = expf(x[i * ldx + j] - maximum), share = cap > 0 ? x[i * ldx + j] / cap : 0;
      sum += e;
      wb_store(p, i * ldp + j, t, e * (1 - share * share));
    }
    correction[i] = expf(maxima[i] - maximum);
    sums[i] = sums[i] * correction[i] + sum;
    maxima[i] = maximum;
  }
}

static void cap_logits(int64_t rows, int64_t n, float *x, int64_t ldx, float cap) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) x[i * ldx + j] = cap * tanhf(x[i * ldx + j] / cap);
}

static void add_rows(int64_t rows, int64_t n, float a, const float *x, int64_t ldx, float *y, int64_t ldy) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < n; j++) y[i * ldy + j] += a * x[i * ldx + j];
}

/// The definition of a hint is to do nothing.
static void prefetch(int64_t rows, int64_t bytes, const void *x, int64_t stride) {
  (void)rows, (void)bytes, (void)x, (void)stride;
}

static double sum_of_squares(int64_t n, const float *x) {
  double sums[8] = {0}, total = 0;
  for (int64_t i = 0; i < n; i++) sums[i % 8] += (double)x[i] * (double)x[i];
  for (int i = 0; i < 8; i++) total += sums[i];
  return total;
}

static void adamw(int64_t n, float *w, const float *g, float *m, float *v, float clip, float lr, float beta1,
                  float beta2, float eps, float decay, float correction1, float correction2) {
  for (int64_t i = 0; i < n; i++) {
    float d = g[i] * clip;
    m[i] = beta1 * m[i] + (1.0f - beta1) * d;
    v[i] = beta2 * v[i] + (1.0f - beta2) * d * d;
    w[i] -= lr * decay * w[i];
    w[i] -= lr * (m[i] / correction1) / (sqrtf(v[i] / correction2) + eps);
  }
}

static double peak(int64_t count, float *sink, wb_type t) {
  (void)t;
  float sum = 0;
  for (int64_t l = 0; l < count; l++) sum += (float)l * 0.5f;
  *sink = sum;
  return 2 * (double)count;
}

const wb_kernels wb_kernels_naive = {
    .name = "naive", .level = WB_NAIVE, .convert = convert, .rms_norm = rms_norm,
    .rms_norm_backward = rms_norm_backward, .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward, .rope = rope, .gate_mul = gate_mul, .round_gate_mul = round_gate_mul,
    .gate_mul_backward = gate_mul_backward, .cap_logits = cap_logits,
    .add_bias = add_bias, .scale_rows = scale_rows, .transpose = transpose,
    .gemm = gemm, .pack_panels = pack_panels, .gemm_panels = gemm_panels, .gemm_rows = gemm_rows, .few_rows = few_rows,
    .expand = expand, .few_rows_quantized = few_rows_quantized,
    .soft_cap = soft_cap, .softmax = softmax, .softmax_backward = softmax_backward, .row_dots = row_dots,
    .online_softmax = online_softmax, .add_rows = add_rows, .prefetch = prefetch, .sum_of_squares = sum_of_squares, .adamw = adamw,
    .peak = peak,
    .has_pairs = 1, .gemm_pairs = gemm_pairs, .gemm_row_pairs = gemm_row_pairs, .pair_rows = pair_rows,
    .transpose_words = transpose_words, .softmax_backward_pairs = softmax_backward_pairs,
};
