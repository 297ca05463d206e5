#include "engine/compute_normalization.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <type_traits>

#include "engine/compute_channels.h"
#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

/// The layout the loops want: channels last or packed as the tensor is, else channels last.
Tensor wanted_layout(const Normalization& normalization, ElementType type) {
  const Tensor& x = normalization.x;
  if (normalization.per_activation || (x.is_packed() && !x.is_channels_last())) return packed(x, type);
  return channels_last(x, type);
}

ChannelView view_of(const Normalization& normalization, const Tensor& layout) {
  const Tensor& x = normalization.x;
  if (normalization.per_activation) return {x.dims[0], x.elements() / x.dims[0], 1};
  if (layout.is_channels_last()) return {x.elements() / x.dims[1], x.dims[1], 1};
  return {x.dims[0], x.dims[1], x.pixels()};
}

/// Whether there are loops over planes of S; images of 16-bit floats with their channels first are widened before.
template <class S>
constexpr bool has_planes = std::is_same_v<S, Arithmetic<S>>;

/// Mean and biased variance of every channel. Sums are taken in double of the distance to the channel's first value,
/// so that a mean far from zero costs no digits.
template <class S>
void statistics(const ChannelView& view, const S* x, Scratch& scratch, double* mean, double* variance) {
  using T = Arithmetic<S>;
  T* shift = scratch.take<T>(view.channels);
  vector_kernels<T>().load(native_type<S>, x, view.inner, view.channels, shift);
  if (view.inner == 1) {
    const RowKernels<S>& kernels = row_kernels<S>();
    sum_blocks<S>(view, scratch, mean, variance,
                  [&](int64_t offset, int64_t start, int64_t rows, int64_t width, double* sum, double* square) {
                    kernels.moments(x + offset, rows, view.channels, width, shift + start, sum, square);
                  });
  } else if constexpr (has_planes<S>) {
    sum_planes(view, scratch, mean, variance, [&](int64_t offset, int64_t c, double* sum, double* square) {
      vector_kernels<T>().plane_moments(x + offset, view.inner, shift[c], sum, square);
    });
  }
  const double count = static_cast<double>(view.count());
  for (int64_t c = 0; c < view.channels; ++c) {
    const double distance = mean[c] / count;
    variance[c] = std::max(0.0, variance[c] / count - distance * distance);
    mean[c] = static_cast<double>(shift[c]) + distance;
  }
}

template <class S, class T>
void apply(const ChannelView& view, const S* x, const S* z, const NormalizationRow<T>& row, bool relu, T alpha, T beta,
           S* y) {
  if (view.inner == 1) {
    const RowKernels<S>& kernels = row_kernels<S>();
    const int64_t rows = block_rows(view, sizeof(S));
    for_blocks(view, rows, [&](int64_t, int64_t first, int64_t count, int64_t start, int64_t width) {
      const int64_t offset = first * view.channels + start;
      kernels.normalize(x + offset, z == nullptr ? nullptr : z + offset,
                        {row.mean + start, row.factor + start, row.bias + start}, relu, alpha, beta, y + offset, count,
                        view.channels, width);
    });
    return;
  }
  if constexpr (has_planes<S>) {
    const bool parallel = view.outer * view.channels * view.inner > 16384;
#pragma omp parallel for schedule(static) if (parallel)
    for (int64_t plane = 0; plane < view.outer * view.channels; ++plane) {
      const int64_t offset = plane * view.inner, c = plane % view.channels;
      vector_kernels<T>().plane_normalize(x + offset, z == nullptr ? nullptr : z + offset, row.mean[c], row.factor[c],
                                          row.bias[c], relu, alpha, beta, y + offset, view.inner);
    }
  }
}

double get(ElementType type, const void* data, int64_t i) {
  return type == ElementType::F64 ? static_cast<const double*>(data)[i] : static_cast<const float*>(data)[i];
}

