// The speed that arithmetic has when nothing else is asked for: products and sums of registers alone.

#if WB_REGISTERS == 32
#define WB_PEAK_SUMS 24
#else
#define WB_PEAK_SUMS 12
#endif

/// Makes the compiler believe that x may have changed, so that the loop around it stays.
#if defined(__aarch64__)
#define WB_KEEP(x) __asm__ volatile("" : "+w"(x))
#elif WB_LANES == 16
#define WB_KEEP(x) __asm__ volatile("" : "+v"(x))
#elif defined(__x86_64__)
#define WB_KEEP(x) __asm__ volatile("" : "+x"(x))
#else
#define WB_KEEP(x) __asm__ volatile("" : "+m"(x))
#endif

INLINE vf peak_step(vf sum, vf a, vf b, wb_type t) {
#ifdef WB_HAS_BF16
  if (t == WB_BF16) return add_pairs(sum, (vu)a, (vu)b);
#endif
  (void)t;
  return sum + a * b;
}

INLINE double peak_of(int64_t count, float *sink, wb_type t) {
  vf sums[WB_PEAK_SUMS], a = splat(1.0f), b = splat(0.5f);
#pragma clang loop unroll(full)
  for (int i = 0; i < WB_PEAK_SUMS; i++) sums[i] = splat((float)i);
  for (int64_t l = 0; l < count; l++) {
    WB_KEEP(a);
    WB_KEEP(b);
#pragma clang loop unroll(full)
    for (int i = 0; i < WB_PEAK_SUMS; i++) sums[i] = peak_step(sums[i], a, b, t);
  }
  vf total = {0};
#pragma clang loop unroll(full)
  for (int i = 0; i < WB_PEAK_SUMS; i++) total += sums[i];
  *sink = sum_lanes(total);
#ifdef WB_HAS_BF16
  if (t == WB_BF16) return 4.0 * L * WB_PEAK_SUMS * (double)count;
#endif
  return 2.0 * L * WB_PEAK_SUMS * (double)count;
}

static double peak(int64_t count, float *sink, wb_type t) {
#ifdef WB_HAS_TILES
  if (t == WB_BF16) return tile_peak(count, sink);
#endif
  double operations = 0;
  BY_TYPE(t, operations = peak_of(count, sink, T));
  return operations;
}
