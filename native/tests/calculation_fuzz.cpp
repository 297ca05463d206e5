// Calls the calculating cuDNN functions in random order, from several threads at once: shapes that go together and
// shapes that do not, of 3 to 6 dimensions, packed, channels last, in vectors and with any strides, missing pointers,
// destroyed descriptors, workspaces that are too small, streams and handles that change between the calls, captures
// into graphs, and device memory of exactly the size a descriptor says, so that AddressSanitizer (-DSANITIZE=address)
// sees every access beyond it. Checks by itself that
//   - a failure has a name and a text and never stops the stream from working,
//   - a missing handle, descriptor or pointer is refused,
//   - every function was called with success and in vain.
// usage: calculation_fuzz [--calls N] [--threads N] [--seed N]; N sequences of calls in all
#include "tests/calculation_fuzz.h"
#include "tests/command_line.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <thread>

// The text of the last error of a library, 0 for the driver.
extern "C" size_t cudnnnetCpuTakeLastError(int library, char* buffer, size_t size);

bool CalculationFuzzer::start() {
  if (cuCtxSetCurrent(context_) != CUDA_SUCCESS) return false;
  // The first is the default stream.
  for (size_t i = 1; i < std::size(streams_); ++i) {
    if (cuStreamCreate(&streams_[i], i == 1 ? CU_STREAM_NON_BLOCKING : CU_STREAM_DEFAULT) != CUDA_SUCCESS) return false;
  }
  if (CALL(cudnnCreate, &handle_) != CUDNN_STATUS_SUCCESS) return false;
  for (cudnnTensorDescriptor_t& tensor : tensors_) cudnnCreateTensorDescriptor(&tensor);
  cudnnCreateTensorDescriptor(&destroyed_);
  cudnnDestroyTensorDescriptor(destroyed_);
  cudnnCreateFilterDescriptor(&filter_);
  cudnnCreateFilterDescriptor(&filter_result_);
  cudnnCreateConvolutionDescriptor(&convolution_);
  cudnnCreateConvolutionDescriptor(&convolution_result_);
  cudnnCreatePoolingDescriptor(&pooling_);
  cudnnCreateActivationDescriptor(&activation_);
  cudnnCreateOpTensorDescriptor(&operation_);
  cudnnCreateReduceTensorDescriptor(&reduction_);
  cudnnCreateLRNDescriptor(&response_);
  cudnnCreateDropoutDescriptor(&dropout_);
  cudnnCreateSpatialTransformerDescriptor(&transformer_);
  for (cudnnTensorTransformDescriptor_t& transform : transforms_) cudnnCreateTensorTransformDescriptor(&transform);
  return CALL(cudnnDropoutGetStatesSize, handle_, &dropout_state_bytes_) == CUDNN_STATUS_SUCCESS &&
         cuMemAlloc_v2(&dropout_states_, dropout_state_bytes_) == CUDA_SUCCESS;
}

void CalculationFuzzer::stop() {
  for (cudnnTensorDescriptor_t tensor : tensors_) cudnnDestroyTensorDescriptor(tensor);
  cudnnDestroyFilterDescriptor(filter_);
  cudnnDestroyFilterDescriptor(filter_result_);
  cudnnDestroyConvolutionDescriptor(convolution_);
  cudnnDestroyConvolutionDescriptor(convolution_result_);
  cudnnDestroyPoolingDescriptor(pooling_);
  cudnnDestroyActivationDescriptor(activation_);
  cudnnDestroyOpTensorDescriptor(operation_);
  cudnnDestroyReduceTensorDescriptor(reduction_);
  cudnnDestroyLRNDescriptor(response_);
  cudnnDestroyDropoutDescriptor(dropout_);
  cudnnDestroySpatialTransformerDescriptor(transformer_);
  for (cudnnTensorTransformDescriptor_t transform : transforms_) cudnnDestroyTensorTransformDescriptor(transform);
  CALL(cudnnDestroy, handle_);
  cuMemFree_v2(dropout_states_);
  for (size_t i = 1; i < std::size(streams_); ++i) cuStreamDestroy_v2(streams_[i]);
}