void put(ElementType type, void* data, int64_t i, double value) {
  if (type == ElementType::F64) {
    static_cast<double*>(data)[i] = value;
  } else {
    static_cast<float*>(data)[i] = static_cast<float>(value);
  }
}

template <class S>
void normalize_with(const Normalization& normalization, const Tensor& layout, const ChannelView& view, Scratch& scratch,
                    const S* x, const double* mean, const double* factor, const double* bias, double alpha, double beta,
                    const Tensor& y_tensor, void* y, const Tensor& z_tensor, const void* z) {
  using T = Arithmetic<S>;
  T* row_mean = scratch.take<T>(view.channels);
  T* row_factor = scratch.take<T>(view.channels);
  T* row_bias = scratch.take<T>(view.channels);
  for (int64_t c = 0; c < view.channels; ++c) {
    row_mean[c] = static_cast<T>(mean[c]);
    row_factor[c] = static_cast<T>(factor[c]);
    // The part of the mean that rounding took away goes into the bias.
    row_bias[c] = static_cast<T>(bias[c] - (mean[c] - static_cast<double>(row_mean[c])) * factor[c]);
  }
  const S* addend = staged<S>(z_tensor, z, layout, scratch);
  const StagedResult<S> result(y_tensor, y, layout, scratch);
  apply<S, T>(view, x, addend, {row_mean, row_factor, row_bias}, normalization.relu, result.alpha(alpha),
              result.beta(beta), result.values());
  result.finish(alpha, beta);
}

/// scale / sqrt(variance + epsilon), and the bias in double.
void factors(const Normalization& normalization, int64_t channels, const double* variance, const void* scale,
             const void* bias, double* factor, double* wide_bias) {
  for (int64_t c = 0; c < channels; ++c) {
    factor[c] = get(normalization.parameter_type, scale, c) / std::sqrt(variance[c] + normalization.epsilon);
    wide_bias[c] = get(normalization.parameter_type, bias, c);
  }
}

template <class S>
void training(const Normalization& normalization, double alpha, const void* x_data, double beta, const Tensor& y_tensor,
              void* y, const Tensor& z_tensor, const void* z, const void* scale, const void* bias,
              const NormalizationState& state) {
  Scratch scratch;
  const Tensor layout = wanted_layout(normalization, native_type<S>);
  const ChannelView view = view_of(normalization, layout);
  const S* x = staged<S>(normalization.x, x_data, layout, scratch);
  double* mean = scratch.take<double>(view.channels);
  double* variance = scratch.take<double>(view.channels);
  statistics(view, x, scratch, mean, variance);
  const ElementType type = normalization.parameter_type;
  const double count = static_cast<double>(view.count());
  const double unbiased = count > 1 ? count / (count - 1) : 1;
  auto update = [&](void* running, int64_t c, double value) {
    if (running == nullptr) return;
    const double kept = state.factor == 1 ? 0 : get(type, running, c) * (1 - state.factor);
    put(type, running, c, value * state.factor + kept);
  };
  for (int64_t c = 0; c < view.channels; ++c) {
    update(state.running_mean, c, mean[c]);
    update(state.running_variance, c, variance[c] * unbiased);
    if (state.saved_mean != nullptr) put(type, state.saved_mean, c, mean[c]);
    if (state.saved_inverse_deviation != nullptr) {
      put(type, state.saved_inverse_deviation, c, 1 / std::sqrt(variance[c] + normalization.epsilon));
    }
  }
  double* factor = scratch.take<double>(view.channels);
  double* wide_bias = scratch.take<double>(view.channels);
  factors(normalization, view.channels, variance, scale, bias, factor, wide_bias);
  normalize_with<S>(normalization, layout, view, scratch, x, mean, factor, wide_bias, alpha, beta, y_tensor, y,
                    z_tensor, z);
}

