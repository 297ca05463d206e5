#include "tests/backend/generator.h"

#include <algorithm>
#include <iterator>

#include "tests/backend/numbers.h"

namespace model {

void Generator::start(cudnnDataType_t type) {
  graph_ = Graph();
  type_ = type;
  mixes_types_ = type != CUDNN_DATA_DOUBLE && chance(30);
  graph_.in_double = type == CUDNN_DATA_DOUBLE;
}

cudnnDataType_t Generator::compute_type() const { return graph_.in_double ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT; }

cudnnDataType_t Generator::result_type() {
  static constexpr cudnnDataType_t types[] = {CUDNN_DATA_FLOAT, CUDNN_DATA_HALF,  CUDNN_DATA_BFLOAT16,
                                              CUDNN_DATA_FLOAT, CUDNN_DATA_INT32, CUDNN_DATA_INT8};
  if (graph_.in_double) return CUDNN_DATA_DOUBLE;
  if (mixes_types_ && chance(40)) return types[below(static_cast<int>(std::size(types)))];
  return chance(30) ? CUDNN_DATA_FLOAT : type_;
}

Generator::Dims Generator::image_dims(size_t rank) {
  Dims dims = {below(3) + 1, below(6) + 1};
  while (dims.size() < rank) dims.push_back(below(rank > 4 ? 4 : 7) + 1);
  return dims;
}

int Generator::add_tensor(cudnnDataType_t type, const Dims& dims) {
  Tensor tensor;
  tensor.uid = static_cast<int64_t>(graph_.tensors.size()) * 7 + 3;
  tensor.type = type;
  tensor.dims = dims;
  tensor.alignment = static_cast<int64_t>(size_of(type));
  // Packed, channels last, in any order, or with gaps.
  std::vector<size_t> order(dims.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const int layout = below(10);
  if (layout >= 4 && layout < 8 && order.size() > 2) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  if (layout == 8) std::shuffle(order.begin(), order.end(), random_);
  tensor.strides.assign(dims.size(), 1);
  int64_t stride = layout == 9 ? below(2) + 1 : 1;
  for (size_t i = order.size(); i-- > 0;) {
    tensor.strides[order[i]] = stride;
    stride *= dims[order[i]];
    if (layout == 9) stride += below(3);
  }
  graph_.tensors.push_back(tensor);
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int Generator::input(cudnnDataType_t type, const Dims& dims) {
  const int made = add_tensor(type, dims);
  Tensor& tensor = graph_[made];
  std::uniform_real_distribution<double> uniform(-2, 2);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const double value = is_integer(type) ? below(7) - (type == CUDNN_DATA_UINT8 ? 0 : 3) : uniform(random_);
    tensor.numbers.push_back({rounded(type, type == CUDNN_DATA_BOOLEAN ? below(2) : value), 0});
  }
  return made;
}

int Generator::positive(cudnnDataType_t type, const Dims& dims, double low, double high) {
  const int made = input(type, dims);
  std::uniform_real_distribution<double> uniform(low, high);
  for (Number& number : graph_[made].numbers) number.value = rounded(type, uniform(random_));
  return made;
}

int Generator::scalar(double value, cudnnDataType_t type) {
  const int made = add_tensor(type, Dims(4, 1));
  graph_[made].by_value = chance(70);
  graph_[made].numbers = {{rounded(type, value), 0}};
  return made;
}

int Generator::output(cudnnDataType_t type, const Dims& dims) { return add_tensor(type, dims); }

Generator::Dims Generator::broadcast(const Dims& dims) {
  Dims result = dims;
  if (chance(60)) return result;
  for (int64_t& dim : result) dim = chance(50) ? 1 : dim;
  return result;
}

Node& Generator::node(Op op) {
  Node made;
  made.op = op;
  made.compute_type = compute_type();
  graph_.nodes.push_back(made);
  return graph_.nodes.back();
}

void Generator::finish(int virtual_percent) {
  std::vector<int> readers(graph_.tensors.size(), 0);
  for (const Node& node : graph_.nodes) {
    for (const auto& [role, tensor] : node.tensors) readers[static_cast<size_t>(tensor)] += is_written(role) ? 0 : 1;
    for (const int part : node.parts) ++readers[static_cast<size_t>(part)];
  }
  for (const Node& node : graph_.nodes) {
    for (const auto& [role, index] : node.tensors) {
      Tensor& tensor = graph_[index];
      // Random numbers have to be seen, and what a result is added to has to be there.
      const bool has_numbers = static_cast<int64_t>(tensor.numbers.size()) == tensor.elements();
      if (!is_written(role) || node.op == Op::Rng || has_numbers) continue;
      const bool is_read = readers[static_cast<size_t>(index)] > 0;
      tensor.is_virtual = chance(is_read ? virtual_percent : virtual_percent < 100 ? 5 : 0);
    }
  }
}

// ---- operations ------------------------------------------------------------------------------------------------

void Generator::window_of(Node& node, size_t spatial) {
  for (size_t i = 0; i < spatial; ++i) {
    node.before.push_back(below(3));
    node.after.push_back(chance(80) ? node.before.back() : below(3));
    node.stride.push_back(below(2) + 1);
    node.dilation.push_back(chance(80) ? 1 : 2);
  }
}

int Generator::convolve(int x, cudnnDataType_t type) {
  const Dims dims = at(x).dims;
  Node made;
  window_of(made, dims.size() - 2);
  int64_t groups = below(3) == 0 ? dims[1] : 1;
  Dims filter = {groups * (below(3) + 1), dims[1] / groups}, result = {dims[0], filter[0]};
  for (size_t i = 0; i + 2 < dims.size(); ++i) {
    const int64_t room = dims[i + 2] + made.before[i] + made.after[i];
    int64_t size = std::min<int64_t>(below(3) + 1, (room - 1) / made.dilation[i] + 1);
    filter.push_back(size);
    result.push_back((room - made.dilation[i] * (size - 1) - 1) / made.stride[i] + 1);
  }
  made.flips_filter = chance(20);
  const int w = input(is_integer(at(x).type) ? at(x).type : type_, filter), y = output(type, result);
  Node& added = node(Op::Convolution);
  made.op = added.op;
  made.compute_type = added.compute_type;
  made.tensors = {{Role::X, x}, {Role::W, w}, {Role::Y, y}};
  if (chance(10)) made.alpha = 0.5;
  if (chance(10)) {
    made.beta = 0.5;
    graph_[y].numbers = at(input(type, result)).numbers;
    graph_.tensors.pop_back();
  }
  added = made;
  return y;
}

int Generator::convolve_backward_data(int dy, cudnnDataType_t type) {
  const Dims dims = at(dy).dims;
  Node& made = node(Op::ConvolutionBackwardData);
  window_of(made, dims.size() - 2);
  const int64_t groups = chance(20) ? dims[1] : 1;
  Dims filter = {dims[1], below(3) + 1}, result = {dims[0], filter[1] * groups};
  for (size_t i = 0; i + 2 < dims.size(); ++i) {
    int64_t size = below(3) + 1, image = 0;
    while (true) {
      image = (dims[i + 2] - 1) * made.stride[i] + made.dilation[i] * (size - 1) + 1 - made.before[i] - made.after[i];
      if (image >= 1) break;
      if (made.before[i] > 0) --made.before[i];
      if (made.after[i] > 0) --made.after[i];
    }
    filter.push_back(size);
    result.push_back(image + below(static_cast<int>(made.stride[i])));
  }
  made.flips_filter = chance(20);
  made.tensors = {{Role::DY, dy}};
  const int w = input(type_, filter), dx = output(type, result);
  graph_.nodes.back().tensors[Role::W] = w;
  graph_.nodes.back().tensors[Role::DX] = dx;
  return dx;
}

int Generator::convolve_backward_filter(int x, cudnnDataType_t type) {
  // The shapes of a forward convolution whose filter is what is asked for.
  const size_t tensors = graph_.tensors.size();
  convolve(x, type);
  Node made = graph_.nodes.back();
  const Dims filter = at(made.at(Role::W)).dims, result = at(made.at(Role::Y)).dims;
  graph_.nodes.pop_back();
  graph_.tensors.resize(tensors);
  made.op = Op::ConvolutionBackwardFilter;
  made.beta = 0;
  const int dy = input(at(x).type, result), dw = output(type, filter);
  made.tensors = {{Role::X, x}, {Role::DY, dy}, {Role::DW, dw}};
  graph_.nodes.push_back(made);
  return dw;
}

int Generator::pointwise(cudnnPointwiseMode_t mode, int x, int b, cudnnDataType_t type, int t) {
  const int y = output(type, at(x).dims);
  Node& made = node(Op::Pointwise);
  made.pointwise = mode;
  made.tensors = {{Role::X, x}, {Role::Y, y}};
  if (b >= 0) made.tensors[Role::B] = b;
  if (t >= 0) made.tensors[Role::T] = t;
  return y;
}

int Generator::gradient(cudnnPointwiseMode_t mode, int x, int dy, cudnnDataType_t type) {
  const int dx = output(type, at(dy).dims);
  Node& made = node(Op::Pointwise);
  made.pointwise = mode;
  made.tensors = {{Role::X, x}, {Role::DY, dy}, {Role::DX, dx}};
  return dx;
}

int Generator::random_pointwise(int x) {
  static constexpr cudnnPointwiseMode_t unary[] = {CUDNN_POINTWISE_ABS,         CUDNN_POINTWISE_CEIL,
                                                   CUDNN_POINTWISE_COS,         CUDNN_POINTWISE_EXP,
                                                   CUDNN_POINTWISE_FLOOR,       CUDNN_POINTWISE_LOG,
                                                   CUDNN_POINTWISE_NEG,         CUDNN_POINTWISE_RSQRT,
                                                   CUDNN_POINTWISE_SIN,         CUDNN_POINTWISE_SQRT,
                                                   CUDNN_POINTWISE_TAN,         CUDNN_POINTWISE_ERF,
                                                   CUDNN_POINTWISE_IDENTITY,    CUDNN_POINTWISE_RECIPROCAL,
                                                   CUDNN_POINTWISE_RELU_FWD,    CUDNN_POINTWISE_TANH_FWD,
                                                   CUDNN_POINTWISE_SIGMOID_FWD, CUDNN_POINTWISE_ELU_FWD,
                                                   CUDNN_POINTWISE_GELU_FWD,    CUDNN_POINTWISE_SOFTPLUS_FWD,
                                                   CUDNN_POINTWISE_SWISH_FWD,   CUDNN_POINTWISE_GELU_APPROX_TANH_FWD};
  static constexpr cudnnPointwiseMode_t binary[] = {
      CUDNN_POINTWISE_ADD,        CUDNN_POINTWISE_ADD,      CUDNN_POINTWISE_MUL, CUDNN_POINTWISE_MUL,
      CUDNN_POINTWISE_ADD_SQUARE, CUDNN_POINTWISE_DIV,      CUDNN_POINTWISE_MAX, CUDNN_POINTWISE_MIN,
      CUDNN_POINTWISE_MOD,        CUDNN_POINTWISE_POW,      CUDNN_POINTWISE_SUB, CUDNN_POINTWISE_SUB,
      CUDNN_POINTWISE_ATAN2,      CUDNN_POINTWISE_FLOOR_MOD};
  static constexpr cudnnPointwiseMode_t backward[] = {
      CUDNN_POINTWISE_RELU_BWD,    CUDNN_POINTWISE_TANH_BWD,
      CUDNN_POINTWISE_SIGMOID_BWD, CUDNN_POINTWISE_ELU_BWD,
      CUDNN_POINTWISE_GELU_BWD,    CUDNN_POINTWISE_SOFTPLUS_BWD,
      CUDNN_POINTWISE_SWISH_BWD,   CUDNN_POINTWISE_GELU_APPROX_TANH_BWD};
  static constexpr cudnnPointwiseMode_t comparison[] = {CUDNN_POINTWISE_CMP_EQ, CUDNN_POINTWISE_CMP_NEQ,
                                                        CUDNN_POINTWISE_CMP_GT, CUDNN_POINTWISE_CMP_GE,
                                                        CUDNN_POINTWISE_CMP_LT, CUDNN_POINTWISE_CMP_LE};
  const Dims dims = at(x).dims;
  const auto operand = [&] {
    std::vector<int> fitting;
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (graph_.tensors[i].dims == dims && !graph_.tensors[i].by_value && is_number(static_cast<int>(i)) &&
          graph_.tensors[i].type != CUDNN_DATA_INT64) {
        fitting.push_back(static_cast<int>(i));
      }
    }
    if (!fitting.empty() && chance(30)) return fitting[static_cast<size_t>(below(static_cast<int>(fitting.size())))];
    return input(result_type(), broadcast(dims));
  };
  // By places, since adding tensors moves nodes.
  const auto last = [&]() -> Node& { return graph_.nodes.back(); };
  int y = -1;
  switch (is_number(x) ? below(10) : 8) {
    case 0:
    case 1:
    case 2:
      y = pointwise(unary[below(static_cast<int>(std::size(unary)))], x, -1, result_type());
      break;
    case 3:
    case 4:
    case 5:
      y = pointwise(binary[below(static_cast<int>(std::size(binary)))], x, operand(), result_type());
      if (chance(15)) last().alpha1 = -0.75;
      if (chance(15)) last().alpha2 = 1.5;
      break;
    case 6:
      y = gradient(backward[below(static_cast<int>(std::size(backward)))], operand(), x, result_type());
      break;
    case 7:
      y = pointwise(comparison[below(6)], x, operand(), chance(70) ? CUDNN_DATA_BOOLEAN : result_type());
      break;
    case 8: {
      const int first = is_number(x) ? input(CUDNN_DATA_BOOLEAN, dims) : x;
      const auto mode = static_cast<cudnnPointwiseMode_t>(CUDNN_POINTWISE_LOGICAL_AND + below(3));
      const int second = mode == CUDNN_POINTWISE_LOGICAL_NOT ? -1 : input(CUDNN_DATA_BOOLEAN, broadcast(dims));
      const int truth = pointwise(mode, first, second, CUDNN_DATA_BOOLEAN);
      last().compute_type = CUDNN_DATA_BOOLEAN;
      const int chosen = is_number(x) ? x : input(type_, dims);
      y = pointwise(CUDNN_POINTWISE_BINARY_SELECT, chosen, operand(), result_type(), truth);
      break;
    }
    default:
      y = pointwise(CUDNN_POINTWISE_GEN_INDEX, x, -1, chance(50) ? CUDNN_DATA_INT32 : result_type());
      last().axis = below(static_cast<int>(dims.size()));
  }
  Node& made = last();
  if (chance(30)) made.lower_slope = 0.25, made.lower_clip = -0.5;
  if (chance(30)) made.upper_clip = 1;
  if (chance(30)) made.elu_alpha = 0.5, made.softplus_beta = 2, made.swish_beta = 1.5;
  if (graph_.in_double && !is_integer(at(y).type)) made.compute_type = CUDNN_DATA_DOUBLE;
  return y;
}

int Generator::multiply(int a, cudnnDataType_t type) {
  const Dims dims = at(a).dims;
  const size_t rank = dims.size();
  Dims other = dims, result = dims;
  other[rank - 2] = dims[rank - 1];
  other[rank - 1] = result[rank - 1] = below(6) + 1;
  for (size_t i = 0; i + 2 < rank; ++i) {
    if (chance(60)) continue;
    // Fewer matrices, or more.
    if (dims[i] > 1 && chance(50)) {
      other[i] = dims[i] % 2 == 0 ? dims[i] / 2 : 1;
    } else {
      other[i] = result[i] = dims[i] * 2;
    }
  }
  const int b = input(is_integer(at(a).type) ? at(a).type : type_, other), c = output(type, result);
  node(Op::Matmul).tensors = {{Role::X, a}, {Role::B, b}, {Role::Y, c}};
  return c;
}

int Generator::reduce(cudnnReduceTensorOp_t operation, int x, const Dims& dims, cudnnDataType_t type) {
  const int y = output(type, dims);
  Node& made = node(Op::Reduction);
  made.reduction = operation;
  made.tensors = {{Role::X, x}, {Role::Y, y}};
  return y;
}

int Generator::resample(int x, cudnnResampleMode_t mode, bool with_index, int* index) {
  const Dims dims = at(x).dims;
  Node made = node(Op::ResampleForward);
  made.resample = mode;
  Dims result = {dims[0], dims[1]};
  made.doubles = mode == CUDNN_RESAMPLE_NEAREST || mode == CUDNN_RESAMPLE_BILINEAR;
  for (size_t i = 2; i < dims.size(); ++i) {
    if (made.doubles) {
      // Half a pixel at each side, in steps of half a pixel: twice the size.
      made.window.push_back(2);
      made.before.push_back(1);
      made.after.push_back(1);
      made.stride.push_back(1);
      result.push_back((2 * dims[i] + 2 - 4) / 1 + 1);
      if (result.back() < 1) made.before.back() = made.after.back() = 2, result.back() = 2 * dims[i] + 4 - 4 + 1;
      continue;
    }
    made.window.push_back(below(3) + 1);
    made.before.push_back(below(static_cast<int>(made.window.back())));
    made.after.push_back(chance(70) ? made.before.back() : below(static_cast<int>(made.window.back())));
    made.stride.push_back(below(2) + 1);
    const int64_t room = dims[i] + made.before.back() + made.after.back();
    made.window.back() = std::min(made.window.back(), room);
    result.push_back((room - made.window.back()) / made.stride.back() + 1);
  }
  made.padding = mode == CUDNN_RESAMPLE_MAXPOOL && chance(60) ? CUDNN_NEG_INF_PAD
                 : chance(70)                                 ? CUDNN_ZERO_PAD
                                                              : CUDNN_EDGE_VAL_PAD;
  // A window of nothing but minus infinity is nobody's maximum.
  for (size_t i = 0; i < made.window.size() && !made.doubles; ++i) {
    if (made.before[i] < made.window[i] && made.after[i] < made.window[i]) continue;
    made.padding = CUDNN_ZERO_PAD;
  }
  const int y = output(result_type(), result);
  made.tensors = {{Role::X, x}, {Role::Y, y}};
  if (with_index) {
    *index = output(CUDNN_DATA_INT8, result);
    made.tensors[Role::Index] = *index;
  }
  graph_.nodes.back() = made;
  return y;
}

int Generator::resample_backward(int dy, cudnnResampleMode_t mode) {
  // The shapes of a forward operation on an image of any size.
  const size_t tensors = graph_.tensors.size();
  const int x = input(type_, image_dims(rank(dy)));
  int index = -1;
  const bool is_maximum = mode == CUDNN_RESAMPLE_MAXPOOL;
  const bool with_index = is_maximum && chance(50);
  const int y = resample(x, mode, with_index, &index);
  Node made = graph_.nodes.back();
  const Dims image = at(x).dims, result = at(y).dims;
  if (!is_maximum || !with_index) {
    graph_.nodes.pop_back();
    if (is_maximum) {
      // x and y come from outside; y is what the forward operation makes.
      made.padding = CUDNN_NEG_INF_PAD;
      graph_.nodes.push_back(made);
      graph_[y].type = at(x).type;
      graph_[y].alignment = at(x).alignment;
    } else {
      graph_.tensors.resize(tensors);
    }
  }
  const int gradient = input(type_, result), dx = output(result_type(), image);
  made.op = Op::ResampleBackward;
  made.tensors = {{Role::DY, gradient}, {Role::DX, dx}};
  if (is_maximum && with_index) made.tensors[Role::IndexIn] = index;
  if (is_maximum && !with_index) made.tensors[Role::ForwardX] = x, made.tensors[Role::ForwardY] = y;
  graph_.nodes.push_back(made);
  return dx;
}

Generator::Dims Generator::channel_dims(int x) const {
  Dims dims(rank(x), 1);
  dims[1] = at(x).dims[1];
  return dims;
}

int Generator::channel_input(int x, bool is_positive) {
  const cudnnDataType_t type = graph_.in_double ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
  return is_positive ? positive(type, channel_dims(x)) : input(type, channel_dims(x));
}

void Generator::statistics(int x) {
  const cudnnDataType_t type = compute_type();
  const int sum = output(type, channel_dims(x)), square = output(type, channel_dims(x));
  node(Op::GenStats).tensors = {{Role::X, x}, {Role::Sum, sum}, {Role::Square, square}};
}

void Generator::finalize(int sum, int square, int64_t channels, double count) {
  const Dims dims = {1, channels, 1, 1};
  const cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::map<Role, int> tensors;
  const bool inference = sum < 0;
  if (!inference) {
    tensors[Role::SumIn] = sum;
    tensors[Role::SquareIn] = square;
    tensors[Role::Count] = scalar(count, chance(50) ? CUDNN_DATA_INT64 : CUDNN_DATA_FLOAT);
    tensors[Role::Factor] = scalar(0.25);
    tensors[Role::RunningMean] = output(type, dims);
    tensors[Role::RunningVariance] = output(type, dims);
    tensors[Role::MeanOut] = output(type, dims);
    tensors[Role::InverseOut] = output(type, dims);
  }
  tensors[Role::Scale] = input(type, dims);
  tensors[Role::Bias] = input(type, dims);
  tensors[Role::PreviousMean] = input(type, dims);
  tensors[Role::PreviousVariance] = positive(type, dims);
  tensors[Role::Epsilon] = scalar(1e-3);
  tensors[Role::EquivalentScale] = output(chance(50) ? type : CUDNN_DATA_HALF, dims);
  tensors[Role::EquivalentBias] = output(at(tensors[Role::EquivalentScale]).type, dims);
  Node& made = node(Op::BnFinalize);
  made.compute_type = CUDNN_DATA_FLOAT;
  made.inference = inference;
  made.tensors = tensors;
}

void Generator::backward_weights(int x, int dy) {
  std::map<Role, int> tensors = {{Role::X, x}, {Role::DY, dy}};
  tensors[Role::Mean] = channel_input(x);
  tensors[Role::Inverse] = channel_input(x, true);
  tensors[Role::Scale] = channel_input(x);
  for (const Role role :
       {Role::DScale, Role::DBias, Role::EquivalentDyScale, Role::EquivalentXScale, Role::EquivalentBias}) {
    tensors[role] = output(compute_type(), channel_dims(x));
  }
  node(Op::BnBackwardWeights).tensors = tensors;
}

int Generator::norm(int x, cudnnBackendNormMode_t mode, bool inference, bool running) {
  const Dims dims = at(x).dims;
  Dims statistics(dims.size(), 1), parameters(dims.size(), 1);
  const bool is_layer = mode == CUDNN_LAYER_NORM || mode == CUDNN_RMS_NORM;
  if (is_layer) {
    statistics[0] = dims[0];
    for (size_t i = 1; i < dims.size(); ++i) parameters[i] = dims[i];
    // Where a dimension has size 1 both say the same.
    if (dims[0] == 1) parameters[0] = 1;
  } else {
    statistics[1] = parameters[1] = dims[1];
    if (mode == CUDNN_INSTANCE_NORM) statistics[0] = dims[0];
  }
  const cudnnDataType_t type = compute_type();
  std::map<Role, int> tensors = {{Role::X, x}};
  tensors[Role::Scale] = input(type, parameters);
  if (chance(80)) tensors[Role::Bias] = input(type, parameters);
  tensors[Role::Epsilon] = scalar(0.01, type);
  const bool is_rms = mode == CUDNN_RMS_NORM;
  if (inference && mode == CUDNN_BATCH_NORM) {
    tensors[Role::Mean] = input(type, statistics);
    tensors[Role::Inverse] = positive(type, statistics);
  } else if (!inference) {
    if (!is_rms) tensors[Role::MeanOut] = output(type, statistics);
    tensors[Role::InverseOut] = output(type, statistics);
    if (running) {
      tensors[Role::Factor] = scalar(0.25, type);
      tensors[Role::PreviousMean] = input(type, statistics);
      tensors[Role::PreviousVariance] = positive(type, statistics);
      tensors[Role::RunningMean] = output(type, statistics);
      tensors[Role::RunningVariance] = output(type, statistics);
    }
  }
  // These go together.
  for (const auto& [first, second] : {std::pair{Role::Mean, Role::Inverse}, {Role::MeanOut, Role::InverseOut}}) {
    if (tensors.count(first) != 0) graph_[tensors[second]].strides = at(tensors[first]).strides;
  }
  const int y = output(graph_.in_double || is_integer(type_) ? type : chance(50) ? type_ : CUDNN_DATA_FLOAT, dims);
  tensors[Role::Y] = y;
  Node& made = node(Op::NormForward);
  made.norm = mode;
  made.inference = inference;
  made.tensors = tensors;
  return y;
}

int Generator::norm_backward(int x, int dy, cudnnBackendNormMode_t mode) {
  const Dims dims = at(x).dims;
  const size_t tensors_before = graph_.tensors.size();
  norm(x, mode, false, false);
  const Node forward = graph_.nodes.back();
  const Dims statistics = at(forward.at(Role::InverseOut)).dims, parameters = at(forward.at(Role::Scale)).dims;
  graph_.nodes.pop_back();
  graph_.tensors.resize(tensors_before);
  const cudnnDataType_t type = compute_type();
  std::map<Role, int> tensors = {{Role::X, x}, {Role::DY, dy}};
  if (mode != CUDNN_RMS_NORM) tensors[Role::Mean] = input(type, statistics);
  tensors[Role::Inverse] = positive(type, statistics);
  if (tensors.count(Role::Mean) != 0) graph_[tensors[Role::Inverse]].strides = at(tensors[Role::Mean]).strides;
  tensors[Role::Scale] = input(type, parameters);
  tensors[Role::DScale] = output(type, parameters);
  if (chance(80)) tensors[Role::DBias] = output(type, parameters);
  const int dx = output(result_type(), dims);
  tensors[Role::DX] = dx;
  Node& made = node(Op::NormBackward);
  made.norm = mode;
  made.tensors = tensors;
  return dx;
}

int Generator::concat(int x) {
  const auto axis = static_cast<size_t>(below(static_cast<int>(rank(x))));
  std::vector<int> parts = {x};
  Dims result = at(x).dims;
  for (int i = below(3); i >= 0; --i) {
    Dims dims = at(x).dims;
    dims[axis] = below(3) + 1;
    result[axis] += dims[axis];
    parts.insert(parts.begin() + below(static_cast<int>(parts.size()) + 1), input(at(x).type, dims));
  }
  const int y = output(at(x).type, result);
  Node& made = node(Op::Concat);
  made.axis = static_cast<int64_t>(axis);
  made.parts = parts;
  made.tensors = {{Role::Y, y}};
  return y;
}

int Generator::reshape(int x) {
  Dims dims = at(x).dims;
  if (chance(50)) {
    std::shuffle(dims.begin(), dims.end(), random_);
  } else {
    dims = {dims[0], at(x).elements() / dims[0], 1, 1};
  }
  const int y = output(at(x).type, dims);
  node(Op::Reshape).tensors = {{Role::X, x}, {Role::Y, y}};
  return y;
}

int Generator::rng(const Dims& dims) {
  std::map<Role, int> tensors;
  if (chance(50)) tensors[Role::Seed] = scalar(below(100000), CUDNN_DATA_INT64);
  if (chance(50)) tensors[Role::Offset] = scalar(below(100000), CUDNN_DATA_INT64);
  const int y = output(graph_.in_double ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT, dims);
  tensors[Role::Y] = y;
  Node& made = node(Op::Rng);
  made.tensors = tensors;
  made.seed = below(100000);
  made.distribution = static_cast<cudnnRngDistribution_t>(below(3));
  made.first = made.distribution == CUDNN_RNG_DISTRIBUTION_BERNOULLI ? 0.5 : -1;
  made.second = 2;
  return y;
}

int Generator::random_operation(int x) {
  if (!is_number(x)) return random_pointwise(x);
  const size_t dimensions = rank(x);
  const bool is_image = dimensions >= 3 && dimensions <= 5;
  const Dims dims = at(x).dims;
  const bool is_real = !is_integer(at(x).type);
  while (true) {
    switch (below(18)) {
      case 0:
      case 1:
        if (is_image) return convolve(x, is_real ? result_type() : CUDNN_DATA_INT32);
        break;
      case 2:
        if (is_image && is_real) return convolve_backward_data(x, result_type());
        break;
      case 3:
        if (is_image && is_real) return convolve_backward_filter(x, result_type());
        break;
      case 4:
        if (dims.back() <= 64) return multiply(x, is_real ? result_type() : CUDNN_DATA_INT32);
        break;
      case 5:
        return reduce(static_cast<cudnnReduceTensorOp_t>(below(5)), x, broadcast(dims), result_type());
      case 6: {
        int index = -1;
        if (is_image) return resample(x, static_cast<cudnnResampleMode_t>(below(5)), false, &index);
        break;
      }
      case 7: {
        int index = -1;
        if (is_image) return resample(x, CUDNN_RESAMPLE_MAXPOOL, true, &index);
        break;
      }
      case 8:
        if (is_image) return resample_backward(x, static_cast<cudnnResampleMode_t>(below(5)));
        break;
      case 9:
        statistics(x);
        return x;
      case 10: {
        static constexpr cudnnBackendNormMode_t modes[] = {CUDNN_LAYER_NORM, CUDNN_INSTANCE_NORM, CUDNN_BATCH_NORM,
                                                           CUDNN_BATCH_NORM, CUDNN_RMS_NORM};
        const cudnnBackendNormMode_t mode = modes[below(5)];
        if (dimensions < 3) break;
        if (chance(40)) return norm_backward(x, input(result_type(), dims), mode);
        return norm(x, mode, chance(30), mode == CUDNN_BATCH_NORM && chance(60));
      }
      case 11:
        backward_weights(x, input(result_type(), dims));
        return x;
      case 12:
        return concat(x);
      case 13:
        return reshape(x);
      case 14: {
        const int numbers = rng(dims);
        return chance(50) ? pointwise(CUDNN_POINTWISE_MUL, x, numbers, result_type()) : numbers;
      }
      case 15:
        if (graph_.in_double) break;
        finalize(-1, -1, below(5) + 1, 0);
        return x;
      default:
        return random_pointwise(x);
    }
  }
}

Graph Generator::graph(int most) {
  static constexpr cudnnDataType_t types[] = {CUDNN_DATA_FLOAT,    CUDNN_DATA_FLOAT,  CUDNN_DATA_HALF, CUDNN_DATA_HALF,
                                              CUDNN_DATA_BFLOAT16, CUDNN_DATA_DOUBLE, CUDNN_DATA_INT8};
  start(types[below(static_cast<int>(std::size(types)))]);
  static constexpr size_t ranks[] = {4, 4, 4, 4, 3, 5};
  std::vector<int> values = {input(type_, image_dims(ranks[below(6)]))};
  for (int i = below(most); i >= 0; --i) {
    const int x = chance(70) ? values.back() : values[static_cast<size_t>(below(static_cast<int>(values.size())))];
    const int made = random_operation(x);
    if (at(made).elements() <= 4096) values.push_back(made);
  }
  // Bytes are computed with in f32.
  graph_.in_double = std::all_of(graph_.tensors.begin(), graph_.tensors.end(), [](const Tensor& tensor) {
    return tensor.type == CUDNN_DATA_DOUBLE || (is_integer(tensor.type) && size_of(tensor.type) > 1);
  });
  finish(below(4) * 33);
  return graph_;
}

// ---- sequences -------------------------------------------------------------------------------------------------

namespace {

constexpr const char* pattern_names[] = {
    "conv",
    "conv-bias-relu",
    "conv-genstats",
    "conv-scale-bias-add-relu",
    "scale-bias-relu-conv-genstats",
    "scale-bias-relu-wgrad",
    "dgrad",
    "dgrad-add",
    "dgrad-drelu",
    "dgrad-drelu-bnbwdweights",
    "wgrad",
    "bn-finalize",
    "bn-train",
    "bn-train-relu",
    "bn-train-add-relu",
    "bn-inference-relu",
    "bn-bwd",
    "bn-bwd-drelu",
    "bn-bwd-drelu-recompute",
    "bn-bwd-add-drelu-recompute",
    "scale-bias-add-relu",
    "dual-scale-bias-add-relu",
    "add-relu",
    "cast",
    "reduce-hw-add",
    "bias-grad",
    "maxpool-index and its gradient",
    "avgpool",
    "matmul-bias-gelu",
    "softmax by parts",
    "dropout",
};

}  // namespace

int Generator::pattern_count() { return static_cast<int>(std::size(pattern_names)); }

Graph Generator::pattern(int number, const char** name) {
  static constexpr cudnnDataType_t types[] = {CUDNN_DATA_FLOAT, CUDNN_DATA_HALF, CUDNN_DATA_BFLOAT16,
                                              CUDNN_DATA_DOUBLE};
  *name = pattern_names[number];
  start(types[below(4)]);
  mixes_types_ = false;
  const cudnnDataType_t wide = compute_type(), narrow = type_;
  Dims dims = image_dims(4);
  dims[1] *= 2;
  const int x = input(narrow, dims);
  const auto image = [&](int like) { return input(narrow, at(like).dims); };
  const auto scale_bias = [&](int value) {
    value = pointwise(CUDNN_POINTWISE_MUL, value, channel_input(value), wide);
    return pointwise(CUDNN_POINTWISE_ADD, value, channel_input(value), wide);
  };
  const auto relu = [&](int value) { return pointwise(CUDNN_POINTWISE_RELU_FWD, value, -1, narrow); };
  const auto drelu = [&](int y, int dy) { return gradient(CUDNN_POINTWISE_RELU_BWD, y, dy, wide); };
  switch (number) {
    case 0:
      convolve(x, narrow);
      break;
    case 1: {
      const int y = convolve(x, wide);
      relu(pointwise(CUDNN_POINTWISE_ADD, y, chance(50) ? channel_input(y) : input(narrow, channel_dims(y)), wide));
      break;
    }
    case 2:
      statistics(convolve(x, narrow));
      break;
    case 3: {
      const int y = scale_bias(convolve(x, wide));
      relu(pointwise(CUDNN_POINTWISE_ADD, y, image(y), wide));
      break;
    }
    case 4:
      statistics(convolve(relu(scale_bias(x)), narrow));
      break;
    case 5:
      convolve_backward_filter(relu(scale_bias(x)), narrow);
      break;
    case 6:
      convolve_backward_data(x, narrow);
      break;
    case 7: {
      const int dx = convolve_backward_data(x, wide);
      pointwise(CUDNN_POINTWISE_ADD, dx, image(dx), narrow);
      break;
    }
    case 8: {
      const int dx = convolve_backward_data(x, wide);
      drelu(image(dx), dx);
      break;
    }
    case 9: {
      const int dx = convolve_backward_data(x, wide);
      const int saved = image(dx);
      backward_weights(saved, drelu(scale_bias(saved), dx));
      break;
    }
    case 10:
      convolve_backward_filter(x, narrow);
      break;
    case 11: {
      start(CUDNN_DATA_FLOAT);
      const int64_t channels = below(6) + 1;
      const int sum = input(CUDNN_DATA_FLOAT, {1, channels, 1, 1});
      const int square = positive(CUDNN_DATA_FLOAT, {1, channels, 1, 1}, 20, 30);
      graph_[square].strides = at(sum).strides;
      finalize(sum, square, channels, 20);
      break;
    }
    case 12:
      norm(x, CUDNN_BATCH_NORM, false, true);
      break;
    case 13:
      relu(norm(x, CUDNN_BATCH_NORM, false, chance(50)));
      break;
    case 14: {
      const int y = norm(x, CUDNN_BATCH_NORM, false, true);
      relu(pointwise(CUDNN_POINTWISE_ADD, y, image(y), wide));
      break;
    }
    case 15:
      relu(norm(x, CUDNN_BATCH_NORM, true, false));
      break;
    case 16:
      norm_backward(x, image(x), CUDNN_BATCH_NORM);
      break;
    case 17:
      norm_backward(x, drelu(image(x), image(x)), CUDNN_BATCH_NORM);
      break;
    case 18:
      norm_backward(x, drelu(norm(x, CUDNN_BATCH_NORM, true, false), image(x)), CUDNN_BATCH_NORM);
      break;
    case 19: {
      const int y = pointwise(CUDNN_POINTWISE_ADD, norm(x, CUDNN_BATCH_NORM, true, false), image(x), wide);
      norm_backward(x, drelu(y, image(x)), CUDNN_BATCH_NORM);
      break;
    }
    case 20: {
      const int y = scale_bias(x);
      relu(pointwise(CUDNN_POINTWISE_ADD, y, image(y), wide));
      break;
    }
    case 21: {
      const int first = scale_bias(x), second = scale_bias(image(x));
      relu(pointwise(CUDNN_POINTWISE_ADD, first, second, wide));
      break;
    }
    case 22:
      relu(pointwise(CUDNN_POINTWISE_ADD, x, image(x), wide));
      break;
    case 23:
      pointwise(CUDNN_POINTWISE_IDENTITY, x, -1,
                graph_.in_double ? wide
                : chance(50)     ? CUDNN_DATA_FLOAT
                                 : CUDNN_DATA_HALF);
      break;
    case 24: {
      const int y = pointwise(CUDNN_POINTWISE_ADD, x, image(x), wide);
      reduce(CUDNN_REDUCE_TENSOR_ADD, y, {dims[0], dims[1], 1, 1}, wide);
      break;
    }
    case 25:
      reduce(CUDNN_REDUCE_TENSOR_ADD, x, channel_dims(x), wide);
      break;
    case 26: {
      int index = -1;
      resample(x, CUDNN_RESAMPLE_MAXPOOL, true, &index);
      Node backward = graph_.nodes.back();
      const int dy = input(narrow, at(index).dims), dx = output(narrow, dims);
      backward.op = Op::ResampleBackward;
      backward.tensors = {{Role::DY, dy}, {Role::IndexIn, index}, {Role::DX, dx}};
      graph_.nodes.push_back(backward);
      break;
    }
    case 27: {
      int index = -1;
      resample(x, chance(50) ? CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING : CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING, false,
               &index);
      break;
    }
    case 28: {
      const int y = multiply(x, wide);
      Dims row(rank(y), 1);
      row.back() = at(y).dims.back();
      pointwise(CUDNN_POINTWISE_GELU_FWD, pointwise(CUDNN_POINTWISE_ADD, y, input(narrow, row), wide), -1, narrow);
      break;
    }
    case 29: {
      Dims row = dims;
      row.back() = 1;
      const int largest = reduce(CUDNN_REDUCE_TENSOR_MAX, x, row, wide);
      const int powers = pointwise(CUDNN_POINTWISE_EXP, pointwise(CUDNN_POINTWISE_SUB, x, largest, wide), -1, wide);
      pointwise(CUDNN_POINTWISE_DIV, powers, reduce(CUDNN_REDUCE_TENSOR_ADD, powers, row, wide), narrow);
      break;
    }
    default: {
      const int mask = pointwise(CUDNN_POINTWISE_CMP_LT, rng(dims), scalar(0.5, wide), CUDNN_DATA_BOOLEAN);
      const int zero = scalar(0, wide);
      pointwise(CUDNN_POINTWISE_BINARY_SELECT, x, zero, narrow, mask);
      break;
    }
  }
  for (Node& made : graph_.nodes) made.beta = made.op == Op::Convolution && graph_.nodes.size() > 1 ? 0 : made.beta;
  for (const Node& made : graph_.nodes) {
    if (made.op == Op::Convolution && made.beta == 0) graph_[made.at(Role::Y)].numbers.clear();
  }
  finish(100);
  return graph_;
}

// ---- broken ones -----------------------------------------------------------------------------------------------

void Generator::spoil(Graph& graph) {
  Tensor& tensor = graph.tensors[static_cast<size_t>(below(static_cast<int>(graph.tensors.size())))];
  Node& node = graph.nodes[static_cast<size_t>(below(static_cast<int>(graph.nodes.size())))];
  static constexpr int64_t numbers[] = {-1, 0, 1, 2, 3, 5, 1000, INT64_C(1) << 24, INT64_C(1) << 31, INT64_MAX};
  const auto number = [&] { return numbers[below(static_cast<int>(std::size(numbers)))]; };
  const auto one_of = [&](std::vector<int64_t>& values) {
    if (!values.empty()) values[static_cast<size_t>(below(static_cast<int>(values.size())))] = number();
  };
  switch (below(18)) {
    case 0:
      one_of(tensor.dims);
      break;
    case 1:
      one_of(tensor.strides);
      break;
    case 2:
      tensor.type = static_cast<cudnnDataType_t>(below(18));
      break;
    case 3:
      tensor.is_virtual = !tensor.is_virtual;
      break;
    case 4:
      tensor.by_value = !tensor.by_value;
      break;
    case 5:
      tensor.uid = graph.tensors[static_cast<size_t>(below(static_cast<int>(graph.tensors.size())))].uid;
      break;
    case 6:
      if (!node.tensors.empty()) {
        node.tensors.erase(std::next(node.tensors.begin(), below(static_cast<int>(node.tensors.size()))));
      }
      break;
    case 7:
      // Another tensor in its place; circles come from here.
      if (!node.tensors.empty()) {
        std::next(node.tensors.begin(), below(static_cast<int>(node.tensors.size())))->second =
            below(static_cast<int>(graph.tensors.size()));
      }
      break;
    case 8:
      node.pointwise = static_cast<cudnnPointwiseMode_t>(below(700));
      break;
    case 9:
      node.compute_type = static_cast<cudnnDataType_t>(below(18));
      break;
    case 10:
      one_of(node.window);
      one_of(node.stride);
      break;
    case 11:
      one_of(node.before);
      one_of(node.after);
      break;
    case 12:
      node.axis = number();
      one_of(node.dilation);
      break;
    case 13:
      node.norm = static_cast<cudnnBackendNormMode_t>(below(8));
      node.inference = !node.inference;
      break;
    case 14:
      node.resample = static_cast<cudnnResampleMode_t>(below(7));
      node.padding = static_cast<cudnnPaddingMode_t>(below(5));
      break;
    case 15:
      node.distribution = static_cast<cudnnRngDistribution_t>(below(5));
      node.reduction = static_cast<cudnnReduceTensorOp_t>(below(12));
      break;
    case 16:
      tensor.alignment = number();
      break;
    default:
      node.alpha = node.beta = 2;
      node.alpha1 = 3;
      tensor.dims.push_back(1);
      break;
  }
}

}  // namespace model
