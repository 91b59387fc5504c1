// Products, and what packs their operands.
#include "Products.h"

#include <stddef.h>

#include "Twins.h"

/// fp32 sums in another order, of numbers below 2.
static double close_to(int64_t k) { return 2e-6 * (double)(k + 8); }

/// What is left out of a is 0, as `wb_causal` wants it.
static wb_causal leave_out(size s, float *a, int64_t lda) {
  const wb_causal causal = {.columns = s.n + 64, .begin = draw(s.k + 4), .end = draw(s.k + 4)};
  for (int64_t i = 0; i < s.rows; i++)
    for (int64_t l = 0; l < s.k; l++)
      if (l < i - causal.begin || l >= causal.end + i) a[i * lda + l] = 0;
  return causal;
}

static void gemm(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t n = s.n % 5 * WB_PANEL + WB_PANEL;
  float *a = input(s.rows, s.k, s.k + 1, F32);
  const float *b = input(s.k, n, n + 3, F32), *columns = input(s.k, s.rows, s.rows + 1, F32);
  const wb_causal causal = leave_out((size){s.rows, n, s.k}, a, s.k + 1), all = {1 << 20, 1 << 20, 1 << 20};
  twin c = result(s.n % 2, s.rows, n, n + 1, F32, close_to(s.k)), d = output(s.rows, n, n, F32, close_to(s.k));
  FOR_BOTH(kernels, v, k) {
    k->gemm(s.rows, n, s.k, a, s.k + 1, 1, b, n + 3, c.at[v], n + 1, s.n % 2, causal);
    k->gemm(s.rows, n, s.k, columns, 1, s.rows + 1, b, n + 3, d.at[v], n, 0, all);
  }
}

static void gemm_pairs(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  const int64_t n = s.n % 5 * WB_PANEL + WB_PANEL, pairs = (s.k + 1) / 2;
  const uint32_t *a = input(s.rows, pairs, pairs + 1, WORD), *b = input(pairs, n, n + 3, WORD);
  const uint32_t *columns = input(pairs, s.rows, s.rows + 1, WORD);
  const wb_causal all = {1 << 20, 1 << 20, 1 << 20};
  twin c = result(s.n % 2, s.rows, n, n + 1, F32, close_to(s.k)), d = output(s.rows, n, n, F32, close_to(s.k));
  FOR_BOTH(kernels, v, k) {
    k->gemm_pairs(s.rows, n, pairs, a, pairs + 1, 1, b, n + 3, c.at[v], n + 1, s.n % 2, all);
    k->gemm_pairs(s.rows, n, pairs, columns, 1, s.rows + 1, b, n + 3, d.at[v], n, 0, all);
  }
}

static void pack_panels(const wb_kernels *kernels, size s, wb_type t) {
  const int64_t panels = (s.n + WB_PANEL - 1) / WB_PANEL;
  for (int pairs = 0; pairs <= (t == WB_BF16 && kernels->has_pairs); pairs++) {
    const int64_t depth = pairs ? (s.k + 1) / 2 : s.k;
    const void *w = input(s.n, s.k, s.k + 1, (int)t), *b = input(s.k, s.n, s.n + 2, (int)t);
    twin y = output(panels, depth * WB_PANEL, depth * WB_PANEL, pairs ? WORD : F32, 0);
    twin z = output(panels, depth * WB_PANEL, depth * WB_PANEL, pairs ? WORD : F32, 0);
    FOR_BOTH(kernels, v, k) {
      k->pack_panels(s.k, s.n, w, s.k + 1, t, pairs, 1, y.at[v]);
      k->pack_panels(s.k, s.n, b, s.n + 2, t, pairs, 0, z.at[v]);
    }
  }
}

int64_t panel_terms(const wb_kernels *kernels, size s, wb_type t, wb_panel_term terms[3]) {
  const int64_t panels = (s.n + WB_PANEL - 1) / WB_PANEL, count = 1 + draw(3);
  const bool pairs = multiplies_pairs(kernels, t);
  for (int64_t i = 0; i < count; i++) {
    const int64_t k = i ? 1 + draw(40) : s.k, depth = pairs ? (k + 1) / 2 : k, stride = depth * WB_PANEL + (i ? 0 : 16);
    uint32_t *b = input(panels, depth * WB_PANEL, stride, pairs ? WORD : F32);
    // The missing half of an odd depth's last pair.
    if (pairs && k % 2)
      for (int64_t j = 0; j < panels * WB_PANEL; j++)
        b[j / WB_PANEL * stride + (depth - 1) * WB_PANEL + j % WB_PANEL] &= 0xffff;
    terms[i] = (wb_panel_term){.a = input(s.rows, k, k + 1 + i, (int)t), .b = b, .lda = k + 1 + i, .k = k, .panel = stride};
  }
  return count;
}

