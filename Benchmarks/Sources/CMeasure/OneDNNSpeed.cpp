// On a thread of its own, so that its OpenMP team has nothing to do with the engine's threads and ends with it.
#include "CMeasure.h"

#include <chrono>
#include <dlfcn.h>
#include <random>
#include <thread>
#include <vector>

#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#else
#include <dnnl.hpp>
#endif

using dnnl::memory;

static double speed(int64_t m, int64_t n, int64_t k, bool bf16, bool packed, int threads, int count) {
  using SetThreads = void (*)(int);
  if (const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) set(threads);
  dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto type = bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const auto f32 = memory::data_type::f32;
  using tag = memory::format_tag;
  const memory::desc a({m, k}, type, tag::ab), b({k, n}, type, packed ? tag::any : tag::ba), c({m, n}, f32, tag::ab);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc description(engine, a, b, c);
#else
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), engine);
#endif
  const dnnl::matmul product(description);

  std::vector<float> noise(static_cast<size_t>(std::max(m, n) * k));
  std::minstd_rand random(1);
  for (auto &x : noise) x = static_cast<float>(random()) / 2147483648.0f - 0.5f;
  memory plainA({{m, k}, f32, tag::ab}, engine, noise.data()), plainB({{k, n}, f32, tag::ba}, engine, noise.data());
  memory A(description.src_desc(), engine), B(description.weights_desc(), engine), C(description.dst_desc(), engine);
  dnnl::reorder(plainA, A).execute(stream, plainA, A);
  dnnl::reorder(plainB, B).execute(stream, plainB, B);
  const std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, A}, {DNNL_ARG_WEIGHTS, B}, {DNNL_ARG_DST, C}};
  product.execute(stream, arguments);
  stream.wait();

  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; i++) product.execute(stream, arguments);
  stream.wait();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) * count / time.count();
}

extern "C" double cm_onednn_speed(int64_t m, int64_t n, int64_t k, int bf16, int packed, int threads, int count) {
  double result = 0;
  std::thread([&] {
    try {
      result = speed(m, n, k, bf16 != 0, packed != 0, threads, count);
    } catch (const std::exception &) {
    }
  }).join();
  return result;
}