template <class S>
void inference(const Normalization& normalization, double alpha, const void* x_data, double beta,
               const Tensor& y_tensor, void* y, const Tensor& z_tensor, const void* z, const void* scale,
               const void* bias, const void* mean_data, const void* variance_data) {
  Scratch scratch;
  const Tensor layout = wanted_layout(normalization, native_type<S>);
  const ChannelView view = view_of(normalization, layout);
  const S* x = staged<S>(normalization.x, x_data, layout, scratch);
  double* mean = scratch.take<double>(view.channels);
  double* variance = scratch.take<double>(view.channels);
  for (int64_t c = 0; c < view.channels; ++c) {
    mean[c] = get(normalization.parameter_type, mean_data, c);
    variance[c] = get(normalization.parameter_type, variance_data, c);
  }
  double* factor = scratch.take<double>(view.channels);
  double* wide_bias = scratch.take<double>(view.channels);
  factors(normalization, view.channels, variance, scale, bias, factor, wide_bias);
  normalize_with<S>(normalization, layout, view, scratch, x, mean, factor, wide_bias, alpha, beta, y_tensor, y,
                    z_tensor, z);
}

template <class S>
void application(const Normalization& normalization, const void* x_data, const Tensor& y_tensor, void* y,
                 const double* mean, const double* factor, const double* bias) {
  Scratch scratch;
  const Tensor layout = wanted_layout(normalization, native_type<S>);
  const S* x = staged<S>(normalization.x, x_data, layout, scratch);
  normalize_with<S>(normalization, layout, view_of(normalization, layout), scratch, x, mean, factor, bias, 1, 0,
                    y_tensor, y, Tensor(), nullptr);
}

