// Calls the calculating cuDNN functions in random order: shapes that go together and shapes that do not, packed,
// channels last and strided layouts, missing pointers, destroyed descriptors, and device memory of exactly the size a
// descriptor says, so that AddressSanitizer (-DSANITIZE=address) sees every access beyond it. Checks by itself that
//   - a failure has a name and a text and never stops the stream from working,
//   - a missing handle, descriptor or pointer is refused.
// usage: calculation_fuzz [--calls N] [--seed N]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <random>
#include <vector>

#include "generated/cudnn.h"
#include "generated/driver.h"

// Whether a function of the device does more than refuse.
extern "C" int cudnnnetCpuIsImplemented(const char* symbol);

namespace {

class Fuzzer {
 public:
  explicit Fuzzer(uint64_t seed) : random_(seed) {}

  bool start() {
    CUdevice device = 0;
    CUcontext context = nullptr;
    if (cuInit(0) != CUDA_SUCCESS || cuDeviceGet(&device, 0) != CUDA_SUCCESS ||
        cuDevicePrimaryCtxRetain(&context, device) != CUDA_SUCCESS || cuCtxSetCurrent(context) != CUDA_SUCCESS ||
        cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING) != CUDA_SUCCESS ||
        cudnnCreate(&handle_) != CUDNN_STATUS_SUCCESS || cudnnSetStream(handle_, stream_) != CUDNN_STATUS_SUCCESS) {
      std::fprintf(stderr, "the CPU device did not start\n");
      return false;
    }
    for (cudnnTensorDescriptor_t& tensor : tensors_) cudnnCreateTensorDescriptor(&tensor);
    cudnnCreateTensorDescriptor(&destroyed_);
    cudnnDestroyTensorDescriptor(destroyed_);
    cudnnCreateFilterDescriptor(&filter_);
    cudnnCreateConvolutionDescriptor(&convolution_);
    cudnnCreatePoolingDescriptor(&pooling_);
    cudnnCreateActivationDescriptor(&activation_);
    cudnnCreateOpTensorDescriptor(&operation_);
    cudnnCreateReduceTensorDescriptor(&reduction_);
    return true;
  }

  bool run(long calls) {
    static constexpr void (Fuzzer::*actions[])() = {&Fuzzer::convolve,  &Fuzzer::convolve,    &Fuzzer::pool,
                                                    &Fuzzer::activate,  &Fuzzer::soften,      &Fuzzer::normalize,
                                                    &Fuzzer::normalize, &Fuzzer::elementwise, &Fuzzer::reduce};
    for (long i = 0; i < calls && !failed_; ++i) {
      missing_ = false;
      (this->*actions[random_() % std::size(actions)])();
      release();
    }
    return !failed_;
  }

  void stop() {
    for (cudnnTensorDescriptor_t tensor : tensors_) cudnnDestroyTensorDescriptor(tensor);
    cudnnDestroyFilterDescriptor(filter_);
    cudnnDestroyConvolutionDescriptor(convolution_);
    cudnnDestroyPoolingDescriptor(pooling_);
    cudnnDestroyActivationDescriptor(activation_);
    cudnnDestroyOpTensorDescriptor(operation_);
    cudnnDestroyReduceTensorDescriptor(reduction_);
    cudnnDestroy(handle_);
    cuStreamDestroy_v2(stream_);
    cuDevicePrimaryCtxRelease_v2(0);
  }

