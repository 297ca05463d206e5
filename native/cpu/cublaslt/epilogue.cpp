#include "cublaslt/epilogue.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cpu::cublaslt {
namespace {

// The approximation of "Gaussian Error Linear Units", Hendrycks and Gimpel 2016, which cuBLASLt's GELU is:
// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
constexpr double root_of_two_over_pi = 0.7978845608028654;
constexpr double cubic = 0.044715;

template <class T>
T gelu(T x) {
  const T inner = static_cast<T>(root_of_two_over_pi) * (x + static_cast<T>(cubic) * x * x * x);
  return static_cast<T>(0.5) * x * (1 + std::tanh(inner));
}

template <class T>
T gelu_gradient(T x) {
  const T inner = static_cast<T>(root_of_two_over_pi) * (x + static_cast<T>(cubic) * x * x * x);
  const T slope = static_cast<T>(root_of_two_over_pi) * (1 + static_cast<T>(3 * cubic) * x * x);
  const T hyperbolic = std::tanh(inner);
  return static_cast<T>(0.5) * (1 + hyperbolic + x * (1 - hyperbolic * hyperbolic) * slope);
}

// Where a line of the auxiliary matrix begins. For ReLU the stride and the leading dimension count bits.
char* auxiliary_line(const Problem& problem, int64_t index, int64_t line) {
  const MatmulDescriptor& say = problem.descriptor;
  const int64_t elements = index * say.auxiliary_stride + line * say.auxiliary_leading;
  const int64_t bytes = problem.epilogue.relu ? elements / 8 : elements * problem.auxiliary_type.bytes();
  return reinterpret_cast<char*>(say.auxiliary) + bytes;
}

template <class T>
double greatest_size(const T* values, int64_t count) {
  T greatest = 0;
  for (int64_t i = 0; i < count; ++i) greatest = std::max(greatest, std::abs(values[i]));
  return greatest;
}

template <class T>
void keep_signs(const T* values, int64_t count, char* bits) {
  for (int64_t first = 0; first < count; first += 8) {
    unsigned byte = 0;
    for (int64_t i = first; i < std::min(first + 8, count); ++i) byte |= (values[i] > 0 ? 1u : 0u) << (i - first);
    bits[first / 8] = static_cast<char>(byte);
  }
}

}  // namespace

Extent auxiliary_extent(const Problem& problem) {
  const MatmulDescriptor& say = problem.descriptor;
  const __int128 elements = static_cast<__int128>(problem.d.batch_count - 1) * say.auxiliary_stride +
                            static_cast<__int128>(problem.d.lines() - 1) * say.auxiliary_leading + problem.d.length();
  const int64_t bytes = problem.epilogue.relu
                            ? saturated_bytes((elements + 7) / 8, 1)
                            : saturated_bytes(elements, static_cast<size_t>(problem.auxiliary_type.bytes()));
  return {"EPILOGUE_AUX_POINTER", reinterpret_cast<const void*>(say.auxiliary), problem.empty() ? 0 : bytes};
}

template <class T>
void LineWork<T>::activate(compute::Scratch& scratch, int64_t line, T* values, double* greatest) const {
  const Epilogue& epilogue = problem_.epilogue;
  const int64_t length = problem_.d.length();
  char* auxiliary = epilogue.needs_auxiliary() ? auxiliary_line(problem_, index_, line) : nullptr;
  if (epilogue.relu && epilogue.gradient) {
    for (int64_t i = 0; i < length; ++i) {
      if ((auxiliary[i / 8] >> (i % 8) & 1) == 0) values[i] = 0;
    }
  } else if (epilogue.relu) {
    if (epilogue.keeps) keep_signs(values, length, auxiliary);
    for (int64_t i = 0; i < length; ++i) values[i] = values[i] > 0 ? values[i] : T{0};
  } else if (epilogue.gelu && epilogue.gradient) {
    T* inputs = scratch.take<T>(length);
    load_numbers(problem_.auxiliary_type.number, auxiliary, 1, length, inputs);
    for (int64_t i = 0; i < length; ++i) values[i] *= gelu_gradient(inputs[i]);
  } else if (epilogue.gelu) {
    if (epilogue.keeps) {
      T* inputs = scratch.take<T>(length);
      for (int64_t i = 0; i < length; ++i) inputs[i] = values[i] * scale_auxiliary_;
      store_numbers(problem_.auxiliary_type.number, inputs, auxiliary, 1, length);
      *greatest = std::max(*greatest, greatest_size(values, length));
    }
    for (int64_t i = 0; i < length; ++i) values[i] = gelu(values[i]);
  }
}

template <class T>
void LineWork<T>::store(compute::Scratch& scratch, int64_t line, const T* values, void* d, double* greatest) const {
  const int64_t length = problem_.d.length();
  if (problem_.descriptor.greatest_d != 0) *greatest = std::max(*greatest, greatest_size(values, length));
  if (scale_ != T{1}) {
    T* scaled = scratch.take<T>(length);
    for (int64_t i = 0; i < length; ++i) scaled[i] = values[i] * scale_;
    values = scaled;
  }
  store_numbers(problem_.d.type.number, values,
                static_cast<char*>(d) + line * problem_.d.leading * problem_.d.type.bytes(), 1, length);
}

template class LineWork<float>;
template class LineWork<double>;

}  // namespace cpu::cublaslt
