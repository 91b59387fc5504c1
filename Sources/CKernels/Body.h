// The vector bodies of every kernel, written once with compiler vector types and included by one C file per instruction
// set. The including file defines WB_LANES (fp32 lanes), WB_TILE_ROWS (rows of the gemm tile) and WB_TABLE.
//
// Sums are kept in explicit lanes and folded in a fixed order, so a result depends only on the instruction set and the
// shape. exp is our own polynomial: compilers do not vectorise libm's without changing its rounding from call to call.
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "Scalar.h"

#define INLINE static inline __attribute__((always_inline))
#define L WB_LANES

typedef float vf __attribute__((vector_size(4 * L), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(4 * L), aligned(4), may_alias));
typedef uint32_t vu __attribute__((vector_size(4 * L), aligned(4), may_alias));
typedef uint16_t vh __attribute__((vector_size(2 * L), aligned(2), may_alias));

// MARK: Vectors

INLINE vf splat(float x) { return x - (vf){0}; }

INLINE vf load(const void *x, int64_t i, wb_type t) {
  if (t == WB_F32) return *(const vf *)((const float *)x + i);
  vh h = *(const vh *)((const uint16_t *)x + i);
  return (vf)(__builtin_convertvector(h, vu) << 16);
}

INLINE void store(void *y, int64_t i, wb_type t, vf value) {
  if (t == WB_F32) {
    *(vf *)((float *)y + i) = value;
    return;
  }
#ifdef WB_HAS_BF16
  *(vh *)((uint16_t *)y + i) = (vh)_mm512_cvtneps_pbh((__m512)value);
#else
  vu bits = (vu)value;
  vu rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  vu nan = (vu)((bits & 0x7fffffffu) > 0x7f800000u);
  rounded = (rounded & ~nan) | (((bits >> 16) | 0x40u) & nan);
  *(vh *)((uint16_t *)y + i) = __builtin_convertvector(rounded, vh);
#endif
}

/// The first `n` lanes from memory, the others 0.
INLINE vf load_first(const void *x, int64_t i, wb_type t, int64_t n) {
  if (n == L) return load(x, i, t);
  float lanes[L] __attribute__((aligned(4 * L))) = {0};
  for (int64_t j = 0; j < n; j++) lanes[j] = wb_load(x, i + j, t);
  return *(const vf *)lanes;
}

INLINE void store_first(void *y, int64_t i, wb_type t, vf value, int64_t n) {
  if (n == L) {
    store(y, i, t, value);
    return;
  }
  float lanes[L] __attribute__((aligned(4 * L)));
  *(vf *)lanes = value;
  for (int64_t j = 0; j < n; j++) wb_store(y, i + j, t, lanes[j]);
}

/// Pairwise, so that the order does not depend on how a compiler folds lanes.
INLINE float sum_lanes(vf x) {
  float lanes[L];
  memcpy(lanes, &x, sizeof lanes);
  for (int half = L / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) lanes[j] += lanes[j + half];
  return lanes[0];
}

INLINE vf larger(vf a, vf b) {
  vi mask = a > b;
  return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}

INLINE float max_lanes(vf x) {
  float lanes[L];
  memcpy(lanes, &x, sizeof lanes);
  float maximum = lanes[0];
  for (int j = 1; j < L; j++) maximum = lanes[j] > maximum ? lanes[j] : maximum;
  return maximum;
}

INLINE vf select_lanes(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }

/// exp by 2^n * e^r, |r| <= ln2 / 2, degree-6 polynomial (Cephes), below 2 ulp; 0 under -87.3, clamped at 88.3; NaN kept.
INLINE vf exponential(vf x) {
  vi low = x < -87.3f;
  vi nan = x != x;
  vf clamped = select_lanes(x > 88.3f, splat(88.3f), x);
  clamped = select_lanes(low, splat(-87.3f), clamped);
  vf shifted = clamped * 1.44269504088896341f + 12582912.0f;
  vf n = shifted - 12582912.0f;
  vf r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vf p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  vi exponent = ((vi)shifted << 23) + (127 << 23);
  vf y = p * (vf)exponent;
  y = select_lanes(low, splat(0.0f), y);
  return select_lanes(nan, x, y);
}

/// Walks a row vector by vector: i is the column, c how many lanes of the vector belong to the row.
#define COLUMNS(n) for (int64_t i = 0, c = (n) < L ? (n) : L; i < (n); i += L, c = (n) - i < L ? (n) - i : L)