bool CalculationFuzzer::run(long sequences) {
  // clang-format off
  static constexpr void (CalculationFuzzer::*actions[])() = {
      &CalculationFuzzer::convolve, &CalculationFuzzer::convolve, &CalculationFuzzer::find_algorithms,
      &CalculationFuzzer::fuse_bias, &CalculationFuzzer::lower, &CalculationFuzzer::fold_convolution,
      &CalculationFuzzer::reorder, &CalculationFuzzer::pool, &CalculationFuzzer::activate, &CalculationFuzzer::soften,
      &CalculationFuzzer::normalize, &CalculationFuzzer::normalize_fused, &CalculationFuzzer::normalize_by_algorithm,
      &CalculationFuzzer::elementwise, &CalculationFuzzer::elementwise, &CalculationFuzzer::reduce,
      &CalculationFuzzer::respond, &CalculationFuzzer::divide, &CalculationFuzzer::drop_out,
      &CalculationFuzzer::transform, &CalculationFuzzer::sample,
  };
  // clang-format on
  for (long i = 0; i < sequences && !failed_; ++i) {
    begin();
    for (int calls = between(1, 4); calls > 0; --calls) {
      missing_ = false;
      (this->*actions[random_() % std::size(actions)])();
      if (chance(10)) churn();
    }
    finish();
  }
  return !failed_;
}

// The legacy default stream, which other threads use, waits for blocking streams, so those are not captured.
void CalculationFuzzer::begin() {
  captures_ = chance(8);
  stream_ = streams_[captures_ ? 1 : below(3)];
  missing_ = false;
  check("cudnnSetStream", CALL(cudnnSetStream, handle_, reinterpret_cast<cudaStream_t>(stream_)));
  if (captures_ && cuStreamBeginCapture_v2(stream_, CU_STREAM_CAPTURE_MODE_RELAXED) != CUDA_SUCCESS) {
    complain("cuStreamBeginCapture", "no capture began");
  }
}

void CalculationFuzzer::finish() {
  if (captures_) {
    CUgraph graph = nullptr;
    // A call that cannot be captured ends the capture.
    if (cuStreamEndCapture(stream_, &graph) == CUDA_SUCCESS && graph != nullptr) {
      CUgraphExec executable = nullptr;
      if (cuGraphInstantiateWithFlags(&executable, graph, 0) != CUDA_SUCCESS) {
        complain("cuGraphInstantiate", "a captured graph could not be instantiated");
      } else {
        for (int i = 0; i < 2; ++i) {
          if (cuGraphLaunch(executable, stream_) != CUDA_SUCCESS) complain("cuGraphLaunch", "a graph was not launched");
        }
        cuStreamSynchronize(stream_);
        cuGraphExecDestroy(executable);
      }
      cuGraphDestroy(graph);
    }
    captures_ = false;
  }
  for (CUstream stream : streams_) {
    if (cuStreamSynchronize(stream) == CUDA_SUCCESS) continue;
    char text[512];
    cudnnnetCpuTakeLastError(0, text, sizeof text);
    complain("the stream stopped working", text);
    // No memory can be had any more.
    return;
  }
  for (CUdeviceptr address : allocations_) cuMemFree_v2(address);
  allocations_.clear();
}

// What calls that still run were given goes away, and another of its kind comes.
void CalculationFuzzer::churn() {
  missing_ = false;
  switch (below(4)) {
    case 0: {
      check("cudnnDestroy", CALL(cudnnDestroy, handle_));
      if (CALL(cudnnDestroy, handle_) == CUDNN_STATUS_SUCCESS) complain("cudnnDestroy", "a handle was destroyed twice");
      if (CALL(cudnnCreate, nullptr) == CUDNN_STATUS_SUCCESS) complain("cudnnCreate", "a handle was created nowhere");
      check("cudnnCreate", CALL(cudnnCreate, &handle_));
      check("cudnnSetStream", CALL(cudnnSetStream, handle_, reinterpret_cast<cudaStream_t>(stream_)));
      break;
    }
    case 1: {
      cudnnTensorDescriptor_t& tensor = tensors_[below(tensor_count)];
      check("cudnnDestroyTensorDescriptor", cudnnDestroyTensorDescriptor(tensor));
      check("cudnnCreateTensorDescriptor", cudnnCreateTensorDescriptor(&tensor));
      break;
    }
    case 2:
      cudnnDestroyConvolutionDescriptor(convolution_);
      cudnnDestroyFilterDescriptor(filter_);
      cudnnCreateFilterDescriptor(&filter_);
      cudnnCreateConvolutionDescriptor(&convolution_);
      break;
    default: {
      cudaStream_t now = nullptr;
      check("cudnnGetStream", CALL(cudnnGetStream, handle(), &now));
      missing_ = false;
      if (now != nullptr && reinterpret_cast<CUstream>(now) != stream_) complain("cudnnGetStream", "another stream");
      // A capture lives on its own stream.
      if (captures_) break;
      stream_ = streams_[below(3)];
      check("cudnnSetStream", CALL(cudnnSetStream, handle(), reinterpret_cast<cudaStream_t>(stream_)));
      missing_ = false;
      check("cudnnSetStream", CALL(cudnnSetStream, handle_, reinterpret_cast<cudaStream_t>(stream_)));
    }
  }
}

