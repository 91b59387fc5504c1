// Weights of a byte and of half a byte, as CKernels.h describes them: expanded for whoever packs them, and multiplied where
// they lie while one token is decoded, where reading the weights is what takes the time.

typedef int8_t vb __attribute__((vector_size(L), aligned(1), may_alias));
typedef uint8_t vub __attribute__((vector_size(L), aligned(1), may_alias));

/// The 16 codes of NF4 times a block's scale, as `nf4_codes` looks them up.
typedef struct nf4_table {
#if defined(WB_HAS_AVX512)
  vf all;
#elif WB_LANES == 8
  vf low, high;
#else
  float at[16];
#endif
} nf4_table;

INLINE nf4_table nf4_scaled(float scale) {
  nf4_table table;
#if defined(WB_HAS_AVX512)
  table.all = load(wb_nf4_codes, 0, WB_F32) * scale;
#elif WB_LANES == 8
  table.low = load(wb_nf4_codes, 0, WB_F32) * scale;
  table.high = load(wb_nf4_codes, 8, WB_F32) * scale;
#else
  for (int i = 0; i < 16; i += L) *(vf *)(table.at + i) = load(wb_nf4_codes, i, WB_F32) * scale;
#endif
  return table;
}

/// What the low four bits of every lane stand for.
INLINE vf nf4_codes(const nf4_table *table, vu index) {
#if defined(WB_HAS_AVX512)
  return (vf)_mm512_permutexvar_ps((__m512i)index, (__m512)table->all);
#elif WB_LANES == 8
  // The permutation reads three bits; the fourth, moved into the sign, picks the half.
  const vi lanes = (vi)index;
  const __m256 low = _mm256_permutevar8x32_ps((__m256)table->low, (__m256i)lanes);
  const __m256 high = _mm256_permutevar8x32_ps((__m256)table->high, (__m256i)lanes);
  return (vf)_mm256_blendv_ps(low, high, (__m256)(index << 28));
#else
  vf found;
  for (int i = 0; i < L; i++) found[i] = table->at[index[i] & 15];
  return found;
#endif
}

/// Elements 2i and 2i + 1 of 2 L neighbours: the first of two in a byte's upper half.
INLINE void nf4_pairs(const nf4_table *table, const uint8_t *codes, vf *even, vf *odd) {
  const vu bytes = __builtin_convertvector(*(const vub *)codes, vu);
  *even = nf4_codes(table, bytes >> 4);
  *odd = nf4_codes(table, bytes);
}

INLINE float nf4_at(const uint8_t *codes, int64_t i) { return wb_nf4_codes[codes[i / 2] >> (i % 2 ? 0 : 4) & 15]; }

#if WB_LANES == 16
#define WB_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define WB_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define WB_ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define WB_ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif WB_LANES == 8
#define WB_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define WB_ODD 1, 3, 5, 7, 9, 11, 13, 15
#define WB_ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define WB_ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define WB_EVEN 0, 2, 4, 6
#define WB_ODD 1, 3, 5, 7
#define WB_ZIP_LOW 0, 4, 1, 5
#define WB_ZIP_HIGH 2, 6, 3, 7
#endif

// MARK: Expanding

/// 2 L elements that lie in turn in `even` and `odd`, in type t.
INLINE void store_zipped(void *y, int64_t i, wb_type t, vf even, vf odd) {
  if (t == WB_F32) {
    store(y, i, t, __builtin_shufflevector(even, odd, WB_ZIP_LOW));
    store(y, i + L, t, __builtin_shufflevector(even, odd, WB_ZIP_HIGH));
    return;
  }
#ifdef WB_HAS_BF16
  const vu low = (vu)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)even));
  const vu high = (vu)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)odd)) << 16;
#else
  const vu first = (vu)even, second = (vu)odd;
  const vu low = (first + 0x7fffu + ((first >> 16) & 1u)) >> 16;
  const vu high = (second + 0x7fffu + ((second >> 16) & 1u)) & 0xffff0000u;
#endif
  const vu words = low | high;
  memcpy((uint16_t *)y + i, &words, sizeof words);
}