/// Calls the always-inlined `name##_of` with its type fixed, so that loads and stores compile without branches.
#define BY_TYPE(t, call)       \
  do {                         \
    if ((t) == WB_BF16) {      \
      const wb_type T = WB_BF16; \
      call;                    \
    } else {                   \
      const wb_type T = WB_F32;  \
      call;                    \
    }                          \
  } while (0)

// MARK: Conversions

INLINE void convert_of(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, void *y, int64_t ldy,
                       wb_type ty) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n) store_first(y, row * ldy + i, ty, load_first(x, row * ldx + i, tx, c), c);
}

static void convert(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, void *y, int64_t ldy, wb_type ty) {
  if (tx == WB_F16) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < n; j++) wb_store(y, i * ldy + j, ty, wb_half(((const uint16_t *)x)[i * ldx + j]));
  } else if (tx == WB_BF16) {
    BY_TYPE(ty, convert_of(rows, n, x, ldx, WB_BF16, y, ldy, T));
  } else {
    BY_TYPE(ty, convert_of(rows, n, x, ldx, WB_F32, y, ldy, T));
  }
}

static void transpose(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, float *y, int64_t ldy) {
  const int64_t block = 16;
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < n; c += block) {
      int64_t rEnd = r + block < rows ? r + block : rows, cEnd = c + block < n ? c + block : n;
      for (int64_t j = c; j < cEnd; j++)
        for (int64_t i = r; i < rEnd; i++) y[j * ldy + i] = wb_load(x, i * ldx + j, tx);
    }
}

// MARK: RMSNorm

INLINE void rms_norm_of(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, float eps, void *xhat,
                        int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *in = x + row * ldx;
    vf sums = {0};
    COLUMNS(n) {
      vf a = load_first(in, i, WB_F32, c);
      sums += a * a;
    }
    float inverse = 1.0f / sqrtf(sum_lanes(sums) / (float)n + eps);
    s[row] = inverse;
    COLUMNS(n) {
      store_first(xhat, row * ldh + i, t, load_first(in, i, WB_F32, c) * inverse, c);
      store_first(y, row * ldy + i, t, load_first(xhat, row * ldh + i, t, c) * load_first(w, i, WB_F32, c), c);
    }
  }
}

static void rms_norm(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *w, float eps, void *xhat,
                     int64_t ldh, void *y, int64_t ldy, float *s, wb_type t) {
  BY_TYPE(t, rms_norm_of(rows, n, x, ldx, w, eps, xhat, ldh, y, ldy, s, T));
}

INLINE void rms_norm_scale_of(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *w, void *y,
                              int64_t ldy, wb_type t) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n)
      store_first(y, row * ldy + i, t, load_first(xhat, row * ldh + i, t, c) * load_first(w, i, WB_F32, c), c);
}

static void rms_norm_scale(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *w, void *y, int64_t ldy,
                           wb_type t) {
  BY_TYPE(t, rms_norm_scale_of(rows, n, xhat, ldh, w, y, ldy, T));
}

INLINE void rms_norm_backward_of(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                                 const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *d = dy + row * ldy;
    float *out = dx + row * ldx;
    vf sums = {0};
    COLUMNS(n)
      sums += load_first(w, i, WB_F32, c) * load_first(d, i, WB_F32, c) * load_first(xhat, row * ldh + i, t, c);
    float dot = sum_lanes(sums) / (float)n, scale = s[row];
    COLUMNS(n) {
      vf e = load_first(w, i, WB_F32, c) * load_first(d, i, WB_F32, c) - load_first(xhat, row * ldh + i, t, c) * dot;
      store_first(out, i, WB_F32, load_first(out, i, WB_F32, c) + e * scale, c);
    }
  }
}

static void rms_norm_backward(int64_t rows, int64_t n, const void *xhat, int64_t ldh, const float *s, const float *w,
                              const float *dy, int64_t ldy, float *dx, int64_t ldx, wb_type t) {
  BY_TYPE(t, rms_norm_backward_of(rows, n, xhat, ldh, s, w, dy, ldy, dx, ldx, T));
}

// MARK: Rotary positions

