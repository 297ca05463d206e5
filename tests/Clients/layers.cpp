// A program for cuDNN, cuBLAS and the driver: a convolution and a matrix product checked against plain loops, and two
// streams ordered by an event. It is compiled and linked like for the real libraries.
#include <cublas_v2.h>
#include <cuda.h>
#include <cudnn.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

void require(bool condition, const char* what, int line) {
  if (condition) return;
  std::fprintf(stderr, "line %d: %s\n", line, what);
  std::exit(1);
}
#define CUDA(call) require((call) == CUDA_SUCCESS, #call " failed", __LINE__)
#define CUDNN(call) require((call) == CUDNN_STATUS_SUCCESS, #call " failed", __LINE__)
#define CUBLAS(call) require((call) == CUBLAS_STATUS_SUCCESS, #call " failed", __LINE__)
#define REQUIRE(condition) require(condition, "not so: " #condition, __LINE__)

// Numbers that look random and are the same in every run.
std::vector<float> numbers(size_t count, unsigned seed) {
  std::vector<float> result(count);
  for (float& number : result) {
    seed = seed * 1664525u + 1013904223u;
    number = static_cast<float>(seed >> 8) / 8388608.0F - 1.0F;
  }
  return result;
}

class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<float>& host) : bytes_(host.size() * sizeof(float)) {
    CUDA(cuMemAlloc(&address_, bytes_));
    CUDA(cuMemcpyHtoD(address_, host.data(), bytes_));
  }
  ~DeviceArray() { cuMemFree(address_); }
  void* pointer() const { return reinterpret_cast<void*>(address_); }
  float* floats() const { return reinterpret_cast<float*>(address_); }
  std::vector<float> read() const {
    std::vector<float> host(bytes_ / sizeof(float));
    CUDA(cuMemcpyDtoH(host.data(), address_, bytes_));
    return host;
  }

 private:
  CUdeviceptr address_ = 0;
  size_t bytes_;
};

void require_close(const std::vector<float>& got, const std::vector<double>& wanted, const char* what) {
  double worst = 0;
  double largest = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    worst = std::fmax(worst, std::fabs(got[i] - wanted[i]));
    largest = std::fmax(largest, std::fabs(wanted[i]));
  }
  std::printf("%s: largest error %.3g of %.3g\n", what, worst, largest);
  REQUIRE(worst <= 1e-5 * largest);
}

void convolution() {
  constexpr int n = 2, c = 3, h = 9, w = 8, k = 5, r = 3, s = 3, pad = 1, stride = 2;
  cudnnHandle_t cudnn;
  CUDNN(cudnnCreate(&cudnn));
  cudnnTensorDescriptor_t x_descriptor, y_descriptor;
  cudnnFilterDescriptor_t w_descriptor;
  cudnnConvolutionDescriptor_t operation;
  CUDNN(cudnnCreateTensorDescriptor(&x_descriptor));
  CUDNN(cudnnCreateTensorDescriptor(&y_descriptor));
  CUDNN(cudnnCreateFilterDescriptor(&w_descriptor));
  CUDNN(cudnnCreateConvolutionDescriptor(&operation));
  CUDNN(cudnnSetTensor4dDescriptor(x_descriptor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, n, c, h, w));
  CUDNN(cudnnSetFilter4dDescriptor(w_descriptor, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, k, c, r, s));
  CUDNN(cudnnSetConvolution2dDescriptor(operation, pad, pad, stride, stride, 1, 1, CUDNN_CROSS_CORRELATION,
                                        CUDNN_DATA_FLOAT));
  int on, ok, p, q;
  CUDNN(cudnnGetConvolution2dForwardOutputDim(operation, x_descriptor, w_descriptor, &on, &ok, &p, &q));
  REQUIRE(on == n && ok == k && p == (h + 2 * pad - r) / stride + 1 && q == (w + 2 * pad - s) / stride + 1);
  CUDNN(cudnnSetTensor4dDescriptor(y_descriptor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, on, ok, p, q));

  int found = 0;
  cudnnConvolutionFwdAlgoPerf_t choice;
  CUDNN(cudnnGetConvolutionForwardAlgorithm_v7(cudnn, x_descriptor, w_descriptor, operation, y_descriptor, 1, &found,
                                               &choice));
  REQUIRE(found == 1 && choice.status == CUDNN_STATUS_SUCCESS);
  size_t workspace_bytes = 0;
  CUDNN(cudnnGetConvolutionForwardWorkspaceSize(cudnn, x_descriptor, w_descriptor, operation, y_descriptor, choice.algo,
                                                &workspace_bytes));

  const std::vector<float> x = numbers(static_cast<size_t>(n) * c * h * w, 1);
  const std::vector<float> filter = numbers(static_cast<size_t>(k) * c * r * s, 2);
  const std::vector<float> prior = numbers(static_cast<size_t>(n) * k * p * q, 3);
  const DeviceArray device_x(x), device_filter(filter), device_y(prior);
  const DeviceArray workspace(std::vector<float>(workspace_bytes / sizeof(float) + 1));
  const float alpha = 1.5F, beta = -0.5F;
  CUDNN(cudnnConvolutionForward(cudnn, &alpha, x_descriptor, device_x.pointer(), w_descriptor, device_filter.pointer(),
                                operation, choice.algo, workspace.pointer(), workspace_bytes, &beta, y_descriptor,
                                device_y.pointer()));
  const std::vector<float> y = device_y.read();

  std::vector<double> wanted;
  for (int in = 0; in < n; ++in) {
    for (int ik = 0; ik < k; ++ik) {
      for (int ip = 0; ip < p; ++ip) {
        for (int iq = 0; iq < q; ++iq) {
          double sum = 0;
          for (int ic = 0; ic < c; ++ic) {
            for (int ir = 0; ir < r; ++ir) {
              for (int is = 0; is < s; ++is) {
                const int row = ip * stride - pad + ir;
                const int column = iq * stride - pad + is;
                if (row < 0 || row >= h || column < 0 || column >= w) continue;
                sum += static_cast<double>(x[((in * c + ic) * h + row) * w + column]) *
                       filter[((ik * c + ic) * r + ir) * s + is];
              }
            }
          }
          wanted.push_back(alpha * sum + beta * static_cast<double>(prior[wanted.size()]));
        }
      }
    }
  }
  require_close(y, wanted, "convolution");

  // In no particular order.
  CUDNN(cudnnDestroy(cudnn));
  CUDNN(cudnnDestroyFilterDescriptor(w_descriptor));
  CUDNN(cudnnDestroyTensorDescriptor(y_descriptor));
  CUDNN(cudnnDestroyConvolutionDescriptor(operation));
  CUDNN(cudnnDestroyTensorDescriptor(x_descriptor));
}

