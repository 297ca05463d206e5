// Matrix products: in f32 by oneDNN, else by plain loops in f64.
#include "engine/compute_graph_step.h"
#include "engine/compute_onednn.h"
#include "engine/compute_pool.h"
#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

using Reason = UnsupportedGraph::Reason;
using dnnl::memory;

/// c = a b in the last two dimensions; the others count the products. Where a has fewer along one of them than c, each
/// of its matrices serves as many that follow one another.
struct Product {
  GraphOperand a, b, c;

  int64_t rows() const { return c.layout.dims[c.layout.rank - 2]; }
  int64_t columns() const { return c.layout.dims[c.layout.rank - 1]; }
  int64_t depth() const { return a.layout.dims[a.layout.rank - 1]; }
  int64_t batch() const { return c.layout.elements() / (rows() * columns()); }

  /// Where the matrix of `operand` for a product starts, in elements of the packed operand.
  int64_t start(const Tensor& operand, int64_t product) const {
    int64_t offset = 0, stride = static_cast<int64_t>(operand.dims[operand.rank - 1]) * operand.dims[operand.rank - 2];
    for (int i = operand.rank - 3; i >= 0; --i) {
      const int64_t size = c.layout.dims[i], own = operand.dims[i];
      offset += product % size * own / size * stride;
      product /= size;
      stride *= own;
    }
    return offset;
  }
};

/// A tensor of matrices without gaps.
template <class T>
Tensor packed_as(const Tensor& tensor) {
  return packed(tensor, native_type<T>);
}

class DoubleMatmulStep final : public GraphStep {
 public:
  explicit DoubleMatmulStep(const Product& product) : product_(product) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    const Tensor a_layout = packed_as<double>(product_.a.layout), b_layout = packed_as<double>(product_.b.layout),
                 c_layout = packed_as<double>(product_.c.layout);
    const double* a = staged<double>(product_.a.layout, run.data(product_.a.tensor), a_layout, scratch);
    const double* b = staged<double>(product_.b.layout, run.data(product_.b.tensor), b_layout, scratch);
    const StagedResult<double> result(product_.c.layout, run.data(product_.c.tensor), c_layout, scratch);
    const int64_t rows = product_.rows(), columns = product_.columns(), depth = product_.depth();
    const int64_t batch = product_.batch();
#pragma omp parallel for collapse(2) schedule(static) if (batch * rows * columns * depth > 16384)
    for (int64_t product = 0; product < batch; ++product) {
      for (int64_t row = 0; row < rows; ++row) {
        const double* left = a + product_.start(a_layout, product) + row * depth;
        const double* right = b + product_.start(b_layout, product);
        double* target = result.values() + (product * rows + row) * columns;
        std::fill_n(target, columns, 0.0);
        for (int64_t k = 0; k < depth; ++k) {
          for (int64_t column = 0; column < columns; ++column) target[column] += left[k] * right[k * columns + column];
        }
      }
    }
    result.finish(1, 0);
  }

 private:
  const Product product_;
};

class MatmulStep final : public GraphStep {
 public:
  explicit MatmulStep(const Product& product, const GraphOperand& bias = {}, const Epilogue& epilogue = {})
      : product_(product), bias_(bias) {
    batches_ = is_uniform();
    native_a_ = native(product_.a.layout);
    native_b_ = native(product_.b.layout);
    native_c_ = packed_as<float>(product_.c.layout);
    c_ = desc(native_c_);
    if (bias) {
      native_bias_ = packed_as<float>(bias.layout);
      bias_desc_ = desc(native_bias_);
    }
    const int64_t depth = product_.depth();
    const int64_t count = part_count();
    length_ = (depth + count - 1) / count;
    const int64_t last = (depth - 1) / length_ * length_;
    parts_.push_back(make_part(0, std::min(length_, depth), epilogue));
    // All between the first and the last are alike.
    if (last > length_) parts_.push_back(make_part(length_, length_, epilogue));
    if (last > 0) parts_.push_back(make_part(last, depth - last, epilogue));
    memories_.put(make_memories());
  }

  size_t workspace_bytes() const override {
    size_t bytes = 0;
    for (const Part& part : parts_) bytes = std::max(bytes, part.pad.get_size());
    return bytes;
  }

