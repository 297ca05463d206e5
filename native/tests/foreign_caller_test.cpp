// What programs do that are not ours: workspaces that are missing, tensors described larger than their memory, objects
// destroyed while work that was given them is pending, other streams between two calls, captures whose descriptors are
// gone when the graph runs, and many threads with a handle each. Every scenario is a process of its own, as an illegal
// address ends a context.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "generated/cudnn.h"
#include "generated/driver.h"

namespace {

int failures = 0;
std::string running;

void complain(const std::string& what) {
  ++failures;
  std::fprintf(stderr, "%s: %s\n", running.c_str(), what.c_str());
}

#define EXPECT(condition) \
  if (!(condition)) complain(#condition)

/// A started device with a handle on a stream of its own.
struct Session {
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  cudnnHandle_t handle = nullptr;

  Session() {
    EXPECT(cuInit(0) == CUDA_SUCCESS);
    EXPECT(cuDevicePrimaryCtxRetain(&context, 0) == CUDA_SUCCESS && cuCtxSetCurrent(context) == CUDA_SUCCESS);
    EXPECT(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS);
    EXPECT(cudnnCreate(&handle) == CUDNN_STATUS_SUCCESS);
    EXPECT(cudnnSetStream(handle, reinterpret_cast<cudaStream_t>(stream)) == CUDNN_STATUS_SUCCESS);
  }
};

template <class T>
T* device(size_t count) {
  CUdeviceptr address = 0;
  EXPECT(cuMemAlloc_v2(&address, count * sizeof(T)) == CUDA_SUCCESS);
  return reinterpret_cast<T*>(address);
}

template <class T>
T* device(const std::vector<T>& values) {
  T* address = device<T>(values.size());
  EXPECT(cuMemcpyHtoD_v2(reinterpret_cast<CUdeviceptr>(address), values.data(), values.size() * sizeof(T)) ==
         CUDA_SUCCESS);
  return address;
}

template <class T>
std::vector<T> host(const T* address, size_t count) {
  std::vector<T> values(count);
  EXPECT(cuMemcpyDtoH_v2(values.data(), reinterpret_cast<CUdeviceptr>(address), count * sizeof(T)) == CUDA_SUCCESS);
  return values;
}

std::vector<float> numbers(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
  return values;
}

cudnnTensorDescriptor_t tensor(int n, int c, int h, int w) {
  cudnnTensorDescriptor_t descriptor = nullptr;
  cudnnCreateTensorDescriptor(&descriptor);
  EXPECT(cudnnSetTensor4dDescriptor(descriptor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, n, c, h, w) ==
         CUDNN_STATUS_SUCCESS);
  return descriptor;
}

constexpr float one = 1, zero = 0;
constexpr int samples = 2, channels = 4, filters = 8, size = 16;

/// A convolution with 3 x 3 taps, padding 1 and stride 1.
struct Convolution {
  cudnnTensorDescriptor_t x = tensor(samples, channels, size, size), y = tensor(samples, filters, size, size);
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t descriptor = nullptr;
  std::vector<float> x_values = numbers(samples * channels * size * size), w_values = numbers(filters * channels * 9);
  size_t outputs = samples * filters * size * size;

  Convolution() {
    cudnnCreateFilterDescriptor(&w);
    cudnnSetFilter4dDescriptor(w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, filters, channels, 3, 3);
    cudnnCreateConvolutionDescriptor(&descriptor);
    cudnnSetConvolution2dDescriptor(descriptor, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT);
  }

  void destroy() {
    cudnnDestroyConvolutionDescriptor(descriptor);
    cudnnDestroyFilterDescriptor(w);
    cudnnDestroyTensorDescriptor(y);
    cudnnDestroyTensorDescriptor(x);
  }

  cudnnStatus_t run(cudnnHandle_t handle, const float* x_data, const float* w_data, float* y_data) const {
    return cudnnConvolutionForward(handle, &one, x, x_data, w, w_data, descriptor,
                                   CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, y, y_data);
  }

  /// Whether `got` is relu?(x * w), by the definition.
  bool is_right(const std::vector<float>& got, bool relu) const {
    for (int n = 0; n < samples; ++n) {
      for (int k = 0; k < filters; ++k) {
        for (int p = 0; p < size; ++p) {
          for (int q = 0; q < size; ++q) {
            double sum = 0;
            for (int c = 0; c < channels; ++c) {
              for (int r = 0; r < 3; ++r) {
                for (int s = 0; s < 3; ++s) {
                  const int h = p + r - 1, v = q + s - 1;
                  if (h < 0 || h >= size || v < 0 || v >= size) continue;
                  sum +=
                      static_cast<double>(x_values[static_cast<size_t>(((n * channels + c) * size + h) * size + v)]) *
                      w_values[static_cast<size_t>(((k * channels + c) * 3 + r) * 3 + s)];
                }
              }
            }
            if (relu && sum < 0) sum = 0;
            if (std::fabs(got[static_cast<size_t>(((n * filters + k) * size + p) * size + q)] - sum) > 1e-4)
              return false;
          }
        }
      }
    }
    return true;
  }
};

// ---- workspaces
// -----------------------------------------------------------------------------------------------------------

/// An algorithm runs with the workspace it asked for, and is refused, or runs, with less; nothing else happens.
template <class Algorithm, class Ask, class Run>
void try_workspaces(int count, const Ask& ask, const Run& run, CUstream stream) {
  for (int i = 0; i < count; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    size_t bytes = 0;
    const cudnnStatus_t asked = ask(algorithm, &bytes);
    if (asked != CUDNN_STATUS_SUCCESS) {
      EXPECT(asked == CUDNN_STATUS_NOT_SUPPORTED);
      EXPECT(run(algorithm, nullptr, 0) == CUDNN_STATUS_NOT_SUPPORTED);
      continue;
    }
    EXPECT(run(algorithm, device<char>(bytes + 1), bytes) == CUDNN_STATUS_SUCCESS);
    const cudnnStatus_t wanted = bytes == 0 ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
    EXPECT(run(algorithm, nullptr, 0) == wanted);
    EXPECT(run(algorithm, nullptr, bytes) == wanted);
    if (bytes > 0) EXPECT(run(algorithm, device<char>(bytes), bytes - 1) == CUDNN_STATUS_BAD_PARAM);
    EXPECT(cuStreamSynchronize(stream) == CUDA_SUCCESS);
  }
}

void workspaces() {
  Session session;
  const Convolution c;
  float *x = device(c.x_values), *w = device(c.w_values), *y = device<float>(c.outputs);
  const cudnnHandle_t handle = session.handle;
  try_workspaces<cudnnConvolutionFwdAlgo_t>(
      CUDNN_CONVOLUTION_FWD_ALGO_COUNT,
      [&](auto algorithm, size_t* bytes) {
        return cudnnGetConvolutionForwardWorkspaceSize(handle, c.x, c.w, c.descriptor, c.y, algorithm, bytes);
      },
      [&](auto algorithm, void* space, size_t bytes) {
        return cudnnConvolutionForward(handle, &one, c.x, x, c.w, w, c.descriptor, algorithm, space, bytes, &zero, c.y,
                                       y);
      },
      session.stream);
  try_workspaces<cudnnConvolutionBwdDataAlgo_t>(
      CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT,
      [&](auto algorithm, size_t* bytes) {
        return cudnnGetConvolutionBackwardDataWorkspaceSize(handle, c.w, c.y, c.descriptor, c.x, algorithm, bytes);
      },
      [&](auto algorithm, void* space, size_t bytes) {
        return cudnnConvolutionBackwardData(handle, &one, c.w, w, c.y, y, c.descriptor, algorithm, space, bytes, &zero,
                                            c.x, x);
      },
      session.stream);
  try_workspaces<cudnnConvolutionBwdFilterAlgo_t>(
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT,
      [&](auto algorithm, size_t* bytes) {
        return cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, c.x, c.y, c.descriptor, c.w, algorithm, bytes);
      },
      [&](auto algorithm, void* space, size_t bytes) {
        return cudnnConvolutionBackwardFilter(handle, &one, c.x, x, c.y, y, c.descriptor, algorithm, space, bytes,
                                              &zero, c.w, w);
      },
      session.stream);
}

// ---- memory
// ---------------------------------------------------------------------------------------------------------------

/// Calls of which one operand, a 1 x 64 x 32 x 32 tensor, lies in 16 bytes.
struct TooSmall {
  const char* function;
  std::function<cudnnStatus_t(cudnnHandle_t, cudnnTensorDescriptor_t large, void* right, void* small)> call;
};

cudnnActivationDescriptor_t relu() {
  cudnnActivationDescriptor_t activation = nullptr;
  cudnnCreateActivationDescriptor(&activation);
  cudnnSetActivationDescriptor(activation, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0);
  return activation;
}

cudnnPoolingDescriptor_t pooling() {
  cudnnPoolingDescriptor_t descriptor = nullptr;
  cudnnCreatePoolingDescriptor(&descriptor);
  cudnnSetPooling2dDescriptor(descriptor, CUDNN_POOLING_MAX, CUDNN_PROPAGATE_NAN, 1, 1, 0, 0, 1, 1);
  return descriptor;
}

cudnnLRNDescriptor_t response() {
  cudnnLRNDescriptor_t descriptor = nullptr;
  cudnnCreateLRNDescriptor(&descriptor);
  return descriptor;
}

cudnnConvolutionDescriptor_t pointwise() {
  cudnnConvolutionDescriptor_t descriptor = nullptr;
  cudnnCreateConvolutionDescriptor(&descriptor);
  cudnnSetConvolution2dDescriptor(descriptor, 0, 0, 1, 1, 1, 1, CUDNN_CONVOLUTION, CUDNN_DATA_FLOAT);
  return descriptor;
}

cudnnFilterDescriptor_t square() {
  cudnnFilterDescriptor_t descriptor = nullptr;
  cudnnCreateFilterDescriptor(&descriptor);
  cudnnSetFilter4dDescriptor(descriptor, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, 64, 64, 1, 1);
  return descriptor;
}

cudnnTensorDescriptor_t per_channel() { return tensor(1, 64, 1, 1); }

const std::vector<TooSmall>& too_small_calls() {
  using H = cudnnHandle_t;
  using T = cudnnTensorDescriptor_t;
  static const std::vector<TooSmall> calls = {
      {"cudnnActivationForward",
       [](H h, T t, void* r, void* s) { return cudnnActivationForward(h, relu(), &one, t, s, &zero, t, r); }},
      {"cudnnActivationForward, result",
       [](H h, T t, void* r, void* s) { return cudnnActivationForward(h, relu(), &one, t, r, &zero, t, s); }},
      {"cudnnActivationBackward",
       [](H h, T t, void* r, void* s) {
         return cudnnActivationBackward(h, relu(), &one, t, r, t, s, t, r, &zero, t, r);
       }},
      {"cudnnAddTensor", [](H h, T t, void* r, void* s) { return cudnnAddTensor(h, &one, t, r, &one, t, s); }},
      {"cudnnSetTensor", [](H h, T t, void*, void* s) { return cudnnSetTensor(h, t, s, &one); }},
      {"cudnnScaleTensor", [](H h, T t, void*, void* s) { return cudnnScaleTensor(h, t, s, &one); }},
      {"cudnnTransformTensor",
       [](H h, T t, void* r, void* s) { return cudnnTransformTensor(h, &one, t, r, &zero, t, s); }},
      {"cudnnOpTensor",
       [](H h, T t, void* r, void* s) {
         cudnnOpTensorDescriptor_t operation = nullptr;
         cudnnCreateOpTensorDescriptor(&operation);
         cudnnSetOpTensorDescriptor(operation, CUDNN_OP_TENSOR_ADD, CUDNN_DATA_FLOAT, CUDNN_PROPAGATE_NAN);
         return cudnnOpTensor(h, operation, &one, t, r, &one, t, s, &zero, t, r);
       }},
      {"cudnnReduceTensor",
       [](H h, T t, void* r, void* s) {
         cudnnReduceTensorDescriptor_t reduction = nullptr;
         cudnnCreateReduceTensorDescriptor(&reduction);
         cudnnSetReduceTensorDescriptor(reduction, CUDNN_REDUCE_TENSOR_ADD, CUDNN_DATA_FLOAT, CUDNN_PROPAGATE_NAN,
                                        CUDNN_REDUCE_TENSOR_NO_INDICES, CUDNN_32BIT_INDICES);
         size_t bytes = 0;
         cudnnGetReductionWorkspaceSize(h, reduction, t, tensor(1, 1, 1, 1), &bytes);
         return cudnnReduceTensor(h, reduction, nullptr, 0, device<char>(bytes + 1), bytes, &one, t, s, &zero,
                                  tensor(1, 1, 1, 1), r);
       }},
      {"cudnnSoftmaxForward",
       [](H h, T t, void* r, void* s) {
         return cudnnSoftmaxForward(h, CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_CHANNEL, &one, t, s, &zero, t, r);
       }},
      {"cudnnSoftmaxBackward",
       [](H h, T t, void* r, void* s) {
         return cudnnSoftmaxBackward(h, CUDNN_SOFTMAX_LOG, CUDNN_SOFTMAX_MODE_CHANNEL, &one, t, r, t, s, &zero, t, r);
       }},
      {"cudnnPoolingForward",
       [](H h, T t, void* r, void* s) { return cudnnPoolingForward(h, pooling(), &one, t, s, &zero, t, r); }},
      {"cudnnPoolingBackward",
       [](H h, T t, void* r, void* s) {
         return cudnnPoolingBackward(h, pooling(), &one, t, r, t, r, t, r, &zero, t, s);
       }},
      {"cudnnLRNCrossChannelForward",
       [](H h, T t, void* r, void* s) {
         return cudnnLRNCrossChannelForward(h, response(), CUDNN_LRN_CROSS_CHANNEL_DIM1, &one, t, s, &zero, t, r);
       }},
      {"cudnnLRNCrossChannelBackward",
       [](H h, T t, void* r, void* s) {
         return cudnnLRNCrossChannelBackward(h, response(), CUDNN_LRN_CROSS_CHANNEL_DIM1, &one, t, r, t, r, t, r, &zero,
                                             t, s);
       }},
      {"cudnnDivisiveNormalizationForward",
       [](H h, T t, void* r, void* s) {
         return cudnnDivisiveNormalizationForward(h, response(), CUDNN_DIVNORM_PRECOMPUTED_MEANS, &one, t, r, s, r, r,
                                                  &zero, t, r);
       }},
      {"cudnnDivisiveNormalizationBackward",
       [](H h, T t, void* r, void* s) {
         return cudnnDivisiveNormalizationBackward(h, response(), CUDNN_DIVNORM_PRECOMPUTED_MEANS, &one, t, r, nullptr,
                                                   r, r, r, &zero, t, r, s);
       }},
      {"cudnnBatchNormalizationForwardInference",
       [](H h, T t, void* r, void* s) {
         return cudnnBatchNormalizationForwardInference(h, CUDNN_BATCHNORM_SPATIAL, &one, &zero, t, r, t, r,
                                                        per_channel(), r, r, r, s, 1e-3);
       }},
      {"cudnnBatchNormalizationForwardTraining",
       [](H h, T t, void* r, void* s) {
         return cudnnBatchNormalizationForwardTraining(h, CUDNN_BATCHNORM_SPATIAL, &one, &zero, t, r, t, r,
                                                       per_channel(), r, r, 1, r, s, 1e-3, nullptr, nullptr);
       }},
      {"cudnnBatchNormalizationBackward",
       [](H h, T t, void* r, void* s) {
         return cudnnBatchNormalizationBackward(h, CUDNN_BATCHNORM_SPATIAL, &one, &zero, &one, &zero, t, r, t, r, t, s,
                                                per_channel(), r, r, r, 1e-3, nullptr, nullptr);
       }},
      {"cudnnConvolutionForward",
       [](H h, T t, void* r, void* s) {
         return cudnnConvolutionForward(h, &one, t, r, square(), s, pointwise(),
                                        CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, t, r);
       }},
      {"cudnnConvolutionBiasActivationForward",
       [](H h, T t, void* r, void* s) {
         return cudnnConvolutionBiasActivationForward(h, &one, t, r, square(), r, pointwise(),
                                                      CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, nullptr, 0,
                                                      &zero, t, r, per_channel(), s, relu(), t, r);
       }},
      {"cudnnConvolutionBackwardData",
       [](H h, T t, void* r, void* s) {
         return cudnnConvolutionBackwardData(h, &one, square(), r, t, s, pointwise(), CUDNN_CONVOLUTION_BWD_DATA_ALGO_0,
                                             nullptr, 0, &zero, t, r);
       }},
      {"cudnnConvolutionBackwardFilter",
       [](H h, T t, void* r, void* s) {
         return cudnnConvolutionBackwardFilter(h, &one, t, r, t, r, pointwise(), CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0,
                                               nullptr, 0, &zero, square(), s);
       }},
      {"cudnnConvolutionBackwardBias",
       [](H h, T t, void* r, void* s) { return cudnnConvolutionBackwardBias(h, &one, t, r, &zero, per_channel(), s); }},
      {"cudnnIm2Col", [](H h, T t, void* r, void* s) { return cudnnIm2Col(h, t, r, square(), pointwise(), s); }},
      {"cudnnDropoutForward",
       [](H h, T t, void* r, void* s) {
         size_t states = 0, reserve = 0;
         cudnnDropoutGetStatesSize(h, &states);
         cudnnDropoutGetReserveSpaceSize(t, &reserve);
         cudnnDropoutDescriptor_t dropout = nullptr;
         cudnnCreateDropoutDescriptor(&dropout);
         cudnnSetDropoutDescriptor(dropout, h, 0.5f, device<char>(states), states, 1);
         return cudnnDropoutForward(h, dropout, t, r, t, r, s, reserve);
       }},
      {"the states of cudnnSetDropoutDescriptor",
       [](H h, T, void*, void* s) {
         size_t states = 0;
         cudnnDropoutGetStatesSize(h, &states);
         cudnnDropoutDescriptor_t dropout = nullptr;
         cudnnCreateDropoutDescriptor(&dropout);
         // Behind the end of the memory.
         return cudnnSetDropoutDescriptor(dropout, h, 0.5f, static_cast<char*>(s) + 15, states, 1);
       }},
      {"cudnnSpatialTfSamplerForward",
       [](H h, T t, void* r, void* s) {
         const int dims[] = {1, 64, 32, 32};
         cudnnSpatialTransformerDescriptor_t transformer = nullptr;
         cudnnCreateSpatialTransformerDescriptor(&transformer);
         cudnnSetSpatialTransformerNdDescriptor(transformer, CUDNN_SAMPLER_BILINEAR, CUDNN_DATA_FLOAT, 4, dims);
         return cudnnSpatialTfSamplerForward(h, transformer, &one, t, r, s, &zero, t, r);
       }},
  };
  return calls;
}

void too_small(const TooSmall& call) {
  Session session;
  const cudnnTensorDescriptor_t large = tensor(1, 64, 32, 32);
  void* right = device(numbers(64 * 32 * 32));
  void* small = device<char>(16);
  EXPECT(call.call(session.handle, large, right, small) == CUDNN_STATUS_SUCCESS);
  EXPECT(cuStreamSynchronize(session.stream) == CUDA_ERROR_ILLEGAL_ADDRESS);
  // From now on nothing works in this context, and says so.
  EXPECT(cudnnSetTensor(session.handle, large, right, &one) == CUDNN_STATUS_EXECUTION_FAILED);
  char text[256];
  cudnnGetLastErrorString(text, sizeof text);
  EXPECT(text[0] != '\0');
}

// ---- life
// -----------------------------------------------------------------------------------------------------------------

// Work goes on although all that it was called with is gone.
void destroyed_while_pending() {
  Session session;
  for (int round = 0; round < 20; ++round) {
    Convolution c;
    float *x = device(c.x_values), *w = device(c.w_values), *y = device<float>(c.outputs);
    cudnnHandle_t handle = nullptr;
    EXPECT(cudnnCreate(&handle) == CUDNN_STATUS_SUCCESS);
    EXPECT(cudnnSetStream(handle, reinterpret_cast<cudaStream_t>(session.stream)) == CUDNN_STATUS_SUCCESS);
    EXPECT(c.run(handle, x, w, y) == CUDNN_STATUS_SUCCESS);
    const cudnnActivationDescriptor_t activation = relu();
    EXPECT(cudnnActivationForward(handle, activation, &one, c.y, y, &zero, c.y, y) == CUDNN_STATUS_SUCCESS);
    if (round % 2 == 0) EXPECT(cudnnDestroy(handle) == CUDNN_STATUS_SUCCESS);
    EXPECT(cudnnDestroyActivationDescriptor(activation) == CUDNN_STATUS_SUCCESS);
    c.destroy();
    if (round % 2 != 0) EXPECT(cudnnDestroy(handle) == CUDNN_STATUS_SUCCESS);
    EXPECT(cuStreamSynchronize(session.stream) == CUDA_SUCCESS);
    EXPECT(c.is_right(host(y, c.outputs), true));
  }
}

// A destroyed stream is refused by name, and another one serves.
void streams_in_between() {
  Session session;
  const Convolution c;
  float *x = device(c.x_values), *w = device(c.w_values), *y = device<float>(c.outputs);
  CUstream other = nullptr;
  EXPECT(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS);
  CUevent done = nullptr;
  EXPECT(cuEventCreate(&done, CU_EVENT_DISABLE_TIMING) == CUDA_SUCCESS);
  const cudnnActivationDescriptor_t activation = relu();
  for (int round = 0; round < 20; ++round) {
    EXPECT(cudnnSetStream(session.handle, reinterpret_cast<cudaStream_t>(session.stream)) == CUDNN_STATUS_SUCCESS);
    EXPECT(c.run(session.handle, x, w, y) == CUDNN_STATUS_SUCCESS);
    EXPECT(cuEventRecord(done, session.stream) == CUDA_SUCCESS && cuStreamWaitEvent(other, done, 0) == CUDA_SUCCESS);
    EXPECT(cudnnSetStream(session.handle, reinterpret_cast<cudaStream_t>(other)) == CUDNN_STATUS_SUCCESS);
    EXPECT(cudnnActivationForward(session.handle, activation, &one, c.y, y, &zero, c.y, y) == CUDNN_STATUS_SUCCESS);
    EXPECT(cuStreamSynchronize(other) == CUDA_SUCCESS);
    EXPECT(c.is_right(host(y, c.outputs), true));
  }
  EXPECT(cuStreamDestroy_v2(other) == CUDA_SUCCESS);
  EXPECT(c.run(session.handle, x, w, y) == CUDNN_STATUS_EXECUTION_FAILED);
  EXPECT(cudnnSetStream(session.handle, nullptr) == CUDNN_STATUS_SUCCESS);
  EXPECT(c.run(session.handle, x, w, y) == CUDNN_STATUS_SUCCESS);
  EXPECT(cuCtxSynchronize() == CUDA_SUCCESS);
  EXPECT(c.is_right(host(y, c.outputs), false));
}

// ---- graphs
// ---------------------------------------------------------------------------------------------------------------

void captured() {
  Session session;
  Convolution c;
  float *x = device(c.x_values), *w = device(c.w_values), *y = device<float>(c.outputs);
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) == CUDA_SUCCESS);
  EXPECT(c.run(session.handle, x, w, y) == CUDNN_STATUS_SUCCESS);
  const cudnnActivationDescriptor_t activation = relu();
  EXPECT(cudnnActivationForward(session.handle, activation, &one, c.y, y, &zero, c.y, y) == CUDNN_STATUS_SUCCESS);
  EXPECT(cuStreamEndCapture(session.stream, &graph) == CUDA_SUCCESS);
  EXPECT(cuGraphInstantiateWithFlags(&executable, graph, 0) == CUDA_SUCCESS);
  cudnnDestroyActivationDescriptor(activation);
  c.destroy();
  EXPECT(cudnnDestroy(session.handle) == CUDNN_STATUS_SUCCESS);
  EXPECT(cuGraphDestroy(graph) == CUDA_SUCCESS);
  for (int launch = 0; launch < 3; ++launch) {
    EXPECT(cuMemsetD8Async(reinterpret_cast<CUdeviceptr>(y), 0xff, c.outputs * sizeof(float), session.stream) ==
           CUDA_SUCCESS);
    EXPECT(cuGraphLaunch(executable, session.stream) == CUDA_SUCCESS);
    EXPECT(cuStreamSynchronize(session.stream) == CUDA_SUCCESS);
    EXPECT(c.is_right(host(y, c.outputs), true));
  }
  EXPECT(cuGraphExecDestroy(executable) == CUDA_SUCCESS);
}

