// Products of a panel of pairs by matrix tiles: registers of up to 16 rows of 64 bytes, and an instruction (AMX's
// TDPBF16PS) that multiplies 16 rows of 32 bf16 numbers with 32 rows of 16 columns. The second operand's tile holds pairs
// along k, 16 words a row, so it is a piece of a packed panel as that lies in memory.
//
// Of its 32 products a sum the instruction adds those of even k and those of odd k apart, each from 0 on; it adds the two
// sums, and the result to the tile. So the bits depend on where its runs of 32 begin, and on nothing else: every term is
// taken in runs from its own first element on, and its last run is filled up with zeros. Whatever the tiles, the blocks or
// the split over calls, a sum has the same bits, if only k is split at multiples of 32. Subnormal numbers count as 0.
//
// Four tiles of sums, two of rows and two of columns: four products for four loads. The including file says what the
// instructions are: WB_TILES_SET(configuration), WB_TILES_END(), WB_TILE_ZERO(tile), WB_TILE_LOAD(tile, memory, stride),
// WB_TILE_STORE(tile, memory, stride) and WB_TILE_ADD_PAIRS(sums, rows, columns), tiles by number, strides in bytes.

/// Elements of k that one instruction takes, and the elements of a tile of them.
#define WB_RUN 32
#define WB_RUN_TILE (16 * WB_RUN)

/// The longest run of k between two passes over c, in runs: 32 rows of it take 24 KiB of a first cache of 48 KiB, through
/// which as much of a pair of panels passes. Reasoned from the sizes, not measured.
#define WB_TILE_RUNS 12

/// Bytes of packed columns that stay in the second cache (2 MiB where there are tiles) while all rows pass.
#ifndef WB_TILE_CACHE
#define WB_TILE_CACHE (1 << 20)
#endif

/// What the processor reads to learn the shapes of the tiles.
typedef struct tile_configuration {
  uint8_t palette, start, zeros[14];
  uint16_t bytes[16];
  uint8_t rows[16];
} tile_configuration;

_Static_assert(sizeof(tile_configuration) == 64, "as the instruction set lays it out");

/// A piece of a term: `whole` runs, and one of `rest` pairs after them where there are any. b is panel 0's.
typedef struct tile_part {
  const uint32_t *b;
  int64_t panel, whole, rest;
} tile_part;

/// Shapes for up to 32 rows and 32 columns: tiles 0 to 3 are sums, by rows, 4 and 5 rows of a, 6 and 7 columns of b. Tiles
/// that have nothing to hold do not exist, so that to touch one would be a fault.
INLINE void set_tiles(int64_t rows, int64_t columns) {
  const int64_t heights[2] = {rows < 16 ? rows : 16, rows > 16 ? rows - 16 : 0};
  const int64_t widths[2] = {columns < 16 ? columns : 16, columns > 16 ? columns - 16 : 0};
  tile_configuration shapes = {.palette = 1};
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < 2; j++)
      if (heights[i] && widths[j]) {
        shapes.rows[2 * i + j] = (uint8_t)heights[i];
        shapes.bytes[2 * i + j] = (uint16_t)(4 * widths[j]);
      }
    shapes.rows[4 + i] = (uint8_t)heights[i];
    shapes.bytes[4 + i] = heights[i] ? 2 * WB_RUN : 0;
    shapes.rows[6 + i] = widths[i] ? WB_RUN / 2 : 0;
    shapes.bytes[6 + i] = (uint16_t)(4 * widths[i]);
  }
  WB_TILES_SET(&shapes);
}

// MARK: Operands

/// n elements of a run, then zeros: the word after an odd row's last element is not the row's.
INLINE void copy_run(const uint16_t *x, int64_t n, uint16_t *y) {
#ifdef WB_HAS_AVX512
  _mm512_store_si512(y, _mm512_maskz_loadu_epi16((__mmask32)((UINT64_C(1) << n) - 1), x));
#else
  for (int64_t j = 0; j < WB_RUN; j++) y[j] = j < n ? x[j] : 0;
#endif
}

