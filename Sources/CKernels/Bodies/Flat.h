// Flat buffers of parameters.

static double sum_of_squares(int64_t n, const float *x) {
  double sums[8] = {0}, total = 0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++) sums[j] += (double)x[i + j] * (double)x[i + j];
  for (; i < n; i++) sums[i % 8] += (double)x[i] * (double)x[i];
  for (int j = 0; j < 8; j++) total += sums[j];
  return total;
}

// In vectors by hand: sqrtf sets errno, which keeps a compiler from vectorising the loop.
static void adamw(int64_t n, float *w, const float *g, float *m, float *v, float clip, float lr, float beta1,
                  float beta2, float eps, float decay, float correction1, float correction2) {
  const float keep = 1.0f - lr * decay, rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
  COLUMNS(n, {
    vf d = load_first(g, i, WB_F32, c) * clip;
    vf first = beta1 * load_first(m, i, WB_F32, c) + rest1 * d;
    vf second = beta2 * load_first(v, i, WB_F32, c) + rest2 * d * d;
    vf root = __builtin_elementwise_sqrt(second / correction2) + eps;
    store_first(m, i, WB_F32, first, c);
    store_first(v, i, WB_F32, second, c);
    store_first(w, i, WB_F32, load_first(w, i, WB_F32, c) * keep - lr * (first / correction1) / root, c);
  });
}