/// `n` elements from position `first` of the whole matrix on, block by block.
INLINE void expand_nf4_row(int64_t n, const uint8_t *codes, const float *scales, int64_t first, void *y, wb_type t) {
  for (int64_t i = 0; i < n;) {
    const int64_t block = (first + i) / WB_NF4_BLOCK, left = (block + 1) * WB_NF4_BLOCK - (first + i);
    const int64_t end = i + left < n ? i + left : n;
    const nf4_table table = nf4_scaled(scales[block]);
    if ((first + i) % 2 && i < end) {
      wb_store(y, i, t, nf4_at(codes, first + i) * scales[block]);
      i++;
    }
    for (; i + 2 * L <= end; i += 2 * L) {
      vf even, odd;
      nf4_pairs(&table, codes + (first + i) / 2, &even, &odd);
      store_zipped(y, i, t, even, odd);
    }
    if (i < end) {
      // What does not fill two vectors goes through memory that does.
      uint8_t some[L] = {0};
      char expanded[2 * L * 4];
      vf even, odd;
      const int64_t width = t == WB_F32 ? 4 : 2, count = end - i;
      memcpy(some, codes + (first + i) / 2, (size_t)(count + 1) / 2);
      nf4_pairs(&table, some, &even, &odd);
      store_zipped(expanded, 0, t, even, odd);
      memcpy((char *)y + i * width, expanded, (size_t)(count * width));
      i = end;
    }
  }
}

INLINE void expand_of(int64_t rows, int64_t n, const wb_quantized *w, void *y, int64_t ldy, wb_type t) {
  for (int64_t row = 0; row < rows; row++) {
    const int64_t first = w->origin + row * w->ld;
    char *out = (char *)y + row * ldy * (t == WB_F32 ? 4 : 2);
    if (w->kind == WB_NF4) {
      expand_nf4_row(n, w->codes, w->scales, first, out, t);
      continue;
    }
    const int8_t *codes = (const int8_t *)w->codes + first;
    const float scale = w->scales[first / w->ld];
    int64_t i = 0;
    for (; i + L <= n; i += L)
      store(out, i, t, __builtin_convertvector(__builtin_convertvector(*(const vb *)(codes + i), vi), vf) * scale);
    for (; i < n; i++) wb_store(out, i, t, (float)codes[i] * scale);
  }
}

static void expand(int64_t rows, int64_t n, const wb_quantized *w, void *y, int64_t ldy, wb_type t) {
  BY_TYPE(t, expand_of(rows, n, w, y, ldy, T));
}

// MARK: Few rows

/// `rows` rows of x against `outputs` rows of int8, which are multiplied by their scales at the end. The order of a sum
/// does not depend on the tile.
INLINE void few_int8_tile(const int rows, const int outputs, int64_t k, const void *x, int64_t ldx, wb_type tx,
                          const int8_t *codes, int64_t ldw, const float *scales, float *y, int64_t ldy,
                          int32_t accumulate) {
  vf sums[4][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) sums[i][j] = (vf){0};
  int64_t l = 0;
  for (; l + L <= k; l += L) {
    if (l % 64 == 0) {
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) ask_byte(codes, (j + outputs) * ldw + l);
    }
    vf columns[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++)
      columns[j] = __builtin_convertvector(__builtin_convertvector(*(const vb *)(codes + j * ldw + l), vi), vf);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const vf a = load(x, i * ldx + l, tx);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) sums[i][j] = sums[i][j] + a * columns[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) {
      float sum = sum_lanes(sums[i][j]);
      for (int64_t r = l; r < k; r++) sum += wb_load(x, i * ldx + r, tx) * (float)codes[j * ldw + r];
      sum *= scales[j];
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + sum : sum;
    }
}

/// 2 L elements of a row of x, those at even places and those at odd ones.
INLINE void load_unzipped(const void *x, int64_t i, wb_type t, vf *even, vf *odd) {
  if (t == WB_BF16) {
    const vu words = words_at((const uint16_t *)x + i);
    *even = (vf)(words << 16);
    *odd = (vf)(words & 0xffff0000u);
  } else {
    const vf a = load(x, i, t), b = load(x, i + L, t);
    *even = __builtin_shufflevector(a, b, WB_EVEN);
    *odd = __builtin_shufflevector(a, b, WB_ODD);
  }
}