/// `k` elements of up to 32 rows as tiles side by side: of each run 16 rows, then the 16 below them. As they lie in a, rows
/// begin anywhere in a line of memory, and in a matrix whose stride is a power of two they push each other out of the
/// first cache. The rows that the next call wants are asked for.
INLINE void stage_rows(int64_t rows, int64_t k, const uint16_t *a, int64_t lda, uint16_t *y) {
  for (int64_t i = 0; i < rows; i++) {
    const uint16_t *x = a + i * lda;
    uint16_t *out = y + i / 16 * WB_RUN_TILE + i % 16 * WB_RUN;
    for (int64_t l = 0; l < k; l += WB_RUN, out += 2 * WB_RUN_TILE) {
      ask_ahead(x, 32 * lda + l);
      if (l + WB_RUN <= k)
        copy_run(x + l, WB_RUN, out);
      else
        copy_run(x + l, k - l, out);
    }
  }
}

/// `pairs` rows of a panel, then zeros: what lies behind a panel is not the panel's.
INLINE void copy_pairs(const uint32_t *b, int64_t pairs, uint32_t *y) {
  for (int64_t l = 0; l < WB_RUN / 2; l++)
    if (l < pairs)
      memcpy(y + l * WB_PANEL, b + l * WB_PANEL, WB_PANEL * 4);
    else
      memset(y + l * WB_PANEL, 0, WB_PANEL * 4);
}

// MARK: Products

/// One run: up to 16 rows and as many below them where `low`, by a panel and the next one where `right`.
INLINE void tile_run(const bool low, const bool right, const uint16_t *a, const uint32_t *b, const uint32_t *next) {
  WB_TILE_LOAD(4, a, 2 * WB_RUN);
  WB_TILE_LOAD(6, b, 4 * WB_PANEL);
  WB_TILE_ADD_PAIRS(0, 4, 6);
  if (right) {
    WB_TILE_LOAD(7, next, 4 * WB_PANEL);
    WB_TILE_ADD_PAIRS(1, 4, 7);
  }
  if (low) {
    WB_TILE_LOAD(5, a + WB_RUN_TILE, 2 * WB_RUN);
    WB_TILE_ADD_PAIRS(2, 5, 6);
    if (right) WB_TILE_ADD_PAIRS(3, 5, 7);
  }
}

/// Staged rows against the columns of panel `first`, and of the one after it where `right`; c is the sums' own corner.
INLINE void tile_sums(const bool low, const bool right, const uint16_t *a, int64_t first, const tile_part *parts,
                      int64_t count, float *c, int64_t ldc, int32_t accumulate) {
  const int64_t stride = ldc * 4;
  float *below = c + 16 * ldc;
  if (accumulate) {
    WB_TILE_LOAD(0, c, stride);
    if (right) WB_TILE_LOAD(1, c + 16, stride);
    if (low) WB_TILE_LOAD(2, below, stride);
    if (low && right) WB_TILE_LOAD(3, below + 16, stride);
  } else {
    WB_TILE_ZERO(0);
    if (right) WB_TILE_ZERO(1);
    if (low) WB_TILE_ZERO(2);
    if (low && right) WB_TILE_ZERO(3);
  }
  for (const tile_part *part = parts; part < parts + count; part++) {
    const uint32_t *b = part->b + first * part->panel;
    for (int64_t run = 0; run < part->whole; run++) {
      tile_run(low, right, a, b, b + part->panel);
      a += 2 * WB_RUN_TILE;
      b += 16 * WB_PANEL;
    }
    if (part->rest) {
      uint32_t columns[2][16 * WB_PANEL] __attribute__((aligned(64)));
      copy_pairs(b, part->rest, columns[0]);
      if (right) copy_pairs(b + part->panel, part->rest, columns[1]);
      tile_run(low, right, a, columns[0], columns[1]);
      a += 2 * WB_RUN_TILE;
    }
  }
  WB_TILE_STORE(0, c, stride);
  if (right) WB_TILE_STORE(1, c + 16, stride);
  if (low) WB_TILE_STORE(2, below, stride);
  if (low && right) WB_TILE_STORE(3, below + 16, stride);
}