INLINE void rope_of(int64_t rows, int64_t heads, int64_t dim, const float *x, int64_t ldx, const float *table,
                    const int32_t *positions, float direction, void *y, int64_t ldy, wb_type t) {
  int64_t half = dim / 2;
  for (int64_t row = 0; row < rows; row++) {
    const float *cosine = table + (int64_t)positions[row] * dim, *sine = cosine + half;
    for (int64_t h = 0; h < heads; h++) {
      const float *in = x + row * ldx + h * dim;
      int64_t out = row * ldy + h * dim;
      COLUMNS(half) {
        vf a = load_first(in, i, WB_F32, c), b = load_first(in, i + half, WB_F32, c);
        vf p = load_first(cosine, i, WB_F32, c), q = load_first(sine, i, WB_F32, c) * direction;
        store_first(y, out + i, t, a * p - b * q, c);
        store_first(y, out + i + half, t, b * p + a * q, c);
      }
    }
  }
}

static void rope(int64_t rows, int64_t heads, int64_t dim, const float *x, int64_t ldx, const float *table,
                 const int32_t *positions, float direction, void *y, int64_t ldy, wb_type t) {
  BY_TYPE(t, rope_of(rows, heads, dim, x, ldx, table, positions, direction, y, ldy, T));
}

// MARK: Gated MLP

INLINE vf sigmoid(vf x) {
#ifdef WB_HAS_AVX512
  // 14 bits, doubled by one Newton step: a third of a division's time.
  vf d = 1.0f + exponential(-x), r = (vf)_mm512_rcp14_ps((__m512)d);
  return r * (2.0f - d * r);
#else
  return 1.0f / (1.0f + exponential(-x));
#endif
}

INLINE void silu_mul_of(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                        int64_t lda, wb_type t) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n) {
      vf g = load_first(gate, row * ldg + i, t, c);
      store_first(act, row * lda + i, t, g * sigmoid(g) * load_first(up, row * ldu + i, t, c), c);
    }
}

static void silu_mul(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu, void *act,
                     int64_t lda, wb_type t) {
  BY_TYPE(t, silu_mul_of(rows, n, gate, ldg, up, ldu, act, lda, T));
}

INLINE void silu_mul_backward_of(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                                 const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                                 void *act, int64_t lda, wb_type t) {
  for (int64_t row = 0; row < rows; row++)
    COLUMNS(n) {
      vf g = load_first(gate, row * ldg + i, t, c), u = load_first(up, row * ldu + i, t, c);
      vf d = load_first(dact, row * ldd + i, WB_F32, c), e = sigmoid(g);
      store_first(dgate, row * ldx + i, t, d * u * e * (1.0f + g * (1.0f - e)), c);
      store_first(dup, row * ldy + i, t, d * g * e, c);
      store_first(act, row * lda + i, t, g * e * u, c);
    }
}

static void silu_mul_backward(int64_t rows, int64_t n, const void *gate, int64_t ldg, const void *up, int64_t ldu,
                              const float *dact, int64_t ldd, void *dgate, int64_t ldx, void *dup, int64_t ldy,
                              void *act, int64_t lda, wb_type t) {
  BY_TYPE(t, silu_mul_backward_of(rows, n, gate, ldg, up, ldu, dact, ldd, dgate, ldx, dup, ldy, act, lda, T));
}

// MARK: Rows

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

// MARK: Small products

/// A register tile of `m` rows and `v` vectors of columns; k runs innermost, so every sum is taken in the order of k.
INLINE void gemm_tile(const int m, const int v, int64_t k, const float *a, int64_t a_row, int64_t a_column,
                      const float *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t l = 0; l < k; l++) {
    vf columns[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) columns[j] = load(b, l * ldb + j * L, WB_F32);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      float x = a[i * a_row + l * a_column];
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) sums[i][j] = sums[i][j] + x * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

