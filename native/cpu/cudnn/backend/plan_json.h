#pragma once
#include <string>

#include "cudnn/backend/engine.h"

namespace cpu::backend {

/// The configuration and everything it stands on as text: every descriptor with its type and attributes, those others
/// refer to first. Handles and pointers are left out.
std::string plan_json(const EngineConfigDescriptor& config);

/// The configuration a text of plan_json means, made again by setting and finalizing each descriptor. `plan` names
/// itself in error texts.
cudnnStatus_t read_plan_json(const Descriptor& plan, const std::string& text,
                             std::shared_ptr<EngineConfigDescriptor>* config);

}  // namespace cpu::backend
