// Each thread keeps its own table of prepared products, so that a call in the steady state takes no lock, allocates
// nothing and compiles nothing. oneDNN's OpenMP team is held to one thread: the parallelism is the caller's.
#include "COneDNN.h"

#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <string>
#include <unordered_map>

#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#else
#include <dnnl.hpp>
#endif

namespace {

using dnnl::memory;

struct Prepared {
  dnnl::matmul primitive;
  memory a, b, c;
  std::unordered_map<int, memory> arguments;
};

struct ShapeHash {
  size_t operator()(const wb_matmul &shape) const {
    const auto *words = reinterpret_cast<const uint32_t *>(&shape);
    uint64_t hash = 1469598103934665603ull;
    for (size_t i = 0; i < sizeof(wb_matmul) / 4; i++) hash = (hash ^ words[i]) * 1099511628211ull;
    return static_cast<size_t>(hash);
  }
};

struct ShapeEqual {
  bool operator()(const wb_matmul &x, const wb_matmul &y) const { return std::memcmp(&x, &y, sizeof x) == 0; }
};

// 11 words of 4 or 8 bytes without a gap, so that hashing and comparing bytes is sound.
static_assert(sizeof(wb_matmul) == 6 * 8 + 5 * 4 + 4, "wb_matmul: padding only at the end");

dnnl::engine &engine() {
  static dnnl::engine shared(dnnl::engine::kind::cpu, 0);
  return shared;
}

/// libgomp comes with oneDNN; where another runtime is used there is nothing to hold back.
void useOneThread() {
  using SetThreads = void (*)(int);
  static const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set) set(1);
}

struct ThreadState {
  dnnl::stream stream;
  std::unordered_map<wb_matmul, std::unique_ptr<Prepared>, ShapeHash, ShapeEqual> products;
  ThreadState() : stream(engine()) { useOneThread(); }
};

ThreadState &threadState() {
  thread_local ThreadState state;
  return state;
}

memory::desc layout(int64_t rows, int64_t columns, int64_t ld, bool transposed, int32_t type) {
  const auto element = type == WB_MATMUL_BF16 ? memory::data_type::bf16 : memory::data_type::f32;
  const memory::dims strides = transposed ? memory::dims{1, ld} : memory::dims{ld, 1};
  return memory::desc({rows, columns}, element, strides);
}

std::unique_ptr<Prepared> prepare(const wb_matmul &shape) {
  const auto a = layout(shape.m, shape.k, shape.lda, shape.transposed_a, shape.input_type);
  const auto b = layout(shape.k, shape.n, shape.ldb, shape.transposed_b, shape.input_type);
  const auto c = layout(shape.m, shape.n, shape.ldc, false, shape.output_type);
  dnnl::primitive_attr attributes;
  if (shape.accumulate) {
    dnnl::post_ops operations;
    operations.append_sum(1.0f);
    attributes.set_post_ops(operations);
  }
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc description(engine(), a, b, c, attributes);
#else
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), attributes, engine());
#endif
  auto prepared = std::make_unique<Prepared>();
  prepared->primitive = dnnl::matmul(description);
  prepared->a = memory(a, engine(), nullptr);
  prepared->b = memory(b, engine(), nullptr);
  prepared->c = memory(c, engine(), nullptr);
  prepared->arguments = {{DNNL_ARG_SRC, prepared->a}, {DNNL_ARG_WEIGHTS, prepared->b}, {DNNL_ARG_DST, prepared->c}};
  return prepared;
}

}  // namespace

extern "C" int32_t wb_matmul_run(const wb_matmul *given, const void *a, const void *b, void *c) {
  try {
    wb_matmul shape;
    std::memset(&shape, 0, sizeof shape);
    shape.m = given->m, shape.n = given->n, shape.k = given->k;
    shape.lda = given->lda, shape.ldb = given->ldb, shape.ldc = given->ldc;
    shape.transposed_a = given->transposed_a, shape.transposed_b = given->transposed_b;
    shape.accumulate = given->accumulate;
    shape.input_type = given->input_type, shape.output_type = given->output_type;

    auto &state = threadState();
    auto &slot = state.products[shape];
    if (!slot) slot = prepare(shape);
    slot->a.set_data_handle(const_cast<void *>(a));
    slot->b.set_data_handle(const_cast<void *>(b));
    slot->c.set_data_handle(c);
    slot->primitive.execute(state.stream, slot->arguments);
    state.stream.wait();
    return 0;
  } catch (const std::exception &) {
    return 1;
  }
}

extern "C" int32_t wb_matmul_supports_bf16(void) {
  // Instruction sets are bit sets that contain the ones below them.
  const auto core = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & core) == core ? 1 : 0;
}

extern "C" int32_t wb_matmul_library_version(void) {
  const auto *version = dnnl::version();
  return version->major * 10000 + version->minor * 100 + version->patch;
}