/// The same for NF4 whose rows are whole blocks.
INLINE void few_nf4_tile(const int rows, const int outputs, int64_t k, const void *x, int64_t ldx, wb_type tx,
                         const uint8_t *codes, int64_t ldw, const float *scales, float *y, int64_t ldy,
                         int32_t accumulate) {
  vf sums[4][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) sums[i][j] = (vf){0};
  for (int64_t b = 0; b < k; b += WB_NF4_BLOCK) {
    if (b % (2 * 64) == 0) {
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) ask_byte(codes, ((j + outputs) * ldw + b) / 2);
    }
    nf4_table tables[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) tables[j] = nf4_scaled(scales[(j * ldw + b) / WB_NF4_BLOCK]);
#pragma clang loop unroll(full)
    for (int64_t l = b; l < b + WB_NF4_BLOCK; l += 2 * L) {
      vf even[4], odd[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) load_unzipped(x, i * ldx + l, tx, &even[i], &odd[i]);
#pragma clang loop unroll(full)
      for (int j = 0; j < outputs; j++) {
        vf first, second;
        nf4_pairs(&tables[j], codes + (j * ldw + l) / 2, &first, &second);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
          sums[i][j] = sums[i][j] + even[i] * first;
          sums[i][j] = sums[i][j] + odd[i] * second;
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < outputs; j++) {
      const float sum = sum_lanes(sums[i][j]);
      y[i * ldy + j] = accumulate ? y[i * ldy + j] + sum : sum;
    }
}

/// One sum over NF4 wherever its row begins.
INLINE float few_nf4_sum(int64_t k, const void *x, int64_t ix, wb_type tx, const wb_quantized *w, int64_t first) {
  float sum = 0;
  for (int64_t l = 0; l < k; l++)
    sum += wb_load(x, ix + l, tx) * (nf4_at(w->codes, first + l) * w->scales[(first + l) / WB_NF4_BLOCK]);
  return sum;
}

/// `rows` rows of x against rows j..j + outputs of w.
INLINE void few_quantized_tile(const wb_code kind, const int rows, const int outputs, int64_t j, int64_t k, const void *x,
                               int64_t ldx, wb_type tx, const wb_quantized *w, float *y, int64_t ldy,
                               int32_t accumulate) {
  const int64_t first = w->origin + j * w->ld;
  if (kind == WB_INT8)
    few_int8_tile(rows, outputs, k, x, ldx, tx, (const int8_t *)w->codes + first, w->ld, w->scales + first / w->ld, y,
                  ldy, accumulate);
  else
    few_nf4_tile(rows, outputs, k, x, ldx, tx, (const uint8_t *)w->codes + first / 2, w->ld,
                 w->scales + first / WB_NF4_BLOCK, y, ldy, accumulate);
}

/// How many outputs a tile takes beside one, two and four rows: NF4 wants registers for what its codes stand for.
#if WB_REGISTERS == 32
#define WB_FEW_CODES(kind) 4
#define WB_FEW_CODES_TWO(kind) 4
#define WB_FEW_CODES_FOUR(kind) ((kind) == WB_INT8 ? 4 : 2)
#else
#define WB_FEW_CODES(kind) ((kind) == WB_INT8 ? 4 : 3)
#define WB_FEW_CODES_TWO(kind) ((kind) == WB_INT8 ? 4 : 2)
#define WB_FEW_CODES_FOUR(kind) ((kind) == WB_INT8 ? 2 : 1)
#endif

INLINE void few_quantized_of(const wb_code kind, int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx,
                             const wb_quantized *w, float *y, int64_t ldy, int32_t accumulate) {
  for (int64_t i = 0; i < m;) {
    const int64_t rows = m - i >= 4 ? 4 : m - i >= 2 ? 2 : 1;
    const void *row = at(x, i * ldx, tx);
    float *out = y + i * ldy;
    int64_t j = 0;
#define WB_TILES(M, N)                                                                                  \
  for (; j + N <= n; j += N)                                                                            \
  few_quantized_tile(kind, M, N, j, k, row, ldx, tx, w, out + j, ldy, accumulate)
    if (rows == 4) {
      WB_TILES(4, WB_FEW_CODES_FOUR(kind));
      WB_TILES(4, 1);
    } else if (rows == 2) {
      WB_TILES(2, WB_FEW_CODES_TWO(kind));
      WB_TILES(2, 1);
    } else {
      WB_TILES(1, WB_FEW_CODES(kind));
      WB_TILES(1, 1);
    }
#undef WB_TILES
    i += rows;
  }
}

static void few_rows_quantized(int64_t m, int64_t n, int64_t k, const void *x, int64_t ldx, wb_type tx,
                               const wb_quantized *w, float *y, int64_t ldy, int32_t accumulate) {
  if (w->kind == WB_INT8) {
    BY_TYPE(tx, few_quantized_of(WB_INT8, m, n, k, x, ldx, T, w, y, ldy, accumulate));
  } else if (w->origin % WB_NF4_BLOCK == 0 && w->ld % WB_NF4_BLOCK == 0 && k % WB_NF4_BLOCK == 0) {
    BY_TYPE(tx, few_quantized_of(WB_NF4, m, n, k, x, ldx, T, w, y, ldy, accumulate));
  } else {
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) {
        const float sum = few_nf4_sum(k, x, i * ldx, tx, w, w->origin + j * w->ld);
        y[i * ldy + j] = accumulate ? y[i * ldy + j] + sum : sum;
      }
  }
}
