#include "engine/compute_softmax.h"

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

/// Layout in which the values of one softmax lie together, and how many there are.
Tensor row_layout(const Tensor& tensor, bool over_instance, ElementType type, int64_t& rows, int64_t& width) {
  width = over_instance ? tensor.elements() / tensor.dims[0] : tensor.dims[1];
  rows = tensor.elements() / width;
  // Any order within an instance will do, as long as all tensors share it.
  return channels_last(tensor, type);
}

template <class T>
void forward(bool logarithm, bool over_instance, double alpha, const Tensor& x_tensor, const void* x_data, double beta,
             const Tensor& y_tensor, void* y_data) {
  Scratch scratch;
  int64_t rows, width;
  const Tensor layout = row_layout(x_tensor, over_instance, native_type<T>, rows, width);
  const VectorKernels<T>& kernels = vector_kernels<T>();
  const T* x = staged<T>(x_tensor, x_data, layout, scratch);
  const bool direct = alpha == 1 && beta == 0 && same_layout(y_tensor, layout);
  T* y = direct ? static_cast<T*>(y_data) : scratch.take<T>(rows * width);
#pragma omp parallel for schedule(static) if (rows * width > 4096)
  for (int64_t row = 0; row < rows; ++row) kernels.softmax(logarithm, x + row * width, y + row * width, width);
  if (!direct) blend_tensor(alpha, layout, y, beta, y_tensor, y_data);
}

template <class T>
void backward(bool logarithm, bool over_instance, double alpha, const Tensor& y_tensor, const void* y_data,
              const Tensor& dy_tensor, const void* dy_data, double beta, const Tensor& dx_tensor, void* dx_data) {
  Scratch scratch;
  int64_t rows, width;
  const Tensor layout = row_layout(y_tensor, over_instance, native_type<T>, rows, width);
  const VectorKernels<T>& kernels = vector_kernels<T>();
  const T* y = staged<T>(y_tensor, y_data, layout, scratch);
  const T* dy = staged<T>(dy_tensor, dy_data, layout, scratch);
  const bool direct = alpha == 1 && beta == 0 && same_layout(dx_tensor, layout);
  T* dx = direct ? static_cast<T*>(dx_data) : scratch.take<T>(rows * width);
#pragma omp parallel for schedule(static) if (rows * width > 4096)
  for (int64_t row = 0; row < rows; ++row) {
    kernels.softmax_backward(logarithm, y + row * width, dy + row * width, dx + row * width, width);
  }
  if (!direct) blend_tensor(alpha, layout, dx, beta, dx_tensor, dx_data);
}

}  // namespace

void softmax_forward(bool logarithm, bool over_instance, double alpha, const Tensor& x_tensor, const void* x,
                     double beta, const Tensor& y_tensor, void* y) {
  if (computes_in_double(x_tensor.type)) {
    forward<double>(logarithm, over_instance, alpha, x_tensor, x, beta, y_tensor, y);
  } else {
    forward<float>(logarithm, over_instance, alpha, x_tensor, x, beta, y_tensor, y);
  }
}

void softmax_backward(bool logarithm, bool over_instance, double alpha, const Tensor& y_tensor, const void* y,
                      const Tensor& dy_tensor, const void* dy, double beta, const Tensor& dx_tensor, void* dx) {
  if (computes_in_double(y_tensor.type)) {
    backward<double>(logarithm, over_instance, alpha, y_tensor, y, dy_tensor, dy, beta, dx_tensor, dx);
  } else {
    backward<float>(logarithm, over_instance, alpha, y_tensor, y, dy_tensor, dy, beta, dx_tensor, dx);
  }
}

}  // namespace cpu::compute