template <class S>
void backward(const Normalization& normalization, double alpha_data, double beta_data, double alpha_parameter,
              double beta_parameter, const void* x_data, const NormalizationGradient& gradient, const void* scale,
              void* dscale, void* dbias, const void* saved_mean, const void* saved_inverse_deviation) {
  using T = Arithmetic<S>;
  Scratch scratch;
  const Tensor layout = wanted_layout(normalization, native_type<S>);
  const ChannelView view = view_of(normalization, layout);
  const RowKernels<S>& kernels = row_kernels<S>();
  const ElementType type = normalization.parameter_type;
  const S* x = staged<S>(normalization.x, x_data, layout, scratch);
  const S* dy = staged<S>(gradient.dy_tensor, gradient.dy, layout, scratch);
  const S* y = normalization.relu ? staged<S>(gradient.y_tensor, gradient.y, layout, scratch) : nullptr;
  double* mean = scratch.take<double>(view.channels);
  double* inverse = scratch.take<double>(view.channels);
  if (saved_mean != nullptr && saved_inverse_deviation != nullptr) {
    for (int64_t c = 0; c < view.channels; ++c) {
      mean[c] = get(type, saved_mean, c);
      inverse[c] = get(type, saved_inverse_deviation, c);
    }
  } else {
    statistics(view, x, scratch, mean, inverse);
    for (int64_t c = 0; c < view.channels; ++c) inverse[c] = 1 / std::sqrt(inverse[c] + normalization.epsilon);
  }
  T* row_mean = scratch.take<T>(view.channels);
  for (int64_t c = 0; c < view.channels; ++c) row_mean[c] = static_cast<T>(mean[c]);
  double* sum = scratch.take<double>(view.channels);
  double* product = scratch.take<double>(view.channels);
  if (view.inner == 1) {
    sum_blocks<S>(view, scratch, sum, product,
                  [&](int64_t offset, int64_t start, int64_t rows, int64_t width, double* s, double* p) {
                    kernels.gradient_sums(x + offset, dy + offset, y == nullptr ? nullptr : y + offset,
                                          row_mean + start, rows, view.channels, width, s, p);
                  });
  } else if constexpr (has_planes<S>) {
    sum_planes(view, scratch, sum, product, [&](int64_t offset, int64_t c, double* s, double* p) {
      vector_kernels<T>().plane_gradient_sums(x + offset, dy + offset, y == nullptr ? nullptr : y + offset, row_mean[c],
                                              view.inner, s, p);
    });
  }
  T* factor = scratch.take<T>(view.channels);
  T* average = scratch.take<T>(view.channels);
  T* slope = scratch.take<T>(view.channels);
  const double count = static_cast<double>(view.count());
  for (int64_t c = 0; c < view.channels; ++c) {
    // sum g (x - mean), with the mean as it is and not as it was rounded.
    const double exact = product[c] - sum[c] * (mean[c] - static_cast<double>(row_mean[c]));
    const double scale_gradient = exact * inverse[c];
    factor[c] = static_cast<T>(get(type, scale, c) * inverse[c]);
    average[c] = static_cast<T>(sum[c] / count);
    slope[c] = static_cast<T>(scale_gradient * inverse[c] / count);
    auto blend = [&](void* data, double value) {
      if (data == nullptr) return;
      const double prior = beta_parameter == 0 ? 0 : beta_parameter * get(type, data, c);
      put(type, data, c, alpha_parameter * value + prior);
    };
    blend(dscale, scale_gradient);
    blend(dbias, sum[c]);
  }
  const StagedResult<S> dx(gradient.dx_tensor, gradient.dx, layout, scratch);
  const StagedResult<S> dz(gradient.dz_tensor, gradient.dz, layout, scratch);
  const T alpha = dx.alpha(alpha_data), beta = dx.beta(beta_data);
  if (view.inner == 1) {
    const int64_t rows = block_rows(view, sizeof(S));
    for_blocks(view, rows, [&](int64_t, int64_t first, int64_t block, int64_t start, int64_t width) {
      const int64_t offset = first * view.channels + start;
      kernels.normalize_backward(x + offset, dy + offset, y == nullptr ? nullptr : y + offset, row_mean + start,
                                 factor + start, average + start, slope + start, alpha, beta, dx.values() + offset,
                                 dz.values() == nullptr ? nullptr : dz.values() + offset, block, view.channels, width);
    });
  } else if constexpr (has_planes<S>) {
    const bool parallel = view.outer * view.channels * view.inner > 16384;
#pragma omp parallel for schedule(static) if (parallel)
    for (int64_t plane = 0; plane < view.outer * view.channels; ++plane) {
      const int64_t offset = plane * view.inner, c = plane % view.channels;
      vector_kernels<T>().plane_normalize_backward(
          x + offset, dy + offset, y == nullptr ? nullptr : y + offset, row_mean[c], factor[c], average[c], slope[c],
          alpha, beta, dx.values() + offset, dz.values() == nullptr ? nullptr : dz.values() + offset, view.inner);
    }
  }
  dx.finish(alpha_data, beta_data);
  dz.finish(1, 0);
}

template <class T>
void bias_sums(double alpha, const Tensor& dy_tensor, const void* dy_data, double beta, const Tensor& db_tensor,
               void* db) {
  Scratch scratch;
  const bool planes = dy_tensor.is_packed() && !dy_tensor.is_channels_last();
  const Tensor layout = planes ? packed(dy_tensor, native_type<T>) : channels_last(dy_tensor, native_type<T>);
  const T* dy = staged<T>(dy_tensor, dy_data, layout, scratch);
  const int64_t channels = dy_tensor.dims[1];
  const ChannelView view = planes ? ChannelView{dy_tensor.dims[0], channels, dy_tensor.pixels()}
                                  : ChannelView{dy_tensor.elements() / channels, channels, 1};
  double* sum = scratch.take<double>(channels);
  double* unused = scratch.take<double>(channels);
  const VectorKernels<T>& kernels = vector_kernels<T>();
  if (planes) {
    sum_planes(view, scratch, sum, unused, [&](int64_t offset, int64_t, double* s, double* square) {
      kernels.plane_moments(dy + offset, view.inner, 0, s, square);
    });
  } else {
    sum_blocks<T>(view, scratch, sum, unused,
                  [&](int64_t offset, int64_t, int64_t rows, int64_t width, double* s, double*) {
                    kernels.sums(dy + offset, rows, view.channels, width, s);
                  });
  }
  Tensor sums = db_tensor;
  for (int& dim : sums.dims) dim = 1;
  sums.dims[1] = static_cast<int>(channels);
  blend_tensor(alpha, packed(sums, ElementType::F64), sum, beta, db_tensor, db);
}

