// Quantizing weights while a model is loaded. A code is a function of one number and of its scale by operations that round
// alike everywhere, so one body serves every kernel level.
#include <math.h>

#include "Scalar.h"

const float wb_nf4_codes[16] = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f,
    -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
    0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
};

/// `count` numbers from x[first] on in fp32, and the largest magnitude; NaN and infinities give an infinity.
static float widen(int64_t first, int64_t count, const void *x, wb_type t, float *y) {
  if (t == WB_BF16)
    for (int64_t i = 0; i < count; i++) y[i] = wb_load(x, first + i, WB_BF16);
  else if (t == WB_F32)
    for (int64_t i = 0; i < count; i++) y[i] = wb_load(x, first + i, WB_F32);
  else
    for (int64_t i = 0; i < count; i++) y[i] = wb_load(x, first + i, WB_F16);
  // As whole numbers, magnitudes are in their order, NaN behind the infinities.
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; i++) {
    const uint32_t bits = wb_to_bits(y[i]) & 0x7fffffffu;
    largest = bits > largest ? bits : largest;
  }
  return largest >= 0x7f800000u ? INFINITY : wb_from_bits(largest);
}

int32_t wb_quantize_int8(int64_t rows, int64_t n, const void *x, int64_t ldx, wb_type t, int8_t *codes, float *scales) {
  enum { RUN = 1024 };
  float run[RUN];
  for (int64_t row = 0; row < rows; row++) {
    float largest = 0;
    for (int64_t i = 0; i < n; i += RUN) {
      const float found = widen(row * ldx + i, n - i < RUN ? n - i : RUN, x, t, run);
      largest = found > largest ? found : largest;
    }
    if (largest == INFINITY) return 0;
    const float scale = largest / 127.0f;
    scales[row] = scale;
    for (int64_t i = 0; i < n; i += RUN) {
      const int64_t count = n - i < RUN ? n - i : RUN;
      widen(row * ldx + i, count, x, t, run);
      // A scale that is 0 means numbers of which nothing is left. Adding 1.5 * 2^23 rounds to a whole number.
      for (int64_t j = 0; j < count; j++) {
        float code = scale > 0 ? run[j] / scale + 12582912.0f - 12582912.0f : 0;
        code = code > 127 ? 127 : code < -127 ? -127 : code;
        codes[row * n + i + j] = (int8_t)code;
      }
    }
  }
  return 1;
}

/// Halfway between neighbours.
static const float middles[15] = {
    -0x1.b239b0p-1f, -0x1.38a4e0p-1f, -0x1.d70900p-2f, -0x1.5bd4ecp-2f, -0x1.e079d8p-3f,
    -0x1.1a7178p-3f, -0x1.74f0e2p-5f, 0x1.45f5fep-5f,  0x1.ec90c4p-4f,  0x1.a0cfc0p-3f,
    0x1.2b05a8p-2f,  0x1.8ea7f2p-2f,  0x1.00da08p-1f,  0x1.491b5ep-1f,  0x1.b913b4p-1f,
};

int32_t wb_quantize_nf4(int64_t first, int64_t count, const void *x, wb_type t, uint8_t *codes, float *scales) {
  float run[WB_NF4_BLOCK];
  uint8_t found[WB_NF4_BLOCK + 1];
  for (int64_t i = 0; i < count; i += WB_NF4_BLOCK) {
    const int64_t left = count - i < WB_NF4_BLOCK ? count - i : WB_NF4_BLOCK;
    float scale = widen(first + i, left, x, t, run);
    if (scale == INFINITY) return 0;
    // Whole blocks go by the reciprocal, a last, shorter one by division, as there: their last bits differ.
    if (left == WB_NF4_BLOCK) {
      const float inverse = 1.0f / (scale < 1e-38f ? 1e-38f : scale);
      for (int64_t j = 0; j < left; j++) run[j] *= inverse;
    } else {
      scale = scale < 1e-38f ? 1e-38f : scale;
      for (int64_t j = 0; j < left; j++) run[j] /= scale;
    }
    scales[(first + i) / WB_NF4_BLOCK] = scale;
    for (int64_t j = 0; j < WB_NF4_BLOCK; j++) {
      int32_t above = 0;
      for (int m = 0; m < 15; m++) above += run[j < left ? j : 0] > middles[m];
      found[j] = (uint8_t)above;
    }
    // What is missing of the last byte counts as 0.
    found[left] = left < WB_NF4_BLOCK ? 7 : 0;
    for (int64_t j = 0; j < left; j += 2) codes[(first + i + j) / 2] = (uint8_t)(found[j] << 4 | found[j + 1]);
  }
  return 1;
}
