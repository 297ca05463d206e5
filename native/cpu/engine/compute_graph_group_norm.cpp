// Layer, instance and RMS norm: mean and deviation of groups of elements. Which dimensions a group goes over follows
// from the shape of the statistics: those in which they have size 1.
#include <algorithm>
#include <cmath>

#include "engine/compute_graph_norm.h"
#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

using Reason = UnsupportedGraph::Reason;

/// x as groups x members. Scale and bias have one value for each member (layer norm) or for each group (instance norm).
struct Groups {
  /// The layout in which the members of a group lie together.
  Tensor grouped;
  /// One value a group, one value a member; packed, as large as x or 1 in each dimension.
  Tensor group_row, member_row;
  int64_t groups = 1, members = 1;
  bool scales_members = true;

  Tensor layout(ElementType type) const {
    Tensor tensor = grouped;
    tensor.type = type;
    return tensor;
  }
  const Tensor& scale_row() const { return scales_members ? member_row : group_row; }
  int64_t scales() const { return scales_members ? members : groups; }
};

bool same_statistics(const Tensor& tensor, const bool (&kept)[max_rank], const Tensor& x) {
  for (int i = 0; i < x.rank; ++i) {
    if (tensor.dims[i] != (kept[i] ? x.dims[i] : 1)) return false;
  }
  return tensor.rank == x.rank;
}

Groups groups_of(const NormOperands& o, NormMode mode) {
  const Tensor& x = o.x.layout;
  const GraphOperand& statistics = o.mean ? o.mean : o.inverse;
  bool kept[max_rank] = {};
  if (mode == NormMode::Instance) {
    kept[0] = kept[1] = true;
  } else if (statistics) {
    require_broadcast(statistics.layout, x, "a norm's mean or inverse deviation");
    for (int i = 0; i < x.rank; ++i) kept[i] = statistics.layout.dims[i] != 1;
  } else if (o.scale) {
    require_broadcast(o.scale.layout, x, "a norm's scale");
    for (int i = 0; i < x.rank; ++i) kept[i] = o.scale.layout.dims[i] == 1;
  } else {
    kept[0] = true;
  }
  for (const GraphOperand* operand : {&o.mean, &o.inverse}) {
    require_graph(!*operand || same_statistics(operand->layout, kept, x), Reason::Shape,
                  "a norm's mean or inverse deviation is " + dims_text(operand->layout) + " for x " + dims_text(x));
  }

  Groups groups;
  groups.group_row = groups.member_row = groups.grouped = x;
  bool fits_members = true, fits_groups = true;
  for (const GraphOperand* operand : {&o.scale, &o.bias, &o.dscale, &o.dbias}) {
    if (!*operand) continue;
    require_broadcast(operand->layout, x, "a norm's scale, bias or gradient of one");
    for (int i = 0; i < x.rank; ++i) {
      if (operand->layout.dims[i] == 1) continue;
      (kept[i] ? fits_members : fits_groups) = false;
    }
  }
  require_graph(fits_members || fits_groups, Reason::Shape,
                "a norm of " + dims_text(x) + " with scale " + dims_text(o.scale.layout) +
                    ": scale and bias belong to the groups or to their members, not to both");
  groups.scales_members = fits_members;
  for (int i = x.rank - 1; i >= 0; --i) {
    if (kept[i]) continue;
    groups.grouped.strides[i] = static_cast<int>(groups.members);
    groups.members *= x.dims[i];
    groups.group_row.dims[i] = 1;
  }
  int64_t stride = groups.members;
  for (int i = x.rank - 1; i >= 0; --i) {
    if (!kept[i]) continue;
    groups.grouped.strides[i] = static_cast<int>(stride);
    stride *= x.dims[i];
    groups.groups *= x.dims[i];
    groups.member_row.dims[i] = 1;
  }
  groups.group_row = packed(groups.group_row, ElementType::F64);
  groups.member_row = packed(groups.member_row, ElementType::F64);
  return groups;
}

/// The values of a tensor spread over a row, or `otherwise` for none.
template <class T>
T* read_row(const GraphRun& run, const GraphOperand& operand, const Tensor& row, double otherwise, Scratch& scratch) {
  const int64_t count = row.elements();
  T* values = scratch.take<T>(count);
  if (operand) {
    Tensor typed = row;
    typed.type = native_type<T>;
    blend_tensor(1, operand.layout, run.data(operand.tensor), 0, typed, values);
  } else {
    std::fill_n(values, count, static_cast<T>(otherwise));
  }
  return values;
}