/// Calls function(S{}) with the type that x and the other images are read and written as: 16-bit floats as they are
/// where all have channels last and nothing is blended, else single or double precision. `images`: those that exist.
template <class Function>
void with_storage(const Normalization& normalization, bool blends, std::initializer_list<const Tensor*> images,
                  const Function& function) {
  const Tensor& x = normalization.x;
  if (computes_in_double(x.type) || normalization.parameter_type == ElementType::F64) return function(double{});
  bool is_narrow = has_16_bits(x.type) && !blends;
  is_narrow = is_narrow && view_of(normalization, wanted_layout(normalization, x.type)).inner == 1;
  for (const Tensor* image : images) is_narrow = is_narrow && image->type == x.type;
  if (!is_narrow) return function(float{});
  with_16_bits(x.type, function);
}

}  // namespace

void normalization_training(const Normalization& normalization, double alpha, const void* x, double beta,
                            const Tensor& y_tensor, void* y, const Tensor& z_tensor, const void* z, const void* scale,
                            const void* bias, const NormalizationState& state) {
  with_storage(normalization, alpha != 1 || beta != 0, {&y_tensor, z == nullptr ? &y_tensor : &z_tensor}, [&](auto s) {
    training<decltype(s)>(normalization, alpha, x, beta, y_tensor, y, z_tensor, z, scale, bias, state);
  });
}

void normalization_inference(const Normalization& normalization, double alpha, const void* x, double beta,
                             const Tensor& y_tensor, void* y, const Tensor& z_tensor, const void* z, const void* scale,
                             const void* bias, const void* mean, const void* variance) {
  with_storage(normalization, alpha != 1 || beta != 0, {&y_tensor, z == nullptr ? &y_tensor : &z_tensor}, [&](auto s) {
    inference<decltype(s)>(normalization, alpha, x, beta, y_tensor, y, z_tensor, z, scale, bias, mean, variance);
  });
}

void normalization_application(const Normalization& normalization, const void* x, const Tensor& y_tensor, void* y,
                               const double* mean, const double* factor, const double* bias) {
  with_storage(normalization, false, {&y_tensor},
               [&](auto s) { application<decltype(s)>(normalization, x, y_tensor, y, mean, factor, bias); });
}

void normalization_backward(const Normalization& normalization, double alpha_data, double beta_data,
                            double alpha_parameter, double beta_parameter, const void* x,
                            const NormalizationGradient& gradient, const void* scale, void* dscale, void* dbias,
                            const void* saved_mean, const void* saved_inverse_deviation) {
  with_storage(normalization, alpha_data != 1 || beta_data != 0,
               {&gradient.dy_tensor, &gradient.dx_tensor, normalization.relu ? &gradient.y_tensor : &gradient.dy_tensor,
                gradient.dz != nullptr ? &gradient.dz_tensor : &gradient.dx_tensor},
               [&](auto s) {
                 backward<decltype(s)>(normalization, alpha_data, beta_data, alpha_parameter, beta_parameter, x,
                                       gradient, scale, dscale, dbias, saved_mean, saved_inverse_deviation);
               });
}

void bias_gradient(double alpha, const Tensor& dy_tensor, const void* dy, double beta, const Tensor& db_tensor,
                   void* db) {
  if (computes_in_double(dy_tensor.type)) {
    bias_sums<double>(alpha, dy_tensor, dy, beta, db_tensor, db);
  } else {
    bias_sums<float>(alpha, dy_tensor, dy, beta, db_tensor, db);
  }
}

}  // namespace cpu::compute
