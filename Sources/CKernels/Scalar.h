// One element in and out of the stored types.
#ifndef WB_SCALAR_H
#define WB_SCALAR_H

#include <string.h>

#include "CKernels.h"

static inline float wb_from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static inline uint32_t wb_to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

/// Round to nearest even; NaN stays NaN.
static inline uint16_t wb_bf16(float x) {
  uint32_t bits = wb_to_bits(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 0x40);
  return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/// IEEE binary16 to fp32, subnormals included.
static inline float wb_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, mantissa = h & 0x3ffu;
  if (exponent == 31) return wb_from_bits(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) {
    float tiny = (float)mantissa * 0x1p-24f;
    return sign ? -tiny : tiny;
  }
  return wb_from_bits(sign | (exponent + 112u) << 23 | mantissa << 13);
}

static inline float wb_load(const void *x, int64_t i, wb_type t) {
  if (t == WB_F32) return ((const float *)x)[i];
  uint16_t h = ((const uint16_t *)x)[i];
  return t == WB_BF16 ? wb_from_bits((uint32_t)h << 16) : wb_half(h);
}

/// Stores fp32 or bf16; nothing is ever written as fp16.
static inline void wb_store(void *y, int64_t i, wb_type t, float value) {
  if (t == WB_F32)
    ((float *)y)[i] = value;
  else
    ((uint16_t *)y)[i] = wb_bf16(value);
}

/// A word of two bf16 numbers, the first in its low half.
static inline uint32_t wb_pair(float first, float second) {
  return (uint32_t)wb_bf16(first) | (uint32_t)wb_bf16(second) << 16;
}

static inline float wb_first(uint32_t word) { return wb_from_bits(word << 16); }

static inline float wb_second(uint32_t word) { return wb_from_bits(word & 0xffff0000u); }

#endif