// Every launch of a dropout draws another mask, and the same seed draws the same ones again.
void captured_dropout() {
  Session session;
  constexpr size_t count = 64 * 16;
  const cudnnTensorDescriptor_t t = tensor(1, 64, 4, 4);
  float *x = device(std::vector<float>(count, 1)), *y = device<float>(count);
  size_t states = 0, reserve = 0;
  cudnnDropoutGetStatesSize(session.handle, &states);
  cudnnDropoutGetReserveSpaceSize(t, &reserve);
  void *state_data = device<char>(states), *reserve_data = device<char>(reserve);
  cudnnDropoutDescriptor_t dropout = nullptr;
  cudnnCreateDropoutDescriptor(&dropout);
  std::vector<std::vector<float>> masks[2];
  for (auto& drawn : masks) {
    EXPECT(cudnnSetDropoutDescriptor(dropout, session.handle, 0.5f, state_data, states, 77) == CUDNN_STATUS_SUCCESS);
    CUgraph graph = nullptr;
    CUgraphExec executable = nullptr;
    EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_GLOBAL) == CUDA_SUCCESS);
    EXPECT(cudnnDropoutForward(session.handle, dropout, t, x, t, y, reserve_data, reserve) == CUDNN_STATUS_SUCCESS);
    EXPECT(cuStreamEndCapture(session.stream, &graph) == CUDA_SUCCESS);
    EXPECT(cuGraphInstantiateWithFlags(&executable, graph, 0) == CUDA_SUCCESS);
    for (int launch = 0; launch < 3; ++launch) {
      EXPECT(cuGraphLaunch(executable, session.stream) == CUDA_SUCCESS);
      EXPECT(cuStreamSynchronize(session.stream) == CUDA_SUCCESS);
      drawn.push_back(host(y, count));
    }
    EXPECT(cuGraphExecDestroy(executable) == CUDA_SUCCESS && cuGraphDestroy(graph) == CUDA_SUCCESS);
  }
  EXPECT(masks[0][0] != masks[0][1] && masks[0][1] != masks[0][2]);
  EXPECT(masks[0] == masks[1]);
}

