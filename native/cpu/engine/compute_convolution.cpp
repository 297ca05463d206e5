#include "engine/compute_convolution.h"

#include <array>
#include <bit>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "engine/compute_convolution_plan.h"

namespace cpu::compute {
namespace {

/// Everything a plan depends on, as numbers.
struct PlanKey {
  std::array<int32_t, 96> words{};
  int used = 0;

  void add(int64_t value) { words[static_cast<size_t>(used++)] = static_cast<int32_t>(value); }
  void add(const Tensor& tensor) {
    add(static_cast<int>(tensor.type) << 8 | tensor.rank);
    for (int i = 0; i < tensor.rank; ++i) {
      add(tensor.dims[i]);
      add(tensor.strides[i]);
    }
  }
  bool operator==(const PlanKey& other) const {
    return used == other.used && std::memcmp(words.data(), other.words.data(), sizeof(int32_t) * used) == 0;
  }
};

struct PlanKeyHash {
  size_t operator()(const PlanKey& key) const {
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < key.used; ++i) {
      hash = (hash ^ static_cast<uint32_t>(key.words[static_cast<size_t>(i)])) * 0x100000001b3u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

struct PlanCache {
  std::mutex mutex;
  std::unordered_map<PlanKey, std::unique_ptr<ConvolutionPlan>, PlanKeyHash> plans;
};

PlanCache& plan_cache() {
  static auto* cache = new PlanCache;
  return *cache;
}

}  // namespace

ConvolutionPlan* find_convolution_plan(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                       const ConvolutionShape& shape, const Epilogue& epilogue) {
  PlanKey key;
  key.add(static_cast<int>(direction) | static_cast<int>(algorithm) << 4 | epilogue.has_bias << 8 |
          shape.flips_filter << 9 | static_cast<int>(epilogue.function) << 10 |
          static_cast<int>(epilogue.bias_type) << 16);
  key.add(std::bit_cast<int32_t>(epilogue.coefficient));
  key.add(shape.groups);
  key.add(shape.x);
  key.add(shape.w);
  key.add(shape.y);
  for (int i = 0; i < shape.x.rank - 2; ++i) {
    key.add(shape.padding[i]);
    key.add(shape.stride[i]);
    key.add(shape.dilation[i]);
  }
  PlanCache& cache = plan_cache();
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.plans.find(key);
  if (found != cache.plans.end()) return found->second.get();
  // What is not possible is remembered too.
  return cache.plans.emplace(key, ConvolutionPlan::make(direction, algorithm, shape, epilogue)).first->second.get();
}

const ConvolutionShape& convolution_plan_shape(const ConvolutionPlan& plan) { return plan.shape(); }
size_t convolution_workspace(const ConvolutionPlan& plan) { return plan.workspace(); }
const char* convolution_kernel(const ConvolutionPlan& plan) { return plan.kernel(); }

void run_convolution(ConvolutionPlan& plan, double alpha, const void* first, const void* second, const void* bias,
                     double beta, void* result, void* workspace, size_t workspace_bytes) {
  plan.run(alpha, first, second, bias, beta, result, workspace, workspace_bytes);
}

}  // namespace cpu::compute
