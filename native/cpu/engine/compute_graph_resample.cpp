// Pooling and interpolation. Whatever the mode, each point of the result is made of taps, the product of a few taps in
// each dimension; pooling without an index tensor goes through the pooling of the descriptors API.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/compute_graph_step.h"
#include "engine/compute_pooling.h"
#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

using Reason = UnsupportedGraph::Reason;

/// Channels handled at a time.
constexpr int64_t column = 256;

struct Tap {
  /// In the image; -1 for padding of zeros.
  int64_t pixel;
  double weight;
  /// In the window.
  int64_t place;
};

/// One spatial dimension: the taps of each point of the result.
struct Axis {
  int64_t in = 1;
  int64_t out = 1;
  int64_t window = 1;
  std::vector<std::vector<Tap>> taps;
};

int64_t whole(const Fraction& fraction, const char* name) {
  require_graph(fraction.denominator > 0 && fraction.numerator % fraction.denominator == 0, Reason::Shape,
                std::string("pooling takes a ") + name + " that is a whole number");
  return fraction.numerator / fraction.denominator;
}

double real(const Fraction& fraction) {
  return static_cast<double>(fraction.numerator) / static_cast<double>(fraction.denominator);
}

bool interpolates(const NodeParameters& parameters) {
  return parameters.resample == ResampleMode::Nearest || parameters.resample == ResampleMode::Bilinear;
}

/// Adds the tap at `pixel`, as the padding mode says where that is outside.
void add_tap(const NodeParameters& parameters, int64_t pixel, double weight, int64_t place, int64_t size,
             std::vector<Tap>& taps) {
  if (pixel < 0 || pixel >= size) {
    if (parameters.resample == ResampleMode::AverageExcludePadding) return;
    switch (parameters.padding_mode) {
      case PaddingMode::NegativeInfinity:
        return;
      case PaddingMode::EdgeValue:
        pixel = std::clamp<int64_t>(pixel, 0, size - 1);
        break;
      case PaddingMode::Zero:
        pixel = -1;
        break;
    }
  }
  taps.push_back({pixel, weight, place});
}

Axis make_axis(const NodeParameters& parameters, int i, int64_t in, int64_t out) {
  // So many taps that they would not fit in memory are nobody's wish.
  constexpr int64_t most_taps = int64_t{1} << 24;
  for (const Fraction* fraction : {&parameters.window[i], &parameters.before[i], &parameters.step[i]}) {
    require_graph(fraction->denominator > 0 && std::abs(fraction->numerator / fraction->denominator) < most_taps,
                  Reason::Shape, "a window, padding or stride of a resampling is out of range");
  }
  const int64_t width = interpolates(parameters) ? 2 : whole(parameters.window[i], "window");
  require_graph(width > 0 && out <= most_taps / width, Reason::Shape,
                "a resampling to " + std::to_string(out) + " pixels in windows of " + std::to_string(width) +
                    " has more taps than the CPU device takes");
  Axis axis;
  axis.in = in;
  axis.out = out;
  axis.taps.resize(static_cast<size_t>(out));
  if (interpolates(parameters)) {
    // The window of two pixels is the support of the triangle around the point: a pixel k has weight 1 - |k - point|,
    // with the first point `before` pixels before the middle of the first window.
    const double step = real(parameters.step[i]), before = real(parameters.before[i]);
    for (int64_t o = 0; o < out; ++o) {
      const double point = static_cast<double>(o) * step - before + 0.5;
      const double floor = std::floor(point);
      const auto pixel = static_cast<int64_t>(floor);
      auto& taps = axis.taps[static_cast<size_t>(o)];
      if (parameters.resample == ResampleMode::Nearest) {
        add_tap(parameters, std::clamp<int64_t>(pixel, 0, in - 1), 1, 0, in, taps);
      } else {
        add_tap(parameters, pixel, 1 - (point - floor), 0, in, taps);
        if (point != floor) add_tap(parameters, pixel + 1, point - floor, 1, in, taps);
      }
    }
    return axis;
  }
  axis.window = whole(parameters.window[i], "window");
  const int64_t step = whole(parameters.step[i], "stride"), before = whole(parameters.before[i], "padding");
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t k = 0; k < axis.window; ++k) {
      add_tap(parameters, o * step - before + k, 1, k, in, axis.taps[static_cast<size_t>(o)]);
    }
  }
  return axis;
}

