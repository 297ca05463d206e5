#pragma once
#include <optional>
#include <string>

#include "cudnn/backend/operation_graph.h"

namespace cpu::backend {

/// Why the real library has no engine for a graph on a GPU of this compute capability (major x 100 + minor x 10), where
/// that is known: what is asked for a described GPU is answered as cuDNN 9.19 answers it, though the CPU device itself
/// would compute the graph. Nothing for graphs it takes and for those nobody has asked about.
std::optional<std::string> why_gpu_refuses(const OperationGraphDescriptor& graph, int64_t compute_capability);

/// Whether the real library's heuristics fail on the graph, instead of finding nothing.
bool gpu_has_no_heuristic(const OperationGraphDescriptor& graph);

}  // namespace cpu::backend
