#include "engine/compute_convolution_products.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

#include "engine/compute_convolution_choice.h"
#include "engine/compute_onednn.h"

namespace cpu::compute {
namespace {

/// The places of one spatial dimension. Those of the image are ordered by what is left when the stride divides them:
/// what a tap meets from one output to the next are neighbours then.
struct Axis {
  int64_t size, outputs, taps, padding, stride, dilation;

  Axis(const ConvolutionShape& shape, int i)
      : size(shape.x.dims[2 + i]),
        outputs(shape.y.dims[2 + i]),
        taps(shape.w.dims[2 + i]),
        padding(shape.padding[i]),
        stride(shape.stride[i]),
        dilation(shape.dilation[i]) {}

  int64_t offset(int64_t tap) const { return tap * dilation - padding; }
  /// The first output for which a tap meets a pixel, and the first behind them; none where the second is not larger.
  int64_t first_output(int64_t tap) const { return parts_of(std::max<int64_t>(0, -offset(tap)), stride); }
  int64_t end_of_outputs(int64_t tap) const {
    return offset(tap) >= size ? 0 : std::min(outputs, (size - 1 - offset(tap)) / stride + 1);
  }
  /// Where a pixel of the image is kept.
  int64_t place(int64_t pixel) const {
    const int64_t rest = pixel % stride, longer = (size - 1) % stride + 1, count = parts_of(size, stride);
    return std::min(rest, longer) * count + std::max<int64_t>(0, rest - longer) * (count - 1) + pixel / stride;
  }
  bool is_met(int64_t pixel) const {
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t from = pixel - offset(tap);
      if (from >= 0 && from % stride == 0 && from / stride < outputs) return true;
    }
    return false;
  }
};

class FilterGradientByProducts final : public ConvolutionKernel {
 public:
  explicit FilterGradientByProducts(const ConvolutionShape& shape)
      : ConvolutionKernel("products of taps", 0),
        shape_(shape),
        rows_(shape, 0),
        columns_(shape, 1),
        images_(shape.x.dims[0]),
        inputs_(shape.x.dims[1]),
        outputs_(shape.y.dims[1]),
        // So many images that a product is deep enough to be fast, and their pixels stay in the caches.
        block_(std::clamp<int64_t>(depth_of_products / columns_.outputs, 1, images_)),
        input_parts_(parts_of(inputs_, input_part)),
        output_part_(rows_.taps * columns_.taps * input_parts_ * parts_of(outputs_, 128) < 32 ? 64 : 128),
        output_parts_(parts_of(outputs_, output_part_)),
        x_bytes_(static_cast<size_t>(rows_.size * columns_.size * block_ * inputs_) * sizeof(float)) {
    const int64_t y_elements = rows_.outputs * columns_.outputs * block_ * outputs_;
    workspace_ = x_bytes_ + static_cast<size_t>(y_elements) * sizeof(float);
  }

  bool adds() const override { return true; }

  void run(const void* first, const void* second, const void*, bool add, void* result, char* workspace) override {
    const auto *x = static_cast<const float*>(first), *dy = static_cast<const float*>(second);
    auto* dw = static_cast<float*>(result);
    auto *x_block = reinterpret_cast<float*>(workspace), *y_block = reinterpret_cast<float*>(workspace + x_bytes_);
    const int64_t products = rows_.taps * columns_.taps * output_parts_ * input_parts_;
    std::atomic<bool> has_failed = false;
#pragma omp parallel
    for (int64_t image = 0; image < images_; image += block_) {
      const int64_t count = std::min(block_, images_ - image);
#pragma omp for schedule(static) nowait
      for (int64_t row = 0; row < rows_.size; ++row) take_row_of_x(x, image, count, row, x_block);
#pragma omp for schedule(static)
      for (int64_t row = 0; row < rows_.outputs; ++row) take_row_of_dy(dy, image, count, row, y_block);
#pragma omp for schedule(dynamic, 1)
      for (int64_t i = 0; i < products; ++i) {
        if (!multiply(i, count, add || image != 0, x_block, y_block, dw)) has_failed = true;
      }
    }
    if (has_failed) throw std::runtime_error("oneDNN could not multiply matrices");
  }