/// The three dimensions of an operation, the missing ones of size 1 in front.
struct Geometry {
  int64_t samples, channels;
  Axis axes[3];

  Geometry(const NodeParameters& parameters, const Tensor& large, const Tensor& small)
      : samples(large.dims[0]), channels(large.dims[1]) {
    const int spatial = large.rank - 2;
    for (int i = 0; i < 3; ++i) {
      const int from = i - (3 - spatial);
      if (from >= 0) {
        axes[i] = make_axis(parameters, from, large.dims[2 + from], small.dims[2 + from]);
      } else {
        axes[i].taps = {{Tap{0, 1, 0}}};
      }
    }
  }

  int64_t in_pixels() const { return axes[0].in * axes[1].in * axes[2].in; }
  int64_t out_pixels() const { return axes[0].out * axes[1].out * axes[2].out; }
  int64_t window_pixels() const { return axes[0].window * axes[1].window * axes[2].window; }

  /// Calls body(pixel or -1, weight, place in the window) for the taps of a point of the result.
  template <class Body>
  void for_taps(int64_t point, const Body& body) const {
    const auto& a = axes[0].taps[static_cast<size_t>(point / (axes[1].out * axes[2].out))];
    const auto& b = axes[1].taps[static_cast<size_t>(point / axes[2].out % axes[1].out)];
    const auto& c = axes[2].taps[static_cast<size_t>(point % axes[2].out)];
    for (const Tap& d : a) {
      for (const Tap& h : b) {
        for (const Tap& w : c) {
          const bool inside = d.pixel >= 0 && h.pixel >= 0 && w.pixel >= 0;
          body(inside ? (d.pixel * axes[1].in + h.pixel) * axes[2].in + w.pixel : -1, d.weight * h.weight * w.weight,
               (d.place * axes[1].window + h.place) * axes[2].window + w.place);
        }
      }
    }
  }

  /// What the sum over a point's taps is divided by.
  double divisor(const NodeParameters& parameters, int64_t point) const {
    if (parameters.resample == ResampleMode::AverageIncludePadding) return static_cast<double>(window_pixels());
    if (parameters.resample != ResampleMode::AverageExcludePadding) return 1;
    double taps = 0;
    for_taps(point, [&](int64_t, double, int64_t) { ++taps; });
    return std::max(taps, 1.0);
  }
};

PoolingMode pooling_mode(ResampleMode mode) {
  return mode == ResampleMode::Max                     ? PoolingMode::Max
         : mode == ResampleMode::AverageIncludePadding ? PoolingMode::AverageIncludePadding
                                                       : PoolingMode::AverageExcludePadding;
}

/// Whether windows and padding are what the descriptors API's pooling has.
bool is_plain_pooling(const NodeParameters& parameters, const Geometry& geometry) {
  if (interpolates(parameters)) return false;
  bool has_padding = false;
  for (const Axis& axis : geometry.axes) {
    for (const auto& taps : axis.taps) {
      has_padding = has_padding || static_cast<int64_t>(taps.size()) < axis.window || taps.front().pixel < 0 ||
                    taps.back().pixel < 0;
      for (size_t i = 1; i < taps.size(); ++i) has_padding = has_padding || taps[i].pixel == taps[i - 1].pixel;
    }
  }
  return !has_padding || parameters.resample == ResampleMode::AverageExcludePadding ||
         parameters.padding_mode ==
             (parameters.resample == ResampleMode::Max ? PaddingMode::NegativeInfinity : PaddingMode::Zero);
}