// ---- arguments
// ------------------------------------------------------------------------------------------------------------

void CalculationFuzzer::set(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, const Dims& dims) {
  const int rank = static_cast<int>(dims.size());
  const bool has_vectors = type == CUDNN_DATA_INT8x4 || type == CUDNN_DATA_UINT8x4 || type == CUDNN_DATA_INT8x32;
  switch (chance(96) ? has_vectors ? 0 : below(4) : 4) {
    case 0:
      cudnnSetTensorNdDescriptorEx(tensor, has_vectors ? CUDNN_TENSOR_NCHW_VECT_C : CUDNN_TENSOR_NCHW, type, rank,
                                   dims.data());
      break;
    case 1:
      cudnnSetTensorNdDescriptorEx(tensor, CUDNN_TENSOR_NHWC, type, rank, dims.data());
      break;
    case 2:
    case 3: {
      // Any order of the dimensions, with gaps.
      Dims order(dims.size()), strides(dims.size());
      for (int i = 0; i < rank; ++i) order[static_cast<size_t>(i)] = rank - 1 - i;
      if (chance(50)) std::shuffle(order.begin(), order.end(), random_);
      int stride = chance(60) ? 1 : 2;
      for (int dimension : order) {
        strides[static_cast<size_t>(dimension)] = stride;
        stride = stride * dims[static_cast<size_t>(dimension)] + (chance(70) ? 0 : below(3));
      }
      cudnnSetTensorNdDescriptor(tensor, type, rank, dims.data(), strides.data());
      break;
    }
    default: {
      Dims other = dims;
      int& dim = other[static_cast<size_t>(below(rank))];
      dim = std::max(1, dim + below(3) - 1);
      cudnnSetTensorNdDescriptorEx(tensor, CUDNN_TENSOR_NCHW, one_of<cudnnDataType_t>(10), rank, other.data());
    }
  }
}

void CalculationFuzzer::draw(int lowest_rank, int highest_rank) {
  static constexpr cudnnDataType_t types[] = {CUDNN_DATA_FLOAT,   CUDNN_DATA_FLOAT,  CUDNN_DATA_FLOAT,
                                              CUDNN_DATA_DOUBLE,  CUDNN_DATA_DOUBLE, CUDNN_DATA_HALF,
                                              CUDNN_DATA_BFLOAT16};
  static constexpr cudnnDataType_t integers[] = {CUDNN_DATA_INT8,   CUDNN_DATA_UINT8,  CUDNN_DATA_INT32,
                                                 CUDNN_DATA_INT64,  CUDNN_DATA_INT8x4, CUDNN_DATA_UINT8x4,
                                                 CUDNN_DATA_INT8x32};
  type_ = chance(90) ? types[random_() % std::size(types)] : integers[random_() % std::size(integers)];
  const int rank = chance(60) ? std::clamp(4, lowest_rank, highest_rank) : between(lowest_rank, highest_rank);
  dims_.assign(static_cast<size_t>(rank), 1);
  for (int& dim : dims_) dim = between(1, rank > 5 ? 4 : 9);
  dims_[0] = between(1, 3);
  if (type_ == CUDNN_DATA_INT8x4 || type_ == CUDNN_DATA_UINT8x4) dims_[1] *= 4;
  if (type_ == CUDNN_DATA_INT8x32) dims_[1] = 32 * between(1, 2);
  for (cudnnTensorDescriptor_t tensor : tensors_) set(tensor, dims_);
}

cudnnHandle_t CalculationFuzzer::handle() {
  if (!chance(2)) return handle_;
  missing_ = true;
  return chance(50) ? nullptr : reinterpret_cast<cudnnHandle_t>(tensors_[0]);
}

cudnnTensorDescriptor_t CalculationFuzzer::tensor(int index) {
  if (!chance(2)) return tensors_[index];
  missing_ = true;
  return chance(50) ? nullptr : destroyed_;
}