  long succeeded = 0, refused = 0;

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  int below(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  template <class Enumeration>
  Enumeration one_of(int count) {
    return static_cast<Enumeration>(below(count));
  }

  // ---- shapes
  // -----------------------------------------------------------------------------------------------------------
  void set(cudnnTensorDescriptor_t tensor, int n, int c, int h, int w) {
    switch (chance(95) ? below(3) : 3) {
      case 0:
        cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NCHW, type_, n, c, h, w);
        break;
      case 1:
        cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NHWC, type_, n, c, h, w);
        break;
      case 2: {
        // Rows with a gap.
        const int row = w + below(3), plane = h * row + below(3);
        cudnnSetTensor4dDescriptorEx(tensor, type_, n, c, h, w, c * plane, plane, row, 1);
        break;
      }
      default:
        cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NCHW, one_of<cudnnDataType_t>(10), n + below(3) - 1, c, h,
                                   w + below(3) - 1);
    }
  }

  void draw() {
    n_ = below(3) + 1, c_ = below(9) + 1, h_ = below(9) + 1, w_ = below(9) + 1;
    static constexpr cudnnDataType_t types[] = {CUDNN_DATA_FLOAT,  CUDNN_DATA_FLOAT, CUDNN_DATA_FLOAT,
                                                CUDNN_DATA_DOUBLE, CUDNN_DATA_HALF,  CUDNN_DATA_BFLOAT16};
    type_ = types[random_() % std::size(types)];
    for (cudnnTensorDescriptor_t tensor : tensors_) set(tensor, n_, c_, h_, w_);
  }

  // ---- arguments
  // --------------------------------------------------------------------------------------------------------
  cudnnHandle_t handle() {
    if (!chance(2)) return handle_;
    missing_ = true;
    return nullptr;
  }
  cudnnTensorDescriptor_t tensor(int index) {
    if (!chance(2)) return tensors_[index];
    missing_ = true;
    return chance(50) ? nullptr : destroyed_;
  }

  void* memory(size_t bytes) {
    if (bytes == 0 || bytes > (size_t{1} << 24)) bytes = 1;
    CUdeviceptr address = 0;
    if (cuMemAlloc_v2(&address, bytes) != CUDA_SUCCESS) std::abort();
    // Any bits may lie in device memory.
    std::vector<unsigned char> content(bytes);
    for (unsigned char& byte : content) byte = static_cast<unsigned char>(random_());
    cuMemcpyHtoD_v2(address, content.data(), bytes);
    allocations_.push_back(address);
    return reinterpret_cast<void*>(address);
  }
  void* data(int index) {
    if (chance(1)) {
      missing_ = true;
      return nullptr;
    }
    return given(index);
  }
  // Memory that is there for certain, where some modes of a function do not look at it.
  void* given(int index) {
    size_t bytes = 0;
    cudnnGetTensorSizeInBytes(tensors_[index], &bytes);
    return memory(bytes);
  }
  void* weights() {
    size_t bytes = 0;
    cudnnGetFilterSizeInBytes(filter_, &bytes);
    return memory(bytes);
  }

  // Large enough for either type a scaling factor has; read before the call returns.
  const void* factor() {
    static thread_local double storage[16];
    static thread_local int next = 0;
    void* place = &storage[next++ % 16];
    const double value = chance(30) ? 0 : chance(50) ? 1 : 0.5;
    if (type_ == CUDNN_DATA_DOUBLE) {
      std::memcpy(place, &value, sizeof value);
    } else {
      const float narrow = static_cast<float>(value);
      std::memcpy(place, &narrow, sizeof narrow);
    }
    return place;
  }

  void release() {
    if (cuStreamSynchronize(stream_) != CUDA_SUCCESS) complain("cuStreamSynchronize", "the stream stopped working");
    for (CUdeviceptr address : allocations_) cuMemFree_v2(address);
    allocations_.clear();
  }

  // ---- checks
  // -----------------------------------------------------------------------------------------------------------
  void complain(const char* function, const char* what) {
    failed_ = true;
    std::fprintf(stderr, "%s: %s\n", function, what);
  }

  void check(const char* function, cudnnStatus_t status) {
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

  // ---- functions
  // --------------------------------------------------------------------------------------------------------
  void convolve() {
    draw();
    const int groups = chance(80) ? 1 : below(3) + 1, k = (below(5) + 1) * groups, r = below(4) + 1, s = below(4) + 1;
    const int per_group = chance(95) ? c_ / groups : c_;
    cudnnSetFilter4dDescriptor(filter_, type_, chance(50) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC, k, per_group, r, s);
    cudnnSetConvolution2dDescriptor(convolution_, below(3), below(3), below(3) + 1, below(3) + 1, below(2) + 1,
                                    below(2) + 1, one_of<cudnnConvolutionMode_t>(2),
                                    type_ == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT);
    cudnnSetConvolutionGroupCount(convolution_, groups);
    int n = 0, c = 0, h = 0, w = 0;
    if (cudnnGetConvolution2dForwardOutputDim(convolution_, tensors_[0], filter_, &n, &c, &h, &w) !=
        CUDNN_STATUS_SUCCESS) {
      n = c = h = w = 1;
    }
    set(tensors_[1], n, c, h, w);
    set(tensors_[2], 1, c, 1, 1);
    size_t bytes = 0;
    switch (below(4)) {
      case 0: {
        const auto algorithm = one_of<cudnnConvolutionFwdAlgo_t>(8);
        if (cudnnGetConvolutionForwardWorkspaceSize(handle_, tensors_[0], filter_, convolution_, tensors_[1], algorithm,
                                                    &bytes) != CUDNN_STATUS_SUCCESS) {
          bytes = 0;
        }
        check("cudnnConvolutionForward",
              cudnnConvolutionForward(handle(), factor(), tensor(0), data(0), filter_, weights(), convolution_,
                                      algorithm, memory(bytes), bytes, factor(), tensor(1), data(1)));
        break;
      }
      case 1: {
        const auto algorithm = one_of<cudnnConvolutionBwdDataAlgo_t>(6);
        if (cudnnGetConvolutionBackwardDataWorkspaceSize(handle_, filter_, tensors_[1], convolution_, tensors_[0],
                                                         algorithm, &bytes) != CUDNN_STATUS_SUCCESS) {
          bytes = 0;
        }
        check("cudnnConvolutionBackwardData",
              cudnnConvolutionBackwardData(handle(), factor(), filter_, weights(), tensor(1), data(1), convolution_,
                                           algorithm, memory(bytes), bytes, factor(), tensor(0), data(0)));
        break;
      }
      case 2: {
        const auto algorithm = one_of<cudnnConvolutionBwdFilterAlgo_t>(7);
        if (cudnnGetConvolutionBackwardFilterWorkspaceSize(handle_, tensors_[0], tensors_[1], convolution_, filter_,
                                                           algorithm, &bytes) != CUDNN_STATUS_SUCCESS) {
          bytes = 0;
        }
        check("cudnnConvolutionBackwardFilter",
              cudnnConvolutionBackwardFilter(handle(), factor(), tensor(0), data(0), tensor(1), data(1), convolution_,
                                             algorithm, memory(bytes), bytes, factor(), filter_, weights()));
        break;
      }
      default:
        check("cudnnConvolutionBackwardBias",
              cudnnConvolutionBackwardBias(handle(), factor(), tensor(1), data(1), factor(), tensor(2), data(2)));
    }
  }

  void pool() {
    draw();
    cudnnSetPooling2dDescriptor(pooling_, one_of<cudnnPoolingMode_t>(4), one_of<cudnnNanPropagation_t>(2), below(3) + 1,
                                below(3) + 1, below(2), below(2), below(3) + 1, below(3) + 1);
    int n = 1, c = 1, h = 1, w = 1;
    if (cudnnGetPooling2dForwardOutputDim(pooling_, tensors_[0], &n, &c, &h, &w) != CUDNN_STATUS_SUCCESS)
      n = c = h = w = 1;
    set(tensors_[1], n, c, h, w);
    set(tensors_[2], n, c, h, w);
    if (chance(50)) {
      check("cudnnPoolingForward",
            cudnnPoolingForward(handle(), pooling_, factor(), tensor(0), data(0), factor(), tensor(1), data(1)));
    } else {
      check("cudnnPoolingBackward", cudnnPoolingBackward(handle(), pooling_, factor(), tensor(1), given(1), tensor(2),
                                                         data(2), tensor(0), given(0), factor(), tensor(3), data(3)));
    }
  }

  void activate() {
    draw();
    cudnnSetActivationDescriptor(activation_, one_of<cudnnActivationMode_t>(7), one_of<cudnnNanPropagation_t>(2), 1.0);
    if (chance(50)) {
      check("cudnnActivationForward",
            cudnnActivationForward(handle(), activation_, factor(), tensor(0), data(0), factor(), tensor(1), data(1)));
    } else {
      check("cudnnActivationBackward",
            cudnnActivationBackward(handle(), activation_, factor(), tensor(0), data(0), tensor(1), data(1), tensor(2),
                                    data(2), factor(), tensor(3), data(3)));
    }
  }

  void soften() {
    draw();
    const auto algorithm = one_of<cudnnSoftmaxAlgorithm_t>(3);
    const auto mode = one_of<cudnnSoftmaxMode_t>(2);
    if (chance(50)) {
      check("cudnnSoftmaxForward",
            cudnnSoftmaxForward(handle(), algorithm, mode, factor(), tensor(0), data(0), factor(), tensor(1), data(1)));
    } else {
      check("cudnnSoftmaxBackward", cudnnSoftmaxBackward(handle(), algorithm, mode, factor(), tensor(0), data(0),
                                                         tensor(1), data(1), factor(), tensor(2), data(2)));
    }
  }

  void normalize() {
    draw();
    const auto mode = one_of<cudnnBatchNormMode_t>(3);
    const cudnnTensorDescriptor_t parameters = tensors_[3];
    if (cudnnDeriveBNTensorDescriptor(parameters, tensors_[0], mode) != CUDNN_STATUS_SUCCESS)
      set(parameters, 1, c_, 1, 1);
    const cudnnTensorDescriptor_t p = tensor(3);
    switch (below(3)) {
      case 0:
        check("cudnnBatchNormalizationForwardInference",
              cudnnBatchNormalizationForwardInference(handle(), mode, factor(), factor(), tensor(0), data(0), tensor(1),
                                                      data(1), p, data(3), data(3), data(3), data(3), 1e-5));
        break;
      case 1: {
        // These two pairs may be left out, each as a whole.
        const bool running = chance(80), saved = chance(80);
        check("cudnnBatchNormalizationForwardTraining",
              cudnnBatchNormalizationForwardTraining(handle(), mode, factor(), factor(), tensor(0), data(0), tensor(1),
                                                     data(1), p, data(3), data(3), 0.1, running ? data(3) : nullptr,
                                                     running ? data(3) : nullptr, 1e-5, saved ? data(3) : nullptr,
                                                     saved ? data(3) : nullptr));
        break;
      }
      default: {
        const bool saved = chance(80);
        check("cudnnBatchNormalizationBackward",
              cudnnBatchNormalizationBackward(handle(), mode, factor(), factor(), factor(), factor(), tensor(0),
                                              data(0), tensor(1), data(1), tensor(2), data(2), p, data(3), data(3),
                                              data(3), 1e-5, saved ? data(3) : nullptr, saved ? data(3) : nullptr));
      }
    }
  }

  void elementwise() {
    draw();
    // Operands may be broadcast along any dimension.
    set(tensors_[1], chance(50) ? 1 : n_, chance(50) ? 1 : c_, chance(50) ? 1 : h_, chance(50) ? 1 : w_);
    const double value = 0.5;
    switch (below(5)) {
      case 0:
        check("cudnnAddTensor", cudnnAddTensor(handle(), factor(), tensor(1), data(1), factor(), tensor(0), data(0)));
        break;
      case 1: {
        // SQRT and NOT have one operand; what is given for the other is not looked at.
        const auto function = one_of<cudnnOpTensorOp_t>(6);
        const bool unary = function == CUDNN_OP_TENSOR_SQRT || function == CUDNN_OP_TENSOR_NOT;
        cudnnSetOpTensorDescriptor(operation_, function,
                                   type_ == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT,
                                   one_of<cudnnNanPropagation_t>(2));
        check("cudnnOpTensor",
              cudnnOpTensor(handle(), operation_, factor(), tensor(0), data(0), factor(), unary ? nullptr : tensor(1),
                            unary ? nullptr : data(1), factor(), tensor(2), data(2)));
        break;
      }
      case 2:
        check("cudnnSetTensor", cudnnSetTensor(handle(), tensor(0), data(0), &value));
        break;
      case 3:
        check("cudnnScaleTensor", cudnnScaleTensor(handle(), tensor(0), data(0), factor()));
        break;
      default:
        check("cudnnTransformTensor",
              cudnnTransformTensor(handle(), factor(), tensor(0), data(0), factor(), tensor(2), data(2)));
    }
  }

  void reduce() {
    draw();
    set(tensors_[1], chance(50) ? 1 : n_, chance(50) ? 1 : c_, chance(50) ? 1 : h_, chance(50) ? 1 : w_);
    cudnnSetReduceTensorDescriptor(
        reduction_, one_of<cudnnReduceTensorOp_t>(9), type_ == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT,
        one_of<cudnnNanPropagation_t>(2), one_of<cudnnReduceTensorIndices_t>(2), one_of<cudnnIndicesType_t>(4));
    size_t indices = 0, workspace = 0;
    if (cudnnGetReductionIndicesSize(handle_, reduction_, tensors_[0], tensors_[1], &indices) != CUDNN_STATUS_SUCCESS)
      indices = 0;
    if (cudnnGetReductionWorkspaceSize(handle_, reduction_, tensors_[0], tensors_[1], &workspace) !=
        CUDNN_STATUS_SUCCESS) {
      workspace = 0;
    }
    check("cudnnReduceTensor",
          cudnnReduceTensor(handle(), reduction_, memory(indices), indices, memory(workspace), workspace, factor(),
                            tensor(0), data(0), factor(), tensor(1), data(1)));
  }

  std::mt19937_64 random_;
  CUstream stream_ = nullptr;
  cudnnHandle_t handle_ = nullptr;
  cudnnTensorDescriptor_t tensors_[4] = {}, destroyed_ = nullptr;
  cudnnFilterDescriptor_t filter_ = nullptr;
  cudnnConvolutionDescriptor_t convolution_ = nullptr;
  cudnnPoolingDescriptor_t pooling_ = nullptr;
  cudnnActivationDescriptor_t activation_ = nullptr;
  cudnnOpTensorDescriptor_t operation_ = nullptr;
  cudnnReduceTensorDescriptor_t reduction_ = nullptr;
  int n_ = 1, c_ = 1, h_ = 1, w_ = 1;
  cudnnDataType_t type_ = CUDNN_DATA_FLOAT;
  std::vector<CUdeviceptr> allocations_;
  bool missing_ = false;
  bool failed_ = false;
};

long argument(int count, char** values, const char* name, long fallback) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(values[i], name) == 0) return std::strtol(values[i + 1], nullptr, 0);
  }
  return fallback;
}

}  // namespace

int main(int count, char** values) {
  const long calls = argument(count, values, "--calls", 20000);
  const long seed = argument(count, values, "--seed", 1);
  std::printf("%ld calls, seed %ld\n", calls, seed);
  Fuzzer fuzzer(static_cast<uint64_t>(seed));
  if (!fuzzer.start()) return 1;
  const bool fine = fuzzer.run(calls);
  fuzzer.stop();
  std::printf("%ld calls succeeded, %ld were refused: %s\n", fuzzer.succeeded, fuzzer.refused,
              fine ? "nothing found" : "failed");
  // Where nothing gets past the checks, nothing would be found either.
  if (fine && cudnnnetCpuIsImplemented("cudnnConvolutionForward") == 1 && fuzzer.succeeded < calls / 4) {
    std::fprintf(stderr, "too few calls succeeded for this to mean anything\n");
    return 1;
  }
  return fine ? 0 : 1;
}
