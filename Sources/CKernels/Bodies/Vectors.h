// Compiler vector types and what every body is written in. The including file defines WB_LANES (fp32 lanes).
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../Scalar.h"

#define INLINE static inline __attribute__((always_inline))
#define L WB_LANES

/// Vector registers, which decide how many sums a tile may have.
#if WB_LANES == 16 || defined(__aarch64__)
#define WB_REGISTERS 32
#else
#define WB_REGISTERS 16
#endif

typedef float vf __attribute__((vector_size(4 * L), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(4 * L), aligned(4), may_alias));
typedef uint32_t vu __attribute__((vector_size(4 * L), aligned(4), may_alias));
typedef uint16_t vh __attribute__((vector_size(2 * L), aligned(2), may_alias));

/// L words, which may begin at any byte.
INLINE vu words_at(const void *x) {
  vu words;
  memcpy(&words, x, sizeof words);
  return words;
}

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

/// What `store` and `load` would make of it.
INLINE vf round_to(vf x, wb_type t) {
  if (t == WB_F32) return x;
#ifdef WB_HAS_BF16
  return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)x)), 16);
#else
  uint16_t rounded[L];
  store(rounded, 0, WB_BF16, x);
  return load(rounded, 0, WB_BF16);
#endif
}

/// The first `n` lanes from memory, the others 0.
INLINE vf load_first(const void *x, int64_t i, wb_type t, int64_t n) {
  if (n == L) return load(x, i, t);
#ifdef WB_HAS_AVX512
  const __mmask16 mask = (__mmask16)((1u << n) - 1);
  if (t == WB_F32) return (vf)_mm512_maskz_loadu_ps(mask, (const float *)x + i);
  return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, (const uint16_t *)x + i)), 16);
#else
  float lanes[L] __attribute__((aligned(4 * L))) = {0};
  for (int64_t j = 0; j < n; j++) lanes[j] = wb_load(x, i + j, t);
  return *(const vf *)lanes;
#endif
}

INLINE void store_first(void *y, int64_t i, wb_type t, vf value, int64_t n) {
  if (n == L) {
    store(y, i, t, value);
    return;
  }
#ifdef WB_HAS_AVX512
  const __mmask16 mask = (__mmask16)((1u << n) - 1);
  if (t == WB_F32) {
    _mm512_mask_storeu_ps((float *)y + i, mask, (__m512)value);
  } else {
    uint16_t rounded[L];
    store(rounded, 0, WB_BF16, value);
    _mm256_mask_storeu_epi16((uint16_t *)y + i, mask, _mm256_loadu_si256((const __m256i *)rounded));
  }
#else
  float lanes[L] __attribute__((aligned(4 * L)));
  *(vf *)lanes = value;
  for (int64_t j = 0; j < n; j++) wb_store(y, i + j, t, lanes[j]);
#endif
}

INLINE vf select_lanes(vi mask, vf a, vf b) {
#ifdef WB_HAS_AVX512
  return (vf)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)mask), (__m512)b, (__m512)a);
#else
  return (vf)(((vi)a & mask) | ((vi)b & ~mask));
#endif
}

/// a > b ? a : b.
INLINE vf larger(vf a, vf b) {
#ifdef WB_HAS_AVX512
  return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#else
  return select_lanes(a > b, a, b);
#endif
}

/// Where element i of x lies.
INLINE const void *at(const void *x, int64_t i, wb_type t) { return (const char *)x + i * (t == WB_F32 ? 4 : 2); }

/// Pairwise, lane j with lane j + half, so that the order does not depend on how a compiler folds lanes.
INLINE float sum_lanes(vf x) {
#if WB_LANES == 8
  x = x + __builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7);
  x = x + __builtin_shufflevector(x, x, 2, 3, 2, 3, 2, 3, 2, 3);
  return x[0] + x[1];
#elif WB_LANES == 4
  x = x + __builtin_shufflevector(x, x, 2, 3, 2, 3);
  return x[0] + x[1];
#else
  __m256 a = _mm256_add_ps(_mm512_castps512_ps256((__m512)x), _mm512_extractf32x8_ps((__m512)x, 1));
  __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = _mm_add_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
#endif
}

INLINE float max_lanes(vf x) {
#ifdef WB_HAS_AVX512
  return _mm512_reduce_max_ps((__m512)x);
#else
  float lanes[L];
  memcpy(lanes, &x, sizeof lanes);
  float maximum = lanes[0];
  for (int j = 1; j < L; j++) maximum = lanes[j] > maximum ? lanes[j] : maximum;
  return maximum;
#endif
}

