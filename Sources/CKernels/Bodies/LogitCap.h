// Logits under a cap.
static void cap_logits(int64_t rows, int64_t n, float *x, int64_t ldx, float cap) {
  const float inverse = 1.0f / cap;
  for (int64_t row = 0; row < rows; row++) {
    float *in = x + row * ldx;
    COLUMNS(n, store_first(in, i, WB_F32, cap * hyperbolic_tangent(load_first(in, i, WB_F32, c) * inverse), c));
  }
}
