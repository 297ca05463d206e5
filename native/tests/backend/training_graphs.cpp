#include "tests/backend/training_graphs.h"

#include <algorithm>
#include <random>

#include "tests/backend/numbers.h"

namespace model {

Tensor packed(int64_t uid, cudnnDataType_t type, std::vector<int64_t> dims) {
  Tensor tensor;
  tensor.uid = uid;
  tensor.type = type;
  tensor.alignment = 8;
  tensor.dims = std::move(dims);
  tensor.strides.resize(tensor.dims.size());
  int64_t stride = 1;
  for (size_t i = tensor.dims.size(); i-- > 0;) {
    tensor.strides[i] = stride;
    stride *= tensor.dims[i];
  }
  return tensor;
}

namespace {

using Dims = std::vector<int64_t>;

class Builder {
 public:
  Builder(cudnnDataType_t io, bool io_inside, uint64_t seed)
      : random_(seed),
        io_(io),
        wide_(io == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT),
        inside_(io_inside ? io : wide_) {
    graph_.in_double = io == CUDNN_DATA_DOUBLE;
  }

  Graph take() {
    Graph made = std::move(graph_);
    graph_ = Graph();
    graph_.in_double = made.in_double;
    return made;
  }

  int tensor(cudnnDataType_t type, const Dims& dims, bool channels_last) {
    Tensor made = packed(static_cast<int64_t>(graph_.tensors.size()) + 1, type, dims);
    if (channels_last) made.strides = {dims[1] * dims[2] * dims[3], 1, dims[1] * dims[3], dims[1]};
    graph_.tensors.push_back(std::move(made));
    return static_cast<int>(graph_.tensors.size()) - 1;
  }

  int input(cudnnDataType_t type, const Dims& dims, double low, double high, bool channels_last) {
    const int made = tensor(type, dims, channels_last);
    std::uniform_real_distribution<double> uniform(low, high);
    for (int64_t i = 0; i < graph_[made].elements(); ++i) {
      graph_[made].numbers.push_back({rounded(type, uniform(random_)), 0});
    }
    return made;
  }
  int image(const Dims& dims) { return input(io_, dims, -2, 2, true); }
  int row(int64_t channels, double low = -1, double high = 1) {
    return input(wide_, {1, channels, 1, 1}, low, high, false);
  }
  int scalar(double value) { return input(wide_, {1, 1, 1, 1}, value, value, false); }

  /// Something that stays inside, of the dimensions of `like`.
  int inside(int like) {
    const int made = tensor(inside_, graph_[like].dims, true);
    graph_[made].is_virtual = true;
    return made;
  }
  int result(int like) { return tensor(io_, graph_[like].dims, true); }
  int output_row(int64_t channels) { return tensor(wide_, {1, channels, 1, 1}, false); }

  Node& node(Op op, std::map<Role, int> tensors) {
    graph_.nodes.emplace_back();
    Node& made = graph_.nodes.back();
    made.op = op;
    made.tensors = std::move(tensors);
    made.compute_type = wide_;
    return made;
  }

  /// y = mode(x, b), into y.
  int pointwise(cudnnPointwiseMode_t mode, int x, int b, int y) {
    Node& made = node(Op::Pointwise, {{Role::X, x}, {Role::Y, y}});
    if (b >= 0) made.tensors[Role::B] = b;
    made.pointwise = mode;
    return y;
  }
  int add(int x, int b) { return pointwise(CUDNN_POINTWISE_ADD, x, b, inside(x)); }
  int scale_bias(int x) {
    const int64_t channels = graph_[x].dims[1];
    return add(pointwise(CUDNN_POINTWISE_MUL, x, row(channels), inside(x)), row(channels));
  }
  int relu(int x, int y) { return pointwise(CUDNN_POINTWISE_RELU_FWD, x, -1, y); }
  int relu_backward(int x, int dy, int dx) {
    node(Op::Pointwise, {{Role::X, x}, {Role::DY, dy}, {Role::DX, dx}}).pointwise = CUDNN_POINTWISE_RELU_BWD;
    return dx;
  }

