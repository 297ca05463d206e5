// What pointwise nodes compute together, piece by piece: what only goes from one to the next never reaches memory.
#pragma once
#include <memory>
#include <optional>

#include "engine/compute_graph_modes.h"
#include "engine/compute_graph_step.h"
#include "engine/compute_rows.h"
#include "engine/compute_scratch.h"

namespace cpu::compute {

class PointwiseProgram {
 public:
  /// Tensors in memory a program can have, and values it can hold at a time.
  static constexpr int most_operands = 16;
  static constexpr int most_slots = 16;
  static constexpr int most_instructions = 64;
  /// Values a caller can have kept.
  static constexpr int most_kept = 2;

  /// A tensor in memory, or the coordinates along a dimension.
  struct Operand {
    GraphOperand tensor;
    std::vector<double> coordinates;

    const Tensor& layout() const { return tensor.layout; }
  };

  /// One thing to do with a piece: read a value, compute one, write one.
  struct Instruction {
    enum class Kind : uint8_t { Load, Compute, Store };
    explicit Instruction(Kind its_kind) : kind(its_kind) {}

    Kind kind;
    /// Load, Store: place among the operands.
    int operand = -1;
    /// Values; `value` is the one that is made (or written).
    int value = -1;
    int x = -1, b = -1, t = -1;
    /// Where the value is held.
    int slot = -1;
    /// Among the kept values; -1 for those that are not.
    int kept = -1;
    NodeParameters parameters;
    /// Compute: the integers or truth values the result becomes before anyone reads it.
    std::optional<ElementType> rounding;
    bool boolean = false;
  };

  PointwiseProgram(const Tensor& shape, std::vector<Operand> operands, std::vector<Instruction> instructions,
                   bool in_double);

  bool in_double() const { return in_double_; }

  /// Where the operands of one run lie, and those that are the same in every row, repeated for a whole piece.
  template <class T>
  struct Places {
    char* data[most_operands] = {};
    const T* repeated[most_operands] = {};
  };
  /// T is double where in_double(), else float. `scratch` has to last as long as the places.
  template <class T>
  Places<T> places(const GraphRun& run, Scratch& scratch) const;

  /// All of it, on all threads.
  template <class T>
  void run(const Places<T>& places) const;

  /// Channels from `start` on of the rows from `first` on, `width` of them, on the calling thread, for programs that
  /// go by channels. `kept[i]` gets kept value i as rows of `width`.
  template <class T>
  void run_rows(const Places<T>& places, int64_t first, int64_t rows, int64_t start, int64_t width,
                T* const* kept) const;

 private:
  using Loop = RowLoop<most_operands>;

  Loop make_loop(const Tensor& shape) const;
  /// How many rows make a piece: more than one where rows are short and operands lie row behind row or are the same in
  /// every row.
  int64_t find_piece_rows() const;
  bool is_repeated(size_t operand) const;
  template <class T>
  void run_piece(const Places<T>& places, const int64_t* offsets, int64_t n, T* const* kept) const;
  template <class T>
  void run_short_rows(const Places<T>& places, int64_t first, int64_t rows, T* const* kept) const;

  std::vector<Operand> operands_;
  std::vector<Instruction> instructions_;
  bool in_double_;
  Loop loop_;
  int64_t piece_rows_;
};

/// Nodes in an order in which they can be computed, whose results have one shape. Results in `stored` are written to
/// memory. Null where there are too many tensors or values.
std::unique_ptr<const PointwiseProgram> make_pointwise_program(const GraphReader& graph,
                                                               const std::vector<const GraphNode*>& nodes,
                                                               const std::vector<int>& stored);

/// A program that goes by channels: over images whose channels lie together, in pieces of whole rows or of
/// RowLoop::chunk channels.
struct ChannelProgram {
  std::unique_ptr<const PointwiseProgram> program;
  /// For each of the tensors that are kept, which kept value it is.
  std::vector<int> kept;
};

/// `kept`: tensors whose values run_rows() hands out, of the shape of `image`; they may be results or be read only.
ChannelProgram make_channel_program(const GraphReader& graph, const std::vector<const GraphNode*>& nodes,
                                    const std::vector<int>& stored, const Tensor& image, const std::vector<int>& kept);

}  // namespace cpu::compute
