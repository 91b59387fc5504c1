// Scores under a soft cap: cap * tanh(scale * s / cap).
/// tanh as x P(x^2) / Q(x^2), both of degree 4, with the smallest relative error up to 8.5, 1.2e-8 (Remez); beyond it is 1
/// but for 8e-8. Within 4e-7 in fp32; NaN kept.
INLINE vf hyperbolic_tangent(vf x) {
  // The larger is its second operand where one is NaN.
  x = larger(splat(-8.5f), x);
  x = -larger(splat(-8.5f), -x);
  const vf z = x * x;
  vf p = splat(1.4269151193957441e-8f);
  p = p * z + 2.1250994905130938e-5f;
  p = p * z + 3.534024115651846e-3f;
  p = p * z + 1.3413244485855103e-1f;
  p = p * z + 1.0f;
  vf q = splat(8.145094056999369e-7f);
  q = q * z + 3.348860191181302e-4f;
  q = q * z + 2.6022741571068764e-2f;
  q = q * z + 4.6746566891670227e-1f;
  q = q * z + 1.0f;
#ifdef WB_HAS_AVX512
  // 14 bits, doubled by one Newton step: a third of a division's time.
  const vf r = (vf)_mm512_rcp14_ps((__m512)q);
  return x * p * (r * (2.0f - q * r));
#else
  return x * p / q;
#endif
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
