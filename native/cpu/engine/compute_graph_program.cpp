#include "engine/compute_graph_program.h"

#include <algorithm>
#include <map>

namespace cpu::compute {

using Reason = UnsupportedGraph::Reason;

PointwiseProgram::PointwiseProgram(const Tensor& shape, std::vector<Operand> operands,
                                   std::vector<Instruction> instructions, bool in_double)
    : operands_(std::move(operands)),
      instructions_(std::move(instructions)),
      in_double_(in_double),
      loop_(make_loop(shape)),
      piece_rows_(find_piece_rows()) {}

PointwiseProgram::Loop PointwiseProgram::make_loop(const Tensor& shape) const {
  const Tensor* layouts[most_operands];
  for (size_t i = 0; i < most_operands; ++i) layouts[i] = &operands_[i < operands_.size() ? i : 0].layout();
  return Loop(shape, layouts);
}

bool PointwiseProgram::is_repeated(size_t operand) const {
  return loop_.rank() == 2 && loop_.stride(static_cast<int>(operand), 0) == 0;
}

int64_t PointwiseProgram::find_piece_rows() const {
  if (loop_.rank() != 2) return 1;
  for (size_t i = 0; i < operands_.size(); ++i) {
    const int operand = static_cast<int>(i);
    if (!is_repeated(i) && loop_.stride(operand, 0) != loop_.stride(operand, 1) * loop_.dim(1)) return 1;
  }
  return std::max<int64_t>(1, Loop::chunk / loop_.dim(1));
}

template <class T>
PointwiseProgram::Places<T> PointwiseProgram::places(const GraphRun& run, Scratch& scratch) const {
  Places<T> places;
  for (size_t i = 0; i < operands_.size(); ++i) {
    const Operand& operand = operands_[i];
    places.data[i] = operand.tensor ? static_cast<char*>(run.data(operand.tensor.tensor))
                                    : reinterpret_cast<char*>(const_cast<double*>(operand.coordinates.data()));
    if (piece_rows_ == 1 || !is_repeated(i) || places.data[i] == nullptr) continue;
    const int64_t width = loop_.dim(1);
    T* rows = scratch.take<T>(piece_rows_ * width);
    vector_kernels<T>().load(operand.layout().type, places.data[i], loop_.stride(static_cast<int>(i), 1), width, rows);
    for (int64_t row = 1; row < piece_rows_; ++row) std::copy_n(rows, width, rows + row * width);
    places.repeated[i] = rows;
  }
  return places;
}

namespace {

template <class T>
void round(const PointwiseProgram::Instruction& instruction, const VectorKernels<T>& kernels, T* values, int64_t n) {
  if (instruction.boolean) {
    for (int64_t i = 0; i < n; ++i) values[i] = T(values[i] != 0);
    return;
  }
  int64_t integers[RowLoop<1>::chunk];
  kernels.store(*instruction.rounding, values, integers, 1, n);
  kernels.load(*instruction.rounding, integers, 1, n, values);
}

}  // namespace

template <class T>
void PointwiseProgram::run_piece(const Places<T>& places, const int64_t* offsets, int64_t n, T* const* kept) const {
  const VectorKernels<T>& kernels = vector_kernels<T>();
  T slots[most_slots][Loop::chunk];
  const T* values[most_operands + most_instructions];
  for (const Instruction& instruction : instructions_) {
    const auto place = [&](int operand) {
      return at(places.data[operand], operands_[static_cast<size_t>(operand)].layout().type, offsets[operand]);
    };
    const auto value = [&](int index) { return index < 0 ? nullptr : values[index]; };
    const bool is_kept = instruction.kept >= 0;
    const Tensor* layout =
        instruction.operand < 0 ? nullptr : &operands_[static_cast<size_t>(instruction.operand)].layout();
    const bool is_direct =
        !is_kept && layout != nullptr && layout->type == native_type<T> && loop_.inner_stride(instruction.operand) == 1;
    T* slot = is_kept ? kept[instruction.kept] : instruction.slot < 0 ? nullptr : slots[instruction.slot];
    switch (instruction.kind) {
      case Instruction::Kind::Load:
        if (const T* repeated = places.repeated[instruction.operand]; repeated != nullptr && !is_kept) {
          values[instruction.value] = repeated;
        } else if (is_direct) {
          values[instruction.value] = reinterpret_cast<const T*>(place(instruction.operand));
        } else {
          kernels.load(layout->type, place(instruction.operand), loop_.inner_stride(instruction.operand), n, slot);
          values[instruction.value] = slot;
        }
        break;
      case Instruction::Kind::Compute: {
        // A result that is stored is computed where it is stored.
        T* target = is_direct ? reinterpret_cast<T*>(place(instruction.operand)) : slot;
        apply_pointwise(instruction.parameters, value(instruction.x), value(instruction.b), value(instruction.t),
                        target, n);
        if (instruction.rounding) round(instruction, kernels, target, n);
        values[instruction.value] = target;
        break;
      }
      case Instruction::Kind::Store:
        if (is_direct) break;
        kernels.store(layout->type, values[instruction.value], place(instruction.operand),
                      loop_.inner_stride(instruction.operand), n);
        break;
    }
  }
}

template <class T>
void PointwiseProgram::run_short_rows(const Places<T>& places, int64_t first, int64_t rows, T* const* kept) const {
  const int64_t width = loop_.dim(1);
  for (int64_t row = first; row < first + rows; row += piece_rows_) {
    int64_t offsets[most_operands];
    for (int k = 0; k < most_operands; ++k) offsets[k] = row * loop_.stride(k, 0);
    T* values[most_kept];
    for (int k = 0; k < most_kept; ++k) values[k] = kept == nullptr ? nullptr : kept[k] + (row - first) * width;
    run_piece<T>(places, offsets, std::min(piece_rows_, first + rows - row) * width, values);
  }
}

template <class T>
void PointwiseProgram::run(const Places<T>& places) const {
  if (piece_rows_ == 1) {
    loop_.run([&](const int64_t* offsets, int64_t n) { run_piece<T>(places, offsets, n, nullptr); });
    return;
  }
  const int64_t rows = loop_.dim(0), pieces = (rows + piece_rows_ - 1) / piece_rows_;
#pragma omp parallel for schedule(static) if (rows * loop_.dim(1) > 16384)
  for (int64_t piece = 0; piece < pieces; ++piece) {
    const int64_t row = piece * piece_rows_;
    run_short_rows<T>(places, row, std::min(piece_rows_, rows - row), nullptr);
  }
}

template <class T>
void PointwiseProgram::run_rows(const Places<T>& places, int64_t first, int64_t rows, int64_t start, int64_t width,
                                T* const* kept) const {
  if (piece_rows_ > 1) return run_short_rows<T>(places, first, rows, kept);
  T* row[most_kept];
  std::copy_n(kept, most_kept, row);
  loop_.run_rows(first, rows, start / Loop::chunk, [&](const int64_t* offsets, int64_t n) {
    run_piece<T>(places, offsets, n, row);
    for (T*& next : row) next += width;
  });
}

template PointwiseProgram::Places<float> PointwiseProgram::places(const GraphRun&, Scratch&) const;
template PointwiseProgram::Places<double> PointwiseProgram::places(const GraphRun&, Scratch&) const;
template void PointwiseProgram::run(const Places<float>&) const;
template void PointwiseProgram::run(const Places<double>&) const;
template void PointwiseProgram::run_rows(const Places<float>&, int64_t, int64_t, int64_t, int64_t, float* const*) const;
template void PointwiseProgram::run_rows(const Places<double>&, int64_t, int64_t, int64_t, int64_t,
                                         double* const*) const;

namespace {

using Operand = PointwiseProgram::Operand;
using Instruction = PointwiseProgram::Instruction;

bool is_integer(ElementType type) {
  return type == ElementType::I8 || type == ElementType::U8 || type == ElementType::I32 || type == ElementType::I64;
}

/// What of a mode makes sense for integers that are computed as such.
bool takes_integers(PointwiseMode mode) {
  switch (mode) {
    case PointwiseMode::Add:
    case PointwiseMode::Mul:
    case PointwiseMode::Min:
    case PointwiseMode::Max:
    case PointwiseMode::AddSquare:
    case PointwiseMode::Div:
    case PointwiseMode::Mod:
    case PointwiseMode::Sub:
    case PointwiseMode::Abs:
    case PointwiseMode::Neg:
    case PointwiseMode::Identity:
    case PointwiseMode::FloorMod:
    case PointwiseMode::Relu:
    case PointwiseMode::ReluBackward:
      return true;
    default:
      return mode >= PointwiseMode::Equal;
  }
}

/// Turns nodes into instructions.
class ProgramBuilder {
 public:
  ProgramBuilder(const GraphReader& graph, const std::vector<int>& stored, const Tensor& shape)
      : graph_(graph), stored_(stored), shape_(shape) {}