PoolingShape pooling_shape(const NodeParameters& parameters, const Tensor& large, const Tensor& small) {
  PoolingShape shape;
  shape.mode = pooling_mode(parameters.resample);
  shape.propagate_nan = parameters.propagate_nan;
  shape.x = large;
  shape.y = small;
  for (int i = 0; i < large.rank - 2; ++i) {
    shape.window[i] = static_cast<int>(whole(parameters.window[i], "window"));
    shape.padding[i] = static_cast<int>(whole(parameters.before[i], "padding"));
    shape.stride[i] = static_cast<int>(whole(parameters.step[i], "stride"));
  }
  return shape;
}

void check(const GraphOperand& large, const GraphOperand& small, const GraphOperand& index,
           const NodeParameters& parameters) {
  require_numbers(large, "a resampled image");
  require_numbers(small, "a resampling's result");
  require_graph(large.layout.rank >= 3 && large.layout.rank <= 5 && large.layout.rank == small.layout.rank,
                Reason::Shape,
                dims_text(large.layout) +
                    " cannot be resampled: images have one to three spatial "
                    "dimensions");
  const bool is_average = parameters.resample == ResampleMode::AverageIncludePadding;
  require_graph(!(is_average || interpolates(parameters)) || parameters.padding_mode != PaddingMode::NegativeInfinity,
                Reason::Pattern, "only maxima can be taken over padding of minus infinity");
  if (!index) return;
  require_graph(parameters.resample == ResampleMode::Max, Reason::Pattern, "only maximum pooling has an index tensor");
  require_graph(
      same_dims(index.layout, small.layout), Reason::Shape,
      "the index tensor " + dims_text(index.layout) + " is not as large as the result " + dims_text(small.layout));
}

/// Whether places in the window fit in the index tensor's type.
void check_index(const GraphOperand& index, int64_t window_pixels) {
  const ElementType type = index.layout.type;
  const int64_t most = type == ElementType::I8    ? std::numeric_limits<int8_t>::max()
                       : type == ElementType::U8  ? std::numeric_limits<uint8_t>::max()
                       : type == ElementType::I32 ? std::numeric_limits<int32_t>::max()
                       : type == ElementType::I64 ? std::numeric_limits<int64_t>::max()
                                                  : -1;
  require_graph(most >= 0, Reason::DataType, "an index tensor holds integers");
  require_graph(window_pixels - 1 <= most, Reason::DataType,
                "windows of " + std::to_string(window_pixels) + " pixels need a wider type of index");
}

class PoolingForwardStep final : public GraphStep {
 public:
  PoolingForwardStep(const PoolingShape& shape, int x, int y, double alpha, double beta)
      : shape_(shape), x_(x), y_(y), alpha_(alpha), beta_(beta) {}

  void run(const GraphRun& run, char*) const override {
    pooling_forward(shape_, alpha_, run.data(x_), beta_, run.data(y_));
  }

 private:
  const PoolingShape shape_;
  const int x_, y_;
  const double alpha_, beta_;
};

class PoolingBackwardStep final : public GraphStep {
 public:
  PoolingBackwardStep(const PoolingShape& shape, const GraphOperand& dx, const GraphOperand& dy, int x, int y,
                      double alpha, double beta)
      : shape_(shape), dx_(dx), dy_(dy), x_(x), y_(y), alpha_(alpha), beta_(beta) {}

  void run(const GraphRun& run, char*) const override {
    pooling_backward(shape_, alpha_, run.data_or_null(y_), dy_.layout, run.data(dy_.tensor), run.data_or_null(x_),
                     beta_, dx_.layout, run.data(dx_.tensor));
  }

 private:
  const PoolingShape shape_;
  const GraphOperand dx_, dy_;
  const int x_, y_;
  const double alpha_, beta_;
};

class ResampleForwardStep final : public GraphStep {
 public:
  ResampleForwardStep(Geometry geometry, const GraphOperand& x, const GraphOperand& y, const GraphOperand& index,
                      const NodeParameters& parameters)
      : geometry_(std::move(geometry)), x_(x), y_(y), index_(index), parameters_(parameters) {}