  void run(const GraphRun& run, char* own) const override {
    Scratch scratch;
    const float* a = staged<float>(product_.a.layout, run.data(product_.a.tensor), native_a_, scratch);
    const float* b = staged<float>(product_.b.layout, run.data(product_.b.tensor), native_b_, scratch);
    const StagedResult<float> result(product_.c.layout, run.data(product_.c.tensor), native_c_, scratch);
    const float* bias = staged<float>(bias_.layout, run.data_or_null(bias_.tensor), native_bias_, scratch);
    const auto memories = memories_.take([this] { return make_memories(); });
    if (bias_) set(memories->bias, bias);
    const int64_t products = batches_ ? 1 : product_.batch();
    const int64_t depth = product_.depth();
    for (int64_t product = 0; product < products; ++product) {
      const float* left = a + (batches_ ? 0 : product_.start(native_a_, product));
      const float* right = b + (batches_ ? 0 : product_.start(native_b_, product));
      set(memories->c, result.values() + (batches_ ? 0 : product_.start(native_c_, product)));
      for (int64_t start = 0; start < depth; start += length_) {
        const size_t part = start + length_ >= depth ? parts_.size() - 1 : start == 0 ? 0 : 1;
        execute(parts_[part], memories->parts[part], left + start * native_a_.strides[native_a_.rank - 1],
                right + start * native_b_.strides[native_b_.rank - 2], own, *memories);
      }
    }
    result.finish(1, 0);
  }

 private:
  /// oneDNN adds up its terms one after the other, so a long sum is made of several: else it would be less exact than
  /// that of other libraries. A part pays for starting it once it has some two million multiplications.
  int64_t part_count() const {
    constexpr int64_t longest_sum = 256, multiplications = 1 << 21;
    const int64_t wanted = (product_.depth() + longest_sum - 1) / longest_sum;
    const int64_t paid = product_.c.layout.elements() * product_.depth() / multiplications;
    return std::min(wanted, std::max<int64_t>(2, paid));
  }

  /// The product of some of a's columns with as many of b's rows; all but the first are added to those before.
  struct Part {
    memory::desc a, b, pad;
    dnnl::matmul matmul;
    bool has_bias;
  };
  struct PartMemories {
    memory a, b, pad;
  };
  /// What one run needs for itself.
  struct Memories {
    std::vector<PartMemories> parts;
    memory c, bias;
  };

  Part make_part(int64_t start, int64_t length, const Epilogue& epilogue) const {
    const bool is_last = start + length == product_.depth();
    Tensor a = native_a_, b = native_b_;
    a.dims[a.rank - 1] = b.dims[b.rank - 2] = static_cast<int>(length);
    Part part{desc(a), desc(b), {}, {}, is_last && bias_};
    const dnnl::matmul::desc operation =
        part.has_bias ? dnnl::matmul::desc(part.a, part.b, bias_desc_, c_) : dnnl::matmul::desc(part.a, part.b, c_);
    dnnl::primitive_attr attributes = onednn_attributes(is_last ? epilogue : Epilogue());
    if (start > 0) add_to_prior(attributes);
    const dnnl::matmul::primitive_desc description(operation, attributes, onednn_engine());
    part.matmul = dnnl::matmul(description);
    part.pad = description.scratchpad_desc();
    return part;
  }

  /// Lets the result be added to what is there, before anything else happens to it.
  static void add_to_prior(dnnl::primitive_attr& attributes) {
    const dnnl::post_ops others = attributes.get_post_ops();
    dnnl::post_ops operations;
    operations.append_sum(1.0f);
    for (int i = 0; i < others.len(); ++i) {
      float scale, alpha, beta;
      dnnl::algorithm function;
      others.get_params_eltwise(i, scale, function, alpha, beta);
      operations.append_eltwise(scale, function, alpha, beta);
    }
    attributes.set_post_ops(operations);
  }