  /// The loop goes in the memory order of the first operand.
  void add(const std::vector<const GraphNode*>& nodes) {
    for (const int tensor : stored_) operand_of(tensor);
    for (const GraphNode* node : nodes) add(*node);
  }

  /// Lets the loop go over rows of channels: these operands are only there for their strides.
  void go_by_channels() {
    for (const Tensor& strides : {channels_last(shape_, ElementType::F32), channel_numbers(shape_, ElementType::F32)}) {
      operands_.push_back({GraphOperand{-1, strides, false}, {}});
    }
  }

  /// Which kept value the tensor is.
  int keep(int tensor) {
    const int value = value_of(graph_.operand(tensor));
    int kept = -1;
    for (const Instruction& instruction : instructions_) {
      if (instruction.value == value) kept = std::max(kept, instruction.kept);
    }
    if (kept < 0) kept = kept_++;
    for (Instruction& instruction : instructions_) {
      if (instruction.value == value) instruction.kept = kept;
    }
    return kept;
  }

  /// Null where there are too many operands or values.
  std::unique_ptr<const PointwiseProgram> build() {
    if (operands_.size() > PointwiseProgram::most_operands ||
        instructions_.size() > PointwiseProgram::most_instructions || !assign_slots()) {
      return nullptr;
    }
    return std::make_unique<PointwiseProgram>(shape_, std::move(operands_), std::move(instructions_), in_double_);
  }

