// Products in one call and in several: a sum has the same bits however rows, columns, terms and depth are split.
#include <stddef.h>

#include "Products.h"
#include "Twins.h"

/// A cut within 0..count, at a multiple of `step`.
static int64_t cut(int64_t count, int64_t step) { return draw(count / step + 1) * step; }

static int64_t bytes(wb_type t) { return t == WB_F32 ? 4 : 2; }

static const void *from(const void *x, int64_t i, wb_type t) { return (const char *)x + i * bytes(t); }

/// Rows and columns from the cut on, terms one at a time and each in two.
static void gemm_panels(const wb_kernels *kernels, size s, wb_type t) {
  wb_panel_term terms[3];
  const int64_t count = panel_terms(kernels, s, t, terms), ldc = s.n + 1;
  const int64_t rows[] = {0, cut(s.rows, 1), s.rows}, columns[] = {0, cut(s.n, WB_PANEL), s.n};
  const bool onto = s.k % 2, pairs = multiplies_pairs(kernels, t);
  twin c = result(onto, s.rows, s.n, ldc, F32, 0);
  kernels->gemm_panels(s.rows, s.n, terms, count, t, c.at[0], ldc, onto);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      for (int64_t term = 0; term < count; term++) {
        const int64_t depth = terms[term].k, middle = cut(depth, kernels->level == WB_AMX ? WB_DEPTH : 2);
        const int64_t begins[] = {0, middle}, ends[] = {middle, depth};
        for (int half = 0; half < 2; half++) {
          wb_panel_term part = terms[term];
          part.a = from(part.a, rows[i] * part.lda + begins[half], t);
          part.b = (const uint32_t *)part.b + columns[j] / WB_PANEL * part.panel +
                   begins[half] / (pairs ? 2 : 1) * WB_PANEL;
          part.k = ends[half] - begins[half];
          kernels->gemm_panels(rows[i + 1] - rows[i], columns[j + 1] - columns[j], &part, 1, t,
                               (float *)c.at[1] + rows[i] * ldc + columns[j], ldc, onto || term > 0 || half > 0);
        }
      }
}

static void gemm(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t n = s.n % 5 * WB_PANEL + WB_PANEL, lda = s.k + 1, ldc = n + 1;
  const float *a = input(s.rows, s.k, lda, F32), *b = input(s.k, n, n, F32);
  const int64_t rows[] = {0, cut(s.rows, 1), s.rows}, columns[] = {0, cut(n, WB_PANEL), n}, middle = cut(s.k, 1);
  const wb_causal all = {1 << 20, 1 << 20, 1 << 20};
  twin c = result(s.k % 2, s.rows, n, ldc, F32, 0);
  kernels->gemm(s.rows, n, s.k, a, lda, 1, b, n, c.at[0], ldc, s.k % 2, all);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      float *out = (float *)c.at[1] + rows[i] * ldc + columns[j];
      const float *x = a + rows[i] * lda, *y = b + columns[j];
      const int64_t height = rows[i + 1] - rows[i], width = columns[j + 1] - columns[j];
      kernels->gemm(height, width, middle, x, lda, 1, y, n, out, ldc, s.k % 2, all);
      kernels->gemm(height, width, s.k - middle, x + middle, lda, 1, y + middle * n, n, out, ldc, 1, all);
    }
}

static void gemm_pairs(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t n = s.n % 5 * WB_PANEL + WB_PANEL, pairs = (s.k + 1) / 2, lda = pairs + 1, ldc = n + 1;
  const uint32_t *a = input(s.rows, pairs, lda, WORD), *b = input(pairs, n, n, WORD);
  const int64_t rows[] = {0, cut(s.rows, 1), s.rows}, columns[] = {0, cut(n, WB_PANEL), n};
  const wb_causal all = {1 << 20, 1 << 20, 1 << 20};
  twin c = result(s.k % 2, s.rows, n, ldc, F32, 0);
  kernels->gemm_pairs(s.rows, n, pairs, a, lda, 1, b, n, c.at[0], ldc, s.k % 2, all);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      kernels->gemm_pairs(rows[i + 1] - rows[i], columns[j + 1] - columns[j], pairs, a + rows[i] * lda, lda, 1,
                          b + columns[j], n, (float *)c.at[1] + rows[i] * ldc + columns[j], ldc, s.k % 2, all);
}

