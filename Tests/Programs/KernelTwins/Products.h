// Operands of products that two files want.
#ifndef PRODUCTS_H
#define PRODUCTS_H

#include "Operands.h"

/// One to three terms, the first of depth k, in the form that the kernels of this table multiply; returns how many.
int64_t panel_terms(const wb_kernels *kernels, size s, wb_type t, wb_panel_term terms[3]);

/// A random part [rows, n] of a quantized matrix, of one kind or the other.
wb_quantized quantized(int64_t rows, int64_t n, bool whole_blocks);

#endif