bool computes_wide(const NormOperands& o) {
  for (const GraphOperand* operand : {&o.x, &o.y, &o.dy, &o.dx, &o.scale, &o.bias}) {
    if (*operand && computes_in_double(operand->layout.type)) return true;
  }
  return false;
}

class GroupNormForwardStep final : public GraphStep {
 public:
  GroupNormForwardStep(const NormOperands& operands, const Groups& groups, NormMode mode, bool given)
      : operands_(operands), groups_(groups), is_rms_(mode == NormMode::Rms), given_(given) {}

  void run(const GraphRun& run, char*) const override {
    if (computes_wide(operands_)) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const NormOperands& o = operands_;
    const VectorKernels<T>& kernels = vector_kernels<T>();
    const Tensor layout = groups_.layout(native_type<T>);
    const int64_t members = groups_.members;
    const T* x = staged<T>(o.x.layout, run.data(o.x.tensor), layout, scratch);
    const StagedResult<T> result(o.y.layout, run.data(o.y.tensor), layout, scratch);
    const T* scale = read_row<T>(run, o.scale, groups_.scale_row(), 1, scratch);
    const T* bias = read_row<T>(run, o.bias, groups_.scale_row(), 0, scratch);
    const double epsilon = o.epsilon ? read_scalar(o.epsilon, run.data(o.epsilon.tensor)) : 0;
    double* mean = read_row<double>(run, given_ ? o.mean : GraphOperand(), groups_.group_row, 0, scratch);
    double* inverse = read_row<double>(run, given_ ? o.inverse : GraphOperand(), groups_.group_row, 0, scratch);
#pragma omp parallel for schedule(static) if (groups_.groups * members > 16384)
    for (int64_t g = 0; g < groups_.groups; ++g) {
      const T* row = x + g * members;
      if (!given_) {
        // Of the distance to the first value, so that a mean far from zero costs no digits.
        const T shift = is_rms_ ? T(0) : row[0];
        double sum = 0, square = 0;
        kernels.plane_moments(row, members, shift, &sum, &square);
        const double count = static_cast<double>(members), distance = is_rms_ ? 0 : sum / count;
        mean[g] = static_cast<double>(shift) + distance;
        inverse[g] = 1 / std::sqrt(std::max(0.0, square / count - distance * distance) + epsilon);
      }
      const T middle = static_cast<T>(mean[g]), factor = static_cast<T>(inverse[g]);
      // What rounding took from the mean.
      const T rest = static_cast<T>((static_cast<double>(middle) - mean[g]) * inverse[g]);
      T* target = result.values() + g * members;
      if (groups_.scales_members) {
        for (int64_t i = 0; i < members; ++i) target[i] = ((row[i] - middle) * factor + rest) * scale[i] + bias[i];
      } else {
        kernels.plane_normalize(row, nullptr, middle, factor * scale[g], rest * scale[g] + bias[g], false, 1, 0, target,
                                members);
      }
    }
    result.finish(1, 0);
    if (given_) return;
    if (o.mean) blend_tensor(1, groups_.group_row, mean, 0, o.mean.layout, run.data(o.mean.tensor));
    if (o.inverse) blend_tensor(1, groups_.group_row, inverse, 0, o.inverse.layout, run.data(o.inverse.tensor));
  }

  const NormOperands operands_;
  const Groups groups_;
  const bool is_rms_;
  /// Mean and inverse deviation are inputs.
  const bool given_;
};

class GroupNormBackwardStep final : public GraphStep {
 public:
  GroupNormBackwardStep(const NormOperands& operands, const Groups& groups, NormMode mode)
      : operands_(operands), groups_(groups), is_rms_(mode == NormMode::Rms) {}

