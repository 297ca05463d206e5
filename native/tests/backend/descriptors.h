// Graphs of the model through cudnnBackend...: descriptors, plans and runs.
#pragma once
#include <memory>
#include <string>

#include "generated/cudnn.h"
#include "generated/driver.h"
#include "tests/backend/model.h"

namespace model {

/// The CPU device: a handle with a stream of its own.
class Device {
 public:
  bool start();
  void stop();

  cudnnHandle_t handle = nullptr;
  CUstream stream = nullptr;
};

/// Calls, the first of which that fails is remembered. A failure without a text is a fault.
class Calls {
 public:
  bool failed() const { return status != CUDNN_STATUS_SUCCESS; }
  void check(const char* call, cudnnStatus_t result);

  cudnnStatus_t status = CUDNN_STATUS_SUCCESS;
  std::string text;
  /// What must never happen; empty while it has not.
  std::string fault;
};

/// Backend descriptors of one graph, destroyed together.
class Descriptors {
 public:
  explicit Descriptors(Calls& calls) : calls_(calls) {}
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;
  ~Descriptors();

  cudnnBackendDescriptor_t create(cudnnBackendDescriptorType_t type);
  void set(cudnnBackendDescriptor_t descriptor, int attribute, cudnnBackendAttributeType_t type, int64_t count,
           const void* elements);
  void set_integer(cudnnBackendDescriptor_t descriptor, int attribute, int64_t value);
  void set_descriptor(cudnnBackendDescriptor_t descriptor, int attribute, cudnnBackendDescriptor_t value);
  void finalize(cudnnBackendDescriptor_t descriptor);

  /// The finalized operation graph.
  cudnnBackendDescriptor_t graph(const Graph& graph);
  /// A finalized plan of an engine; `knob`: value of the workspace knob.
  cudnnBackendDescriptor_t plan(const Device& device, cudnnBackendDescriptor_t graph, int64_t engine, int64_t knob);
  /// The plans the heuristics offer, best first.
  std::vector<cudnnBackendDescriptor_t> heuristic_plans(const Device& device, cudnnBackendDescriptor_t graph,
                                                        cudnnBackendHeurMode_t mode);
  std::string json(cudnnBackendDescriptor_t plan);
  cudnnBackendDescriptor_t plan_from_json(const Device& device, const std::string& text);
  int64_t workspace(cudnnBackendDescriptor_t plan);
  cudnnBackendDescriptor_t pack(const std::vector<int64_t>& uids, const std::vector<void*>& pointers, void* workspace);

 private:
  cudnnBackendDescriptor_t tensor(const Tensor& tensor);
  cudnnBackendDescriptor_t operation(const Node& node, const std::vector<cudnnBackendDescriptor_t>& tensors);
  cudnnBackendDescriptor_t parameters(const Node& node);

  Calls& calls_;
  std::vector<cudnnBackendDescriptor_t> made_;
};

/// Device memory for the tensors of a graph that lie outside of it, each exactly as large as it has to be, filled with
/// their numbers, gaps and results with noise.
class Memory {
 public:
  Memory(const Graph& graph, uint64_t seed);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  /// Fills it again.
  void reset();
  std::vector<int64_t> uids() const;
  std::vector<void*> pointers();
  void* workspace(int64_t bytes);
  /// The numbers of a tensor as they lie in memory; empty for those that have none.
  std::vector<double> numbers(int index) const;
  /// Says which tensor was written between its elements, or has another number than the graph; empty for none.
  std::string compare(const Graph& graph) const;

 private:
  struct Block {
    CUdeviceptr address = 0;
    std::vector<unsigned char> initial;
  };
  std::vector<unsigned char> content(size_t index) const;

  const Graph& graph_;
  std::vector<Block> blocks_;
  CUdeviceptr workspace_ = 0;
};

}  // namespace model
