// Random graphs: any operations that fit together, the sequences training is made of, and broken ones.
#pragma once
#include <random>

#include "tests/backend/model.h"

namespace model {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  /// A graph of up to `most` operations that a device can compute.
  Graph graph(int most);
  /// One of the sequences of operations networks are trained with; `name` says which.
  Graph pattern(int number, const char** name);
  static int pattern_count();
  /// Changes one thing of a graph to something that may not fit.
  void spoil(Graph& graph);

  uint64_t draw() { return random_(); }
  int below(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  using Dims = std::vector<int64_t>;

  void start(cudnnDataType_t type);
  cudnnDataType_t compute_type() const;
  cudnnDataType_t result_type();
  Dims image_dims(size_t rank);

  int add_tensor(cudnnDataType_t type, const Dims& dims);
  /// A tensor from outside with random numbers.
  int input(cudnnDataType_t type, const Dims& dims);
  int positive(cudnnDataType_t type, const Dims& dims, double low = 0.5, double high = 1.5);
  int scalar(double value, cudnnDataType_t type = CUDNN_DATA_FLOAT);
  int output(cudnnDataType_t type, const Dims& dims);
  /// `value` or something of its dimensions, each of which may become 1.
  Dims broadcast(const Dims& dims);
  Node& node(Op op);
  /// Decides which results are virtual.
  void finish(int virtual_percent);

  const Tensor& at(int tensor) const { return graph_[tensor]; }
  size_t rank(int tensor) const { return at(tensor).dims.size(); }
  bool is_number(int tensor) const { return at(tensor).type != CUDNN_DATA_BOOLEAN; }

  void window_of(Node& node, size_t spatial);
  int convolve(int x, cudnnDataType_t type);
  int convolve_backward_data(int dy, cudnnDataType_t type);
  int convolve_backward_filter(int x, cudnnDataType_t type);
  int pointwise(cudnnPointwiseMode_t mode, int x, int b, cudnnDataType_t type, int t = -1);
  int gradient(cudnnPointwiseMode_t mode, int x, int dy, cudnnDataType_t type);
  int random_pointwise(int x);
  int multiply(int a, cudnnDataType_t type);
  int reduce(cudnnReduceTensorOp_t operation, int x, const Dims& dims, cudnnDataType_t type);
  int resample(int x, cudnnResampleMode_t mode, bool with_index, int* index);
  int resample_backward(int dy, cudnnResampleMode_t mode);
  void statistics(int x);
  void finalize(int sum, int square, int64_t channels, double count);
  void backward_weights(int x, int dy);
  int norm(int x, cudnnBackendNormMode_t mode, bool inference, bool running);
  int norm_backward(int x, int dy, cudnnBackendNormMode_t mode);
  int concat(int x);
  int reshape(int x);
  int rng(const Dims& dims);
  int channel_input(int x, bool is_positive = false);
  Dims channel_dims(int x) const;

  int random_operation(int x);

  std::mt19937_64 random_;
  Graph graph_;
  cudnnDataType_t type_ = CUDNN_DATA_FLOAT;
  bool mixes_types_ = false;
};

}  // namespace model