 private:
  void note_type(const GraphOperand& operand) { in_double_ = in_double_ || computes_in_double(operand.layout.type); }

  int operand_of(int tensor) {
    const auto [place, is_new] = operand_places_.emplace(tensor, static_cast<int>(operands_.size()));
    if (is_new) operands_.push_back({graph_.operand(tensor), {}});
    return place->second;
  }

  int value_of(const GraphOperand& operand) {
    note_type(operand);
    const auto found = value_of_tensor_.find(operand.tensor);
    if (found != value_of_tensor_.end()) return found->second;
    Instruction load(Instruction::Kind::Load);
    load.operand = operand_of(operand.tensor);
    load.value = values_++;
    instructions_.push_back(load);
    return value_of_tensor_[operand.tensor] = load.value;
  }

  int coordinates(int axis) {
    Tensor layout = shape_;
    layout.type = ElementType::F64;
    for (int i = 0; i < layout.rank; ++i) {
      if (i != axis) layout.dims[i] = 1;
      layout.strides[i] = i == axis ? 1 : 0;
    }
    std::vector<double> values(static_cast<size_t>(layout.dims[axis]));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    Instruction load(Instruction::Kind::Load);
    load.operand = static_cast<int>(operands_.size());
    load.value = values_++;
    operands_.push_back({GraphOperand{-1, layout, false}, std::move(values)});
    instructions_.push_back(load);
    return load.value;
  }