void* CalculationFuzzer::memory(size_t bytes) {
  if (bytes == 0 || bytes > (size_t{1} << 24)) bytes = 1;
  CUdeviceptr address = 0;
  if (cuMemAlloc_v2(&address, bytes) != CUDA_SUCCESS) {
    char text[512];
    cudnnnetCpuTakeLastError(0, text, sizeof text);
    complain("no memory", text);
    std::exit(1);
  }
  // Any bits may lie in device memory; nothing is copied while calls are captured.
  if (!captures_) {
    std::vector<unsigned char> content(bytes);
    for (unsigned char& byte : content) byte = static_cast<unsigned char>(random_());
    cuMemcpyHtoD_v2(address, content.data(), bytes);
  }
  allocations_.push_back(address);
  return reinterpret_cast<void*>(address);
}

void* CalculationFuzzer::data(int index) {
  if (!chance(1)) return given(index);
  missing_ = true;
  return nullptr;
}

void* CalculationFuzzer::given(int index) {
  size_t bytes = 0;
  cudnnGetTensorSizeInBytes(tensors_[index], &bytes);
  return memory(bytes);
}

void* CalculationFuzzer::weights(cudnnFilterDescriptor_t filter) {
  size_t bytes = 0;
  cudnnGetFilterSizeInBytes(filter, &bytes);
  return memory(bytes);
}

const void* CalculationFuzzer::factor() {
  // Read before the call returns.
  static thread_local double storage[16];
  static thread_local int next = 0;
  void* place = &storage[next++ % 16];
  const double value = chance(40) ? 0 : chance(60) ? 1 : 0.5;
  if (type_ == CUDNN_DATA_DOUBLE) {
    std::memcpy(place, &value, sizeof value);
  } else {
    const float narrow = static_cast<float>(value);
    std::memcpy(place, &narrow, sizeof narrow);
  }
  return place;
}

CalculationFuzzer::Workspace CalculationFuzzer::workspace(size_t bytes) {
  if (chance(85)) return {bytes == 0 && chance(50) ? nullptr : memory(bytes), bytes};
  if (chance(40)) return {nullptr, 0};
  if (chance(50)) return {nullptr, bytes};
  const size_t smaller = bytes == 0 ? 0 : random_() % bytes;
  return {memory(smaller), smaller};
}

// ---- checks
// ---------------------------------------------------------------------------------------------------------------

void CalculationFuzzer::complain(const char* function, const char* what) {
  failed_ = true;
  std::fprintf(stderr, "seed %llu: %s: %s\n", static_cast<unsigned long long>(seed_), function, what);
}

void CalculationFuzzer::check(const char* function, cudnnStatus_t status) {
  if (std::strncmp(cudnnGetErrorString(status), "CUDNN_STATUS_", 13) != 0)
    complain(function, "a status without a name");
  if (status == CUDNN_STATUS_SUCCESS) {
    ++succeeded;
    if (missing_) complain(function, "a missing handle, descriptor or pointer was accepted");
    return;
  }
  ++refused;
  char text[512];
  cudnnGetLastErrorString(text, sizeof text);
  if (text[0] == '\0') complain(function, "a failure without a text");
}

