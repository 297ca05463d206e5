// Times every distinct operation of ResNet-18's training step through the C interface of the CPU device, as a trainer
// calls it (channels last, captured in a graph that is launched again), in turn with oneDNN's own primitive for it in
// the layouts oneDNN prefers and without any change of layout.
//
//   layer_bench [f32|bf16|f16] [cifar|imagenet] [batch] [rounds] [part of a name]
//
// Of each the best round counts; both run on the thread of the stream and its OpenMP threads. With OMP_NUM_THREADS=1 it
// is the process's own time that is taken, which other programs on the machine disturb less. GB/s are of the bytes an
// operation cannot avoid to move. oneDNN has no f16 kernels here: its figures are those of f32 then. What it has no
// primitive for has no ratio. Convolutions by Winograd's transformation follow the direct ones, with which they are
// measured in turn: their ratio is to those. The last lines are sums over the network.
#include <omp.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "generated/cublas.h"
#include "generated/cudnn.h"
#include "generated/driver.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace {

using dnnl::memory;

void require(int status, const char* call) {
  if (status == 0) return;
  char text[512] = "";
  cudnnGetLastErrorString(text, sizeof text);
  std::fprintf(stderr, "layer_bench: %s returned %d %s\n", call, status, text);
  std::exit(1);
}
#define REQUIRE(call) require(static_cast<int>(call), #call)