  int filter(int64_t k, int64_t c, int64_t size) { return input(io_, {k, c, size, size}, -0.5, 0.5, true); }
  void place(Node& convolution, int64_t padding, int64_t stride) {
    convolution.before = convolution.after = {padding, padding};
    convolution.stride = {stride, stride};
    convolution.dilation = {1, 1};
  }
  int convolve(int x, int64_t filters, int64_t size, int64_t stride, bool is_virtual) {
    const Dims& from = graph_[x].dims;
    const int64_t padding = size / 2;
    const Dims dims = {from[0], filters, (from[2] + 2 * padding - size) / stride + 1,
                       (from[3] + 2 * padding - size) / stride + 1};
    const int w = filter(filters, from[1], size);
    const int y = tensor(is_virtual ? inside_ : io_, dims, true);
    graph_[y].is_virtual = is_virtual;
    place(node(Op::Convolution, {{Role::X, x}, {Role::W, w}, {Role::Y, y}}), padding, stride);
    return y;
  }
  void statistics(int x) {
    const int64_t channels = graph_[x].dims[1];
    const int sum = output_row(channels), square = output_row(channels);
    node(Op::GenStats, {{Role::X, x}, {Role::Sum, sum}, {Role::Square, square}});
  }
  void backward_weights(int x, int dy) {
    const int64_t channels = graph_[x].dims[1];
    std::map<Role, int> tensors = {{Role::X, x},
                                   {Role::DY, dy},
                                   {Role::Mean, row(channels)},
                                   {Role::Inverse, row(channels, 0.5, 1.5)},
                                   {Role::Scale, row(channels)}};
    for (const Role role :
         {Role::DScale, Role::DBias, Role::EquivalentDyScale, Role::EquivalentXScale, Role::EquivalentBias}) {
      tensors[role] = output_row(channels);
    }
    node(Op::BnBackwardWeights, tensors);
  }
  int norm(int x, int y) {
    const int64_t channels = graph_[x].dims[1];
    const int mean = output_row(channels), inverse = output_row(channels);
    Node& made = node(Op::NormForward, {{Role::X, x},
                                        {Role::Y, y},
                                        {Role::Scale, row(channels)},
                                        {Role::Bias, row(channels)},
                                        {Role::Epsilon, scalar(1e-5)},
                                        {Role::MeanOut, mean},
                                        {Role::InverseOut, inverse}});
    made.norm = CUDNN_BATCH_NORM;
    return y;
  }
  int norm_inference(int x, int y, int mean, int inverse, int scale) {
    Node& made = node(Op::NormForward, {{Role::X, x},
                                        {Role::Y, y},
                                        {Role::Mean, mean},
                                        {Role::Inverse, inverse},
                                        {Role::Scale, scale},
                                        {Role::Bias, row(graph_[x].dims[1])}});
    made.norm = CUDNN_BATCH_NORM;
    made.inference = true;
    return y;
  }
  void norm_backward(int x, int dy, int mean, int inverse, int scale) {
    const int64_t channels = graph_[x].dims[1];
    const int dx = result(x), dscale = output_row(channels), dbias = output_row(channels);
    node(Op::NormBackward, {{Role::X, x},
                            {Role::DY, dy},
                            {Role::Mean, mean},
                            {Role::Inverse, inverse},
                            {Role::Scale, scale},
                            {Role::DX, dx},
                            {Role::DScale, dscale},
                            {Role::DBias, dbias}})
        .norm = CUDNN_BATCH_NORM;
  }

  Graph& graph() { return graph_; }
  cudnnDataType_t io() const { return io_; }
  cudnnDataType_t wide() const { return wide_; }
  cudnnDataType_t inside_type() const { return inside_; }