// Measuring waits for results, which a capture does not have; the call says so, and the stream works on.
void measured_in_capture() {
  Session session;
  const Convolution c;
  float *x = device(c.x_values), *w = device(c.w_values), *y = device<float>(c.outputs);
  cudnnConvolutionFwdAlgoPerf_t results[8];
  int count = 0;
  CUgraph graph = nullptr;
  EXPECT(cuStreamBeginCapture_v2(session.stream, CU_STREAM_CAPTURE_MODE_GLOBAL) == CUDA_SUCCESS);
  EXPECT(cudnnFindConvolutionForwardAlgorithmEx(session.handle, c.x, x, c.w, w, c.descriptor, c.y, y, 8, &count,
                                                results, nullptr, 0) == CUDNN_STATUS_EXECUTION_FAILED);
  cuStreamEndCapture(session.stream, &graph);
  if (graph != nullptr) cuGraphDestroy(graph);
  EXPECT(cudnnFindConvolutionForwardAlgorithmEx(session.handle, c.x, x, c.w, w, c.descriptor, c.y, y, 8, &count,
                                                results, nullptr, 0) == CUDNN_STATUS_SUCCESS);
  EXPECT(count > 0 && results[0].status == CUDNN_STATUS_SUCCESS && results[0].time >= 0);
}

