// Which convolution algorithms there are, how much workspace they want and how fast they are.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "cudnn/run_convolution.h"
#include "engine/compute_scratch.h"
#include "engine/last_error.h"

namespace cpu {
namespace {

using compute::ConvolutionPlan;
using compute::ConvolutionShape;
using compute::Tensor;

/// The three directions differ in their types only. `order` lists all algorithms, the best guess first where Winograd's
/// transformation does not pay; `transformed` is the one that uses it.
struct Forward {
  using Algorithm = cudnnConvolutionFwdAlgo_t;
  using Performance = cudnnConvolutionFwdAlgoPerf_t;
  static constexpr Algorithm order[] = {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                                        CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                                        CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED,
                                        CUDNN_CONVOLUTION_FWD_ALGO_GEMM,
                                        CUDNN_CONVOLUTION_FWD_ALGO_DIRECT,
                                        CUDNN_CONVOLUTION_FWD_ALGO_FFT,
                                        CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING,
                                        CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD};
  static constexpr Algorithm transformed = CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED;
  static ConvolutionPlan* plan(Arguments& arguments, const ConvolutionShape& shape, Algorithm algorithm) {
    return forward_plan(arguments, shape, algorithm);
  }
  static const Tensor& first(const ConvolutionShape& shape) { return shape.x; }
  static const Tensor& second(const ConvolutionShape& shape) { return shape.w; }
  static const Tensor& result(const ConvolutionShape& shape) { return shape.y; }
};

struct BackwardData {
  using Algorithm = cudnnConvolutionBwdDataAlgo_t;
  using Performance = cudnnConvolutionBwdDataAlgoPerf_t;
  static constexpr Algorithm order[] = {CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_0,
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED,
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT,
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING,
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD};
  static constexpr Algorithm transformed = CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED;
  static ConvolutionPlan* plan(Arguments& arguments, const ConvolutionShape& shape, Algorithm algorithm) {
    return backward_data_plan(arguments, shape, algorithm);
  }
  static const Tensor& first(const ConvolutionShape& shape) { return shape.y; }
  static const Tensor& second(const ConvolutionShape& shape) { return shape.w; }
  static const Tensor& result(const ConvolutionShape& shape) { return shape.x; }
};

struct BackwardFilter {
  using Algorithm = cudnnConvolutionBwdFilterAlgo_t;
  using Performance = cudnnConvolutionBwdFilterAlgoPerf_t;
  static constexpr Algorithm order[] = {
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,         CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0,
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3,         CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED,
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT,       CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD,
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING};
  static constexpr Algorithm transformed = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED;
  static ConvolutionPlan* plan(Arguments& arguments, const ConvolutionShape& shape, Algorithm algorithm) {
    return backward_filter_plan(arguments, shape, algorithm);
  }
  static const Tensor& first(const ConvolutionShape& shape) { return shape.x; }
  static const Tensor& second(const ConvolutionShape& shape) { return shape.y; }
  static const Tensor& result(const ConvolutionShape& shape) { return shape.w; }
};

template <class Direction>
constexpr int algorithm_count = static_cast<int>(std::size(Direction::order));

template <class Direction>
cudnnStatus_t max_count(cudnnHandle_t handle, int* count) {
  Arguments arguments("cudnnGetConvolution...AlgorithmMaxCount");
  arguments.handle(handle);
  arguments.pointers(count);
  if (arguments.failed()) return arguments.status();
  *count = algorithm_count<Direction>;
  return CUDNN_STATUS_SUCCESS;
}

/// One line of an answer for every algorithm, those that exist first; `plans` in the same order, null for the others.
template <class Direction>
void describe(const ConvolutionShape& shape, typename Direction::Performance* performances, ConvolutionPlan** plans) {
  for (int i = 0; i < algorithm_count<Direction>; ++i) {
    Arguments attempt("");
    auto& performance = performances[i];
    std::memset(&performance, 0, sizeof performance);
    plans[i] = Direction::plan(attempt, shape, Direction::order[i]);
    performance.algo = Direction::order[i];
    performance.status = attempt.status();
    performance.time = -1;
    performance.memory = plans[i] == nullptr ? 0 : workspace_of(*plans[i], Direction::order[i]);
    performance.determinism = plans[i] == nullptr ? CUDNN_NON_DETERMINISTIC : CUDNN_DETERMINISTIC;
    performance.mathType = CUDNN_DEFAULT_MATH;
  }
  // What the attempts said is part of the answer, not an error of this call.
  take_last_error(Library::cudnn);
}

/// Existing algorithms before the others, measured ones by time; else in the order of the guess.
template <class Performance>
void sort(Performance* performances, int count) {
  std::stable_sort(performances, performances + count, [](const Performance& a, const Performance& b) {
    const bool a_works = a.status == CUDNN_STATUS_SUCCESS, b_works = b.status == CUDNN_STATUS_SUCCESS;
    return a_works != b_works ? a_works : a_works && a.time < b.time;
  });
}

template <class Direction>
cudnnStatus_t answer(Arguments& arguments, const typename Direction::Performance* performances, int requested,
                     int* returned, typename Direction::Performance* results) {
  *returned = std::min(requested, algorithm_count<Direction>);
  std::copy_n(performances, *returned, results);
  return arguments.status();
}

template <class Direction>
cudnnStatus_t guess(Arguments& arguments, const ConvolutionShape& shape, int requested, int* returned,
                    typename Direction::Performance* results) {
  arguments.pointers(returned, results);
  arguments.require(requested > 0, CUDNN_STATUS_BAD_PARAM, "requestedAlgoCount is below 1");
  if (arguments.failed()) return arguments.status();
  typename Direction::Performance performances[algorithm_count<Direction>];
  ConvolutionPlan* plans[algorithm_count<Direction>];
  describe<Direction>(shape, performances, plans);
  sort(performances, algorithm_count<Direction>);
  // What is expected to be faster than the order says is put before it.
  if (compute::prefers_winograd(shape)) {
    auto* transformed = std::find_if(performances, std::end(performances), [](const auto& performance) {
      return performance.algo == Direction::transformed && performance.status == CUDNN_STATUS_SUCCESS;
    });
    if (transformed != std::end(performances)) std::rotate(performances, transformed, transformed + 1);
  }
  return answer<Direction>(arguments, performances, requested, returned, results);
}

template <class Direction>
cudnnStatus_t workspace(Arguments& arguments, const ConvolutionShape& shape, typename Direction::Algorithm algorithm,
                        size_t* size) {
  arguments.pointers(size);
  const ConvolutionPlan* plan = Direction::plan(arguments, shape, algorithm);
  if (arguments.failed()) return arguments.status();
  *size = workspace_of(*plan, algorithm);
  return CUDNN_STATUS_SUCCESS;
}

/// Memory of a measurement; null pointers are replaced by scratch memory.
struct Buffers {
  const void* first;
  const void* second;
  void* result;
  void* workspace;
  size_t workspace_bytes;
};

/// Milliseconds of the best of three runs after one that warms up.
float measure(ConvolutionPlan& plan, const Buffers& buffers) {
  using clock = std::chrono::steady_clock;
  float best = 0;
  for (int run = 0; run < 4; ++run) {
    const auto start = clock::now();
    compute::run_convolution(plan, 1, buffers.first, buffers.second, nullptr, 0, buffers.result, buffers.workspace,
                             buffers.workspace_bytes);
    const float time = std::chrono::duration<float, std::milli>(clock::now() - start).count();
    if (run == 1 || (run > 1 && time < best)) best = time;
  }
  return best;
}

/// Scratch memory for a tensor, all 0.
void* zeros(const Tensor& tensor, compute::Scratch& scratch) {
  int64_t lowest, highest;
  tensor.reach(lowest, highest);
  const size_t bytes = static_cast<size_t>(highest - lowest + 1) * compute::element_size(tensor.type);
  return compute::at(std::memset(scratch.take_bytes(bytes), 0, bytes), tensor.type, -lowest);
}

/// Times every algorithm on the handle's stream and waits: on the caller's memory, whose workspace must suffice, or on
/// scratch memory.
template <class Direction>
cudnnStatus_t find(Arguments& arguments, const char* name, const CudnnHandle* handle, const ConvolutionShape& shape,
                   Buffers buffers, bool own_buffers, int requested, int* returned,
                   typename Direction::Performance* results) {
  arguments.pointers(returned, results);
  arguments.require(requested > 0, CUDNN_STATUS_BAD_PARAM, "requestedAlgoCount is below 1");
  if (!own_buffers) arguments.pointers(buffers.first, buffers.second, static_cast<const void*>(buffers.result));
  if (arguments.failed()) return arguments.status();
  constexpr int count = algorithm_count<Direction>;
  typename Direction::Performance performances[count];
  ConvolutionPlan* plans[count];
  describe<Direction>(shape, performances, plans);
  if (std::all_of(plans, plans + count, [](const ConvolutionPlan* plan) { return plan == nullptr; })) {
    return answer<Direction>(arguments, performances, requested, returned, results);
  }
  const std::shared_ptr<Stream> stream = stream_of(*handle);
  if (stream == nullptr) return CUDNN_STATUS_EXECUTION_FAILED;
  // Everything the closure points to outlives it: this call waits.
  cudnnStatus_t outcome = CUDNN_STATUS_SUCCESS;
  const auto body = [&] {
    try {
      compute::Scratch scratch;
      Buffers used = buffers;
      const Tensor &first = Direction::first(shape), &second = Direction::second(shape),
                   &result = Direction::result(shape);
      if (own_buffers) {
        used = {zeros(first, scratch), zeros(second, scratch), zeros(result, scratch), nullptr, 0};
      } else if (!touches(name, {extent_of("the first operand", first, used.first),
                                 extent_of("the second operand", second, used.second),
                                 extent_of("the result", result, used.result),
                                 extent_of("workSpace", used.workspace, static_cast<int64_t>(used.workspace_bytes))})) {
        return;
      }
      for (int i = 0; i < count; ++i) {
        if (plans[i] == nullptr) continue;
        if (!own_buffers && performances[i].memory > buffers.workspace_bytes) {
          performances[i].status = CUDNN_STATUS_ALLOC_FAILED;
          continue;
        }
        // Algorithms that share a kernel share its time, as far as it was measured.
        int same = 0;
        while (same < i && (plans[same] != plans[i] || performances[same].status != CUDNN_STATUS_SUCCESS)) ++same;
        performances[i].time = same < i ? performances[same].time : measure(*plans[i], used);
      }
    } catch (const std::bad_alloc&) {
      outcome = CUDNN_STATUS_ALLOC_FAILED;
    } catch (const std::exception&) {
      outcome = CUDNN_STATUS_EXECUTION_FAILED;
    }
  };
  try {
    stream->refuse_in_capture("measuring algorithms waits for results, but the stream is being captured");
    stream->enqueue([&body] { body(); });
    stream->synchronize();
  } catch (const std::exception& error) {
    return fail(CUDNN_STATUS_EXECUTION_FAILED, error.what());
  }
  if (stream->group().error() != CUDA_SUCCESS) {
    return fail(CUDNN_STATUS_EXECUTION_FAILED, stream->group().error_text());
  }
  if (outcome != CUDNN_STATUS_SUCCESS) return fail(outcome, "measuring the convolution algorithms failed");
  sort(performances, count);
  return answer<Direction>(arguments, performances, requested, returned, results);
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::convolution_shape;

cudnnStatus_t cudnnGetConvolutionForwardAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return cpu::max_count<cpu::Forward>(handle, count);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return cpu::max_count<cpu::BackwardData>(handle, count);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return cpu::max_count<cpu::BackwardFilter>(handle, count);
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t srcDesc,
                                                     const cudnnFilterDescriptor_t filterDesc,
                                                     const cudnnConvolutionDescriptor_t convDesc,
                                                     const cudnnTensorDescriptor_t destDesc,
                                                     const int requestedAlgoCount, int* returnedAlgoCount,
                                                     cudnnConvolutionFwdAlgoPerf_t* perfResults) {
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto shape =
      convolution_shape(arguments, srcDesc, "srcDesc", filterDesc, "filterDesc", convDesc, destDesc, "destDesc");
  return cpu::guess<cpu::Forward>(arguments, shape, requestedAlgoCount, returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
    cudnnHandle_t handle, const cudnnFilterDescriptor_t filterDesc, const cudnnTensorDescriptor_t diffDesc,
    const cudnnConvolutionDescriptor_t convDesc, const cudnnTensorDescriptor_t gradDesc, const int requestedAlgoCount,
    int* returnedAlgoCount, cudnnConvolutionBwdDataAlgoPerf_t* perfResults) {
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto shape =
      convolution_shape(arguments, gradDesc, "gradDesc", filterDesc, "filterDesc", convDesc, diffDesc, "diffDesc");
  return cpu::guess<cpu::BackwardData>(arguments, shape, requestedAlgoCount, returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t srcDesc,
                                                            const cudnnTensorDescriptor_t diffDesc,
                                                            const cudnnConvolutionDescriptor_t convDesc,
                                                            const cudnnFilterDescriptor_t gradDesc,
                                                            const int requestedAlgoCount, int* returnedAlgoCount,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t* perfResults) {
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto shape =
      convolution_shape(arguments, srcDesc, "srcDesc", gradDesc, "gradDesc", convDesc, diffDesc, "diffDesc");
  return cpu::guess<cpu::BackwardFilter>(arguments, shape, requestedAlgoCount, returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
                                                      const cudnnFilterDescriptor_t wDesc,
                                                      const cudnnConvolutionDescriptor_t convDesc,
                                                      const cudnnTensorDescriptor_t yDesc,
                                                      cudnnConvolutionFwdAlgo_t algo, size_t* sizeInBytes) {
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", wDesc, "wDesc", convDesc, yDesc, "yDesc");
  return cpu::workspace<cpu::Forward>(arguments, shape, algo, sizeInBytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, const cudnnFilterDescriptor_t wDesc,
                                                           const cudnnTensorDescriptor_t dyDesc,
                                                           const cudnnConvolutionDescriptor_t convDesc,
                                                           const cudnnTensorDescriptor_t dxDesc,
                                                           cudnnConvolutionBwdDataAlgo_t algo, size_t* sizeInBytes) {
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto shape = convolution_shape(arguments, dxDesc, "dxDesc", wDesc, "wDesc", convDesc, dyDesc, "dyDesc");
  return cpu::workspace<cpu::BackwardData>(arguments, shape, algo, sizeInBytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
                                                             const cudnnTensorDescriptor_t dyDesc,
                                                             const cudnnConvolutionDescriptor_t convDesc,
                                                             const cudnnFilterDescriptor_t gradDesc,
                                                             cudnnConvolutionBwdFilterAlgo_t algo,
                                                             size_t* sizeInBytes) {
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", gradDesc, "gradDesc", convDesc, dyDesc, "dyDesc");
  return cpu::workspace<cpu::BackwardFilter>(arguments, shape, algo, sizeInBytes);
}

cudnnStatus_t cudnnFindConvolutionForwardAlgorithm(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
                                                   const cudnnFilterDescriptor_t wDesc,
                                                   const cudnnConvolutionDescriptor_t convDesc,
                                                   const cudnnTensorDescriptor_t yDesc, const int requestedAlgoCount,
                                                   int* returnedAlgoCount, cudnnConvolutionFwdAlgoPerf_t* perfResults) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", wDesc, "wDesc", convDesc, yDesc, "yDesc");
  return cpu::find<cpu::Forward>(arguments, __func__, cudnn, shape, {}, true, requestedAlgoCount, returnedAlgoCount,
                                 perfResults);
}

cudnnStatus_t cudnnFindConvolutionForwardAlgorithmEx(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
                                                     const void* x, const cudnnFilterDescriptor_t wDesc, const void* w,
                                                     const cudnnConvolutionDescriptor_t convDesc,
                                                     const cudnnTensorDescriptor_t yDesc, void* y,
                                                     const int requestedAlgoCount, int* returnedAlgoCount,
                                                     cudnnConvolutionFwdAlgoPerf_t* perfResults, void* workSpace,
                                                     size_t workSpaceSizeInBytes) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", wDesc, "wDesc", convDesc, yDesc, "yDesc");
  arguments.pointers(x, w, static_cast<const void*>(y));
  return cpu::find<cpu::Forward>(arguments, __func__, cudnn, shape, {x, w, y, workSpace, workSpaceSizeInBytes},
                                 cpu::has_vectors(xDesc), requestedAlgoCount, returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnFindConvolutionBackwardDataAlgorithm(cudnnHandle_t handle, const cudnnFilterDescriptor_t wDesc,
                                                        const cudnnTensorDescriptor_t dyDesc,
                                                        const cudnnConvolutionDescriptor_t convDesc,
                                                        const cudnnTensorDescriptor_t dxDesc,
                                                        const int requestedAlgoCount, int* returnedAlgoCount,
                                                        cudnnConvolutionBwdDataAlgoPerf_t* perfResults) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, dxDesc, "dxDesc", wDesc, "wDesc", convDesc, dyDesc, "dyDesc");
  return cpu::find<cpu::BackwardData>(arguments, __func__, cudnn, shape, {}, true, requestedAlgoCount,
                                      returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnFindConvolutionBackwardDataAlgorithmEx(cudnnHandle_t handle, const cudnnFilterDescriptor_t wDesc,
                                                          const void* w, const cudnnTensorDescriptor_t dyDesc,
                                                          const void* dy, const cudnnConvolutionDescriptor_t convDesc,
                                                          const cudnnTensorDescriptor_t dxDesc, void* dx,
                                                          const int requestedAlgoCount, int* returnedAlgoCount,
                                                          cudnnConvolutionBwdDataAlgoPerf_t* perfResults,
                                                          void* workSpace, size_t workSpaceSizeInBytes) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, dxDesc, "dxDesc", wDesc, "wDesc", convDesc, dyDesc, "dyDesc");
  return cpu::find<cpu::BackwardData>(arguments, __func__, cudnn, shape, {dy, w, dx, workSpace, workSpaceSizeInBytes},
                                      false, requestedAlgoCount, returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnFindConvolutionBackwardFilterAlgorithm(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
                                                          const cudnnTensorDescriptor_t dyDesc,
                                                          const cudnnConvolutionDescriptor_t convDesc,
                                                          const cudnnFilterDescriptor_t dwDesc,
                                                          const int requestedAlgoCount, int* returnedAlgoCount,
                                                          cudnnConvolutionBwdFilterAlgoPerf_t* perfResults) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", dwDesc, "dwDesc", convDesc, dyDesc, "dyDesc");
  return cpu::find<cpu::BackwardFilter>(arguments, __func__, cudnn, shape, {}, true, requestedAlgoCount,
                                        returnedAlgoCount, perfResults);
}

cudnnStatus_t cudnnFindConvolutionBackwardFilterAlgorithmEx(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc,
                                                            const void* x, const cudnnTensorDescriptor_t dyDesc,
                                                            const void* y, const cudnnConvolutionDescriptor_t convDesc,
                                                            const cudnnFilterDescriptor_t dwDesc, void* dw,
                                                            const int requestedAlgoCount, int* returnedAlgoCount,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t* perfResults,
                                                            void* workSpace, size_t workSpaceSizeInBytes) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", dwDesc, "dwDesc", convDesc, dyDesc, "dyDesc");
  return cpu::find<cpu::BackwardFilter>(arguments, __func__, cudnn, shape, {x, y, dw, workSpace, workSpaceSizeInBytes},
                                        false, requestedAlgoCount, returnedAlgoCount, perfResults);
}