/// Rows from `row` on, at most 32, against `n` columns from panel `first` on, c where both begin; terms are taken together
/// up to WB_TILE_RUNS, so that a short one (LoRA's) costs no pass over c. `shape` is what the tiles are set to.
static void tile_rows(int64_t rows, int64_t n, int64_t row, int64_t first, const wb_panel_term *terms, int64_t count,
                      float *c, int64_t ldc, int32_t accumulate, int64_t *shape) {
  uint16_t stage[WB_TILE_RUNS * 2 * WB_RUN_TILE] __attribute__((aligned(64)));
  int64_t term = 0, done = 0;
  int32_t onto = accumulate;
  do {
    tile_part parts[4];
    int64_t taken = 0, runs = 0;
    while (term < count && taken < 4 && runs < WB_TILE_RUNS) {
      const wb_panel_term *from = terms + term;
      int64_t k = from->k - done;
      if (k > (WB_TILE_RUNS - runs) * WB_RUN) k = (WB_TILE_RUNS - runs) * WB_RUN;
      stage_rows(rows, k, (const uint16_t *)from->a + row * from->lda + done, from->lda,
                 stage + runs * 2 * WB_RUN_TILE);
      parts[taken++] = (tile_part){.b = (const uint32_t *)from->b + done / 2 * WB_PANEL, .panel = from->panel,
                                   .whole = k / WB_RUN, .rest = (k % WB_RUN + 1) / 2};
      runs += (k + WB_RUN - 1) / WB_RUN;
      done += k;
      if (done == from->k) term++, done = 0;
    }
    for (int64_t j = 0; j < n; j += 32) {
      const int64_t width = n - j < 32 ? n - j : 32;
      if (*shape != rows * 64 + width) {
        set_tiles(rows, width);
        *shape = rows * 64 + width;
      }
      float *out = c + j;
      const int64_t panel = first + j / WB_PANEL;
      if (rows > 16 && width > 16)
        tile_sums(true, true, stage, panel, parts, taken, out, ldc, onto);
      else if (rows > 16)
        tile_sums(true, false, stage, panel, parts, taken, out, ldc, onto);
      else if (width > 16)
        tile_sums(false, true, stage, panel, parts, taken, out, ldc, onto);
      else
        tile_sums(false, false, stage, panel, parts, taken, out, ldc, onto);
    }
    onto = 1;
  } while (term < count);
}

/// As many panels at a time as stay in the second cache, all rows against them, 32 at a time.
static void gemm_tile_panels(int64_t m, int64_t n, const wb_panel_term *terms, int64_t count, float *c, int64_t ldc,
                             int32_t accumulate) {
  int64_t bytes = 1, shape = 0;
  for (int64_t t = 0; t < count; t++) bytes += (terms[t].k + 1) / 2 * WB_PANEL * 4;
  const int64_t pairs = WB_TILE_CACHE / bytes / 2, step = (pairs > 0 ? pairs : 1) * 32;
  for (int64_t j = 0; j < n; j += step)
    for (int64_t i = 0; i < m; i += 32)
      tile_rows(m - i < 32 ? m - i : 32, n - j < step ? n - j : step, i, j / WB_PANEL, terms, count, c + i * ldc + j,
                ldc, accumulate, &shape);
  if (shape) WB_TILES_END();
}

/// The speed of the instruction alone: all sums of tiles that stay where they are.
static double tile_peak(int64_t count, float *sink) {
  float sums[16 * 16] __attribute__((aligned(64)));
  set_tiles(32, 32);
  WB_TILE_ZERO(0);
  WB_TILE_ZERO(1);
  WB_TILE_ZERO(2);
  WB_TILE_ZERO(3);
  WB_TILE_ZERO(4);
  WB_TILE_ZERO(5);
  WB_TILE_ZERO(6);
  WB_TILE_ZERO(7);
  for (int64_t l = 0; l < count; l++) {
    WB_TILE_ADD_PAIRS(0, 4, 6);
    WB_TILE_ADD_PAIRS(1, 4, 7);
    WB_TILE_ADD_PAIRS(2, 5, 6);
    WB_TILE_ADD_PAIRS(3, 5, 7);
  }
  WB_TILE_STORE(0, sums, 64);
  WB_TILES_END();
  *sink = sums[0];
  return 4.0 * 2 * 16 * 16 * WB_RUN * (double)count;
}
