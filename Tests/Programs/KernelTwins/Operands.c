#define _GNU_SOURCE
#include "Operands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 24, BYTES = 2 << 20, BEFORE = 256 };

/// One matrix: it ends at the end of its slot's memory, where a page follows that nobody may touch.
typedef struct operand {
  char *at;
  int64_t rows, n, ld;
  int kind;
} operand;

typedef struct comparison {
  operand of[2];
  double tolerance;
} comparison;

static char *slots[SLOTS];
static comparison comparisons[SLOTS];
static int taken, compared, told;
static bool well;
static uint64_t state;
static const char *table, *kernel;
static size shape;
static int element;

static uint32_t next_word(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

int64_t draw(int64_t count) { return (int64_t)(next_word() % (uint64_t)count); }

void begin(const char *of, const char *name, size s, int type, uint64_t seed) {
  table = of, kernel = name, shape = s, element = type;
  taken = compared = 0;
  well = true;
  state = seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
  for (int i = 0; i < 8; i++) next_word();
}

static int64_t width(int kind) { return kind == F32 || kind == WORD ? 4 : kind == BYTE ? 1 : 2; }

/// A number between -2 and 2; any finite one of fp16.
static void put_random(char *at, int kind) {
  const uint32_t word = next_word();
  const float x = (float)((double)word / 0x1p30 - 2);
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if (kind == WORD) {
    // The first half is another number: from the word's lower bits.
    const float y = (float)((double)(word * 0x9e3779b9u) / 0x1p30 - 2);
    uint32_t first;
    memcpy(&first, &y, 4);
    bits = (bits & 0xffff0000u) | first >> 16;
  } else if (kind == BYTE) {
    bits = word >> 24;
  } else if (kind == BF16) {
    bits >>= 16;
  } else if (kind == F16) {
    // Not an infinity or a NaN.
    bits = (word >> 10 & 31) == 31 ? word ^ 0x4000 : word;
  }
  memcpy(at, &bits, (size_t)width(kind));
}

static operand place(int64_t rows, int64_t n, int64_t ld, int kind) {
  const int64_t bytes = rows > 0 ? ((rows - 1) * ld + n) * width(kind) : 0;
  const int64_t page = sysconf(_SC_PAGESIZE);
  if (taken == SLOTS || bytes + BEFORE > BYTES) {
    fprintf(stderr, "error: %s wants more memory than a comparison has\n", kernel);
    exit(1);
  }
  char **slot = &slots[taken++];
  if (!*slot) {
    *slot = mmap(NULL, (size_t)(BYTES + page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*slot == MAP_FAILED || mprotect(*slot + BYTES, (size_t)page, PROT_NONE)) {
      fprintf(stderr, "error: no memory\n");
      exit(1);
    }
  }
  char *at = *slot + BYTES - bytes;
  // NaN of fp32, and of bf16, fp16 and pairs of them as well.
  memset(at - BEFORE, 0xff, (size_t)(bytes + BEFORE));
  return (operand){.at = at, .rows = rows, .n = n, .ld = ld, .kind = kind};
}

static void fill(operand x) {
  for (int64_t i = 0; i < x.rows; i++)
    for (int64_t j = 0; j < x.n; j++) put_random(x.at + (i * x.ld + j) * width(x.kind), x.kind);
}

void *input(int64_t rows, int64_t n, int64_t ld, int kind) {
  const operand x = place(rows, n, ld, kind);
  fill(x);
  return x.at;
}

static twin make_twin(bool filled, int64_t rows, int64_t n, int64_t ld, int kind, double tolerance) {
  comparison *pair = &comparisons[compared++];
  pair->tolerance = tolerance;
  for (int v = 0; v < 2; v++) pair->of[v] = place(rows, n, ld, kind);
  if (filled) {
    fill(pair->of[0]);
    for (int64_t i = 0; i < rows; i++)
      memcpy(pair->of[1].at + i * ld * width(kind), pair->of[0].at + i * ld * width(kind), (size_t)(n * width(kind)));
  }
  return (twin){{pair->of[0].at, pair->of[1].at}};
}

twin output(int64_t rows, int64_t n, int64_t ld, int kind, double tolerance) {
  return make_twin(false, rows, n, ld, kind, tolerance);
}

twin both(int64_t rows, int64_t n, int64_t ld, int kind, double tolerance) {
  return make_twin(true, rows, n, ld, kind, tolerance);
}

twin result(bool onto, int64_t rows, int64_t n, int64_t ld, int kind, double tolerance) {
  return make_twin(onto, rows, n, ld, kind, tolerance);
}

static void tell(const char *what, double wanted, double found, int64_t i, int64_t j) {
  well = false;
  if (told++ >= 20) return;
  printf("%s %s [%lld, %lld] k %lld, type %d: %s at [%lld, %lld]: %.9g, expected %.9g\n", table, kernel,
         (long long)shape.rows, (long long)shape.n, (long long)shape.k, element, what, (long long)i, (long long)j, found,
         wanted);
}

void expect(double wanted, double found, double tolerance) {
  if (!(fabs(found - wanted) <= tolerance * (1 + fabs(wanted)))) tell("the result", wanted, found, 0, 0);
}

static double number(const char *at, int kind) {
  uint32_t bits = 0;
  memcpy(&bits, at, (size_t)(kind == F32 ? 4 : 2));
  if (kind != F32) bits <<= 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

/// Both halves of a word are numbers.
static bool differs(const char *a, const char *b, int kind, double tolerance) {
  uint32_t bits[2] = {0, 0};
  memcpy(&bits[0], a, width(kind) == 4 ? 4 : 2);
  memcpy(&bits[1], b, width(kind) == 4 ? 4 : 2);
  if (bits[0] == bits[1]) return false;
  if (tolerance == 0) return true;
  for (int64_t h = 0; h < width(kind); h += kind == F32 ? 4 : 2) {
    const double x = number(a + h, kind), y = number(b + h, kind);
    if (!(fabs(x - y) <= tolerance * (1 + fabs(x)))) return true;
  }
  return false;
}

/// Whether nothing but the elements themselves was written.
static void check_surroundings(operand x) {
  for (int64_t i = 0; i < x.rows; i++) {
    const char *gap = i ? x.at + ((i - 1) * x.ld + x.n) * width(x.kind) : x.at - BEFORE;
    for (const char *p = gap; p < x.at + i * x.ld * width(x.kind); p++)
      if (*p != (char)0xff) {
        tell("memory that is not its own was written", 0, 0, i, (p - gap) / width(x.kind));
        return;
      }
  }
}

bool compare(void) {
  for (int c = 0; c < compared; c++) {
    const operand a = comparisons[c].of[0], b = comparisons[c].of[1];
    check_surroundings(a);
    check_surroundings(b);
    for (int64_t i = 0; i < a.rows && well; i++)
      for (int64_t j = 0; j < a.n && well; j++) {
        const int64_t at = (i * a.ld + j) * width(a.kind);
        if (differs(a.at + at, b.at + at, a.kind, comparisons[c].tolerance))
          tell(comparisons[c].tolerance == 0 ? "other bits" : "the result", number(a.at + at, a.kind),
               number(b.at + at, a.kind), i, j);
      }
  }
  return well;
}