namespace {

/// What these tests have to reach, each with success and in vain; descriptors are descriptor_fuzz's.
constexpr const char* functions[] = {
    "cudnnActivationBackward",
    "cudnnActivationForward",
    "cudnnAddTensor",
    "cudnnBatchNormalizationBackward",
    "cudnnBatchNormalizationBackwardEx",
    "cudnnBatchNormalizationForwardInference",
    "cudnnBatchNormalizationForwardTraining",
    "cudnnBatchNormalizationForwardTrainingEx",
    "cudnnConvolutionBackwardBias",
    "cudnnConvolutionBackwardData",
    "cudnnConvolutionBackwardFilter",
    "cudnnConvolutionBiasActivationForward",
    "cudnnConvolutionForward",
    "cudnnCreate",
    "cudnnDestroy",
    "cudnnDivisiveNormalizationBackward",
    "cudnnDivisiveNormalizationForward",
    "cudnnDropoutBackward",
    "cudnnDropoutForward",
    "cudnnDropoutGetReserveSpaceSize",
    "cudnnDropoutGetStatesSize",
    "cudnnFindConvolutionBackwardDataAlgorithm",
    "cudnnFindConvolutionBackwardDataAlgorithmEx",
    "cudnnFindConvolutionBackwardFilterAlgorithm",
    "cudnnFindConvolutionBackwardFilterAlgorithmEx",
    "cudnnFindConvolutionForwardAlgorithm",
    "cudnnFindConvolutionForwardAlgorithmEx",
    "cudnnGetBatchNormalizationBackwardExWorkspaceSize",
    "cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize",
    "cudnnGetBatchNormalizationTrainingExReserveSpaceSize",
    "cudnnGetConvolutionBackwardDataAlgorithmMaxCount",
    "cudnnGetConvolutionBackwardDataAlgorithm_v7",
    "cudnnGetConvolutionBackwardDataWorkspaceSize",
    "cudnnGetConvolutionBackwardFilterAlgorithmMaxCount",
    "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
    "cudnnGetConvolutionBackwardFilterWorkspaceSize",
    "cudnnGetConvolutionForwardAlgorithmMaxCount",
    "cudnnGetConvolutionForwardAlgorithm_v7",
    "cudnnGetConvolutionForwardWorkspaceSize",
    "cudnnGetDropoutDescriptor",
    "cudnnGetFoldedConvBackwardDataDescriptors",
    "cudnnGetNormalizationBackwardWorkspaceSize",
    "cudnnGetNormalizationForwardTrainingWorkspaceSize",
    "cudnnGetNormalizationTrainingReserveSpaceSize",
    "cudnnGetReductionIndicesSize",
    "cudnnGetReductionWorkspaceSize",
    "cudnnGetStream",
    "cudnnIm2Col",
    "cudnnLRNCrossChannelBackward",
    "cudnnLRNCrossChannelForward",
    "cudnnNormalizationBackward",
    "cudnnNormalizationForwardInference",
    "cudnnNormalizationForwardTraining",
    "cudnnOpTensor",
    "cudnnPoolingBackward",
    "cudnnPoolingForward",
    "cudnnReduceTensor",
    "cudnnReorderFilterAndBias",
    "cudnnRestoreDropoutDescriptor",
    "cudnnScaleTensor",
    "cudnnSetDropoutDescriptor",
    "cudnnSetStream",
    "cudnnSetTensor",
    "cudnnSoftmaxBackward",
    "cudnnSoftmaxForward",
    "cudnnSpatialTfGridGeneratorBackward",
    "cudnnSpatialTfGridGeneratorForward",
    "cudnnSpatialTfSamplerBackward",
    "cudnnSpatialTfSamplerForward",
    "cudnnTransformFilter",
    "cudnnTransformTensor",
    "cudnnTransformTensorEx",
};

}  // namespace

int main(int count, char** values) {
  const long calls = argument(count, values, "--calls", 20000);
  const long threads = argument(count, values, "--threads", 2);
  const long seed = argument(count, values, "--seed", 1);
  std::printf("%ld sequences on %ld threads, seed %ld\n", calls, threads, seed);
  CUcontext context = nullptr;
  if (cuInit(0) != CUDA_SUCCESS || cuDevicePrimaryCtxRetain(&context, 0) != CUDA_SUCCESS) {
    std::fprintf(stderr, "the CPU device did not start\n");
    return 1;
  }
  std::vector<std::unique_ptr<CalculationFuzzer>> fuzzers;
  for (long i = 0; i < threads; ++i) {
    fuzzers.push_back(std::make_unique<CalculationFuzzer>(static_cast<uint64_t>(seed + i), context));
  }
  std::atomic<bool> fine{true};
  std::vector<std::thread> workers;
  for (const auto& fuzzer : fuzzers) {
    workers.emplace_back([&] {
      if (!fuzzer->start() || !fuzzer->run((calls + threads - 1) / threads)) fine = false;
      fuzzer->stop();
    });
  }
  for (std::thread& worker : workers) worker.join();
  cuDevicePrimaryCtxRelease_v2(0);
  long succeeded = 0, refused = 0;
  for (const auto& fuzzer : fuzzers) {
    succeeded += fuzzer->succeeded;
    refused += fuzzer->refused;
  }
  std::printf("%ld calls succeeded, %ld were refused: %s\n", succeeded, refused, fine ? "nothing found" : "failed");
  // Short runs do not reach everything.
  const bool complete = coverage::Table::instance().report(functions, {}) || calls < 3000;
  // Where nothing gets past the checks, nothing would be found either.
  if (fine && succeeded < calls / 2) {
    std::fprintf(stderr, "too few calls succeeded for this to mean anything\n");
    return 1;
  }
  return fine && complete ? 0 : 1;
}
