#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/compute_graph_step.h"
#include "engine/compute_rows.h"
#include "engine/compute_scratch.h"

namespace cpu::compute {
namespace {

/// Philox 4x32 with ten rounds (Salmon et al., 2011): four random words for each counter, and nothing to keep.
struct Philox {
  uint32_t key[2];

  void generate(uint64_t counter, uint64_t offset, uint32_t (&words)[4]) const {
    words[0] = static_cast<uint32_t>(counter);
    words[1] = static_cast<uint32_t>(counter >> 32);
    words[2] = static_cast<uint32_t>(offset);
    words[3] = static_cast<uint32_t>(offset >> 32);
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = uint64_t{0xD2511F53u} * words[0], b = uint64_t{0xCD9E8D57u} * words[2];
      const uint32_t next[4] = {static_cast<uint32_t>(b >> 32) ^ words[1] ^ k0, static_cast<uint32_t>(b),
                                static_cast<uint32_t>(a >> 32) ^ words[3] ^ k1, static_cast<uint32_t>(a)};
      std::copy(next, next + 4, words);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  }
};

/// In (0, 1), in steps of 2^-32.
double open_unit(uint32_t word) { return (word + 0.5) * 0x1p-32; }

class RngStep final : public GraphStep {
 public:
  RngStep(const GraphOperand& y, const GraphOperand& seed, const GraphOperand& offset, const NodeParameters& parameters)
      : y_(y), seed_(seed), offset_(offset), parameters_(parameters) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    const auto seed = static_cast<uint64_t>(seed_ ? read_integer(seed_, run.data(seed_.tensor)) : parameters_.seed);
    const auto offset = static_cast<uint64_t>(offset_ ? read_integer(offset_, run.data(offset_.tensor)) : 0);
    const Philox philox{{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}};
    const Tensor rows = packed(y_.layout, ElementType::F32);
    const int64_t elements = rows.elements();
    auto* values = scratch.take<float>((elements + 3) / 4 * 4);
#pragma omp parallel for schedule(static) if (elements > 16384)
    for (int64_t group = 0; group < (elements + 3) / 4; ++group) {
      uint32_t words[4];
      philox.generate(static_cast<uint64_t>(group), offset, words);
      fill(words, values + group * 4);
    }
    blend_tensor(1, rows, values, 0, y_.layout, run.data(y_.tensor));
  }

 private:
  void fill(const uint32_t (&words)[4], float* values) const {
    const double first = parameters_.first, second = parameters_.second;
    switch (parameters_.distribution) {
      case Distribution::Bernoulli:
        for (int i = 0; i < 4; ++i) values[i] = open_unit(words[i]) < first ? 1.0f : 0.0f;
        break;
      case Distribution::Uniform:
        for (int i = 0; i < 4; ++i) values[i] = static_cast<float>(first + (second - first) * open_unit(words[i]));
        break;
      case Distribution::Normal:
        // Box and Muller: two from two.
        for (int i = 0; i < 4; i += 2) {
          const double radius = std::sqrt(-2 * std::log(open_unit(words[i])));
          const double angle = 2 * std::numbers::pi * open_unit(words[i + 1]);
          values[i] = static_cast<float>(first + second * radius * std::cos(angle));
          values[i + 1] = static_cast<float>(first + second * radius * std::sin(angle));
        }
        break;
    }
  }

  const GraphOperand y_, seed_, offset_;
  const NodeParameters parameters_;
};

}  // namespace

std::unique_ptr<GraphStep> make_rng_step(const GraphReader& graph, const GraphNode& node) {
  const GraphOperand y = graph.required(node, Port::Y, "y");
  const GraphOperand seed = graph.optional(node, Port::Seed), offset = graph.optional(node, Port::Offset);
  for (const GraphOperand* scalar : {&seed, &offset}) {
    require_graph(!*scalar || scalar->layout.elements() == 1, UnsupportedGraph::Reason::Shape,
                  "the seed and the offset of random numbers are single values");
  }
  return std::make_unique<RngStep>(y, seed, offset, node.parameters);
}

}  // namespace cpu::compute