  void run(const GraphRun& run, char*) const override {
    if (computes_in_double(x_.layout.type) || computes_in_double(y_.layout.type)) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const Geometry& g = geometry_;
    const Tensor x_layout = channels_last(x_.layout, native_type<T>),
                 y_layout = channels_last(y_.layout, native_type<T>);
    const Tensor index_layout = channels_last(y_.layout, ElementType::F32);
    const T* x = staged<T>(x_.layout, run.data(x_.tensor), x_layout, scratch);
    const StagedResult<T> result(y_.layout, run.data(y_.tensor), y_layout, scratch);
    T* y = result.values();
    const T alpha = result.alpha(parameters_.alpha), beta = result.beta(parameters_.beta);
    float* index = index_ ? scratch.take<float>(index_layout.elements()) : nullptr;
    const bool is_max = parameters_.resample == ResampleMode::Max;
    const int64_t points = g.out_pixels(), columns = (g.channels + column - 1) / column;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t unit = 0; unit < g.samples * points; ++unit) {
      for (int64_t part = 0; part < columns; ++part) {
        const int64_t start = part * column, width = std::min(column, g.channels - start);
        const T* image = x + unit / points * g.in_pixels() * g.channels + start;
        T values[column];
        float places[column];
        std::fill_n(values, width, is_max ? -std::numeric_limits<T>::infinity() : T(0));
        std::fill_n(places, width, -1.0f);
        g.for_taps(unit % points, [&](int64_t pixel, double weight, int64_t place) {
          const T* row = pixel < 0 ? nullptr : image + pixel * g.channels;
          const T factor = static_cast<T>(weight);
          for (int64_t c = 0; c < width; ++c) {
            const T value = row == nullptr ? T(0) : row[c];
            if (!is_max) {
              values[c] += factor * value;
            } else if (places[c] < 0 || value > values[c] ||
                       (parameters_.propagate_nan && value != value && values[c] == values[c])) {
              values[c] = value;
              places[c] = static_cast<float>(place);
            }
          }
        });
        if (!is_max) {
          const T divisor = static_cast<T>(g.divisor(parameters_, unit % points));
          for (int64_t c = 0; c < width; ++c) values[c] /= divisor;
        }
        T* target = y + unit * g.channels + start;
        for (int64_t c = 0; c < width; ++c) {
          target[c] = alpha * values[c] + (beta == 0 ? T(0) : beta * target[c]);
          if (index != nullptr) index[unit * g.channels + start + c] = std::max(places[c], 0.0f);
        }
      }
    }
    result.finish(parameters_.alpha, parameters_.beta);
    if (index != nullptr) blend_tensor(1, index_layout, index, 0, index_.layout, run.data(index_.tensor));
  }

  const Geometry geometry_;
  const GraphOperand x_, y_, index_;
  const NodeParameters parameters_;
};

class ResampleBackwardStep final : public GraphStep {
 public:
  ResampleBackwardStep(Geometry geometry, const GraphOperand& dx, const GraphOperand& dy, const GraphOperand& index,
                       const NodeParameters& parameters)
      : geometry_(std::move(geometry)), dx_(dx), dy_(dy), index_(index), parameters_(parameters) {}

