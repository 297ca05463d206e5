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

void convolutions(Numbers& numbers, cudnnHandle_t handle, const Shape& s) {
  cudnnTensorDescriptor_t x_desc, y_desc, parameters;
  cudnnFilterDescriptor_t w_desc;
  cudnnConvolutionDescriptor_t convolution;
  SUCCEEDED(cudnnCreateTensorDescriptor(&x_desc));
  SUCCEEDED(cudnnCreateTensorDescriptor(&y_desc));
  SUCCEEDED(cudnnCreateTensorDescriptor(&parameters));
  SUCCEEDED(cudnnCreateFilterDescriptor(&w_desc));
  SUCCEEDED(cudnnCreateConvolutionDescriptor(&convolution));
  const int out = s.out();
  SUCCEEDED(cudnnSetTensor4dDescriptor(x_desc, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, s.n, s.c, s.size, s.size));
  SUCCEEDED(cudnnSetTensor4dDescriptor(y_desc, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, s.n, s.k, out, out));
  SUCCEEDED(cudnnSetTensor4dDescriptor(parameters, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, s.k, 1, 1));
  SUCCEEDED(cudnnSetFilter4dDescriptor(w_desc, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, s.k, s.c, s.window, s.window));
  SUCCEEDED(cudnnSetConvolution2dDescriptor(convolution, s.window / 2, s.window / 2, s.stride, s.stride, 1, 1,
                                            CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
  const int64_t x_count = int64_t{s.n} * s.c * s.size * s.size, y_count = int64_t{s.n} * s.k * out * out,
                w_count = int64_t{s.k} * s.c * s.window * s.window;
  const Memory<float> x(numbers, x_count), w(numbers, w_count), dy(numbers, y_count), y(numbers, y_count),
      dx(numbers, x_count), dw(numbers, w_count), scale(numbers, s.k), bias(numbers, s.k), normalized(numbers, y_count),
      dscale(numbers, s.k), dbias(numbers, s.k);
  size_t bytes[3] = {};
  constexpr auto forward = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  constexpr auto data = CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
  constexpr auto filter = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;
  SUCCEEDED(cudnnGetConvolutionForwardWorkspaceSize(handle, x_desc, w_desc, convolution, y_desc, forward, &bytes[0]));
  SUCCEEDED(cudnnGetConvolutionBackwardDataWorkspaceSize(handle, w_desc, y_desc, convolution, x_desc, data, &bytes[1]));
  SUCCEEDED(
      cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, x_desc, y_desc, convolution, w_desc, filter, &bytes[2]));
  CUdeviceptr workspace = 0;
  CHECK(cuMemAlloc_v2(&workspace, bytes[0] + bytes[1] + bytes[2] + 1));
  void* place = reinterpret_cast<void*>(workspace);
  const float one = 1, zero = 0;
  SUCCEEDED(cudnnConvolutionForward(handle, &one, x_desc, x.data(), w_desc, w.data(), convolution, forward, place,
                                    bytes[0], &zero, y_desc, y.data()));
  SUCCEEDED(cudnnConvolutionBackwardData(handle, &one, w_desc, w.data(), y_desc, dy.data(), convolution, data, place,
                                         bytes[1], &zero, x_desc, dx.data()));
  SUCCEEDED(cudnnConvolutionBackwardFilter(handle, &one, x_desc, x.data(), y_desc, dy.data(), convolution, filter,
                                           place, bytes[2], &zero, w_desc, dw.data()));
  SUCCEEDED(cudnnBatchNormalizationForwardTraining(handle, CUDNN_BATCHNORM_SPATIAL, &one, &zero, y_desc, y.data(),
                                                   y_desc, normalized.data(), parameters, scale.data(), bias.data(), 1,
                                                   nullptr, nullptr, 1e-5, nullptr, nullptr));
  SUCCEEDED(cudnnBatchNormalizationBackward(handle, CUDNN_BATCHNORM_SPATIAL, &one, &zero, &one, &zero, y_desc, y.data(),
                                            y_desc, dy.data(), y_desc, dy.data(), parameters, scale.data(),
                                            dscale.data(), dbias.data(), 1e-5, nullptr, nullptr));
  CHECK(cuCtxSynchronize());
  CHECK(cuMemFree_v2(workspace));
  std::printf("convolution %d %d %d, %d %d %d: y %llx dx %llx dw %llx normalised %llx %llx %llx %llx\n", s.n, s.c,
              s.size, s.k, s.window, s.stride, y.hash(), dx.hash(), dw.hash(), normalized.hash(), dy.hash(),
              dscale.hash(), dbias.hash());
  cudnnDestroyTensorDescriptor(x_desc);
  cudnnDestroyTensorDescriptor(y_desc);
  cudnnDestroyTensorDescriptor(parameters);
  cudnnDestroyFilterDescriptor(w_desc);
  cudnnDestroyConvolutionDescriptor(convolution);
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
