// Flat buffers of parameters.
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