// ---- threads
// --------------------------------------------------------------------------------------------------------------

void many_threads() {
  Session session;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i] {
      cuCtxSetCurrent(session.context);
      CUstream stream = nullptr;
      cudnnHandle_t handle = nullptr;
      wrong[i] += cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) != CUDA_SUCCESS;
      wrong[i] += cudnnCreate(&handle) != CUDNN_STATUS_SUCCESS;
      wrong[i] += cudnnSetStream(handle, reinterpret_cast<cudaStream_t>(stream)) != CUDNN_STATUS_SUCCESS;
      Convolution c;
      float *x = device(c.x_values), *w = device(c.w_values), *y = device<float>(c.outputs);
      for (int round = 0; round < 30; ++round) {
        wrong[i] += c.run(handle, x, w, y) != CUDNN_STATUS_SUCCESS;
        wrong[i] += cuStreamSynchronize(stream) != CUDA_SUCCESS;
        wrong[i] += !c.is_right(host(y, c.outputs), false);
      }
      c.destroy();
      wrong[i] += cudnnDestroy(handle) != CUDNN_STATUS_SUCCESS;
      wrong[i] += cuStreamDestroy_v2(stream) != CUDA_SUCCESS;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) EXPECT(count == 0);
}

/// Runs a scenario in a process of its own; the parent never starts the device.
bool passes(const std::string& name, const std::function<void()>& scenario) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    running = name;
    scenario();
    std::fflush(stderr);
    _exit(failures == 0 ? 0 : 1);
  }
  int status = 0;
  const bool fine = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!fine) std::fprintf(stderr, "%s: failed%s\n", name.c_str(), WIFSIGNALED(status) ? ", killed by a signal" : "");
  return fine;
}

}  // namespace

int main() {
  std::vector<std::pair<std::string, std::function<void()>>> scenarios = {
      {"workspaces", workspaces},
      {"destroyed while pending", destroyed_while_pending},
      {"streams in between", streams_in_between},
      {"captured", captured},
      {"captured dropout", captured_dropout},
      {"measured in a capture", measured_in_capture},
      {"many threads", many_threads},
  };
  for (const TooSmall& call : too_small_calls()) {
    scenarios.emplace_back(std::string("memory too small: ") + call.function, [&] { too_small(call); });
  }
  int failed = 0;
  for (const auto& [name, scenario] : scenarios) failed += passes(name, scenario) ? 0 : 1;
  std::printf("%zu scenarios, %d failed\n", scenarios.size(), failed);
  return failed == 0 ? 0 : 1;
}
