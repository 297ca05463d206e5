// A graph of operations on tensors as the engine sees it: no API's descriptors, no handles.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/compute_reduction.h"
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// What a node reads or writes. Which ports a node has follows from its kind.
enum class Port : uint8_t {
  X,
  Y,
  W,
  DX,
  DY,
  DW,
  A,
  B,
  C,
  T,  // the selecting operand of BinarySelect
  Sum,
  SquareSum,
  Scale,
  Bias,
  Mean,
  InverseDeviation,
  Epsilon,
  AverageFactor,
  AccumulationCount,
  PreviousMean,
  PreviousVariance,
  RunningMean,
  RunningVariance,
  EquivalentScale,
  EquivalentBias,
  EquivalentDyScale,
  EquivalentXScale,
  DScale,
  DBias,
  Index,
  Seed,
  Offset,
  GemmM,
  GemmN,
  GemmK,
  Other,
  // Only of nodes that plans make out of others: what is subtracted from an image before it is scaled.
  Center,
};

enum class NodeKind : uint8_t {
  ConvolutionForward,
  ConvolutionBackwardData,
  ConvolutionBackwardFilter,
  Pointwise,
  Matmul,
  Reduction,
  ResampleForward,
  ResampleBackward,
  GenStats,
  BnFinalize,
  BnBackwardWeights,
  NormForward,
  NormBackward,
  Concat,
  Reshape,
  Rng,
  // Only in plans: the statistics of a batch norm in training, and what its image is normalised with.
  NormStatistics,
};

/// y = f(x) or f(x, b); the ...Bwd ones dx = f'(x) dy.
enum class PointwiseMode : uint8_t {
  Add,
  Mul,
  Min,
  Max,
  Sqrt,
  AddSquare,
  Div,
  Mod,
  Pow,
  Sub,
  Abs,
  Ceil,
  Cos,
  Exp,
  Floor,
  Log,
  Neg,
  Rsqrt,
  Sin,
  Tan,
  Erf,
  Identity,
  Reciprocal,
  Atan2,
  FloorMod,
  Relu,
  Tanh,
  Sigmoid,
  Elu,
  Gelu,
  Softplus,
  Swish,
  GeluTanh,
  ReluBackward,
  TanhBackward,
  SigmoidBackward,
  EluBackward,
  GeluBackward,
  SoftplusBackward,
  SwishBackward,
  GeluTanhBackward,
  Equal,
  NotEqual,
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
  And,
  Or,
  Not,
  Index,
  Select,
};

enum class NormMode : uint8_t { Layer, Instance, Batch, Rms };
enum class ResampleMode : uint8_t { Nearest, Bilinear, AverageIncludePadding, Max, AverageExcludePadding };
/// What a window sees outside the image.
enum class PaddingMode : uint8_t { Zero, NegativeInfinity, EdgeValue };
enum class Distribution : uint8_t { Bernoulli, Uniform, Normal };

struct Fraction {
  int64_t numerator = 0;
  int64_t denominator = 1;
};

/// The numbers of a node; each kind of node looks at its own.
struct NodeParameters {
  /// Sums are formed at least in this type.
  ElementType compute_type = ElementType::F32;

  // Convolutions and resampling: result = alpha op + beta result.
  double alpha = 1;
  double beta = 0;
  int spatial = 0;

  // Convolutions.
  int padding_before[max_rank - 2] = {};
  int padding_after[max_rank - 2] = {};
  int stride[max_rank - 2] = {};
  int dilation[max_rank - 2] = {};
  bool flips_filter = false;

  // Pointwise: f(alpha1 x, alpha2 b).
  PointwiseMode pointwise = PointwiseMode::Identity;
  double alpha1 = 1;
  double alpha2 = 1;
  double lower_clip = 0;
  double upper_clip = std::numeric_limits<double>::infinity();
  double lower_slope = 0;
  double elu_alpha = 1;
  double softplus_beta = 1;
  double swish_beta = 1;
  bool propagate_nan = true;

  // Pointwise Index, Concat.
  int axis = -1;

  Reduction reduction = Reduction::Add;

  // Resampling.
  ResampleMode resample = ResampleMode::Max;
  PaddingMode padding_mode = PaddingMode::Zero;
  Fraction window[3];
  Fraction before[3];
  Fraction after[3];
  Fraction step[3];

  // Norms and batch norm finalize.
  NormMode norm = NormMode::Batch;
  bool inference = false;

  // Random numbers.
  Distribution distribution = Distribution::Bernoulli;
  /// Probability; minimum and maximum; mean and standard deviation.
  double first = 0;
  double second = 0;
  int64_t seed = 0;
};

/// A value of a graph.
struct GraphTensor {
  int64_t uid = 0;
  Tensor layout;
  /// Bytes that are 0 or 1.
  bool boolean = false;
  /// Lives inside the graph only; the plan finds its memory.
  bool is_virtual = false;
  /// Its values are in host memory and are read when the graph is started.
  bool by_value = false;
  int64_t alignment = 1;
};

struct GraphEdge {
  Port port;
  /// Place in ComputeGraph::tensors.
  int tensor;
  bool written;
};

struct GraphNode {
  NodeKind kind;
  std::vector<GraphEdge> edges;
  NodeParameters parameters;

  /// The first edge of the port; null where the node has none.
  const GraphEdge* find(Port port) const;
};

/// Nodes stand behind those whose results they read.
struct ComputeGraph {
  std::vector<GraphTensor> tensors;
  std::vector<GraphNode> nodes;
};

/// What the engine cannot do; the text says what was asked.
class UnsupportedGraph : public std::runtime_error {
 public:
  enum class Reason { Pattern, Shape, DataType, Layout };
  UnsupportedGraph(Reason reason, const std::string& text) : std::runtime_error(text), reason_(reason) {}
  Reason reason() const { return reason_; }

 private:
  Reason reason_;
};

struct PlanOptions {
  /// Whether nodes that go together are computed together; else every node reads and writes memory.
  bool fuses = true;
  /// Whether virtual tensors that are not needed at the same time share memory.
  bool shares_memory = true;
};

/// A graph ready to run, any number of times and from several threads: primitives made, memory divided.
class GraphPlan {
 public:
  virtual ~GraphPlan() = default;

  /// The graph's tensors that lie outside of it; run() takes a pointer for each.
  virtual const std::vector<GraphTensor>& tensors() const = 0;
  virtual size_t workspace_bytes() const = 0;
  /// What is computed together, in order, for people: "convolution + bias + relu".
  virtual const std::vector<std::string>& steps() const = 0;

  /// `data[i]` is where tensors()[i] lies. `workspace` is aligned to 64 bytes. Allocates nothing.
  virtual void run(void* const* data, void* workspace) const = 0;
};

/// Throws UnsupportedGraph.
std::shared_ptr<const GraphPlan> make_graph_plan(const ComputeGraph& graph, const PlanOptions& options);

}  // namespace cpu::compute