static void gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                 int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  for (int64_t j = 0; j < n; j += 2 * L) {
    int64_t i = 0;
    if (j + 2 * L <= n) {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_tile(WB_TILE_ROWS, 2, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
      for (; i < m; i++)
        gemm_tile(1, 2, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    } else {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_tile(WB_TILE_ROWS, 1, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
      for (; i < m; i++)
        gemm_tile(1, 1, k, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    }
  }
}

/// sum + the two products of every lane's pair of bf16.
INLINE vf add_pairs(vf sum, vu a, vu b) {
#ifdef WB_HAS_BF16
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
  sum = sum + (vf)(a << 16) * (vf)(b << 16);
  return sum + (vf)(a & 0xffff0000u) * (vf)(b & 0xffff0000u);
#endif
}

INLINE void gemm_pairs_tile(const int m, const int v, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                            const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  vf sums[WB_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) sums[i][j] = accumulate ? load(c, i * ldc + j * L, WB_F32) : (vf){0};
  for (int64_t l = 0; l < pairs; l++) {
    vu columns[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) columns[j] = *(const vu *)(b + l * ldb + j * L);
#pragma clang loop unroll(full)
    for (int i = 0; i < m; i++) {
      vu x = a[i * a_row + l * a_column] - (vu){0};
#pragma clang loop unroll(full)
      for (int j = 0; j < v; j++) sums[i][j] = add_pairs(sums[i][j], x, columns[j]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < v; j++) store(c, i * ldc + j * L, WB_F32, sums[i][j]);
}

static void gemm_pairs(int64_t m, int64_t n, int64_t pairs, const uint32_t *a, int64_t a_row, int64_t a_column,
                       const uint32_t *b, int64_t ldb, float *c, int64_t ldc, int32_t accumulate) {
  for (int64_t j = 0; j < n; j += 2 * L) {
    int64_t i = 0;
    if (j + 2 * L <= n) {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_pairs_tile(WB_TILE_ROWS, 2, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc,
                        accumulate);
      for (; i < m; i++)
        gemm_pairs_tile(1, 2, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    } else {
      for (; i + WB_TILE_ROWS <= m; i += WB_TILE_ROWS)
        gemm_pairs_tile(WB_TILE_ROWS, 1, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc,
                        accumulate);
      for (; i < m; i++)
        gemm_pairs_tile(1, 1, pairs, a + i * a_row, a_row, a_column, b + j, ldb, c + i * ldc + j, ldc, accumulate);
    }
  }
}

#include "Panels.h"

INLINE void pair_rows_of(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, uint32_t *y, int64_t ldy) {
  for (int64_t row = 0; row < rows; row += 2) {
    const bool both = row + 1 < rows;
    int64_t j = 0;
    for (; j + L <= n; j += L) {
      uint16_t halves[2 * L];
      store(halves, 0, WB_BF16, load(x, row * ldx + j, tx));
      store(halves, L, WB_BF16, both ? load(x, (row + 1) * ldx + j, tx) : (vf){0});
      vu first = __builtin_convertvector(*(const vh *)halves, vu);
      vu second = __builtin_convertvector(*(const vh *)(halves + L), vu);
      *(vu *)(y + row / 2 * ldy + j) = first | second << 16;
    }
    // Narrow bf16 rows (the low-rank ones) need no rounding.
    if (tx == WB_BF16) {
      const uint16_t *first = (const uint16_t *)x + row * ldx, *second = both ? first + ldx : 0;
      for (; j < n; j++) y[row / 2 * ldy + j] = (uint32_t)first[j] | (both ? (uint32_t)second[j] << 16 : 0);
    }
    for (; j < n; j++)
      y[row / 2 * ldy + j] =
          wb_pair(wb_load(x, row * ldx + j, tx), both ? wb_load(x, (row + 1) * ldx + j, tx) : 0);
  }
}

static void pair_rows(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type tx, uint32_t *y, int64_t ldy) {
  BY_TYPE(tx, pair_rows_of(rows, n, x, ldx, T, y, ldy));
}

static void transpose_words(int64_t rows, int64_t n, const uint32_t *x, int64_t ldx, uint32_t *y, int64_t ldy) {
  const int64_t block = 16;
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < n; c += block) {
      int64_t rEnd = r + block < rows ? r + block : rows, cEnd = c + block < n ? c + block : n;
      for (int64_t j = c; j < cEnd; j++)
        for (int64_t i = r; i < rEnd; i++) y[j * ldy + i] = x[i * ldx + j];
    }
}

/// `rows` rows of x against 4 of w, each sum in lanes over k and folded at the end.
INLINE void few_rows_tile(const int rows, const int outputs, int64_t k, const void *x, int64_t ldx, const void *w,
                          int64_t ldw, float *y, int64_t ldy, int32_t accumulate, wb_type t) {
  vf sums[4][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) sums[i][j] = (vf){0};
  int64_t l = 0;
  for (; l + L <= k; l += L) {
    vf columns[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) columns[j] = load(w, j * ldw + l, t);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      vf a = load(x, i * ldx + l, t);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) sums[i][j] = sums[i][j] + a * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) {
      float sum = sum_lanes(sums[i][j]);
      for (int64_t r = l; r < k; r++) sum += wb_load(x, i * ldx + r, t) * wb_load(w, j * ldw + r, t);
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + sum : sum;
    }
}

#ifdef WB_HAS_BF16
/// Lane i of the result is the sum of all lanes of x[i], each taken by the same tree.
INLINE __m512 fold_sixteen(const __m512 x[16]) {
  __m512 a[8], b[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    a[i] = _mm512_add_ps(_mm512_unpacklo_ps(x[2 * i], x[2 * i + 1]), _mm512_unpackhi_ps(x[2 * i], x[2 * i + 1]));
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    __m512d first = (__m512d)a[2 * i], second = (__m512d)a[2 * i + 1];
    b[i] = _mm512_add_ps((__m512)_mm512_unpacklo_pd(first, second), (__m512)_mm512_unpackhi_pd(first, second));
  }
  __m512 c = _mm512_add_ps(_mm512_shuffle_f32x4(b[0], b[1], 0x88), _mm512_shuffle_f32x4(b[0], b[1], 0xdd));
  __m512 d = _mm512_add_ps(_mm512_shuffle_f32x4(b[2], b[3], 0x88), _mm512_shuffle_f32x4(b[2], b[3], 0xdd));
  return _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x88), _mm512_shuffle_f32x4(c, d, 0xdd));
}

/// The same on pairs of bf16: a lane sums every 16th pair.
INLINE void few_rows_pairs_tile(const int rows, const int outputs, int64_t k, const uint16_t *x, int64_t ldx,
                                const uint16_t *w, int64_t ldw, float *y, int64_t ldy, int32_t accumulate) {
  __m512 sums[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  for (int64_t l = 0; l < k; l += 32) {
    const __mmask32 mask = k - l >= 32 ? 0xffffffffu : (1u << (k - l)) - 1;
    __m512i columns[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) columns[j] = _mm512_maskz_loadu_epi16(mask, w + j * ldw + l);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512i a = _mm512_maskz_loadu_epi16(mask, x + i * ldx + l);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++)
        sums[i * 4 + j] = _mm512_dpbf16_ps(sums[i * 4 + j], (__m512bh)a, (__m512bh)columns[j]);
    }
  }
  float found[16] __attribute__((aligned(64)));
  _mm512_store_ps(found, fold_sixteen(sums));
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++)
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + found[i * 4 + j] : found[i * 4 + j];
}
#endif

