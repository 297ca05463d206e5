// The number of threads changes no bit: convolutions with their gradients, batch normalisation and matrix products give
// the same numbers in processes with different OMP_NUM_THREADS.
//
//   thread_count_test [--seed 7]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "generated/cublas.h"
#include "generated/cudnn.h"
#include "generated/driver.h"
#include "tests/check.h"
#include "tests/command_line.h"

namespace {

class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  int between(int low, int high) { return low + static_cast<int>(next() % static_cast<uint32_t>(high - low + 1)); }
  template <class T>
  T unit() {
    return static_cast<T>(next()) / (1u << 31) - 1;
  }

 private:
  uint32_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 32);
  }
  uint64_t state_;
};

/// A number as it is stored.
struct BFloat16 {
  uint16_t bits;
};
template <>
BFloat16 Numbers::unit<BFloat16>() {
  const float value = unit<float>();
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return {static_cast<uint16_t>(bits >> 16)};
}

/// Random numbers in device memory, which the host reads as well.
template <class T>
class Memory {
 public:
  Memory(Numbers& numbers, int64_t count) : count_(static_cast<size_t>(count)) {
    CHECK(cuMemAllocHost_v2(&data_, count_ * sizeof(T)));
    for (size_t i = 0; i < count_; ++i) data()[i] = numbers.unit<T>();
  }
  ~Memory() { CHECK(cuMemFreeHost(data_)); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  T* data() const { return static_cast<T*>(data_); }
  /// A number for all its bits.
  unsigned long long hash() const {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count_ * sizeof(T); ++i)
      hash = (hash ^ static_cast<unsigned char*>(data_)[i]) * 0x100000001b3;
    return hash;
  }

 private:
  size_t count_;
  void* data_ = nullptr;
};

#define SUCCEEDED(call) EXPECT((call) == 0)

struct Shape {
  int n, c, size, k, window, stride;

  int out() const { return (size + window / 2 * 2 - window) / stride + 1; }
};

/// The descriptors of a convolution.
struct Descriptors {
  cudnnTensorDescriptor_t x, y, parameters;
  cudnnFilterDescriptor_t w;
  cudnnConvolutionDescriptor_t convolution;