  void run(const GraphRun& run, char*) const override {
    if (computes_in_double(dx_.layout.type) || computes_in_double(dy_.layout.type)) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const Geometry& g = geometry_;
    const Tensor dx_layout = channels_last(dx_.layout, native_type<T>),
                 dy_layout = channels_last(dy_.layout, native_type<T>);
    const T* dy = staged<T>(dy_.layout, run.data(dy_.tensor), dy_layout, scratch);
    const Tensor index_layout = channels_last(dy_.layout, ElementType::F32);
    const float* index =
        index_ ? staged<float>(index_.layout, run.data(index_.tensor), index_layout, scratch) : nullptr;
    T* dx = scratch.take<T>(dx_layout.elements());
    const int64_t points = g.out_pixels(), columns = (g.channels + column - 1) / column;
    // Windows overlap, so a thread has some channels of a sample to itself.
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < g.samples; ++n) {
      for (int64_t part = 0; part < columns; ++part) {
        const int64_t start = part * column, width = std::min(column, g.channels - start);
        T* image = dx + n * g.in_pixels() * g.channels + start;
        for (int64_t pixel = 0; pixel < g.in_pixels(); ++pixel) std::fill_n(image + pixel * g.channels, width, T(0));
        for (int64_t point = 0; point < points; ++point) {
          const int64_t offset = (n * points + point) * g.channels + start;
          const T divisor = static_cast<T>(g.divisor(parameters_, point));
          g.for_taps(point, [&](int64_t pixel, double weight, int64_t place) {
            if (pixel < 0) return;
            T* row = image + pixel * g.channels;
            const T factor = static_cast<T>(weight) / divisor;
            for (int64_t c = 0; c < width; ++c) {
              if (index == nullptr || index[offset + c] == static_cast<float>(place)) row[c] += factor * dy[offset + c];
            }
          });
        }
      }
    }
    blend_tensor(parameters_.alpha, dx_layout, dx, parameters_.beta, dx_.layout, run.data(dx_.tensor));
  }

  const Geometry geometry_;
  const GraphOperand dx_, dy_, index_;
  const NodeParameters parameters_;
};

}  // namespace

std::unique_ptr<GraphStep> make_resample_forward_step(const GraphReader& graph, const GraphNode& node) {
  const GraphOperand x = graph.required(node, Port::X, "x"), y = graph.required(node, Port::Y, "y");
  const GraphOperand index = graph.optional(node, Port::Index);
  const NodeParameters& parameters = node.parameters;
  check(x, y, index, parameters);
  Geometry geometry(parameters, x.layout, y.layout);
  if (!index && is_plain_pooling(parameters, geometry)) {
    return std::make_unique<PoolingForwardStep>(pooling_shape(parameters, x.layout, y.layout), x.tensor, y.tensor,
                                                parameters.alpha, parameters.beta);
  }
  if (index) check_index(index, geometry.window_pixels());
  return std::make_unique<ResampleForwardStep>(std::move(geometry), x, y, index, parameters);
}

std::unique_ptr<GraphStep> make_resample_backward_step(const GraphReader& graph, const GraphNode& node) {
  const GraphOperand dx = graph.required(node, Port::DX, "dx"), dy = graph.required(node, Port::DY, "dy");
  const GraphOperand index = graph.optional(node, Port::Index);
  const GraphOperand x = graph.optional(node, Port::X), y = graph.optional(node, Port::Y);
  const NodeParameters& parameters = node.parameters;
  check(dx, dy, index, parameters);
  Geometry geometry(parameters, dx.layout, dy.layout);
  const bool is_max = parameters.resample == ResampleMode::Max;
  if (!index && is_plain_pooling(parameters, geometry)) {
    PoolingShape shape = pooling_shape(parameters, dx.layout, dy.layout);
    if (is_max) {
      require_graph(x && y, Reason::Pattern, "the gradient of maximum pooling needs an index tensor or x and y");
      require_graph(same_dims(x.layout, dx.layout) && same_dims(y.layout, dy.layout), Reason::Shape,
                    "x and y of a pooling are as large as their gradients");
      require_numbers(x, "a pooling's x");
      require_numbers(y, "a pooling's y");
      shape.x = x.layout;
      shape.y = y.layout;
    }
    return std::make_unique<PoolingBackwardStep>(shape, dx, dy, is_max ? x.tensor : -1, is_max ? y.tensor : -1,
                                                 parameters.alpha, parameters.beta);
  }
  require_graph(!is_max || index, Reason::Pattern,
                "the gradient of maximum pooling with this padding needs the index tensor");
  if (index) check_index(index, geometry.window_pixels());
  return std::make_unique<ResampleBackwardStep>(std::move(geometry), dx, dy, index, parameters);
}

}  // namespace cpu::compute