static void gemm_rows(const wb_kernels *kernels, size s, wb_type t) {
  const int64_t lda = s.rows + 1, ldx = s.n + 2, ldc = s.n + 3, middle = cut(s.k, 1);
  const void *a = input(s.k, s.rows, lda, (int)t), *x = input(s.k, s.n, ldx, (int)t);
  const int64_t rows[] = {0, cut(s.rows, 1), s.rows}, columns[] = {0, cut(s.n, 1), s.n};
  const int64_t begins[] = {0, middle}, counts[] = {middle, s.k - middle};
  twin c = result(s.k % 2, s.rows, s.n, ldc, F32, 0);
  kernels->gemm_rows(s.rows, s.n, s.k, a, lda, x, ldx, t, c.at[0], ldc, s.k % 2);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      for (int half = 0; half < 2; half++) {
        if (counts[half] == 0) continue;
        kernels->gemm_rows(rows[i + 1] - rows[i], columns[j + 1] - columns[j], counts[half],
                           from(a, begins[half] * lda + rows[i], t), lda, from(x, begins[half] * ldx + columns[j], t), ldx,
                           t, (float *)c.at[1] + rows[i] * ldc + columns[j], ldc,
                           s.k % 2 || (half == 1 && middle > 0));
      }
}

/// The depth of these is one sum of its own.
static void few_rows(const wb_kernels *kernels, size s, wb_type t) {
  const int x_types[] = {(int)t, F32};
  for (int kind = 0; kind <= (t == WB_BF16); kind++) {
    const wb_type tx = (wb_type)x_types[kind];
    const int64_t ldx = s.k + 1, ldw = s.k + 2, ldy = s.n + 3;
    const void *x = input(s.rows, s.k, ldx, (int)tx), *w = input(s.n, s.k, ldw, (int)t);
    const int64_t rows[] = {0, cut(s.rows, 1), s.rows}, columns[] = {0, cut(s.n, 1), s.n};
    twin y = result(s.k % 2, s.rows, s.n, ldy, F32, 0);
    kernels->few_rows(s.rows, s.n, s.k, x, ldx, tx, w, ldw, t, y.at[0], ldy, s.k % 2);
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++)
        kernels->few_rows(rows[i + 1] - rows[i], columns[j + 1] - columns[j], s.k, from(x, rows[i] * ldx, tx), ldx, tx,
                          from(w, columns[j] * ldw, t), ldw, t, (float *)y.at[1] + rows[i] * ldy + columns[j], ldy,
                          s.k % 2);
  }
}

static void few_rows_quantized(const wb_kernels *kernels, size s, wb_type t) {
  const bool blocks = s.n % 3 > 0;
  const int64_t depth = blocks ? (s.k + WB_NF4_BLOCK - 1) / WB_NF4_BLOCK * WB_NF4_BLOCK : s.k;
  const int64_t ldx = depth + 1, ldy = s.n + 3;
  const wb_quantized w = quantized(s.n, depth, blocks);
  const void *x = input(s.rows, depth, ldx, (int)t);
  const int64_t rows[] = {0, cut(s.rows, 1), s.rows}, columns[] = {0, cut(s.n, 1), s.n};
  twin y = result(s.k % 2, s.rows, s.n, ldy, F32, 0);
  kernels->few_rows_quantized(s.rows, s.n, depth, x, ldx, t, &w, y.at[0], ldy, s.k % 2);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      wb_quantized part = w;
      part.origin += columns[j] * w.ld;
      kernels->few_rows_quantized(rows[i + 1] - rows[i], columns[j + 1] - columns[j], depth, from(x, rows[i] * ldx, t), ldx,
                                  t, &part, (float *)y.at[1] + rows[i] * ldy + columns[j], ldy, s.k % 2);
    }
}

const comparison_of splits[] = {
    {.name = "gemm, split", .run = gemm, .once = true},
    {.name = "gemm_pairs, split", .run = gemm_pairs, .once = true, .pairs = true},
    {.name = "gemm_panels, split", .run = gemm_panels},
    {.name = "gemm_rows, split", .run = gemm_rows},
    {.name = "few_rows, split", .run = few_rows},
    {.name = "few_rows_quantized, split", .run = few_rows_quantized},
    {0},
};
