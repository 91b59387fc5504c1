// Operands of the twins: matrices that end where memory that must not be touched begins, with NaN before them, between
// their rows and behind each row, and pairs of equal ones for the definition and the kernel that is held to it.
#ifndef OPERANDS_H
#define OPERANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "CKernels.h"

/// What a matrix holds: a `wb_type`, words of two bf16 numbers, or bytes.
enum { F32 = WB_F32, BF16 = WB_BF16, F16 = WB_F16, WORD = 3, BYTE = 4 };

/// The size of one comparison. `k` is for products.
typedef struct size {
  int64_t rows, n, k;
} size;

/// The definition's result and the kernel's.
typedef struct twin {
  void *at[2];
} twin;

/// Forgets the operands of the last comparison; what is made next depends on `seed` alone.
void begin(const char *table, const char *kernel, size s, int type, uint64_t seed);

/// A random matrix [rows, n], rows `ld` apart.
void *input(int64_t rows, int64_t n, int64_t ld, int kind);
/// Two that hold NaN, to be written. Numbers may differ by tolerance * (1 + |x|); 0 wants the same bits.
twin output(int64_t rows, int64_t n, int64_t ld, int kind, double tolerance);
/// Two equal random ones, to be read and written.
twin both(int64_t rows, int64_t n, int64_t ld, int kind, double tolerance);
/// `both` where `onto` (the product is added to what is there), `output` otherwise.
twin result(bool onto, int64_t rows, int64_t n, int64_t ld, int kind, double tolerance);

/// Compares all twins made since `begin`, and what lies around them; says what differs. Whether all was well.
bool compare(void);
/// Holds a number to the definition's.
void expect(double wanted, double found, double tolerance);

/// The next random whole number in 0..<count.
int64_t draw(int64_t count);

#endif
