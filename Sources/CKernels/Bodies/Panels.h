// Products with a packed operand, in the form that the instruction set multiplies: pairs of bf16 where it has their dot
// product or matrix tiles, fp32 otherwise.

static void pack_panels(int64_t k, int64_t n, const void *b, int64_t ldb, wb_type t, int32_t pairs,
                        int32_t transposed, void *y) {
#ifdef WB_HAS_BF16
  if (pairs) {
    pack_pairs(k, n, b, ldb, transposed, y);
    return;
  }
#endif
  (void)pairs;
  BY_TYPE(t, pack_wide_of(k, n, b, ldb, transposed, y, T));
}

static void gemm_panels(int64_t m, int64_t n, const wb_panel_term *terms, int64_t count, wb_type t, float *c,
                        int64_t ldc, int32_t accumulate) {
#if defined(WB_HAS_TILES)
  if (t == WB_BF16) {
    gemm_tile_panels(m, n, terms, count, c, ldc, accumulate);
    return;
  }
#elif defined(WB_HAS_BF16)
  if (t == WB_BF16) {
    gemm_pair_panels(m, n, terms, count, c, ldc, accumulate);
    return;
  }
#endif
  BY_TYPE(t, gemm_wide_of(m, n, terms, count, c, ldc, accumulate, T));
}
