// A soft-max's gradient as the products by pairs of bf16 read it.
/// One row of a strip: what it sees and what its scores become.
typedef struct pair_row {
  const float *s, *dp;
  int64_t first, end;
  float shift, mean;
} pair_row;

/// One vector of p and ds of a row, bf16 in 32-bit lanes; lanes that the row does not see are 0.
INLINE void probability_lanes(pair_row row, int64_t i, int64_t c, float scale, float over, bool windowed, bool capped,
                              vu *p, vu *ds) {
  vi lane;
  for (int j = 0; j < L; j++) lane[j] = j;
  vi mask = lane < (int32_t)(row.end - i < L ? row.end - i : L);
  if (windowed) mask &= lane >= (int32_t)(row.first - i < L ? row.first - i : L);
  const vf score = load_first(row.s, i, WB_F32, c);
  vf e = select_lanes(mask, exponential_to((capped ? score : score * scale) - row.shift, WB_BF16), splat(0.0f));
  vf slope = e * (load_first(row.dp, i, WB_F32, c) - row.mean) * scale;
  vf d = select_lanes(mask, capped ? slope * cap_slope(score, over) : slope, splat(0.0f));
  *p = (vu)round_to(e, WB_BF16) >> 16;
  *ds = (vu)round_to(d, WB_BF16) >> 16;
}

INLINE void softmax_backward_pairs_of(int64_t rows, int64_t n, const float *s, const float *dp, int64_t ld, float scale,
                                      float cap, wb_seen seen, const float *log_sums, const float *delta, uint16_t *ds,
                                      int64_t ldd, uint32_t *p_pairs, uint32_t *ds_pairs, int64_t ldp, bool windowed,
                                      bool capped) {
  const float over = capped ? 1.0f / cap : 0;
  for (int64_t row = 0; row < rows; row += 2) {
    const bool both = row + 1 < rows;
    const row_seen seen_first = seen_by(seen, row, n), seen_second = both ? seen_by(seen, row + 1, n) : seen_first;
    const pair_row a = {s + row * ld, dp + row * ld, seen_first.first, seen_first.end, log_sums[row], delta[row]};
    const pair_row b = {both ? a.s + ld : a.s, both ? a.dp + ld : a.dp, seen_second.first, seen_second.end,
                        both ? log_sums[row + 1] : 0, both ? delta[row + 1] : 0};
    uint32_t *p = p_pairs + row / 2 * ldp, *d = ds_pairs + row / 2 * ldp;
    uint16_t *d0 = ds + row * ldd, *d1 = d0 + ldd;
    const int64_t begin = windowed ? seen_first.aligned : 0;
    COLUMNS(n - begin, {
      vu pa;
      vu da;
      vu pb = {0};
      vu db = {0};
      probability_lanes(a, begin + i, c, scale, over, windowed, capped, &pa, &da);
      if (both) probability_lanes(b, begin + i, c, scale, over, windowed, capped, &pb, &db);
      store_first(d0, begin + i, WB_BF16, (vf)(da << 16), c);
      if (both) store_first(d1, begin + i, WB_BF16, (vf)(db << 16), c);
      store_first(p, begin + i, WB_F32, (vf)(pa | pb << 16), c);
      store_first(d, begin + i, WB_F32, (vf)(da | db << 16), c);
    });
    zero_columns(d0, 0, begin, WB_BF16);
    if (both) zero_columns(d1, 0, begin, WB_BF16);
    zero_columns(p, 0, begin, WB_F32);
    zero_columns(d, 0, begin, WB_F32);
  }
}

static void softmax_backward_pairs(int64_t rows, int64_t n, const float *s, const float *dp, int64_t ld, float scale,
                                   float cap, wb_seen seen, const float *log_sums, const float *delta, uint16_t *ds,
                                   int64_t ldd, uint32_t *p_pairs, uint32_t *ds_pairs, int64_t ldp) {
#define WB_BACKWARD(WINDOWED, CAPPED)                                                                                \
  softmax_backward_pairs_of(rows, n, s, dp, ld, scale, cap, seen, log_sums, delta, ds, ldd, p_pairs, ds_pairs, ldp, \
                            WINDOWED, CAPPED)
  if (cap > 0 && seen.first)
    WB_BACKWARD(true, true);
  else if (cap > 0)
    WB_BACKWARD(false, true);
  else if (seen.first)
    WB_BACKWARD(true, false);
  else
    WB_BACKWARD(false, false);
#undef WB_BACKWARD
}