  void execute(const Part& part, const PartMemories& own, const float* a, const float* b, char* pad,
               const Memories& memories) const {
    set(own.a, a);
    set(own.b, b);
    set(own.pad, pad);
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, own.a.get()},
                                         {DNNL_ARG_WEIGHTS, own.b.get()},
                                         {DNNL_ARG_DST, memories.c.get()},
                                         {DNNL_ARG_SCRATCHPAD, own.pad.get()},
                                         {DNNL_ARG_BIAS, part.has_bias ? memories.bias.get() : nullptr}};
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(part.matmul.get(), onednn_stream(), part.has_bias ? 5 : 4, arguments),
        "oneDNN could not execute a matrix product");
  }

  static void set(const memory& target, const void* data) {
    dnnl_memory_set_data_handle(target.get(), const_cast<void*>(data));
  }

  /// Whether each dimension has all matrices or a single one, which oneDNN repeats itself.
  bool is_uniform() const {
    for (int i = 0; i < product_.c.layout.rank - 2; ++i) {
      const int size = product_.c.layout.dims[i];
      for (const Tensor* operand : {&product_.a.layout, &product_.b.layout}) {
        if (operand->dims[i] != 1 && operand->dims[i] != size) return false;
      }
    }
    return true;
  }

  /// The layout an operand is multiplied in: its own where its matrices are dense, read by rows or by columns, else
  /// packed.
  Tensor native(const Tensor& tensor) const {
    const Tensor rows = packed_as<float>(tensor);
    if (!batches_ || tensor.type != ElementType::F32) return rows;
    const int last = tensor.rank - 1, before = tensor.rank - 2;
    Tensor turned = rows;
    turned.strides[before] = 1;
    turned.strides[last] = tensor.dims[before];
    return same_layout(tensor, turned) ? turned : rows;
  }

  /// One product, or all of them as one dimension for each of the tensor's.
  memory::desc desc(const Tensor& tensor) const {
    if (batches_) return onednn_desc(tensor);
    Tensor matrix;
    matrix.rank = 2;
    for (int i = 0; i < 2; ++i) {
      matrix.dims[i] = tensor.dims[tensor.rank - 2 + i];
      matrix.strides[i] = tensor.strides[tensor.rank - 2 + i];
    }
    return onednn_desc(matrix);
  }

  std::unique_ptr<Memories> make_memories() const {
    const dnnl::engine& engine = onednn_engine();
    auto memories = std::make_unique<Memories>();
    for (const Part& part : parts_) {
      memories->parts.push_back(
          {memory(part.a, engine, nullptr), memory(part.b, engine, nullptr), memory(part.pad, engine, nullptr)});
    }
    memories->c = memory(c_, engine, nullptr);
    if (bias_) memories->bias = memory(bias_desc_, engine, nullptr);
    return memories;
  }

  const Product product_;
  const GraphOperand bias_;
  bool batches_ = false;
  Tensor native_a_, native_b_, native_c_, native_bias_;
  memory::desc c_, bias_desc_;
  /// Terms of every part but the last, which may have fewer.
  int64_t length_ = 0;
  /// The first, those in the middle and the last, as far as there are such.
  std::vector<Part> parts_;
  mutable Pool<Memories> memories_;
};

}  // namespace

namespace {

Product product_of(const GraphReader& graph, const GraphNode& node) {
  const Product product{graph.required(node, Port::A, "a"), graph.required(node, Port::B, "b"),
                        graph.required(node, Port::C, "c")};
  const std::string shapes = "matmul of " + dims_text(product.a.layout) + " and " + dims_text(product.b.layout) +
                             " to " + dims_text(product.c.layout);
  for (const Port port : {Port::GemmM, Port::GemmN, Port::GemmK}) {
    require_graph(node.find(port) == nullptr, Reason::Pattern,
                  shapes + ": the CPU device has no sizes of matrices that are read at run time");
  }
  require_numbers(product.a, "a matmul's a");
  require_numbers(product.b, "a matmul's b");
  require_numbers(product.c, "a matmul's c");
  for (int i = 0; i < product.c.layout.rank - 2; ++i) {
    const int a = product.a.layout.dims[i], b = product.b.layout.dims[i], c = product.c.layout.dims[i];
    require_graph(
        c == std::max(a, b) && c % a == 0 && c % b == 0, Reason::Shape,
        shapes + ": the result has as many matrices as the larger operand, and those of the smaller divide it");
  }
  return product;
}

bool in_double(const Product& product, const NodeParameters& parameters) {
  return parameters.compute_type == ElementType::F64 || computes_in_double(product.a.layout.type) ||
         computes_in_double(product.b.layout.type) || computes_in_double(product.c.layout.type);
}

}  // namespace

std::unique_ptr<GraphStep> make_matmul_step(const GraphReader& graph, const GraphNode& node) {
  const Product product = product_of(graph, node);
  if (in_double(product, node.parameters)) return std::make_unique<DoubleMatmulStep>(product);
  try {
    return std::make_unique<MatmulStep>(product);
  } catch (const dnnl::error&) {
    return std::make_unique<DoubleMatmulStep>(product);
  }
}

std::unique_ptr<GraphStep> make_fused_matmul_step(const GraphReader& graph, const GraphNode& node, int bias,
                                                  const Epilogue& epilogue, int result) {
  Product product = product_of(graph, node);
  product.c = graph.operand(result);
  const GraphOperand row = graph.operand(bias);
  if (product.c.boolean || in_double(product, node.parameters)) return nullptr;
  try {
    return std::make_unique<MatmulStep>(product, row, epilogue);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace cpu::compute
