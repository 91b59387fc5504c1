// Micro-kernels for the work around the matrix products: norms, rotary positions, gates, soft-max, the optimizer.
//
// Every kernel has a naive twin in plain C (the definition) and one vector body, compiled for the portable baseline, AVX2,
// AVX-512, AVX-512 with bf16, and that with AMX's matrix tiles. `wb_kernels_at` hands out the table of one level; nothing
// here keeps state.
// Matrices are row-major; `ld` is the distance between rows in elements. `wb_type` names what a void pointer holds.
#ifndef WB_CKERNELS_H
#define WB_CKERNELS_H

#include <stdint.h>

#include "Workers.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { WB_F32 = 0, WB_BF16 = 1, WB_F16 = 2 } wb_type;
typedef enum {
  WB_NAIVE = 0,
  WB_PORTABLE = 1,
  WB_AVX2 = 2,
  WB_AVX512 = 3,
  WB_AVX512_BF16 = 4,
  WB_AMX = 5,
} wb_level;

/// An MLP's function: x * sigmoid(x); x * Phi(x), Phi being (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; x * Phi(x)
/// with the error function. The second and third are within 1e-6 of themselves, or of 1 where they cross 0.
typedef enum { WB_SILU = 0, WB_GELU_TANH = 1, WB_GELU = 2 } wb_gate;

/// Columns of every operand of `gemm` come in multiples of this, and a packed operand's panels have as many.
#define WB_PANEL 16

/// Where k may be split at any level: AMX sums as many products in an order of its own before it adds them to a sum.
#define WB_DEPTH 32

/// One summand of a packed product: a[m, k] in place, b[k, n] packed, its panels `panel` 32-bit words apart.
typedef struct wb_panel_term {
  const void *a, *b;
  int64_t lda, k, panel;
} wb_panel_term;

/// What a product of causal attention may leave out: of row i of c, columns before `first` + i and from `columns` + i on,
/// which are undefined then; of row i of a, the elements of k before i - `begin` and from `end` + i on, which must be 0.
typedef struct wb_causal {
  int64_t first, columns, begin, end;
} wb_causal;

/// How a weight is kept in less than two bytes. int8: a signed byte a number, times its row's scale. NF4: four bits a number,
/// which pick one of `wb_nf4_codes`, times its block's scale; blocks of WB_NF4_BLOCK run along the whole matrix row by row,
/// wherever its rows end, and of two numbers in a byte the first has the upper half (Dettmers et al., 2023).
typedef enum { WB_INT8 = 0, WB_NF4 = 1 } wb_code;

#define WB_NF4_BLOCK 64

/// What the 16 codes of NF4 stand for, as bitsandbytes has them.
extern const float wb_nf4_codes[16];

/// A part of a quantized matrix: codes and scales of the whole, `ld` columns wide; the part's first element is the whole's
/// element `origin`, counted row by row.
typedef struct wb_quantized {
  const void *codes;
  const float *scales;
  int64_t origin, ld;
  wb_code kind;
} wb_quantized;

/// Quantizes rows of n numbers of type t, fp16 among them: the scale is a row's largest magnitude over 127, the code
/// x / scale to the nearest, ties to even. Returns 0 where a number is not finite.
int32_t wb_quantize_int8(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type t, int8_t *codes, float *scales);
/// Quantizes `count` numbers from x[first] on, blocks counted from there, as bitsandbytes does: the scale is a block's
/// largest magnitude, the code the one nearest to x / scale, the lower of two as near. `first` is a multiple of
/// WB_NF4_BLOCK. Returns 0 where a number is not finite.
int32_t wb_quantize_nf4(int64_t first, int64_t count, const void *x, wb_type t, uint8_t *codes, float *scales);

/// The columns of a strip that its rows see: row i those from first[i] on, or from 0 where `first` is null, and before
/// `visible` + i. first[i] never decreases, and every row sees a column.
typedef struct wb_seen {
  int64_t visible;
  const int32_t *first;
} wb_seen;

