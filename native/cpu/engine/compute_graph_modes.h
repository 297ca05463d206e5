// The functions of pointwise nodes, on contiguous memory.
#pragma once
#include <optional>

#include "engine/compute_epilogue.h"
#include "engine/compute_graph.h"

namespace cpu::compute {

/// How many tensors a function reads: x; x and b (or dy, for gradients); x, b and t. Index reads its coordinate as x.
int pointwise_inputs(PointwiseMode mode);
/// Whether the second input is dy and the result dx.
bool is_gradient(PointwiseMode mode);
/// For the names of steps: "relu".
const char* mode_name(PointwiseMode mode);

/// The function where the kernel of a product can compute it, without a bias; nothing where it cannot.
std::optional<Epilogue> epilogue_of(const NodeParameters& parameters);

/// y = f(alpha1 x, alpha2 b, t); y may be the memory of an input. T is float or double.
template <class T>
void apply_pointwise(const NodeParameters& parameters, const T* x, const T* b, const T* t, T* y, int64_t n);

}  // namespace cpu::compute