  void run(const GraphRun& run, char*) const override {
    if (computes_wide(operands_)) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const NormOperands& o = operands_;
    const Tensor layout = groups_.layout(native_type<T>);
    const int64_t members = groups_.members, groups = groups_.groups;
    const T* x = staged<T>(o.x.layout, run.data(o.x.tensor), layout, scratch);
    const T* dy = staged<T>(o.dy.layout, run.data(o.dy.tensor), layout, scratch);
    const T* scale = read_row<T>(run, o.scale, groups_.scale_row(), 1, scratch);
    const double* mean = read_row<double>(run, o.mean, groups_.group_row, 0, scratch);
    const double* inverse = read_row<double>(run, o.inverse, groups_.group_row, 1, scratch);
    // Before dx, which may lie where x or dy lie.
    double* dscale = scratch.take<double>(groups_.scales());
    double* dbias = scratch.take<double>(groups_.scales());
    if (groups_.scales_members) {
      sum_members(x, dy, mean, inverse, dscale, dbias);
    } else {
      sum_groups(x, dy, mean, inverse, dscale, dbias);
    }
    const StagedResult<T> result(o.dx.layout, run.data(o.dx.tensor), layout, scratch);
#pragma omp parallel for schedule(static) if (groups * members > 16384)
    for (int64_t g = 0; g < groups; ++g) {
      const T* row = x + g * members;
      const T* gradient = dy + g * members;
      const auto scale_of = [&](int64_t i) { return static_cast<double>(scale[groups_.scales_members ? i : g]); };
      double sum = 0, product = 0;
      for (int64_t i = 0; i < members; ++i) {
        const double scaled = static_cast<double>(gradient[i]) * scale_of(i);
        sum += scaled;
        product += scaled * (static_cast<double>(row[i]) - mean[g]) * inverse[g];
      }
      const double average = is_rms_ ? 0 : sum / static_cast<double>(members);
      const double slope = product / static_cast<double>(members);
      T* target = result.values() + g * members;
      for (int64_t i = 0; i < members; ++i) {
        const double normal = (static_cast<double>(row[i]) - mean[g]) * inverse[g];
        target[i] =
            static_cast<T>(inverse[g] * (static_cast<double>(gradient[i]) * scale_of(i) - average - normal * slope));
      }
    }
    result.finish(1, 0);
    write_sum(run, o.dscale, dscale);
    write_sum(run, o.dbias, dbias);
  }

  template <class T>
  void sum_groups(const T* x, const T* dy, const double* mean, const double* inverse, double* dscale,
                  double* dbias) const {
    const int64_t members = groups_.members;
#pragma omp parallel for schedule(static) if (groups_.groups * members > 16384)
    for (int64_t g = 0; g < groups_.groups; ++g) {
      dscale[g] = dbias[g] = 0;
      for (int64_t i = g * members; i < (g + 1) * members; ++i) {
        dscale[g] += static_cast<double>(dy[i]) * (static_cast<double>(x[i]) - mean[g]) * inverse[g];
        dbias[g] += static_cast<double>(dy[i]);
      }
    }
  }

  /// Threads have some members to themselves, so sums do not depend on how many threads there are.
  template <class T>
  void sum_members(const T* x, const T* dy, const double* mean, const double* inverse, double* dscale,
                   double* dbias) const {
    constexpr int64_t column = 256;
    const int64_t members = groups_.members;
#pragma omp parallel for schedule(static) if (groups_.groups * members > 16384)
    for (int64_t start = 0; start < members; start += column) {
      const int64_t end = std::min(members, start + column);
      for (int64_t i = start; i < end; ++i) dscale[i] = dbias[i] = 0;
      for (int64_t g = 0; g < groups_.groups; ++g) {
        const T* row = x + g * members;
        const T* gradient = dy + g * members;
        for (int64_t i = start; i < end; ++i) {
          dscale[i] += static_cast<double>(gradient[i]) * (static_cast<double>(row[i]) - mean[g]) * inverse[g];
          dbias[i] += static_cast<double>(gradient[i]);
        }
      }
    }
  }

  void write_sum(const GraphRun& run, const GraphOperand& operand, const double* values) const {
    if (!operand) return;
    reduce_tensor(Reduction::Add, true, 1, groups_.scale_row(), values, 0, operand.layout, run.data(operand.tensor),
                  nullptr);
  }

  const NormOperands operands_;
  const Groups groups_;
  const bool is_rms_;
};

}  // namespace

std::unique_ptr<GraphStep> make_group_norm_forward_step(const NormOperands& o, const NodeParameters& parameters) {
  const bool is_rms = parameters.norm == NormMode::Rms;
  const bool given = parameters.inference && o.inverse && (o.mean || is_rms);
  require_graph(given || !parameters.inference || (!o.mean && !o.inverse), Reason::Pattern,
                "a norm in inference takes both mean and inverse deviation, or none");
  require_graph(given || o.epsilon, Reason::Pattern, "a norm has no epsilon");
  require_graph(!is_rms || !o.mean, Reason::Pattern, "RMS norm has no mean");
  return std::make_unique<GroupNormForwardStep>(o, groups_of(o, parameters.norm), parameters.norm, given);
}

std::unique_ptr<GraphStep> make_group_norm_backward_step(const NormOperands& o, const NodeParameters& parameters) {
  const bool is_rms = parameters.norm == NormMode::Rms;
  require_graph(static_cast<bool>(o.mean) != is_rms, Reason::Pattern,
                is_rms ? "RMS norm has no mean" : "the gradient of a norm needs its mean");
  return std::make_unique<GroupNormBackwardStep>(o, groups_of(o, parameters.norm), parameters.norm);
}

}  // namespace cpu::compute
