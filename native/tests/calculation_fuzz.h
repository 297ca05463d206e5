// The random calls of calculation_fuzz, which see.
#pragma once
#include <cstdint>
#include <random>
#include <vector>

#include "generated/cudnn.h"
#include "generated/driver.h"
#include "tests/coverage.h"

/// One thread's cuDNN handle, streams, descriptors and memory.
class CalculationFuzzer {
 public:
  CalculationFuzzer(uint64_t seed, CUcontext context) : random_(seed), seed_(seed), context_(context) {}

  bool start();
  /// That many sequences of calls, as far as nothing is found; false where something was.
  bool run(long sequences);
  void stop();

  long succeeded = 0, refused = 0;

 private:
  using Dims = std::vector<int>;
  static constexpr int tensor_count = 6;

  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  int below(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  /// One of the first `count` enumerators, sometimes none.
  template <class Enumeration>
  Enumeration one_of(int count) {
    return static_cast<Enumeration>(chance(2) ? between(-1, count + 3) : below(count));
  }
  cudnnNanPropagation_t nan() { return one_of<cudnnNanPropagation_t>(2); }

  // Shapes.
  void set(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, const Dims& dims);
  void set(cudnnTensorDescriptor_t tensor, const Dims& dims) { set(tensor, type_, dims); }
  /// Another type and shape; all tensors get it.
  void draw(int lowest_rank = 3, int highest_rank = 6);
  Dims some_ones() {
    Dims dims = dims_;
    for (int& dim : dims) dim = chance(50) ? 1 : dim;
    return dims;
  }
  cudnnDataType_t wide_type() const { return type_ == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT; }

  // Arguments; what is missing has to be refused.
  cudnnHandle_t handle();
  cudnnTensorDescriptor_t tensor(int index);
  template <class Handle>
  Handle live(Handle descriptor) {
    if (!chance(1)) return descriptor;
    missing_ = true;
    return nullptr;
  }
  void* memory(size_t bytes);
  void* values(size_t count) { return memory(count * (type_ == CUDNN_DATA_DOUBLE ? 8 : 4)); }
  /// Memory for a tensor; given() is always there, for what some modes of a function do not look at.
  void* data(int index);
  void* given(int index);
  void* weights(cudnnFilterDescriptor_t filter);
  void* maybe(void* pointer, int percent) { return chance(percent) ? pointer : nullptr; }
  /// A scaling factor, large enough for either type it may have.
  const void* factor();
  /// A workspace, mostly of the size asked for; else smaller, or missing although its size says it is there.
  struct Workspace {
    void* data;
    size_t bytes;
  };
  Workspace workspace(size_t bytes);

  void check(const char* function, cudnnStatus_t status);
  void complain(const char* function, const char* what);

  // Sequences.
  void begin();
  void finish();
  void churn();

  // Functions.
  bool draw_convolution();
  void convolve();
  void find_algorithms();
  void fuse_bias();
  void lower();
  void fold_convolution();
  void reorder();
  void pool();
  void activate();
  void soften();
  void normalize();
  void normalize_fused();
  void normalize_by_algorithm();
  void elementwise();
  void reduce();
  void respond();
  void divide();
  void drop_out();
  void transform();
  void sample();

  std::mt19937_64 random_;
  uint64_t seed_;
  CUcontext context_;
  CUstream streams_[3] = {};
  CUstream stream_ = nullptr;
  bool captures_ = false;
  cudnnHandle_t handle_ = nullptr;
  cudnnTensorDescriptor_t tensors_[tensor_count] = {}, destroyed_ = nullptr;
  cudnnFilterDescriptor_t filter_ = nullptr, filter_result_ = nullptr;
  cudnnConvolutionDescriptor_t convolution_ = nullptr, convolution_result_ = nullptr;
  cudnnPoolingDescriptor_t pooling_ = nullptr;
  cudnnActivationDescriptor_t activation_ = nullptr;
  cudnnOpTensorDescriptor_t operation_ = nullptr;
  cudnnReduceTensorDescriptor_t reduction_ = nullptr;
  cudnnLRNDescriptor_t response_ = nullptr;
  cudnnDropoutDescriptor_t dropout_ = nullptr;
  cudnnSpatialTransformerDescriptor_t transformer_ = nullptr;
  cudnnTensorTransformDescriptor_t transforms_[4] = {};
  CUdeviceptr dropout_states_ = 0;
  size_t dropout_state_bytes_ = 0;
  Dims dims_;
  cudnnDataType_t type_ = CUDNN_DATA_FLOAT;
  std::vector<CUdeviceptr> allocations_;
  bool missing_ = false;
  bool failed_ = false;
};
