// Matrix products of oneDNN behind a plain C call; works with oneDNN 2.6 and 3.x.
#ifndef WB_CONEDNN_H
#define WB_CONEDNN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { WB_MATMUL_F32 = 0, WB_MATMUL_BF16 = 1 } wb_matmul_type;

/// c[m, n] (+)= op(a)[m, k] * op(b)[k, n], row-major; a `transposed` operand is stored with its two dimensions exchanged.
/// Sums are fp32. a and b share one type; c has its own. `ld` is the distance between stored rows in elements.
typedef struct wb_matmul {
  int64_t m, n, k;
  int64_t lda, ldb, ldc;
  int32_t transposed_a, transposed_b;
  int32_t accumulate;
  int32_t input_type, output_type;
} wb_matmul;

/// Runs the product on the calling thread alone. Returns 0, or 1 when oneDNN has no implementation for it (bf16 on a
/// processor without AVX-512) or cannot get memory; c is then untouched. Safe to call from many threads at once.
int32_t wb_matmul_run(const wb_matmul *shape, const void *a, const void *b, void *c);

/// Whether oneDNN multiplies bf16 on this processor with something better than its reference loop.
int32_t wb_matmul_supports_bf16(void);

/// The version of the library that is loaded, as major * 10000 + minor * 100 + patch.
int32_t wb_matmul_library_version(void);

#ifdef __cplusplus
}
#endif
#endif