 private:
  std::mt19937_64 random_;
  Graph graph_;
  const cudnnDataType_t io_, wide_, inside_;
};

}  // namespace

std::vector<TrainingGraph> training_graphs(cudnnDataType_t io, bool io_inside, uint64_t seed,
                                           const std::vector<int64_t>& dims) {
  std::vector<TrainingGraph> made;
  Builder builder(io, io_inside, seed);
  const auto finish = [&](const char* name, const char* fused, const char* apart) {
    made.push_back({name, builder.take(), fused, apart});
  };
  // On a few pixels, filters over many channels would be all there is to compute.
  const int64_t channels = dims[1], filters = channels > 128 && dims[2] * dims[3] < 16 ? 32 : channels * 3 / 2;
  const Dims wide = {dims[0], filters, dims[2], dims[3]};

  builder.statistics(builder.convolve(builder.image(dims), filters, 3, 1, false));
  finish("convolution and statistics", "convolution, statistics", "convolution, statistics");

  {
    const int x = builder.image(dims);
    const int normalized = builder.relu(builder.scale_bias(x), builder.inside(x));
    builder.statistics(builder.convolve(normalized, std::max<int64_t>(filters / 3, 1), 3, 2, false));
    finish("scale, bias, ReLU, convolution and statistics", "mul + add + relu, convolution, statistics",
           "mul, add, relu, convolution, statistics");
  }
  {
    const int x = builder.image(dims);
    const int normalized = builder.scale_bias(x);
    const int y = builder.relu(normalized, builder.result(x));
    builder.statistics(y);
    finish("scale, bias, ReLU and statistics", "mul + add + relu + statistics", "mul, add, relu, statistics");
  }
  {
    const int y = builder.scale_bias(builder.convolve(builder.image(dims), filters, 1, 1, true));
    const int sum = builder.add(y, builder.image(wide));
    builder.relu(sum, builder.result(sum));
    finish("convolution, scale, bias, add and ReLU", "convolution, mul + add + add + relu",
           "convolution, mul, add, add, relu");
  }
  static constexpr struct {
    cudnnPointwiseMode_t mode;
    const char *name, *step;
  } functions[] = {{CUDNN_POINTWISE_RELU_FWD, "convolution, bias and ReLU", "relu"},
                   {CUDNN_POINTWISE_TANH_FWD, "convolution, bias and hyperbolic tangent", "tanh"},
                   {CUDNN_POINTWISE_SIGMOID_FWD, "convolution, bias and sigmoid", "sigmoid"},
                   {CUDNN_POINTWISE_ELU_FWD, "convolution, bias and ELU", "elu"},
                   {CUDNN_POINTWISE_SWISH_FWD, "convolution, bias and swish", "swish"},
                   {CUDNN_POINTWISE_GELU_FWD, "convolution, bias and GELU", "gelu"},
                   {CUDNN_POINTWISE_GELU_APPROX_TANH_FWD, "convolution, bias and approximate GELU", "gelu tanh"}};
  const bool has_kernels = io != CUDNN_DATA_DOUBLE, has_16_bits = has_kernels && io != CUDNN_DATA_FLOAT;
  for (const auto& function : functions) {
    const int y = builder.convolve(builder.image(dims), filters, 3, 1, true);
    const int sum = builder.add(y, builder.row(filters));
    builder.pointwise(function.mode, sum, -1, builder.result(sum));
    const std::string step = function.step;
    finish(function.name, (has_kernels ? "convolution + add + " + step : "convolution, add + " + step).c_str(),
           ("convolution, add, " + step).c_str());
  }
  {
    const int dy = builder.image(wide), w = builder.filter(filters, channels, 3);
    const int dx = builder.tensor(builder.inside_type(), dims, true);
    builder.graph()[dx].is_virtual = true;
    builder.place(builder.node(Op::ConvolutionBackwardData, {{Role::DY, dy}, {Role::W, w}, {Role::DX, dx}}), 1, 1);
    const int saved = builder.image(dims);
    const int masked = builder.relu_backward(builder.scale_bias(saved), dx, builder.result(saved));
    builder.backward_weights(saved, masked);
    finish("data gradient, ReLU gradient and sums of batch norm's gradient",
           "convolution backward data, mul + add + relu backward + batch norm backward weights",
           "convolution backward data, mul, add, relu backward, batch norm backward weights");
  }
  {
    const int x = builder.image(dims), dy = builder.image(dims);
    const int first = builder.pointwise(CUDNN_POINTWISE_MUL, dy, builder.row(channels), builder.inside(dy));
    const int second = builder.pointwise(CUDNN_POINTWISE_MUL, x, builder.row(channels), builder.inside(x));
    builder.pointwise(CUDNN_POINTWISE_ADD, builder.add(first, second), builder.row(channels), builder.result(x));
    finish("the gradient of batch norm from its three factors", "mul + mul + add + add", "mul, mul, add, add");
  }
  {
    const int x = builder.image(dims);
    const int sum = builder.add(builder.norm(x, builder.inside(x)), builder.image(dims));
    builder.relu(sum, builder.result(sum));
    finish("batch norm, add and ReLU",
           has_16_bits ? "norm statistics, sub + mul + add + add + relu" : "norm forward + add + relu",
           "norm forward, add, relu");
  }
  {
    const int x = builder.image(dims), mean = builder.row(channels), inverse = builder.row(channels, 0.5, 1.5),
              scale = builder.row(channels);
    const int y = builder.norm_inference(x, builder.inside(x), mean, inverse, scale);
    const int masked = builder.relu_backward(y, builder.image(dims), builder.inside(x));
    builder.norm_backward(x, masked, mean, inverse, scale);
    finish("batch norm again, ReLU gradient and batch norm's gradient",
           has_16_bits
               ? "sub + mul + mul + add + relu backward + batch norm backward weights, sub + mul + sub + mul + add"
               : "norm forward, relu backward, norm backward",
           "norm forward, relu backward, norm backward");
  }
  {
    const int64_t rows = dims[2] * dims[3];
    const int a = builder.input(io, {1, rows, channels}, -1, 1, false),
              b = builder.input(io, {1, channels, filters}, -1, 1, false);
    const int bias = builder.input(builder.wide(), {1, 1, filters}, -1, 1, false);
    const int product = builder.tensor(builder.inside_type(), {1, rows, filters}, false);
    const int sum = builder.tensor(builder.inside_type(), {1, rows, filters}, false);
    const int y = builder.tensor(io, {1, rows, filters}, false);
    builder.graph()[product].is_virtual = builder.graph()[sum].is_virtual = true;
    builder.node(Op::Matmul, {{Role::X, a}, {Role::B, b}, {Role::Y, product}});
    builder.pointwise(CUDNN_POINTWISE_ADD, product, bias, sum);
    builder.pointwise(CUDNN_POINTWISE_GELU_FWD, sum, -1, y);
    finish("matmul, bias and GELU", has_kernels ? "matmul + add + gelu" : "matmul, add + gelu", "matmul, add, gelu");
  }
  return made;
}

}  // namespace model
