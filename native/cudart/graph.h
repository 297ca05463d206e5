// Graphs: the parameters of nodes, from the runtime's structs to the driver's and back.
#pragma once

#include "runtime.h"

namespace cudart {

cudaError_t read_kernel(const cudaKernelNodeParams* parameters, CUDA_KERNEL_NODE_PARAMS* result);
cudaKernelNodeParams write_kernel(const CUDA_KERNEL_NODE_PARAMS& parameters);
cudaError_t read_fill(const cudaMemsetParams* parameters, CUDA_MEMSET_NODE_PARAMS* result);

// Any kind of node, as cudaGraphAddNode takes them.
cudaError_t read_node(const cudaGraphNodeParams* parameters, CUgraphNodeParams* result);

// What the driver wrote into the parameters of a new node: its memory or its graphs.
void write_results(const CUgraphNodeParams& from, cudaGraphNodeParams* parameters);

}  // namespace cudart