  Descriptors(const Shape& s, cudnnDataType_t type) {
    SUCCEEDED(cudnnCreateTensorDescriptor(&x));
    SUCCEEDED(cudnnCreateTensorDescriptor(&y));
    SUCCEEDED(cudnnCreateTensorDescriptor(&parameters));
    SUCCEEDED(cudnnCreateFilterDescriptor(&w));
    SUCCEEDED(cudnnCreateConvolutionDescriptor(&convolution));
    const int out = s.out();
    SUCCEEDED(cudnnSetTensor4dDescriptor(x, CUDNN_TENSOR_NHWC, type, s.n, s.c, s.size, s.size));
    SUCCEEDED(cudnnSetTensor4dDescriptor(y, CUDNN_TENSOR_NHWC, type, s.n, s.k, out, out));
    SUCCEEDED(cudnnSetTensor4dDescriptor(parameters, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, s.k, 1, 1));
    SUCCEEDED(cudnnSetFilter4dDescriptor(w, type, CUDNN_TENSOR_NHWC, s.k, s.c, s.window, s.window));
    SUCCEEDED(cudnnSetConvolution2dDescriptor(convolution, s.window / 2, s.window / 2, s.stride, s.stride, 1, 1,
                                              CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
  }
  ~Descriptors() {
    cudnnDestroyTensorDescriptor(x);
    cudnnDestroyTensorDescriptor(y);
    cudnnDestroyTensorDescriptor(parameters);
    cudnnDestroyFilterDescriptor(w);
    cudnnDestroyConvolutionDescriptor(convolution);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;
};

/// Algorithms of the three directions.
struct Algorithms {
  cudnnConvolutionFwdAlgo_t forward;
  cudnnConvolutionBwdDataAlgo_t data;
  cudnnConvolutionBwdFilterAlgo_t filter;
};
constexpr Algorithms direct = {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
                               CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1};
constexpr Algorithms winograd = {CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED,
                                 CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED,
                                 CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED};

/// A convolution and its gradients.
void convolve(cudnnHandle_t handle, const Descriptors& of, const Algorithms& by, const void* x, const void* w,
              const void* dy, void* y, void* dx, void* dw) {
  size_t bytes[3] = {};
  SUCCEEDED(cudnnGetConvolutionForwardWorkspaceSize(handle, of.x, of.w, of.convolution, of.y, by.forward, &bytes[0]));
  SUCCEEDED(cudnnGetConvolutionBackwardDataWorkspaceSize(handle, of.w, of.y, of.convolution, of.x, by.data, &bytes[1]));
  SUCCEEDED(
      cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, of.x, of.y, of.convolution, of.w, by.filter, &bytes[2]));
  CUdeviceptr workspace = 0;
  CHECK(cuMemAlloc_v2(&workspace, bytes[0] + bytes[1] + bytes[2] + 1));
  void* place = reinterpret_cast<void*>(workspace);
  const float one = 1, zero = 0;
  SUCCEEDED(cudnnConvolutionForward(handle, &one, of.x, x, of.w, w, of.convolution, by.forward, place, bytes[0], &zero,
                                    of.y, y));
  SUCCEEDED(cudnnConvolutionBackwardData(handle, &one, of.w, w, of.y, dy, of.convolution, by.data, place, bytes[1],
                                         &zero, of.x, dx));
  SUCCEEDED(cudnnConvolutionBackwardFilter(handle, &one, of.x, x, of.y, dy, of.convolution, by.filter, place, bytes[2],
                                           &zero, of.w, dw));
  CHECK(cuCtxSynchronize());
  CHECK(cuMemFree_v2(workspace));
}

void convolutions(Numbers& numbers, cudnnHandle_t handle, const Shape& s) {
  const Descriptors of(s, CUDNN_DATA_FLOAT);
  const int out = s.out();
  const int64_t x_count = int64_t{s.n} * s.c * s.size * s.size, y_count = int64_t{s.n} * s.k * out * out,
                w_count = int64_t{s.k} * s.c * s.window * s.window;
  const Memory<float> x(numbers, x_count), w(numbers, w_count), dy(numbers, y_count), y(numbers, y_count),
      dx(numbers, x_count), dw(numbers, w_count), scale(numbers, s.k), bias(numbers, s.k), normalized(numbers, y_count),
      dscale(numbers, s.k), dbias(numbers, s.k);
  convolve(handle, of, direct, x.data(), w.data(), dy.data(), y.data(), dx.data(), dw.data());
  const float one = 1, zero = 0;
  SUCCEEDED(cudnnBatchNormalizationForwardTraining(handle, CUDNN_BATCHNORM_SPATIAL, &one, &zero, of.y, y.data(), of.y,
                                                   normalized.data(), of.parameters, scale.data(), bias.data(), 1,
                                                   nullptr, nullptr, 1e-5, nullptr, nullptr));
  SUCCEEDED(cudnnBatchNormalizationBackward(handle, CUDNN_BATCHNORM_SPATIAL, &one, &zero, &one, &zero, of.y, y.data(),
                                            of.y, dy.data(), of.y, dy.data(), of.parameters, scale.data(),
                                            dscale.data(), dbias.data(), 1e-5, nullptr, nullptr));
  CHECK(cuCtxSynchronize());
  std::printf("convolution %d %d %d, %d %d %d: y %llx dx %llx dw %llx normalised %llx %llx %llx %llx\n", s.n, s.c,
              s.size, s.k, s.window, s.stride, y.hash(), dx.hash(), dw.hash(), normalized.hash(), dy.hash(),
              dscale.hash(), dbias.hash());
}

/// By Winograd's transformation of bfloat16.
void narrow_convolutions(Numbers& numbers, cudnnHandle_t handle, const Shape& s) {
  const Descriptors of(s, CUDNN_DATA_BFLOAT16);
  const int64_t x_count = int64_t{s.n} * s.c * s.size * s.size, y_count = int64_t{s.n} * s.k * s.out() * s.out(),
                w_count = int64_t{s.k} * s.c * s.window * s.window;
  const Memory<BFloat16> x(numbers, x_count), w(numbers, w_count), dy(numbers, y_count), y(numbers, y_count),
      dx(numbers, x_count), dw(numbers, w_count);
  convolve(handle, of, winograd, x.data(), w.data(), dy.data(), y.data(), dx.data(), dw.data());
  std::printf("convolution of bfloat16 %d %d %d, %d: y %llx dx %llx dw %llx\n", s.n, s.c, s.size, s.k, y.hash(),
              dx.hash(), dw.hash());
}

/// Whether the device multiplies bfloat16 as it is.
bool multiplies_bfloat16() {
  char name[256] = "";
  CHECK(cuDeviceGetName(name, sizeof name, 0));
  return std::strstr(name, "converts bfloat16") == nullptr;
}

cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t a_is, cublasOperation_t b_is, int m, int n, int k,
                    const float* a, int lda, const float* b, int ldb, float* c) {
  const float alpha = 0.75f, beta = 0.5f;
  return cublasSgemm_v2(handle, a_is, b_is, m, n, k, &alpha, a, lda, b, ldb, &beta, c, m);
}
cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t a_is, cublasOperation_t b_is, int m, int n, int k,
                    const double* a, int lda, const double* b, int ldb, double* c) {
  const double alpha = 0.75, beta = 0.5;
  return cublasDgemm_v2(handle, a_is, b_is, m, n, k, &alpha, a, lda, b, ldb, &beta, c, m);
}