/// The definition tells the form of the panels by a's type alone, so bf16 goes to it in the form that it knows.
static void gemm_panels(const wb_kernels *kernels, size s, wb_type t) {
  wb_panel_term terms[3], known[3];
  const int64_t count = panel_terms(kernels, s, t, terms);
  double tolerance = close_to(s.k + 120);
  for (int64_t i = 0; i < count; i++) {
    known[i] = terms[i];
    if (t == WB_F32 || multiplies_pairs(kernels, t)) continue;
    // Widened panels beside the same a, widened.
    float *a = input(s.rows, terms[i].k, terms[i].k, F32);
    wb_kernels_at(WB_NAIVE)->convert(s.rows, terms[i].k, terms[i].a, terms[i].lda, WB_BF16, a, terms[i].k, WB_F32);
    known[i].a = a, known[i].lda = terms[i].k;
  }
  const wb_type type = multiplies_pairs(kernels, t) ? t : WB_F32;
  twin c = result(s.k % 3 == 0, s.rows, s.n, s.n + 1, F32, tolerance);
  wb_kernels_at(WB_NAIVE)->gemm_panels(s.rows, s.n, known, count, type, c.at[0], s.n + 1, s.k % 3 == 0);
  kernels->gemm_panels(s.rows, s.n, terms, count, t, c.at[1], s.n + 1, s.k % 3 == 0);
}

static void gemm_rows(const wb_kernels *kernels, size s, wb_type t) {
  // `rows` is what is summed over.
  const void *a = input(s.k, s.rows, s.rows + 1, (int)t), *x = input(s.k, s.n, s.n + 2, (int)t);
  twin c = result(s.k % 2, s.rows, s.n, s.n + 3, F32, close_to(s.k));
  FOR_BOTH(kernels, v, k)
    k->gemm_rows(s.rows, s.n, s.k, a, s.rows + 1, x, s.n + 2, t, c.at[v], s.n + 3, s.k % 2);
}

static void gemm_row_pairs(const wb_kernels *kernels, size s, wb_type t) {
  (void)t;
  uint32_t *a = input((s.k + 1) / 2, s.rows, s.rows + 1, WORD);
  if (s.k % 2)
    for (int64_t i = 0; i < s.rows; i++) a[s.k / 2 * (s.rows + 1) + i] &= 0xffff;
  const uint16_t *x = input(s.k, s.n, s.n + 2, BF16);
  twin c = result(s.k % 2, s.rows, s.n, s.n + 3, F32, close_to(s.k));
  FOR_BOTH(kernels, v, k)
    k->gemm_row_pairs(s.rows, s.n, s.k, a, s.rows + 1, x, s.n + 2, c.at[v], s.n + 3, s.k % 2);
}

static void few_rows(const wb_kernels *kernels, size s, wb_type t) {
  const int x_types[] = {(int)t, F32};
  for (int i = 0; i <= (t == WB_BF16); i++) {
    const void *x = input(s.rows, s.k, s.k + 1, x_types[i]), *w = input(s.n, s.k, s.k + 2, (int)t);
    twin y = result(s.k % 2, s.rows, s.n, s.n + 3, F32, close_to(s.k));
    FOR_BOTH(kernels, v, k)
      k->few_rows(s.rows, s.n, s.k, x, s.k + 1, (wb_type)x_types[i], w, s.k + 2, t, y.at[v], s.n + 3, s.k % 2);
  }
}

wb_quantized quantized(int64_t rows, int64_t n, bool whole_blocks) {
  // A part of a larger matrix. Where rows are whole blocks of NF4, parts are as well; elsewhere they begin anywhere.
  const int64_t unit = whole_blocks ? WB_NF4_BLOCK : 1;
  const int64_t ld = n + draw(3) * unit, above = draw(3), beside = draw((ld - n) / unit + 1) * unit;
  const int64_t count = (above + rows) * ld;
  wb_quantized w = {.origin = above * ld + beside, .ld = ld, .kind = draw(3) ? WB_NF4 : WB_INT8};
  w.codes = input(1, w.kind == WB_NF4 ? (count + 1) / 2 : count, 0, BYTE);
  w.scales = input(1, w.kind == WB_NF4 ? (count + WB_NF4_BLOCK - 1) / WB_NF4_BLOCK : above + rows, 0, F32);
  return w;
}

static void expand(const wb_kernels *kernels, size s, wb_type t) {
  const wb_quantized w = quantized(s.rows, s.k, s.n % 2);
  twin y = output(s.rows, s.k, s.k + 3, (int)t, 0);
  FOR_BOTH(kernels, v, k) k->expand(s.rows, s.k, &w, y.at[v], s.k + 3, t);
}

static void few_rows_quantized(const wb_kernels *kernels, size s, wb_type t) {
  const bool blocks = s.n % 3 > 0;
  const int64_t depth = blocks ? (s.k + WB_NF4_BLOCK - 1) / WB_NF4_BLOCK * WB_NF4_BLOCK : s.k;
  const wb_quantized w = quantized(s.n, depth, blocks);
  const void *x = input(s.rows, depth, depth + 1, (int)t);
  twin y = result(s.k % 2, s.rows, s.n, s.n + 3, F32, close_to(2 * depth));
  FOR_BOTH(kernels, v, k)
    k->few_rows_quantized(s.rows, s.n, depth, x, depth + 1, t, &w, y.at[v], s.n + 3, s.k % 2);
}

const comparison_of product_kernels[] = {
    {.name = "gemm", .run = gemm, .once = true},
    {.name = "gemm_pairs", .run = gemm_pairs, .once = true, .pairs = true},
    {.name = "pack_panels", .run = pack_panels},
    {.name = "gemm_panels", .run = gemm_panels},
    {.name = "gemm_rows", .run = gemm_rows},
    {.name = "gemm_row_pairs", .run = gemm_row_pairs, .once = true, .pairs = true},
    {.name = "few_rows", .run = few_rows},
    {.name = "expand", .run = expand},
    {.name = "few_rows_quantized", .run = few_rows_quantized},
    {0},
};