typedef struct wb_kernels {
  const char *name;
  wb_level level;

  /// y[i, j] = x[i, j] in another type, rounded to nearest even.
  void (*convert)(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, void *y, int64_t ldy, wb_type ty);

  /// s_i = 1 / sqrt(mean_j x[i, j]^2 + eps); xhat = round(x * s); y = round(xhat * w), or, where it is rounded `once`,
  /// round(x * s * w). Caches xhat and s for backward.
  void (*rms_norm)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, float eps, int32_t once,
                   void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t);
  /// dx += s * (w * dy - xhat * mean_j(w * dy * xhat)).
  void (*rms_norm_backward)(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                            const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t);
  /// The same less the mean: s_i = 1 / sqrt(mean_j (x[i, j] - m_i)^2 + eps), xhat = round((x - m) * s), y = round(xhat * w
  /// + b), or, `once`, round((x - m) * s * w + b); b may be null.
  void (*layer_norm)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, const float *b, float eps,
                     int32_t once, void *xhat, int64_t ldh, void *y, int64_t ldy, float *s, wb_type t);
  /// dx += s * (w * dy - mean_j(w * dy) - xhat * mean_j(w * dy * xhat)).
  void (*layer_norm_backward)(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                              const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t);

  /// Rotate-half RoPE on the first `turned` columns of `heads` heads of `dim`; the others are copied. Table rows are
  /// [cos | sin], turned / 2 each, picked by position. direction = 1 rotates forward, -1 back (the backward pass).
  void (*rope)(int64_t rows, int64_t heads, int64_t dim, int64_t turned, const float *x, int64_t ldx,
               const float *table, const int32_t *positions, float direction, void *y, int64_t ldy, wb_type t);

  /// act = round(f(gate) * up), or round(f(gate)) where up is null.
  void (*gate_mul)(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                   int64_t lda, wb_gate f, wb_type t);
  /// gate = round(g), up = round(u), act = round(f(gate) * up); gate and up may be null where nobody wants them. Without u
  /// act = round(f(gate)).
  void (*round_gate_mul)(int64_t rows, int64_t n, const float *g, int64_t ldg, const float *u, int64_t ldu, void *gate,
                         int64_t ldx, void *up, int64_t ldy, void *act, int64_t lda, wb_gate f, wb_type t);
  /// dgate = dact * up * f'(gate), dup = dact * f(gate), and act again. dgate may be gate, and dup up. Without up dgate =
  /// dact * f'(gate), and there is no dup.
  void (*gate_mul_backward)(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                            const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                            void *act, int64_t lda, wb_gate f, wb_type t);

  /// y[i, j] += bias[j].
  void (*add_bias)(int64_t rows, int64_t n, float *y, int64_t ldy, const float *bias);
  /// y[i, j] *= factors[i].
  void (*scale_rows)(int64_t rows, int64_t n, float *y, int64_t ldy, const float *factors);
  /// y[j, i] = x[i, j] for x of `rows` by `n`.
  void (*transpose)(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, float *y, int64_t ldy);

  /// c[m, n] (+)= sum_k a[i * a_row + k * a_column] * b[k, j], fp32, in the order of k. n is a multiple of WB_PANEL. What
  /// is left out as 0 changes no bit.
  void (*gemm)(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
               int64_t ldb, float *c, int64_t ldc, int32_t accumulate, wb_causal causal);

  /// Packs b[k, n], or w[n, k] where `transposed`, for `gemm_panels`: panels of WB_PANEL columns after one another, each of
  /// k rows of WB_PANEL fp32 numbers. By `pairs`, which takes bf16 and `has_pairs`, a panel has (k + 1) / 2 rows of WB_PANEL
  /// words, and word j of row l holds b[2l, j] and b[2l + 1, j]. What is missing counts as 0.
  void (*pack_panels)(int64_t k, int64_t n, const void *b, int64_t ldb, wb_type t, int32_t pairs, int32_t transposed,
                      void *y);
  /// c[m, n] (+)= the sum of `count` terms a[m, k] * b, a of type t, fp32 sums in the order of the terms and of k: c[i, j]
  /// has the same bits however m, n, the terms and an even k are split over calls, k at multiples of WB_DEPTH where matrix
  /// tiles multiply. Panels of pairs go with a in bf16 where there are pairs, those in fp32 with any other a.
  void (*gemm_panels)(int64_t m, int64_t n, const wb_panel_term *terms, int64_t count, wb_type t, float *c, int64_t ldc,
                      int32_t accumulate);
  /// c[m, n] (+)= sum_t a[t, m] * x[t, n] in the order of t, for a few m: the gradient of a low-rank factor.
  void (*gemm_rows)(int64_t m, int64_t n, int64_t rows, const void *a, int64_t lda, const void *x, int64_t ldx,
                    wb_type t, float *c, int64_t ldc, int32_t accumulate);
  /// y[m, n] (+)= x[m, k] * w[n, k]^T where m or n is small, both read in place: decoding one token at a time, and
  /// low-rank products. Where w is fp32, x is too. A row's bits do not depend on m and n.
  void (*few_rows)(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx, const void *w, int64_t ldw,
                   wb_type tw, float *y, int64_t ldy, int32_t accumulate);

  /// y[i, j] = w[i, j] = code * scale in fp32, rounded to type t.
  void (*expand)(int64_t rows, int64_t n, const wb_quantized *w, void *y, int64_t ldy, wb_type t);
  /// `few_rows` with quantized weights, which are not rounded here: y[m, n] (+)= x[m, k] * w[n, k]^T.
  void (*few_rows_quantized)(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx,
                             const wb_quantized *w, float *y, int64_t ldy, int32_t accumulate);

  /// s = cap * tanh(scale * s / cap) in the columns that a row sees, for what ends in type t: to 1e-6 of the
  /// result where t is fp32, to 3e-6 of the cap where it is bf16. Other columns are left undefined.
  void (*soft_cap)(int64_t rows, int64_t n, float *s, int64_t lds, float scale, float cap, wb_seen seen, wb_type t);
  /// Soft-max of a strip into p, which may be s: over the columns that a row sees; the others become 0.
  /// log_sums[i] = log sum_j exp(scale * s[i, j]). s is left undefined. A row's bits do not depend on what it does not see,
  /// nor on where its columns begin, up to multiples of WB_PANEL.
  void (*softmax)(int64_t rows, int64_t n, float *s, int64_t lds, float scale, wb_seen seen, float *log_sums, void *p,
                  int64_t ldp, wb_type t);
  /// s holds raw scores and becomes p = exp(scale * s - log_sum); dp becomes p * (dp - delta_i) * scale. Where cap > 0, s
  /// holds what `soft_cap` made of the scores: p = exp(s - log_sum), and dp is multiplied by 1 - (s / cap)^2 too.
  void (*softmax_backward)(int64_t rows, int64_t n, float *s, float *dp, int64_t ld, float scale, float cap, wb_seen seen,
                           const float *log_sums, const float *delta);
  /// delta_i = sum_j a[i, j] * b[i, j].
  void (*row_dots)(int64_t rows, int64_t n, const void *a, int64_t lda, const void *b, int64_t ldb, float *delta,
                   wb_type t);

  /// One tile of a soft-max over many columns: m' = max(m, max_j x), correction = exp(m - m'),
  /// sum = sum * correction + sum_j exp(x - m'), p = exp(x - m'), times 1 - (x / cap)^2 where cap > 0. p may share x's
  /// memory (rows are done in order).
  void (*online_softmax)(int64_t rows, int64_t n, const float *x, int64_t ldx, float *maxima, float *sums,
                         float *correction, float cap, void *p, int64_t ldp, wb_type t);
  /// x = cap * tanh(x / cap), within 1e-6 of itself.
  void (*cap_logits)(int64_t rows, int64_t n, float *x, int64_t ldx, float cap);

  /// y[i, j] += a * x[i, j].
  void (*add_rows)(int64_t rows, int64_t n, float a, const float *x, int64_t ldx, float *y, int64_t ldy);
  /// Asks for memory ahead of its use: `bytes` of every row, rows `stride` bytes apart. A hint.
  void (*prefetch)(int64_t rows, int64_t bytes, const void *x, int64_t stride);
  /// Sum of squares with eight Double accumulators in a fixed order.
  double (*sum_of_squares)(int64_t n, const float *x);
  /// AdamW (Loshchilov & Hutter, 2019) on one run of parameters; the gradient is first multiplied by `clip`.
  void (*adamw)(int64_t n, float *w, const float *g, float *m, float *v, float clip, float lr, float beta1, float beta2,
                float eps, float decay, float correction1, float correction2);

  /// `count` rounds of products and sums of registers alone, of the kind that `gemm_panels` makes of type t; returns how
  /// many operations that were. For measuring what the processor could do.
  double (*peak)(int64_t count, float *sink, wb_type t);

  /// Whether pairs of bf16 are multiplied, with fp32 sums. What follows is there only then. A word holds two neighbours,
  /// the first in its low half.
  int32_t has_pairs;
  /// `gemm` with bf16 inputs: a word holds two neighbours along k; a is [m, pairs] words of any stride, b [pairs, n] words.
  void (*gemm_pairs)(int64_t m, int64_t n, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                     const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate,
                     wb_causal causal);
  /// `gemm_rows` with bf16 inputs: a by pairs of rows, x as it is.
  void (*gemm_row_pairs)(int64_t m, int64_t n, int64_t rows, const uint32_t *a, int64_t lda, const uint16_t *x,
                         int64_t ldx, float *c, int64_t ldc, int32_t accumulate);
  /// y[i, j] = the word of bf16 x[2i, j] and x[2i + 1, j]; a missing last row counts as 0.
  void (*pair_rows)(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, uint32_t *y, int64_t ldy);
  /// y[j, i] = x[i, j] for words x of `rows` by `n`.
  void (*transpose_words)(int64_t rows, int64_t n, const uint32_t *x, int64_t ldx, uint32_t *y, int64_t ldy);
  /// `softmax_backward`, rounded to bf16: the second result by rows, and both by pairs of rows as `pair_rows` lays them out.
  void (*softmax_backward_pairs)(int64_t rows, int64_t n, const float *s, const float *dp, int64_t ld, float scale,
                                 float cap, wb_seen seen, const float *log_sums, const float *delta, uint16_t *ds,
                                 int64_t ldd, uint32_t *p_pairs, uint32_t *ds_pairs, int64_t ldp);
} wb_kernels;

/// The best level that this processor runs and the system allows.
wb_level wb_best_level(void);

/// The table of one level, or of the best level below it that this processor runs.
const wb_kernels *wb_kernels_at(wb_level level);

#ifdef __cplusplus
}
#endif
#endif
