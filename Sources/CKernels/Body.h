// The vector bodies of every kernel, written once with compiler vector types and included by one C file per instruction
// set. The including file defines WB_LANES (fp32 lanes) and WB_TABLE, WB_HAS_BF16 where pairs of bf16 are multiplied, and
// WB_HAS_TILES where matrix tiles of them are.
//
// Sums are kept in explicit lanes and folded in a fixed order, so a result depends only on the instruction set and the
// shape. exp is our own polynomial: compilers do not vectorise libm's without changing its rounding from call to call.
#include "Bodies/Vectors.h"

#include "Bodies/Transpose.h"

#include "Bodies/Conversion.h"
#include "Bodies/FewRows.h"
#include "Bodies/Flat.h"
#include "Bodies/Gate.h"
#include "Bodies/Norm.h"
#include "Bodies/Quantized.h"
#include "Bodies/Rotary.h"
#include "Bodies/RowProducts.h"
#include "Bodies/Rows.h"
#include "Bodies/Softmax.h"
#include "Bodies/SoftCap.h"
#include "Bodies/LogitCap.h"
#include "Bodies/StripProducts.h"
#include "Bodies/WidePanels.h"

#ifdef WB_HAS_BF16
#include "Bodies/PairConversion.h"
#include "Bodies/PairRows.h"
#include "Bodies/PairPanels.h"
#include "Bodies/PairSoftmax.h"
#include "Bodies/PairStrips.h"
#endif

#ifdef WB_HAS_TILES
#include "Bodies/TilePanels.h"
#endif

#include "Bodies/Panels.h"
#include "Bodies/Peak.h"

const wb_kernels WB_TABLE = {
    .name = WB_NAME, .level = WB_LEVEL, .convert = convert, .rms_norm = rms_norm,
    .rms_norm_backward = rms_norm_backward, .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward, .rope = rope, .gate_mul = gate_mul, .round_gate_mul = round_gate_mul,
    .gate_mul_backward = gate_mul_backward, .cap_logits = cap_logits,
    .add_bias = add_bias, .scale_rows = scale_rows, .transpose = transpose,
    .gemm = gemm, .pack_panels = pack_panels, .gemm_panels = gemm_panels, .gemm_rows = gemm_rows, .few_rows = few_rows,
    .expand = expand, .few_rows_quantized = few_rows_quantized,
    .soft_cap = soft_cap, .softmax = softmax, .softmax_backward = softmax_backward, .row_dots = row_dots,
    .online_softmax = online_softmax, .add_rows = add_rows, .prefetch = prefetch, .sum_of_squares = sum_of_squares, .adamw = adamw,
    .peak = peak,
#ifdef WB_HAS_BF16
    .has_pairs = 1, .gemm_pairs = gemm_pairs, .gemm_row_pairs = gemm_row_pairs, .pair_rows = pair_rows,
    .transpose_words = transpose_words, .softmax_backward_pairs = softmax_backward_pairs,
#endif
};
