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
    a_ = desc(native_a_);
    b_ = desc(native_b_);
    c_ = desc(native_c_);
    if (bias) {
      native_bias_ = packed_as<float>(bias.layout);
      bias_desc_ = desc(native_bias_);
    }
    const dnnl::matmul::desc operation =
        bias ? dnnl::matmul::desc(a_, b_, bias_desc_, c_) : dnnl::matmul::desc(a_, b_, c_);
    const dnnl::matmul::primitive_desc description(operation, onednn_attributes(epilogue), onednn_engine());
    matmul_ = dnnl::matmul(description);
    pad_ = description.scratchpad_desc();
    memories_.put(make_memories());
  }

  size_t workspace_bytes() const override { return pad_.get_size(); }

  void run(const GraphRun& run, char* own) const override {
    Scratch scratch;
    const float* a = staged<float>(product_.a.layout, run.data(product_.a.tensor), native_a_, scratch);
    const float* b = staged<float>(product_.b.layout, run.data(product_.b.tensor), native_b_, scratch);
    const StagedResult<float> result(product_.c.layout, run.data(product_.c.tensor), native_c_, scratch);
    const float* bias = staged<float>(bias_.layout, run.data_or_null(bias_.tensor), native_bias_, scratch);
    const auto memories = memories_.take([this] { return make_memories(); });
    set(memories->pad, own);
    if (bias_) set(memories->bias, bias);
    const int64_t products = batches_ ? 1 : product_.batch();
    for (int64_t product = 0; product < products; ++product) {
      set(memories->a, a + (batches_ ? 0 : product_.start(native_a_, product)));
      set(memories->b, b + (batches_ ? 0 : product_.start(native_b_, product)));
      set(memories->c, result.values() + (batches_ ? 0 : product_.start(native_c_, product)));
      const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, memories->a.get()},
                                           {DNNL_ARG_WEIGHTS, memories->b.get()},
                                           {DNNL_ARG_DST, memories->c.get()},
                                           {DNNL_ARG_SCRATCHPAD, memories->pad.get()},
                                           {DNNL_ARG_BIAS, bias_ ? memories->bias.get() : nullptr}};
      dnnl::error::wrap_c_api(dnnl_primitive_execute(matmul_.get(), onednn_stream(), bias_ ? 5 : 4, arguments),
                              "oneDNN could not execute a matrix product");
    }
    result.finish(1, 0);
  }

 private:
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

  /// What one run needs for itself.
  struct Memories {
    memory a, b, c, pad, bias;
  };

  std::unique_ptr<Memories> make_memories() const {
    const dnnl::engine& engine = onednn_engine();
    return std::make_unique<Memories>(Memories{memory(a_, engine, nullptr), memory(b_, engine, nullptr),
                                               memory(c_, engine, nullptr), memory(pad_, engine, nullptr),
                                               bias_ ? memory(bias_desc_, engine, nullptr) : memory()});
  }

  const Product product_;
  const GraphOperand bias_;
  bool batches_ = false;
  Tensor native_a_, native_b_, native_c_, native_bias_;
  dnnl::matmul matmul_;
  memory::desc a_, b_, c_, pad_, bias_desc_;
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