#ifdef WB_HAS_BF16
/// sum + the two products of every lane's pair of bf16.
INLINE vf add_pairs(vf sum, vu a, vu b) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#endif

/// exp by 2^n * e^r, |r| <= ln2 / 2, degree-6 polynomial (Cephes), below 2 ulp; 0 under -87.3, clamped at 88.3; NaN
/// kept.
INLINE vf exponential(vf x) {
#ifdef WB_HAS_AVX512
  // These return their second operand where one is NaN.
  vf clamped = (vf)_mm512_max_ps(_mm512_set1_ps(-87.3f), _mm512_min_ps(_mm512_set1_ps(88.3f), (__m512)x));
#else
  vi low = x < -87.3f;
  vi nan = x != x;
  vf clamped = select_lanes(x > 88.3f, splat(88.3f), x);
  clamped = select_lanes(low, splat(-87.3f), clamped);
#endif
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
#ifdef WB_HAS_AVX512
  const __mmask16 seen = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(-87.3f), _CMP_NLT_UQ);
  return (vf)_mm512_maskz_scalef_ps(seen, (__m512)p, (__m512)n);
#else
  vi exponent = ((vi)shifted << 23) + (127 << 23);
  vf y = p * (vf)exponent;
  y = select_lanes(low, splat(0.0f), y);
  return select_lanes(nan, x, y);
#endif
}

/// exp as it is worth computing where it ends in bf16, which keeps 8 bits: 2^n * 2^r, |r| <= 1/2, by the polynomial of
/// degree 4 with the smallest relative error, 2.6e-6 (Remez), and up to 6e-8 * |x| from n + r itself. Subnormal under
/// -87.3 and 0 under -104; inf gives NaN, as NaN does. Without AVX-512, and for fp32, it is `exponential`.
INLINE vf exponential_to(vf x, wb_type t) {
#ifdef WB_HAS_AVX512
  if (t == WB_BF16) {
    vf e = x * 1.44269504088896341f;
    // The second operand where one is NaN.
    e = (vf)_mm512_max_ps(_mm512_set1_ps(-200.0f), (__m512)e);
    vf n = (vf)_mm512_roundscale_ps((__m512)e, _MM_FROUND_TO_NEAREST_INT), r = e - n;
    vf p = splat(9.570101911e-3f);
    p = p * r + 5.591786032e-2f;
    p = p * r + 2.402474483e-1f;
    p = p * r + 6.931218147e-1f;
    p = p * r + 9.999992614e-1f;
    return (vf)_mm512_scalef_ps((__m512)p, (__m512)n);
  }
#endif
  (void)t;
  return exponential(x);
}

/// Walks a row vector by vector: i is the column, c how many lanes of the vector belong to the row. The body is written
/// twice, so that whole vectors run without a branch.
#define COLUMNS(n, ...)            \
  do {                             \
    int64_t i = 0;                 \
    for (; i + L <= (n); i += L) { \
      const int64_t c = L;         \
      __VA_ARGS__;                 \
    }                              \
    if (i < (n)) {                 \
      const int64_t c = (n) - i;   \
      __VA_ARGS__;                 \
    }                              \
  } while (0)

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

/// Asks for x[i], which may lie past the matrix: an address that is never read. For runs too short for the processor's
/// own prefetching.
INLINE void ask_ahead(const uint16_t *x, int64_t i) {
  __builtin_prefetch((const void *)((uintptr_t)x + (uintptr_t)i * sizeof *x), 0, 2);
}

/// The same for what is wanted next.
INLINE void ask_near(const uint16_t *x, int64_t i) {
  __builtin_prefetch((const void *)((uintptr_t)x + (uintptr_t)i * sizeof *x), 0, 3);
}

/// `ask_ahead` by bytes.
INLINE void ask_byte(const void *x, int64_t i) {
  __builtin_prefetch((const void *)((uintptr_t)x + (uintptr_t)i), 0, 2);
}

/// Asks for n elements from x[i] on, of a row that is soon written or read for the only time; it may lie past the matrix.
/// Rows of a product's block are too short for the processor to see a stream in them, and they wait in the second cache.
INLINE void ask_row(const void *x, int64_t i, wb_type t, int64_t n) {
  const int64_t width = t == WB_BF16 ? 2 : 4;
  const uintptr_t first = (uintptr_t)x + (uintptr_t)(i * width);
  for (int64_t j = 0; j < n * width; j += 64) __builtin_prefetch((const void *)(first + (uintptr_t)j), 1, 3);
}

/// How many rows before its turn a row is asked for.
#define WB_ROWS_AHEAD 4