// C = alpha A^T B + beta C, column by column.
void matrix_product() {
  constexpr int m = 17, n = 11, k = 23;
  const std::vector<float> a = numbers(static_cast<size_t>(m) * k, 4);
  const std::vector<float> b = numbers(static_cast<size_t>(k) * n, 5);
  const std::vector<float> c = numbers(static_cast<size_t>(m) * n, 6);
  const DeviceArray device_a(a), device_b(b), device_c(c);
  cublasHandle_t cublas;
  CUBLAS(cublasCreate(&cublas));
  const float alpha = 0.75F, beta = 2.0F;
  CUBLAS(cublasSgemm(cublas, CUBLAS_OP_T, CUBLAS_OP_N, m, n, k, &alpha, device_a.floats(), k, device_b.floats(), k,
                     &beta, device_c.floats(), m));
  std::vector<double> wanted;
  for (int column = 0; column < n; ++column) {
    for (int row = 0; row < m; ++row) {
      double sum = 0;
      for (int i = 0; i < k; ++i) sum += static_cast<double>(a[row * k + i]) * b[column * k + i];
      wanted.push_back(alpha * sum + beta * static_cast<double>(c[wanted.size()]));
    }
  }
  require_close(device_c.read(), wanted, "matrix product");
  CUBLAS(cublasDestroy(cublas));
}

// One stream doubles numbers once it is let, the other copies them when the event says so.
void two_streams() {
  static std::atomic<bool> open{false};
  const std::vector<float> x = numbers(100000, 7);
  const DeviceArray numbers_on_device(x);
  float* result = nullptr;
  CUDA(cuMemAllocHost(reinterpret_cast<void**>(&result), x.size() * sizeof(float)));
  CUstream first, second;
  CUevent doubled;
  CUDA(cuStreamCreate(&first, CU_STREAM_NON_BLOCKING));
  CUDA(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
  CUDA(cuEventCreate(&doubled, CU_EVENT_DISABLE_TIMING));
  cublasHandle_t cublas;
  CUBLAS(cublasCreate(&cublas));
  CUBLAS(cublasSetStream(cublas, first));
  CUDA(cuLaunchHostFunc(
      first,
      [](void*) {
        while (!open) std::this_thread::yield();
      },
      nullptr));
  const float two = 2.0F;
  CUBLAS(cublasSscal(cublas, static_cast<int>(x.size()), &two, numbers_on_device.floats(), 1));
  CUDA(cuEventRecord(doubled, first));
  CUDA(cuStreamWaitEvent(second, doubled, 0));
  CUDA(cuMemcpyDtoHAsync(result, reinterpret_cast<CUdeviceptr>(numbers_on_device.pointer()), x.size() * sizeof(float),
                         second));
  REQUIRE(cuStreamQuery(second) == CUDA_ERROR_NOT_READY);
  open = true;
  CUDA(cuStreamSynchronize(second));
  bool right = true;
  for (size_t i = 0; i < x.size(); ++i) right = right && result[i] == 2.0F * x[i];
  REQUIRE(right);
  std::printf("two streams: in order\n");
  CUBLAS(cublasDestroy(cublas));
  CUDA(cuEventDestroy(doubled));
  CUDA(cuStreamDestroy(second));
  CUDA(cuStreamDestroy(first));
  CUDA(cuMemFreeHost(result));
}

}  // namespace

int main() {
  CUdevice device;
  CUcontext context;
  CUDA(cuInit(0));
  CUDA(cuDeviceGet(&device, 0));
  char name[200];
  CUDA(cuDeviceGetName(name, sizeof(name), device));
  std::printf("%s\n", name);
  CUDA(cuDevicePrimaryCtxRetain(&context, device));
  CUDA(cuCtxSetCurrent(context));
  convolution();
  matrix_product();
  two_streams();
  CUDA(cuDevicePrimaryCtxRelease(device));
  return 0;
}
