// What Gloo's collectives run on: the mesh, in the shape of a transport of Gloo's.
#pragma once

#include <gloo/context.h>

#include <memory>

#include "nccl/mesh.h"

namespace cpu::nccl {

// For one call; its buffers tell the other ranks what is called. Must not outlive the mesh and the signature.
std::shared_ptr<gloo::Context> make_gloo_context(Mesh& mesh, const Signature& signature);

}  // namespace cpu::nccl