 private:
  static constexpr int64_t depth_of_products = 256, input_part = 128;

  /// A row of all images of a block, its pixels in the order of places, of each pixel all images.
  void take_row_of_x(const float* x, int64_t image, int64_t count, int64_t row, float* block) const {
    if (!rows_.is_met(row)) return;
    const int64_t width = columns_.size;
    for (int64_t column = 0; column < width; ++column) {
      if (!columns_.is_met(column)) continue;
      float* target = block + (row * width + columns_.place(column)) * count * inputs_;
      const float* source = x + ((image * rows_.size + row) * width + column) * inputs_;
      copy_images(source, rows_.size * width * inputs_, count, inputs_, target);
    }
  }

  void take_row_of_dy(const float* dy, int64_t image, int64_t count, int64_t row, float* block) const {
    const int64_t width = columns_.outputs;
    for (int64_t column = 0; column < width; ++column) {
      float* target = block + (row * width + column) * count * outputs_;
      const float* source = dy + ((image * rows_.outputs + row) * width + column) * outputs_;
      copy_images(source, rows_.outputs * width * outputs_, count, outputs_, target);
    }
  }

  static void copy_images(const float* source, int64_t stride, int64_t count, int64_t channels, float* target) {
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(target + i * channels, source + i * stride, static_cast<size_t>(channels) * sizeof(float));
    }
  }

  /// One tap of some output and some input channels: a product for every row of outputs.
  bool multiply(int64_t number, int64_t count, bool add, const float* x, const float* y, float* dw) const {
    const int64_t input = number % input_parts_ * input_part,
                  output = number / input_parts_ % output_parts_ * output_part_;
    const int64_t tap = number / input_parts_ / output_parts_;
    const int64_t row_tap = tap / columns_.taps, column_tap = tap % columns_.taps;
    const int64_t input_count = std::min(input_part, inputs_ - input),
                  output_count = std::min(output_part_, outputs_ - output);
    const Tensor& w = shape_.w;
    float* target = dw + output * w.strides[0] + row_tap * w.strides[2] + column_tap * w.strides[3] + input;
    const int64_t from = columns_.first_output(column_tap), to = columns_.end_of_outputs(column_tap);
    const int64_t end = from < to ? rows_.end_of_outputs(row_tap) : 0;
    const int64_t first = rows_.first_output(row_tap);
    if (first >= end && !add) {
      for (int64_t k = 0; k < output_count; ++k) std::fill_n(target + k * w.strides[0], input_count, 0.0f);
    }
    for (int64_t row = first; row < end; ++row) {
      const int64_t pixel = from * columns_.stride + columns_.offset(column_tap);
      const int64_t row_of_x = row * rows_.stride + rows_.offset(row_tap);
      const float* a = y + (row * columns_.outputs + from) * count * outputs_ + output;
      const float* b = x + (row_of_x * columns_.size + columns_.place(pixel)) * count * inputs_ + input;
      const float beta = add || row != first ? 1.0f : 0.0f;
      if (dnnl_sgemm('T', 'N', output_count, input_count, (to - from) * count, 1.0f, a, outputs_, b, inputs_, beta,
                     target, w.strides[0]) != dnnl_success) {
        return false;
      }
    }
    return true;
  }

  const ConvolutionShape shape_;
  const Axis rows_, columns_;
  const int64_t images_, inputs_, outputs_, block_, input_parts_, output_part_, output_parts_;
  const size_t x_bytes_;
};

}  // namespace

std::unique_ptr<ConvolutionKernel> make_filter_gradient_by_products(const ConvolutionShape& shape) {
  return std::make_unique<FilterGradientByProducts>(shape);
}

}  // namespace cpu::compute