template <class T>
void product(Numbers& numbers, cublasHandle_t handle) {
  const int m = numbers.between(1, numbers.between(0, 1) ? 600 : 20), n = numbers.between(1, 300),
            k = numbers.between(1, 1200), turned = numbers.between(0, 3);
  const Memory<T> a(numbers, int64_t{m} * k), b(numbers, int64_t{k} * n), c(numbers, int64_t{m} * n);
  SUCCEEDED(gemm(handle, turned & 1 ? CUBLAS_OP_T : CUBLAS_OP_N, turned & 2 ? CUBLAS_OP_T : CUBLAS_OP_N, m, n, k,
                 a.data(), turned & 1 ? k : m, b.data(), turned & 2 ? n : k, c.data()));
  CHECK(cuCtxSynchronize());
  std::printf("product of %zu bytes, %d %d %d, turned %d: %llx\n", sizeof(T), m, n, k, turned, c.hash());
}

int compute(long seed) {
  Numbers numbers(static_cast<uint64_t>(seed));
  CUcontext context = nullptr;
  cudnnHandle_t cudnn = nullptr;
  cublasHandle_t cublas = nullptr;
  CHECK(cuInit(0));
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
  SUCCEEDED(cudnnCreate(&cudnn));
  SUCCEEDED(cublasCreate_v2(&cublas));
  // Those whose gradient is shared out by images, by many and few; large filters; few images; products of taps.
  static constexpr Shape shapes[] = {{32, 16, 16, 16, 3, 1}, {37, 3, 12, 16, 3, 1},  {16, 64, 8, 64, 3, 1},
                                     {8, 256, 4, 256, 3, 1}, {8, 128, 8, 512, 3, 2}, {1, 32, 20, 64, 3, 1},
                                     {2, 16, 24, 16, 3, 1},  {16, 64, 8, 256, 1, 1}, {40, 128, 7, 192, 3, 1},
                                     {33, 64, 9, 130, 3, 2}};
  for (const Shape& shape : shapes) convolutions(numbers, cudnn, shape);
  for (int i = 0; i < 16; ++i) {
    static constexpr int widths[] = {1, 3, 8, 16, 17, 32, 48, 64};
    convolutions(numbers, cudnn,
                 {numbers.between(1, 40), widths[numbers.between(0, 7)], numbers.between(3, 14),
                  widths[numbers.between(0, 7)], numbers.between(0, 2) * 2 + 1, numbers.between(1, 2)});
  }
  // Parts of tiles, of outputs and of both; few tiles.
  static constexpr Shape narrow_shapes[] = {{40, 64, 12, 64, 3, 1},
                                            {33, 48, 7, 300, 3, 1},
                                            {3, 300, 9, 520, 3, 1},
                                            {1, 32, 5, 32, 3, 1},
                                            {9, 65, 11, 17, 3, 1}};
  for (const Shape& shape : narrow_shapes) {
    if (multiplies_bfloat16()) narrow_convolutions(numbers, cudnn, shape);
  }
  for (int i = 0; i < 30; ++i) product<float>(numbers, cublas);
  for (int i = 0; i < 20; ++i) product<double>(numbers, cublas);
  SUCCEEDED(cublasDestroy_v2(cublas));
  SUCCEEDED(cudnnDestroy(cudnn));
  CHECK(cuDevicePrimaryCtxRelease_v2(0));
  return failures == 0 ? 0 : 1;
}

/// What this program computes with so many threads.
std::string computed(const char* program, int threads, long seed) {
  const std::string command = "OMP_NUM_THREADS=" + std::to_string(threads) + " '" + program + "' --seed " +
                              std::to_string(seed) + " --compute 1";
  FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) return "";
  std::string text;
  char part[4096];
  for (size_t got; (got = fread(part, 1, sizeof part, output)) > 0;) text.append(part, got);
  EXPECT(pclose(output) == 0);
  return text;
}

}  // namespace

int main(int count, char** values) {
  const long seed = argument(count, values, "--seed", 1);
  if (argument(count, values, "--compute", 0) != 0) return compute(seed);
  const std::string alone = computed(values[0], 1, seed);
  EXPECT(!alone.empty());
  for (const int threads : {2, 3, 4, 7}) {
    std::istringstream wanted(alone), got(computed(values[0], threads, seed));
    std::string want, line;
    while (std::getline(wanted, want)) {
      std::getline(got, line);
      if (line == want) continue;
      std::fprintf(stderr, "1 thread:  %s\n%d threads: %s\n", want.c_str(), threads, line.c_str());
      ++failures;
    }
  }
  std::printf("%ld results depend on the number of threads\n", failures.load());
  return failures == 0 ? 0 : 1;
}