INLINE void few_tile(const int rows, const int outputs, int64_t k, const void *x, int64_t ldx, const void *w,
                     int64_t ldw, float *y, int64_t ldy, int32_t accumulate, wb_type t) {
#ifdef WB_HAS_BF16
  if (t == WB_BF16) {
    few_rows_pairs_tile(rows, outputs, k, x, ldx, w, ldw, y, ldy, accumulate);
    return;
  }
#endif
  few_rows_tile(rows, outputs, k, x, ldx, w, ldw, y, ldy, accumulate, t);
}

/// Rows i.. against outputs j..j + 4, as many rows as one tile takes; returns how many.
INLINE int64_t few_rows_step(int64_t rows, int64_t outputs, int64_t k, const void *x, int64_t ldx, const void *w,
                             int64_t ldw, float *y, int64_t ldy, int32_t accumulate, wb_type t) {
  const int64_t width = t == WB_BF16 ? 2 : 4;
  if (outputs < 4) {
    for (int64_t r = 0; r < outputs; r++)
      few_tile(1, 1, k, x, ldx, (const char *)w + r * ldw * width, ldw, y + r, ldy, accumulate, t);
    return 1;
  }
  if (rows >= 4) {
    few_tile(4, 4, k, x, ldx, w, ldw, y, ldy, accumulate, t);
    return 4;
  }
  if (rows >= 2) {
    few_tile(2, 4, k, x, ldx, w, ldw, y, ldy, accumulate, t);
    return 2;
  }
  few_tile(1, 4, k, x, ldx, w, ldw, y, ldy, accumulate, t);
  return 1;
}

INLINE void few_rows_of(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, const void *w, int64_t ldw,
                        float *y, int64_t ldy, int32_t accumulate, wb_type t) {
  const int64_t width = t == WB_BF16 ? 2 : 4;
  // The smaller operand stays in the first cache while the other passes.
  const int64_t block = m > n ? 4 : m;
  for (int64_t first = 0; first < m; first += block)
    for (int64_t j = 0; j < n; j += 4)
      for (int64_t i = first; i < first + block && i < m;)
        i += few_rows_step((first + block < m ? first + block : m) - i, n - j, k, (const char *)x + i * ldx * width,
                           ldx, (const char *)w + j * ldw * width, ldw, y + i * ldy + j, ldy, accumulate, t);
}