double now() {
  timespec time;
  clock_gettime(omp_get_max_threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

struct Type {
  cudnnDataType_t cudnn;
  cudaDataType blas;
  memory::data_type onednn;
  int64_t bytes;
};

/// An image or a filter: N, C, H, W or K, C, R, S, channels last.
struct Shape {
  int64_t n, c, h, w;
  int64_t elements() const { return n * c * h * w; }
};

struct Device {
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  cudnnHandle_t cudnn = nullptr;
  cublasHandle_t blas = nullptr;

  Device() {
    CUdevice device = 0;
    REQUIRE(cuInit(0));
    REQUIRE(cuDeviceGet(&device, 0));
    REQUIRE(cuDevicePrimaryCtxRetain(&context, device));
    REQUIRE(cuCtxSetCurrent(context));
    REQUIRE(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    REQUIRE(cudnnCreate(&cudnn));
    REQUIRE(cudnnSetStream(cudnn, reinterpret_cast<cudaStream_t>(stream)));
    REQUIRE(cublasCreate_v2(&blas));
    REQUIRE(cublasSetStream_v2(blas, reinterpret_cast<cudaStream_t>(stream)));
  }
};

/// Device memory with numbers from -1 to 1 in it, which the host reads and writes too.
class Buffer {
 public:
  Buffer(int64_t elements, const Type& type) : type_(type) {
    const auto bytes = static_cast<size_t>(std::max<int64_t>(elements, 1) * type.bytes);
    REQUIRE(cuMemAllocManaged(&address_, bytes, CU_MEM_ATTACH_GLOBAL));
    uint32_t state = 1;
    for (int64_t i = 0; i < elements; ++i) {
      state = state * 1664525 + 1013904223;
      put(i, static_cast<float>(static_cast<int32_t>(state)) * 0x1p-31f);
    }
  }
  ~Buffer() { cuMemFree_v2(address_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  void* data() const { return reinterpret_cast<void*>(address_); }

 private:
  void put(int64_t i, float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    if (type_.bytes == 4) {
      static_cast<uint32_t*>(data())[i] = bits;
    } else if (type_.cudnn == CUDNN_DATA_BFLOAT16) {
      static_cast<uint16_t*>(data())[i] = static_cast<uint16_t>(bits >> 16);
    } else {
      // Towards 0; what is too small for a normal half becomes 0.
      const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
      const uint32_t half = magnitude < 0x38800000 ? 0 : (magnitude - 0x38000000) >> 13;
      static_cast<uint16_t*>(data())[i] = static_cast<uint16_t>(sign | half);
    }
  }

  Type type_;
  CUdeviceptr address_ = 0;
};

cudnnTensorDescriptor_t tensor(const Shape& shape, cudnnDataType_t type) {
  cudnnTensorDescriptor_t descriptor = nullptr;
  REQUIRE(cudnnCreateTensorDescriptor(&descriptor));
  REQUIRE(cudnnSetTensor4dDescriptor(descriptor, CUDNN_TENSOR_NHWC, type, static_cast<int>(shape.n),
                                     static_cast<int>(shape.c), static_cast<int>(shape.h), static_cast<int>(shape.w)));
  return descriptor;
}

constexpr float one = 1, zero = 0;

/// oneDNN's primitive for an operation; empty where there is none.
struct Yardstick {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
};

struct Operation {
  std::string name;
  int count;
  bool is_convolution;
  int64_t bytes;
  std::function<void()> enqueue;
  Yardstick yardstick;
  size_t workspace = 0;
  /// The same by Winograd's transformation; empty where there is none.
  std::function<void()> transformed{};
  size_t transformed_workspace = 0;
};

class Bench {
 public:
  Bench(const Type& type, int64_t batch, int rounds, std::string part)
      : type_(type), batch_(batch), rounds_(rounds), part_(std::move(part)) {
    yardstick_type_ = type.onednn;
  }

  void convolution(int64_t c, int64_t size, int64_t k, int64_t filter, int64_t stride, int count) {
    const int64_t padding = filter / 2, out = (size + 2 * padding - filter) / stride + 1;
    const Shape x{batch_, c, size, size}, w{k, c, filter, filter}, y{batch_, k, out, out};
    char label[192];
    std::snprintf(label, sizeof label, "%ld %ldx%ld -> %ld %ldx%ld/%ld", static_cast<long>(c), static_cast<long>(size),
                  static_cast<long>(size), static_cast<long>(k), static_cast<long>(filter), static_cast<long>(filter),
                  static_cast<long>(stride));
    if (skips("convolution forward data filter add " + std::string(label))) return;
    const Buffer x_data(x.elements(), type_), w_data(w.elements(), type_), y_data(y.elements(), type_),
        result(std::max({x.elements(), w.elements(), y.elements()}), type_);
    const auto x_desc = tensor(x, type_.cudnn), y_desc = tensor(y, type_.cudnn);
    cudnnFilterDescriptor_t w_desc = nullptr;
    REQUIRE(cudnnCreateFilterDescriptor(&w_desc));
    REQUIRE(cudnnSetFilter4dDescriptor(w_desc, type_.cudnn, CUDNN_TENSOR_NHWC, static_cast<int>(k), static_cast<int>(c),
                                       static_cast<int>(filter), static_cast<int>(filter)));
    cudnnConvolutionDescriptor_t convolution = nullptr;
    REQUIRE(cudnnCreateConvolutionDescriptor(&convolution));
    REQUIRE(cudnnSetConvolution2dDescriptor(convolution, static_cast<int>(padding), static_cast<int>(padding),
                                            static_cast<int>(stride), static_cast<int>(stride), 1, 1,
                                            CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    const int64_t all = (x.elements() + w.elements() + y.elements()) * type_.bytes;
    const Type words{CUDNN_DATA_FLOAT, CUDA_R_32F, memory::data_type::f32, 4};
    // In a residual network the first convolution of every block adds its gradient to what came by the shortcut; of
    // those behind one another every second is such a one.
    const int adding = filter == 1 ? 0 : stride == 2 ? 1 : c == 64 ? 2 : 1;
    // By the direct algorithm and, where there is one, by Winograd's.
    const auto measure = [&](const char* name, int times, int64_t moved, Yardstick yardstick, auto direct,
                             auto transformed, const auto& workspace_size, const auto& enqueue) {
      size_t bytes = 0, transformed_bytes = 0;
      if (times == 0 || workspace_size(direct, &bytes) != CUDNN_STATUS_SUCCESS) return;
      const bool transforms = workspace_size(transformed, &transformed_bytes) == CUDNN_STATUS_SUCCESS;
      const Buffer workspace(static_cast<int64_t>(std::max(bytes, transformed_bytes) / 4), words);
      Operation operation{
          name + std::string(label), times, true, moved, [&] { REQUIRE(enqueue(direct, workspace.data(), bytes)); },
          std::move(yardstick),      bytes};
      if (transforms) {
        operation.transformed = [&] { REQUIRE(enqueue(transformed, workspace.data(), transformed_bytes)); };
        operation.transformed_workspace = transformed_bytes;
      }
      run(std::move(operation));
    };
    measure(
        "forward ", count, all, convolution_yardstick(0, x, w, y, padding, stride, x_data, w_data, result),
        CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED,
        [&](auto algorithm, size_t* bytes) {
          return cudnnGetConvolutionForwardWorkspaceSize(device_.cudnn, x_desc, w_desc, convolution, y_desc, algorithm,
                                                         bytes);
        },
        [&](auto algorithm, void* workspace, size_t bytes) {
          return cudnnConvolutionForward(device_.cudnn, &one, x_desc, x_data.data(), w_desc, w_data.data(), convolution,
                                         algorithm, workspace, bytes, &zero, y_desc, result.data());
        });
    for (const float* beta : {&zero, &one}) {
      // Nobody asks for the gradient of the images.
      if (c == 3) break;
      const bool adds = beta == &one;
      measure(
          adds ? "data, adding " : "data ", adds ? adding : count - adding,
          all + (adds ? x.elements() * type_.bytes : 0),
          convolution_yardstick(1, x, w, y, padding, stride, y_data, w_data, result), CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
          CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED,
          [&](auto algorithm, size_t* bytes) {
            return cudnnGetConvolutionBackwardDataWorkspaceSize(device_.cudnn, w_desc, y_desc, convolution, x_desc,
                                                                algorithm, bytes);
          },
          [&](auto algorithm, void* workspace, size_t bytes) {
            return cudnnConvolutionBackwardData(device_.cudnn, &one, w_desc, w_data.data(), y_desc, y_data.data(),
                                                convolution, algorithm, workspace, bytes, beta, x_desc, result.data());
          });
    }
    measure(
        "filter ", count, all, convolution_yardstick(2, x, w, y, padding, stride, x_data, y_data, result),
        CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED,
        [&](auto algorithm, size_t* bytes) {
          return cudnnGetConvolutionBackwardFilterWorkspaceSize(device_.cudnn, x_desc, y_desc, convolution, w_desc,
                                                                algorithm, bytes);
        },
        [&](auto algorithm, void* workspace, size_t bytes) {
          return cudnnConvolutionBackwardFilter(device_.cudnn, &one, x_desc, x_data.data(), y_desc, y_data.data(),
                                                convolution, algorithm, workspace, bytes, &zero, w_desc, result.data());
        });
  }

  /// `plain`, `relu` and `add`: how often the network has the normalisation alone, with ReLU, with addition and ReLU.
  void normalization(int64_t c, int64_t size, int plain, int relu, int add) {
    const Shape shape{batch_, c, size, size};
    const std::string label = std::to_string(c) + " " + std::to_string(size) + "x" + std::to_string(size);
    if (skips("BN ReLU add forward backward " + label)) return;
    const Type f32{CUDNN_DATA_FLOAT, CUDA_R_32F, memory::data_type::f32, 4};
    const Buffer x(shape.elements(), type_), y(shape.elements(), type_), z(shape.elements(), type_),
        dx(shape.elements(), type_), dy(shape.elements(), type_), dz(shape.elements(), type_);
    const Buffer scale(c, f32), bias(c, f32), mean(c, f32), variance(c, f32), saved_mean(c, f32), saved_inverse(c, f32),
        dscale(c, f32), dbias(c, f32);
    const auto desc = tensor(shape, type_.cudnn), parameter = tensor({1, c, 1, 1}, CUDNN_DATA_FLOAT);
    cudnnActivationDescriptor_t activation = nullptr;
    REQUIRE(cudnnCreateActivationDescriptor(&activation));
    REQUIRE(cudnnSetActivationDescriptor(activation, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0));
    const int64_t bytes = shape.elements() * type_.bytes;
    const auto mode = CUDNN_BATCHNORM_SPATIAL_PERSISTENT;
    struct Case {
      const char* name;
      cudnnBatchNormOps_t operations;
      int count, forward_tensors, backward_tensors;
    };
    for (const Case& one_case : {Case{"BN ", CUDNN_BATCHNORM_OPS_BN, plain, 3, 5},
                                 Case{"BN+ReLU ", CUDNN_BATCHNORM_OPS_BN_ACTIVATION, relu, 3, 7},
                                 Case{"BN+add+ReLU ", CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION, add, 4, 8}}) {
      if (one_case.count == 0) continue;
      const bool adds = one_case.operations == CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION;
      run({one_case.name + std::string("forward ") + label, one_case.count, false, bytes * one_case.forward_tensors,
           [&] {
             REQUIRE(cudnnBatchNormalizationForwardTrainingEx(
                 device_.cudnn, mode, one_case.operations, &one, &zero, desc, x.data(), adds ? desc : nullptr,
                 adds ? z.data() : nullptr, desc, y.data(), parameter, scale.data(), bias.data(), 0.1, mean.data(),
                 variance.data(), 1e-5, saved_mean.data(), saved_inverse.data(), activation, nullptr, 0, nullptr, 0));
           },
           adds ? Yardstick()
                : normalization_yardstick(shape, true, x, y, dx, dy, scale, bias, mean, variance, dscale, dbias)});
      run({one_case.name + std::string("backward ") + label, one_case.count, false, bytes * one_case.backward_tensors,
           [&] {
             REQUIRE(cudnnBatchNormalizationBackwardEx(
                 device_.cudnn, mode, one_case.operations, &one, &zero, &one, &zero, desc, x.data(), desc, y.data(),
                 desc, dy.data(), adds ? desc : nullptr, adds ? dz.data() : nullptr, desc, dx.data(), parameter,
                 scale.data(), bias.data(), dscale.data(), dbias.data(), 1e-5, saved_mean.data(), saved_inverse.data(),
                 activation, nullptr, 0, nullptr, 0));
           },
           adds ? Yardstick()
                : normalization_yardstick(shape, false, x, y, dx, dy, scale, bias, mean, variance, dscale, dbias)});
    }
  }

  void pooling(int64_t c, int64_t size, cudnnPoolingMode_t mode, int64_t window, int64_t padding, int64_t stride) {
    const int64_t out = (size + 2 * padding - window) / stride + 1;
    const Shape x{batch_, c, size, size}, y{batch_, c, out, out};
    const std::string label = (mode == CUDNN_POOLING_MAX_DETERMINISTIC ? "max-pool " : "average-pool ") +
                              std::to_string(c) + " " + std::to_string(size) + "x" + std::to_string(size);
    if (skips(label)) return;
    const Buffer x_data(x.elements(), type_), y_data(y.elements(), type_), dx(x.elements(), type_),
        dy(y.elements(), type_);
    const auto x_desc = tensor(x, type_.cudnn), y_desc = tensor(y, type_.cudnn);
    cudnnPoolingDescriptor_t descriptor = nullptr;
    REQUIRE(cudnnCreatePoolingDescriptor(&descriptor));
    REQUIRE(cudnnSetPooling2dDescriptor(descriptor, mode, CUDNN_PROPAGATE_NAN, static_cast<int>(window),
                                        static_cast<int>(window), static_cast<int>(padding), static_cast<int>(padding),
                                        static_cast<int>(stride), static_cast<int>(stride)));
    const int64_t both = (x.elements() + y.elements()) * type_.bytes;
    run({label + " forward",
         1,
         false,
         both,
         [&] {
           REQUIRE(cudnnPoolingForward(device_.cudnn, descriptor, &one, x_desc, x_data.data(), &zero, y_desc,
                                       y_data.data()));
         },
         {}});
    run({label + " backward",
         1,
         false,
         mode == CUDNN_POOLING_MAX_DETERMINISTIC ? 2 * both : both,
         [&] {
           REQUIRE(cudnnPoolingBackward(device_.cudnn, descriptor, &one, y_desc, y_data.data(), y_desc, dy.data(),
                                        x_desc, x_data.data(), &zero, x_desc, dx.data()));
         },
         {}});
  }

  /// What stands for the fused normalisations where a trainer calls them apart; not counted in the sums.
  void elementwise(int64_t c, int64_t size) {
    const Shape shape{batch_, c, size, size};
    const std::string label = std::to_string(c) + " " + std::to_string(size) + "x" + std::to_string(size);
    if (skips("add ReLU BN inference forward backward " + label)) return;
    const Type f32{CUDNN_DATA_FLOAT, CUDA_R_32F, memory::data_type::f32, 4};
    const Buffer x(shape.elements(), type_), y(shape.elements(), type_), dy(shape.elements(), type_), scale(c, f32),
        bias(c, f32), mean(c, f32), variance(c, f32);
    for (int64_t i = 0; i < c; ++i) static_cast<float*>(variance.data())[i] = 1;
    const auto desc = tensor(shape, type_.cudnn), parameter = tensor({1, c, 1, 1}, CUDNN_DATA_FLOAT);
    cudnnActivationDescriptor_t activation = nullptr;
    REQUIRE(cudnnCreateActivationDescriptor(&activation));
    REQUIRE(cudnnSetActivationDescriptor(activation, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0));
    const int64_t bytes = shape.elements() * type_.bytes;
    run({"add " + label,
         0,
         false,
         3 * bytes,
         [&] { REQUIRE(cudnnAddTensor(device_.cudnn, &one, desc, x.data(), &one, desc, y.data())); },
         {}});
    run({"ReLU forward " + label,
         0,
         false,
         2 * bytes,
         [&] {
           REQUIRE(cudnnActivationForward(device_.cudnn, activation, &one, desc, x.data(), &zero, desc, y.data()));
         },
         {}});
    run({"ReLU backward " + label,
         0,
         false,
         3 * bytes,
         [&] {
           REQUIRE(cudnnActivationBackward(device_.cudnn, activation, &one, desc, y.data(), desc, dy.data(), desc,
                                           y.data(), &zero, desc, x.data()));
         },
         {}});
    run({"BN inference " + label,
         0,
         false,
         2 * bytes,
         [&] {
           REQUIRE(cudnnBatchNormalizationForwardInference(
               device_.cudnn, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, &one, &zero, desc, x.data(), desc, y.data(),
               parameter, scale.data(), bias.data(), mean.data(), variance.data(), 1e-5));
         },
         {}});
  }

  /// The classifier: logits, the gradient of its weights and that of its input.
  void classifier(int64_t features, int64_t classes) {
    if (skips("classifier logits weights input")) return;
    const Type f32{CUDNN_DATA_FLOAT, CUDA_R_32F, memory::data_type::f32, 4};
    const Buffer x(batch_ * features, type_), w(classes * features, type_), dy(batch_ * classes, type_),
        dx(batch_ * features, type_), wide(classes * std::max(features, batch_), f32);
    const auto f = static_cast<int>(features), k = static_cast<int>(classes), n = static_cast<int>(batch_);
    const auto product = [&](const char* name, cublasOperation_t a_operation, cublasOperation_t b_operation, int rows,
                             int columns, int inner, const void* a, int lda, const void* b, int ldb, void* c,
                             cudaDataType c_type) {
      run({std::string("classifier ") + name,
           1,
           false,
           (static_cast<int64_t>(rows) * inner + static_cast<int64_t>(inner) * columns) * type_.bytes +
               static_cast<int64_t>(rows) * columns * (c_type == CUDA_R_32F ? 4 : type_.bytes),
           [=, this] {
             REQUIRE(cublasGemmEx(device_.blas, a_operation, b_operation, rows, columns, inner, &one, a, type_.blas,
                                  lda, b, type_.blas, ldb, &zero, c, c_type, rows, CUBLAS_COMPUTE_32F,
                                  CUBLAS_GEMM_DEFAULT));
           },
           {}});
    };
    product("logits", CUBLAS_OP_T, CUBLAS_OP_N, k, n, f, w.data(), f, x.data(), f, wide.data(), CUDA_R_32F);
    product("weights", CUBLAS_OP_N, CUBLAS_OP_T, f, k, n, x.data(), f, dy.data(), k, wide.data(), CUDA_R_32F);
    product("input", CUBLAS_OP_N, CUBLAS_OP_N, f, n, k, w.data(), f, dy.data(), k, dx.data(), type_.blas);
  }

  void summary() const {
    std::printf("convolutions: device %.1f ms, oneDNN %.1f ms, oneDNN / device %.3f\n", convolutions_, own_,
                own_ / convolutions_);
    std::printf("with Winograd's transformation where it is faster: %.1f ms\n", convolutions_ - saved_);
    std::printf("the others: %.1f ms; oneDNN's convolutions are %.1f %% of all\n", others_,
                100 * own_ / (convolutions_ + others_));
  }

 private:
  bool skips(const std::string& names) const { return !part_.empty() && names.find(part_) == std::string::npos; }

  Yardstick convolution_yardstick(int direction, const Shape& x, const Shape& w, const Shape& y, int64_t padding,
                                  int64_t stride, const Buffer& first, const Buffer& second, const Buffer& result) {
    auto any = [this](const Shape& s) {
      return memory::desc({s.n, s.c, s.h, s.w}, yardstick_type_, memory::format_tag::any);
    };
    const auto x_any = any(x), w_any = any(w), y_any = any(y);
    const memory::dims strides{stride, stride}, pads{padding, padding};
    const auto kind = dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, kind, x_any, w_any, y_any, strides, pads, pads}, engine_);
    if (direction == 0) {
      return {dnnl::convolution_forward(forward),
              {{DNNL_ARG_SRC, place(forward.src_desc(), first)},
               {DNNL_ARG_WEIGHTS, place(forward.weights_desc(), second)},
               {DNNL_ARG_DST, place(forward.dst_desc(), result)}}};
    }
    if (direction == 1) {
      const dnnl::convolution_backward_data::primitive_desc backward({kind, x_any, w_any, y_any, strides, pads, pads},
                                                                     engine_, forward);
      return {dnnl::convolution_backward_data(backward),
              {{DNNL_ARG_DIFF_DST, place(backward.diff_dst_desc(), first)},
               {DNNL_ARG_WEIGHTS, place(backward.weights_desc(), second)},
               {DNNL_ARG_DIFF_SRC, place(backward.diff_src_desc(), result)}}};
    }
    const dnnl::convolution_backward_weights::primitive_desc backward({kind, x_any, w_any, y_any, strides, pads, pads},
                                                                      engine_, forward);
    return {dnnl::convolution_backward_weights(backward),
            {{DNNL_ARG_SRC, place(backward.src_desc(), first)},
             {DNNL_ARG_DIFF_DST, place(backward.diff_dst_desc(), second)},
             {DNNL_ARG_DIFF_WEIGHTS, place(backward.diff_weights_desc(), result)}}};
  }

  Yardstick normalization_yardstick(const Shape& shape, bool is_forward, const Buffer& x, const Buffer& y,
                                    const Buffer& dx, const Buffer& dy, const Buffer& scale, const Buffer& bias,
                                    const Buffer& mean, const Buffer& variance, const Buffer& dscale,
                                    const Buffer& dbias) {
    const memory::desc data({shape.n, shape.c, shape.h, shape.w}, yardstick_type_, memory::format_tag::nhwc);
    const auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    const dnnl::batch_normalization_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, data, 1e-5f, flags}, engine_);
    if (is_forward) {
      return {dnnl::batch_normalization_forward(forward),
              {{DNNL_ARG_SRC, place(data, x)},
               {DNNL_ARG_DST, place(data, y)},
               {DNNL_ARG_SCALE, place(forward.weights_desc(), scale)},
               {DNNL_ARG_SHIFT, place(forward.weights_desc(), bias)},
               {DNNL_ARG_MEAN, place(forward.mean_desc(), mean)},
               {DNNL_ARG_VARIANCE, place(forward.variance_desc(), variance)}}};
    }
    const dnnl::batch_normalization_backward::primitive_desc backward(
        {dnnl::prop_kind::backward, data, data, 1e-5f, flags}, engine_, forward);
    return {dnnl::batch_normalization_backward(backward),
            {{DNNL_ARG_SRC, place(data, x)},
             {DNNL_ARG_DIFF_DST, place(data, dy)},
             {DNNL_ARG_DIFF_SRC, place(data, dx)},
             {DNNL_ARG_SCALE, place(forward.weights_desc(), scale)},
             {DNNL_ARG_SHIFT, place(forward.weights_desc(), bias)},
             {DNNL_ARG_DIFF_SCALE, place(forward.weights_desc(), dscale)},
             {DNNL_ARG_DIFF_SHIFT, place(forward.weights_desc(), dbias)},
             {DNNL_ARG_MEAN, place(forward.mean_desc(), mean)},
             {DNNL_ARG_VARIANCE, place(forward.variance_desc(), variance)}}};
  }

  /// The buffer where it is large enough, else memory of oneDNN's own: a layout may pad the channels, and f32 stands
  /// for f16.
  memory place(const memory::desc& desc, const Buffer& buffer) {
    size_t size = 0;
    REQUIRE(cuMemGetAddressRange_v2(nullptr, &size, reinterpret_cast<CUdeviceptr>(buffer.data())));
    return desc.get_size() <= size ? memory(desc, engine_, buffer.data()) : memory(desc, engine_);
  }

  double time(const std::function<void()>& submit) {
    const double start = now();
    submit();
    REQUIRE(cuStreamSynchronize(device_.stream));
    return now() - start;
  }

  /// What is enqueued once, as a graph that is launched again and again.
  class Captured {
   public:
    Captured(const std::function<void()>& enqueue, CUstream stream) : stream_(stream) {
      if (!enqueue) return;
      REQUIRE(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
      enqueue();
      REQUIRE(cuStreamEndCapture(stream, &graph_));
      REQUIRE(cuGraphInstantiateWithFlags(&executable_, graph_, 0));
    }
    ~Captured() {
      if (graph_ == nullptr) return;
      REQUIRE(cuGraphExecDestroy(executable_));
      REQUIRE(cuGraphDestroy(graph_));
    }
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;

    void launch() const { REQUIRE(cuGraphLaunch(executable_, stream_)); }

   private:
    CUstream stream_;
    CUgraph graph_ = nullptr;
    CUgraphExec executable_ = nullptr;
  };

  void run(Operation operation) {
    const Captured graph(operation.enqueue, device_.stream), transformed(operation.transformed, device_.stream);
    const bool has_yardstick = static_cast<bool>(operation.yardstick.primitive);
    const bool transforms = static_cast<bool>(operation.transformed);
    double device = 1e9, own = 1e9, faster = 1e9;
    for (int round = 0; round <= rounds_; ++round) {
      const double a = time([&] { graph.launch(); });
      const double b = !has_yardstick ? 0 : time([&] {
        REQUIRE(cuLaunchHostFunc(device_.stream, run_yardstick, &operation.yardstick));
      });
      const double c = transforms ? time([&] { transformed.launch(); }) : 0;
      // The first round makes what is made once.
      if (round > 0) device = std::min(device, a), own = std::min(own, b), faster = std::min(faster, c);
    }
    const auto print = [&](const std::string& name, int times, double milliseconds, size_t workspace) {
      std::printf("%-44s x%d %9.3f ms %7.1f GB/s", name.c_str(), times, milliseconds,
                  static_cast<double>(operation.bytes) / milliseconds / 1e6);
      if (workspace > 0) std::printf(" %6.1f MiB", static_cast<double>(workspace) / (1 << 20));
    };
    print(operation.name, operation.count, device, operation.workspace);
    if (has_yardstick) std::printf("   oneDNN %9.3f ms, ratio %5.2f", own, device / own);
    std::printf("\n");
    if (transforms) {
      print(operation.name + " Winograd", 0, faster, operation.transformed_workspace);
      std::printf("   direct %9.3f ms, ratio %5.2f\n", device, faster / device);
      saved_ += std::max(0.0, device - faster) * operation.count;
    }
    std::fflush(stdout);
    (operation.is_convolution ? convolutions_ : others_) += device * operation.count;
    if (operation.is_convolution) own_ += own * operation.count;
  }

  static void run_yardstick(void* data) {
    const auto* yardstick = static_cast<Yardstick*>(data);
    // Never destroyed: the thread may outlive what oneDNN needs for that.
    static thread_local auto* stream = new dnnl::stream(yardstick->arguments.begin()->second.get_engine());
    yardstick->primitive.execute(*stream, yardstick->arguments);
    stream->wait();
  }

  const Type type_;
  const int64_t batch_;
  const int rounds_;
  const std::string part_;
  Device device_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  memory::data_type yardstick_type_;
  double convolutions_ = 0, others_ = 0, own_ = 0, saved_ = 0;
};

}  // namespace

int main(int count, char** values) {
  const std::string type = count > 1 ? values[1] : "f32", stem = count > 2 ? values[2] : "cifar";
  const int batch = count > 3 ? std::atoi(values[3]) : 128, rounds = count > 4 ? std::atoi(values[4]) : 5;
  const std::unordered_map<std::string, Type> types = {
      {"f32", {CUDNN_DATA_FLOAT, CUDA_R_32F, memory::data_type::f32, 4}},
      {"bf16", {CUDNN_DATA_BFLOAT16, CUDA_R_16BF, memory::data_type::bf16, 2}},
      {"f16", {CUDNN_DATA_HALF, CUDA_R_16F, memory::data_type::f32, 2}}};
  if (types.count(type) == 0 || (stem != "cifar" && stem != "imagenet") || batch < 1 || rounds < 1) {
    std::fprintf(stderr, "usage: layer_bench [f32|bf16|f16] [cifar|imagenet] [batch] [rounds] [part of a name]\n");
    return 2;
  }
  Bench bench(types.at(type), batch, rounds, count > 5 ? values[5] : "");
  const bool cifar = stem == "cifar";
  int64_t size = cifar ? 32 : 8;
  try {
    bench.convolution(3, 32, 64, cifar ? 3 : 7, cifar ? 1 : 2, 1);
    if (!cifar) bench.normalization(64, 16, 0, 1, 0);
    if (!cifar) bench.pooling(64, 16, CUDNN_POOLING_MAX_DETERMINISTIC, 3, 1, 2);
    bench.convolution(64, size, 64, 3, 1, 4);
    bench.normalization(64, size, 0, cifar ? 3 : 2, 2);
    for (int64_t c = 64; c < 512; c *= 2) {
      bench.convolution(c, size, 2 * c, 3, 2, 1);
      bench.convolution(c, size, 2 * c, 1, 2, 1);
      size = (size + 1) / 2;
      bench.convolution(2 * c, size, 2 * c, 3, 1, 3);
      bench.normalization(2 * c, size, 1, 2, 2);
    }
    bench.pooling(512, size, CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING, size, 0, 1);
    bench.classifier(512, 10);
    bench.elementwise(64, cifar ? 32 : 16);
    bench.summary();
  } catch (const dnnl::error& error) {
    std::fprintf(stderr, "layer_bench: oneDNN says %s\n", error.what());
    return 1;
  }
  return 0;
}
