// The comparisons: one function a kernel, called for every level, size and type.
#ifndef TWINS_H
#define TWINS_H

#include "Operands.h"

typedef struct comparison_of {
  const char *name;
  /// Makes operands, runs the definition and the kernel. `t` is fp32 or bf16.
  void (*run)(const wb_kernels *kernels, size s, wb_type t);
  /// Whether the kernel is of one type only, and whether it is there only where pairs of bf16 are multiplied.
  bool once, pairs;
} comparison_of;

extern const comparison_of row_kernels[], product_kernels[], splits[];

/// The definition, then the kernel.
#define FOR_BOTH(kernels, v, k) \
  for (int v = 0; v < 2; v++)   \
    for (const wb_kernels *k = v ? (kernels) : wb_kernels_at(WB_NAIVE); k; k = NULL)

/// Whether `gemm_panels` of bf16 takes panels of pairs.
static inline bool multiplies_pairs(const wb_kernels *kernels, wb_type t) {
  return t == WB_BF16 && (kernels->has_pairs || kernels->level == WB_AMX);
}

#endif
