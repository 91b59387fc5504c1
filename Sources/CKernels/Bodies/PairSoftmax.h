// A soft-max's gradient as the products by pairs of bf16 read it.
/// One vector of p and ds of a row, bf16 in 32-bit lanes; lanes from `seen` on are 0.
INLINE void probability_lanes(const float *s, const float *dp, int64_t i, int64_t c, int64_t seen, float scale,
                              float shift, float mean, vu *p, vu *ds) {
  vi lane;
  for (int j = 0; j < L; j++) lane[j] = j;
  const vi mask = lane < (int32_t)(seen - i < L ? seen - i : L);
  vf e = select_lanes(mask, exponential_to(load_first(s, i, WB_F32, c) * scale - shift, WB_BF16), splat(0.0f));
  vf d = select_lanes(mask, e * (load_first(dp, i, WB_F32, c) - mean) * scale, splat(0.0f));
  *p = (vu)round_to(e, WB_BF16) >> 16;
  *ds = (vu)round_to(d, WB_BF16) >> 16;
}

static void softmax_backward_pairs(int64_t rows, int64_t n, const float *s, const float *dp, int64_t ld, float scale,
                                   int64_t visible, const float *log_sums, const float *delta, uint16_t *ds,
                                   int64_t ldd, uint32_t *p_pairs, uint32_t *ds_pairs, int64_t ldp) {
  for (int64_t row = 0; row < rows; row += 2) {
    const bool both = row + 1 < rows;
    const int64_t seen = visible + row < n ? visible + row : n, next = both ? (seen < n ? seen + 1 : n) : 0;
    const float *s0 = s + row * ld, *d0 = dp + row * ld, *s1 = both ? s0 + ld : s0, *d1 = both ? d0 + ld : d0;
    const float shift1 = both ? log_sums[row + 1] : 0, mean1 = both ? delta[row + 1] : 0;
    uint32_t *p = p_pairs + row / 2 * ldp, *d = ds_pairs + row / 2 * ldp;
    COLUMNS(n, {
      vu pa;
      vu da;
      vu pb = {0};
      vu db = {0};
      probability_lanes(s0, d0, i, c, seen, scale, log_sums[row], delta[row], &pa, &da);
      if (both) probability_lanes(s1, d1, i, c, next, scale, shift1, mean1, &pb, &db);
      store_first(ds, row * ldd + i, WB_BF16, (vf)(da << 16), c);
      if (both) store_first(ds, (row + 1) * ldd + i, WB_BF16, (vf)(db << 16), c);
      store_first(p, i, WB_F32, (vf)(pa | pb << 16), c);
      store_first(d, i, WB_F32, (vf)(da | db << 16), c);
    });
  }
}