  void add(const GraphNode& node) {
    const NodeParameters& parameters = node.parameters;
    const PointwiseMode mode = parameters.pointwise;
    const std::string name = mode_name(mode);
    const bool gradient = is_gradient(mode);
    const GraphOperand result = gradient ? graph_.required(node, Port::DX, "dx") : graph_.required(node, Port::Y, "y");
    require_graph(node.find(gradient ? Port::Y : Port::DX) == nullptr, Reason::Pattern,
                  name + " writes its " + (gradient ? "dx, not y" : "y, not dx"));
    require_graph(!gradient || (parameters.alpha1 == 1 && parameters.alpha2 == 1), Reason::Pattern,
                  name + ": the CPU device scales no inputs of gradients");
    require_graph(!is_integer(parameters.compute_type) || takes_integers(mode), Reason::DataType,
                  name + " is not computed in integers");
    in_double_ = in_double_ || computes_in_double(parameters.compute_type);
    note_type(result);

    Instruction compute(Instruction::Kind::Compute);
    compute.parameters = parameters;
    if (mode == PointwiseMode::Index) {
      require_graph(parameters.axis >= 0 && parameters.axis < result.layout.rank, Reason::Shape,
                    "index along axis " + std::to_string(parameters.axis) + " of " + dims_text(result.layout));
      compute.x = coordinates(parameters.axis);
    } else {
      compute.x = input(node, Port::X, "x", result.layout);
      const int inputs = pointwise_inputs(mode);
      if (inputs > 1) {
        compute.b = gradient ? input(node, Port::DY, "dy", result.layout) : input(node, Port::B, "b", result.layout);
      }
      if (inputs > 2) compute.t = input(node, Port::T, "t", result.layout);
    }
    compute.value = values_++;
    compute.boolean = result.boolean;
    if (result.boolean || is_integer(result.layout.type)) compute.rounding = result.layout.type;
    const bool is_stored = std::find(stored_.begin(), stored_.end(), result.tensor) != stored_.end();
    if (is_stored) compute.operand = operand_of(result.tensor);
    instructions_.push_back(compute);
    value_of_tensor_[result.tensor] = compute.value;
    if (is_stored) {
      Instruction store(Instruction::Kind::Store);
      store.operand = compute.operand;
      store.value = compute.value;
      instructions_.push_back(store);
    }
  }

  int input(const GraphNode& node, Port port, const char* name, const Tensor& result) {
    const GraphOperand operand = graph_.required(node, port, name);
    require_broadcast(operand.layout, result,
                      (std::string(mode_name(node.parameters.pointwise)) + "'s " + name).c_str());
    return value_of(operand);
  }

  /// Gives every value a place to be, from where it is made to where it is read last.
  bool assign_slots() {
    std::vector<size_t> last(static_cast<size_t>(values_), 0);
    for (size_t i = 0; i < instructions_.size(); ++i) {
      const Instruction& instruction = instructions_[i];
      for (const int value : {instruction.x, instruction.b, instruction.t, instruction.value}) {
        if (value >= 0) last[static_cast<size_t>(value)] = i;
      }
    }
    constexpr int most_slots = PointwiseProgram::most_slots;
    std::vector<size_t> busy_until(most_slots, 0);
    std::vector<bool> is_used(most_slots, false);
    for (size_t i = 0; i < instructions_.size(); ++i) {
      Instruction& instruction = instructions_[i];
      if (instruction.kind == Instruction::Kind::Store) continue;
      int free = -1;
      for (int slot = most_slots - 1; slot >= 0; --slot) {
        const auto place = static_cast<size_t>(slot);
        // A result may take the place of an input that is read for the last time.
        if (!is_used[place] || busy_until[place] <= i) free = slot;
      }
      if (free < 0) return false;
      instruction.slot = free;
      is_used[static_cast<size_t>(free)] = true;
      busy_until[static_cast<size_t>(free)] = last[static_cast<size_t>(instruction.value)];
    }
    return true;
  }

  const GraphReader& graph_;
  const std::vector<int>& stored_;
  Tensor shape_;
  std::vector<Operand> operands_;
  std::vector<Instruction> instructions_;
  std::map<int, int> operand_places_;
  std::map<int, int> value_of_tensor_;
  int values_ = 0;
  int kept_ = 0;
  bool in_double_ = false;
};

}  // namespace

std::unique_ptr<const PointwiseProgram> make_pointwise_program(const GraphReader& graph,
                                                               const std::vector<const GraphNode*>& nodes,
                                                               const std::vector<int>& stored) {
  ProgramBuilder builder(graph, stored, graph.tensor(stored.front()).layout);
  builder.add(nodes);
  return builder.build();
}

ChannelProgram make_channel_program(const GraphReader& graph, const std::vector<const GraphNode*>& nodes,
                                    const std::vector<int>& stored, const Tensor& image, const std::vector<int>& kept) {
  ProgramBuilder builder(graph, stored, image);
  builder.go_by_channels();
  builder.add(nodes);
  ChannelProgram made;
  for (const int tensor : kept) made.kept.push_back(builder.keep(tensor));
  made.program = builder.build();
  return made;
}

}  // namespace cpu::compute
