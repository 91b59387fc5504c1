// Scores under a soft cap: cap * tanh(scale * s / cap).
/// tanh: below 0.55 an odd polynomial with the smallest relative error, 3.7e-8 (Remez), above it 1 - 2 / (exp(2|x|) + 1);
/// within a few roundings. NaN kept.
INLINE vf hyperbolic_tangent(vf x) {
  const vi sign = (vi)x & (int32_t)0x80000000;
  const vf size = (vf)((vi)x & 0x7fffffff), z = x * x;
  vf p = splat(1.643757824e-2f);
  p = p * z - 5.267180664e-2f;
  p = p * z + 1.332072521e-1f;
  p = p * z - 3.333294721e-1f;
  const vf small = x + x * z * p;
  const vf large = 1.0f - 2.0f / (exponential(size + size) + 1.0f);
  return select_lanes((vi)(size < 0.55f), small, (vf)((vi)large | sign));
}

/// cap * tanh(scale * s / cap), where `over` is scale / cap, for what ends in type t.
INLINE vf capped(vf s, float over, float cap, wb_type t) {
#ifdef WB_HAS_AVX512
  if (t == WB_BF16) {
    // cap - 2 cap / (2^y + 1) with the polynomial of `exponential_to`, and a reciprocal of 14 bits that one Newton step
    // doubles. tanh is 1 long before y = 30. The smaller is its second operand where one is NaN.
    vf y = (vf)_mm512_min_ps(_mm512_set1_ps(30.0f), (__m512)(s * (over * 2.885390082f)));
    vf n = (vf)_mm512_roundscale_ps((__m512)y, _MM_FROUND_TO_NEAREST_INT), r = y - n;
    vf p = splat(9.570101911e-3f);
    p = p * r + 5.591786032e-2f;
    p = p * r + 2.402474483e-1f;
    p = p * r + 6.931218147e-1f;
    p = p * r + 9.999992614e-1f;
    vf d = (vf)_mm512_scalef_ps((__m512)p, (__m512)n) + 1.0f;
    vf inverse = (vf)_mm512_rcp14_ps((__m512)d);
    return cap - inverse * (2.0f * cap) * (2.0f - d * inverse);
  }
#endif
  (void)t;
  return cap * hyperbolic_tangent(s * over);
}

INLINE void soft_cap_of(int64_t rows, int64_t n, float *s, int64_t lds, float scale, float cap, wb_seen seen,
                        wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const row_seen columns = seen_by(seen, row, n);
    float *x = s + row * lds + columns.aligned;
    COLUMNS(columns.end - columns.aligned,
            store_first(x, i, WB_F32, capped(load_first(x, i, WB_F32, c), scale / cap, cap, t), c));
  }
}

static void soft_cap(int64_t rows, int64_t n, float *s, int64_t lds, float scale, float cap, wb_seen seen, wb_type t) {
  BY_TYPE(t, soft_cap_of(rows, n, s, lds, scale, cap, seen, T));
}