static void few_rows(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, const void *w, int64_t ldw, float *y,
                     int64_t ldy, int32_t accumulate, wb_type t) {
  BY_TYPE(t, few_rows_of(m, n, k, x, ldx, w, ldw, y, ldy, accumulate, T));
}

// MARK: Soft-max

/// exp(x * scale - shift) over a row in place; returns the sum.
INLINE float exponentials(float *row, int64_t n, float scale, float shift) {
  vf sums = {0};
  COLUMNS(n) {
    store_first(row, i, WB_F32, exponential(load_first(row, i, WB_F32, c) * scale - shift), c);
    sums += load_first(row, i, WB_F32, c);
  }
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

static void softmax(int64_t rows, int64_t n, float *s, int64_t lds, float scale, int64_t visible, float *log_sums) {
  for (int64_t i = 0; i < rows; i++) {
    float *row = s + i * lds;
    int64_t seen = visible + i < n ? visible + i : n;
    float maximum = maximum_of(row, seen, -INFINITY) * scale;
    float sum = exponentials(row, seen, scale, maximum), inverse = 1.0f / sum;
    for (int64_t j = 0; j < seen; j++) row[j] *= inverse;
    for (int64_t j = seen; j < n; j++) row[j] = 0;
    log_sums[i] = maximum + logf(sum);
  }
}

static void softmax_backward(int64_t rows, int64_t n, float *s, float *dp, int64_t ld, float scale, int64_t visible,
                             const float *log_sums, const float *delta) {
  for (int64_t row = 0; row < rows; row++) {
    float *p = s + row * ld, *d = dp + row * ld;
    int64_t seen = visible + row < n ? visible + row : n;
    float shift = log_sums[row], mean = delta[row];
    COLUMNS(seen) {
      vf e = exponential(load_first(p, i, WB_F32, c) * scale - shift);
      store_first(p, i, WB_F32, e, c);
      store_first(d, i, WB_F32, e * (load_first(d, i, WB_F32, c) - mean) * scale, c);
    }
    for (int64_t j = seen; j < n; j++) p[j] = d[j] = 0;
  }
}

INLINE void online_softmax_of(int64_t rows, int64_t n, const float *x, int64_t ldx, float *maxima, float *sums,
                              float *correction, void *p, int64_t ldp, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const float *in = x + row * ldx;
    float maximum = maximum_of(in, n, maxima[row]), last = 0;
    vf total = {0};
    COLUMNS(n) {
      vf e = exponential(load_first(in, i, WB_F32, c) - maximum);
      store_first(p, row * ldp + i, t, e, c);
      if (c == L)
        total += e;
      else
        for (int64_t j = 0; j < c; j++) last += e[j];
    }
    correction[row] = expf(maxima[row] - maximum);
    sums[row] = sums[row] * correction[row] + (sum_lanes(total) + last);
    maxima[row] = maximum;
  }
}

static void online_softmax(int64_t rows, int64_t n, const float *x, int64_t ldx, float *maxima, float *sums,
                           float *correction, void *p, int64_t ldp, wb_type t) {
  BY_TYPE(t, online_softmax_of(rows, n, x, ldx, maxima, sums, correction, p, ldp, T));
}

// MARK: Flat buffers

static void axpy(int64_t n, float a, const float *x, float *y) {
  for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

static double sum_of_squares(int64_t n, const float *x) {
  double sums[8] = {0}, total = 0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++) sums[j] += (double)x[i + j] * (double)x[i + j];
  for (; i < n; i++) sums[i % 8] += (double)x[i] * (double)x[i];
  for (int j = 0; j < 8; j++) total += sums[j];
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

const wb_kernels WB_TABLE = {
    .name = WB_NAME, .level = WB_LEVEL, .convert = convert, .rms_norm = rms_norm, .rms_norm_scale = rms_norm_scale,
    .rms_norm_backward = rms_norm_backward, .rope = rope, .silu_mul = silu_mul, .silu_mul_backward = silu_mul_backward,
    .add_bias = add_bias, .scale_rows = scale_rows, .transpose = transpose, .gemm = gemm, .gemm_pairs = gemm_pairs,
    .pack_panels = pack_panels, .gemm_panels = gemm_panels, .gemm_row_pairs = gemm_row_pairs,
    .pair_rows = pair_rows, .transpose_words = transpose_words, .few_rows = few_rows, .softmax = softmax,
    .softmax_backward = softmax_backward, .row_dots = row_dots, .online_softmax = online_softmax, .axpy = axpy,
    .sum_of_squares = sum_of_squares, .adamw = adamw,
};
