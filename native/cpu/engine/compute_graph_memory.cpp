#include "engine/compute_graph_memory.h"

#include <algorithm>

namespace cpu::compute {
namespace {

constexpr size_t alignment = 256;

size_t aligned(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

/// Dimensions by falling stride; those of size 1 are left out.
std::vector<int> memory_order(const Tensor& tensor) {
  std::vector<int> order;
  for (int i = 0; i < tensor.rank; ++i) {
    if (tensor.dims[i] != 1) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return tensor.strides[a] > tensor.strides[b]; });
  return order;
}

}  // namespace

bool is_disjoint(const Tensor& tensor) {
  const std::vector<int> order = memory_order(tensor);
  int64_t reach = 0;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    if (tensor.strides[*i] <= reach) return false;
    reach += static_cast<int64_t>(tensor.dims[*i] - 1) * tensor.strides[*i];
  }
  return true;
}

Tensor without_gaps(const Tensor& tensor) {
  if (!is_disjoint(tensor)) return packed(tensor, tensor.type);
  Tensor result = tensor;
  const std::vector<int> order = memory_order(tensor);
  int64_t stride = 1;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    result.strides[*i] = static_cast<int>(stride);
    stride *= tensor.dims[*i];
  }
  return result;
}

namespace {

class Plan final : public GraphPlan {
 public:
  const std::vector<GraphTensor>& tensors() const override { return tensors_; }
  size_t workspace_bytes() const override { return own_offset_ + own_bytes_; }
  const std::vector<std::string>& steps() const override { return names_; }

  void run(void* const* data, void* workspace) const override {
    const GraphRun run{places_.data(), data, static_cast<char*>(workspace)};
    for (const auto& step : steps_) step->run(run, run.workspace + own_offset_);
  }

  Plan(const ComputeGraph& graph, std::vector<Stage> stages, bool shares_memory) {
    places_.resize(graph.tensors.size());
    struct Life {
      size_t first, last;
      bool is_used = false;
    };
    std::vector<Life> lives(graph.tensors.size());
    for (size_t i = 0; i < stages.size(); ++i) {
      for (const int tensor : stages[i].tensors) {
        Life& life = lives[static_cast<size_t>(tensor)];
        if (!life.is_used) life.first = i;
        life.last = i;
        life.is_used = true;
      }
    }
    struct Block {
      size_t offset, bytes;
      Life life;
    };
    std::vector<Block> blocks;
    for (size_t i = 0; i < graph.tensors.size(); ++i) {
      if (!lives[i].is_used) continue;
      const GraphTensor& tensor = graph.tensors[i];
      if (!tensor.is_virtual) {
        places_[i].external = static_cast<int>(tensors_.size());
        tensors_.push_back(tensor);
        continue;
      }
      Block block{0, aligned(static_cast<size_t>(tensor.layout.elements()) * element_size(tensor.layout.type)),
                  lives[i]};
      // The first gap between those that are alive at the same time.
      for (const Block& other : blocks) {
        const bool apart = shares_memory && (other.life.last < block.life.first || other.life.first > block.life.last);
        if (apart || other.offset >= block.offset + block.bytes) continue;
        block.offset = std::max(block.offset, other.offset + other.bytes);
      }
      places_[i].offset = block.offset;
      own_offset_ = std::max(own_offset_, block.offset + block.bytes);
      const auto behind =
          std::find_if(blocks.begin(), blocks.end(), [&](const Block& other) { return other.offset > block.offset; });
      blocks.insert(behind, block);
    }
    for (Stage& stage : stages) {
      own_bytes_ = std::max(own_bytes_, aligned(stage.step->workspace_bytes()));
      steps_.push_back(std::move(stage.step));
      names_.push_back(std::move(stage.name));
    }
  }

 private:
  std::vector<GraphTensor> tensors_;
  std::vector<GraphRun::Place> places_;
  std::vector<std::unique_ptr<GraphStep>> steps_;
  std::vector<std::string> names_;
  size_t own_offset_ = 0;
  size_t own_bytes_ = 0;
};

}  // namespace

std::shared_ptr<const GraphPlan> make_plan(const ComputeGraph& graph, std::vector<Stage> stages, bool shares_memory) {
  return std::make_shared<const Plan>(graph, std::move(stages), shares_memory);
}

}  // namespace cpu::compute
