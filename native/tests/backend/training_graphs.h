// The graphs networks are trained with, channels last, and what of each is computed together.
#pragma once
#include <string>
#include <vector>

#include "tests/backend/model.h"

namespace model {

struct TrainingGraph {
  std::string name;
  Graph graph;
  /// What the fusing engine computes, step by step, and what the other one does.
  std::string fused, apart;
};

/// Images, filters and results are of type `io`; what stays inside and statistics are FLOAT (DOUBLE for DOUBLE).
/// With `io_inside`, what stays inside is of type `io` too. `dims`: of the images, N, C, H, W.
std::vector<TrainingGraph> training_graphs(cudnnDataType_t io, bool io_inside, uint64_t seed,
                                           const std::vector<int64_t>& dims = {2, 16, 9, 7});

/// A packed tensor, its last dimension fastest.
Tensor packed(int64_t uid, cudnnDataType_t type, std::vector<int64_t> dims);

}  // namespace model
