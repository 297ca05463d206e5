// Gradients of filters by products of taps, compared with plain loops in double on random shapes: any padding before
// and behind the image, strides and dilation of both dimensions, channels that do not fill a part, images that do not
// fill a block.
//
//   compute_products_test [--seed N] [--share PERCENT]
#include <string>
#include <vector>

#include "engine/compute_convolution_products.h"
#include "tests/compute_data.h"

namespace {

using namespace compute_data;
using namespace cpu::compute;

/// The pixel that a tap meets, along one dimension.
int64_t pixel(const ConvolutionShape& shape, int i, int64_t output, int64_t tap) {
  return output * shape.stride[i] - shape.padding[i] + tap * shape.dilation[i];
}

std::vector<double> gradient(const ConvolutionShape& shape, const Data& x, const Data& dy) {
  const int *in = shape.x.dims, *filter = shape.w.dims, *out = shape.y.dims;
  std::vector<double> result(static_cast<size_t>(shape.w.elements()));
  for (int64_t n = 0; n < out[0]; ++n) {
    for (int64_t r = 0; r < filter[2]; ++r) {
      for (int64_t s = 0; s < filter[3]; ++s) {
        for (int64_t p = 0; p < out[2]; ++p) {
          for (int64_t q = 0; q < out[3]; ++q) {
            const int64_t h = pixel(shape, 0, p, r), v = pixel(shape, 1, q, s);
            if (h < 0 || h >= in[2] || v < 0 || v >= in[3]) continue;
            for (int64_t k = 0; k < out[1]; ++k) {
              const double value = dy.values[static_cast<size_t>(((n * out[1] + k) * out[2] + p) * out[3] + q)];
              for (int64_t c = 0; c < in[1]; ++c) {
                result[static_cast<size_t>(((k * in[1] + c) * filter[2] + r) * filter[3] + s)] +=
                    value * x.values[static_cast<size_t>(((n * in[1] + c) * in[2] + h) * in[3] + v)];
              }
            }
          }
        }
      }
    }
  }
  return result;
}

void test_products() {
  static constexpr int widths[] = {1, 3, 16, 64, 65, 130, 200};
  // Many images fill blocks of small ones, many channels parts; not both, which would take the loops too long.
  const bool is_wide = random_numbers.below(3) == 0;
  const int images = is_wide ? random_numbers.between(1, 5) : random_numbers.between(1, 90);
  const auto channels = [&] { return widths[random_numbers.below(is_wide ? 7 : 3)]; };
  std::vector<int> x_dims{images, channels()}, w_dims{channels(), x_dims[1]}, y_dims{images, w_dims[0]};
  ConvolutionShape shape;
  for (int i = 0; i < 2; ++i) {
    const int taps = random_numbers.between(1, 4);
    shape.padding[i] = random_numbers.below(4);
    shape.stride[i] = random_numbers.between(1, 3);
    shape.dilation[i] = random_numbers.between(1, 2);
    const int reach = (taps - 1) * shape.dilation[i] + 1;
    const int size = std::max(1, reach - shape.padding[i]) + random_numbers.below(9), behind = random_numbers.below(4);
    x_dims.push_back(size);
    w_dims.push_back(taps);
    y_dims.push_back((size + shape.padding[i] + behind - reach) / shape.stride[i] + 1);
  }
  const bool adds = random_numbers.below(2) == 0;
  Data x = make(x_dims, ElementType::F32, Layout::ChannelsLast),
       dy = make(y_dims, ElementType::F32, Layout::ChannelsLast),
       dw = make(w_dims, ElementType::F32, Layout::ChannelsLast, !adds);
  shape.x = x.tensor;
  shape.w = dw.tensor;
  shape.y = dy.tensor;
  const auto want = blended(1, gradient(shape, x, dy), adds ? 1 : 0, dw);
  const auto kernel = make_filter_gradient_by_products(shape);
  // Exactly as much as it asks for, which a sanitizer watches.
  const auto workspace = std::make_unique<char[]>(kernel->workspace());
  kernel->run(x.data(), dy.data(), nullptr, adds, dw.data(), workspace.get());
  expect("products of taps", dw, want, tolerance(ElementType::F32, images * dy.tensor.pixels()),
         "x " + describe(x.tensor) + " w " + describe(dw.tensor) + " y " + describe(dy.tensor) + " adds " +
             std::to_string(adds));
}

}  // namespace

int main(int argc, char** argv) {
  take_arguments(argc, argv);
  repeat("products of taps", 300, test_products);
  return failures == 0 ? 0 : 1;
}
