// Copies: from the runtime's kinds and structs to the driver's.
#pragma once

#include "runtime.h"

namespace cudart {

// Whether there is such a kind of copy.
cudaError_t check_kind(cudaMemcpyKind kind);

// The driver's description of a copy, in which widths count bytes; arrays count elements in the runtime's.
cudaError_t read_copy(const cudaMemcpy3DParms* parameters, CUDA_MEMCPY3D* copy);

// And back, for a graph's memcpy node.
cudaMemcpy3DParms write_copy(const CUDA_MEMCPY3D& copy);

// A copy of one row.
cudaMemcpy3DParms one_row(void* destination, const void* source, size_t count, cudaMemcpyKind kind);

// Bytes of one element of an array.
cudaError_t element_bytes(CUarray array, size_t* bytes);

}  // namespace cudart
