// What is in the 128 bytes of a ncclUniqueId: where its ranks meet, and the key by which they know each other.
#pragma once

#include <array>
#include <optional>

#include "generated/nccl.h"
#include "nccl/network.h"

namespace cpu::nccl {

using Key = std::array<uint8_t, 16>;

struct Meeting {
  Key key{};
  Address address;
  // From NCCL_COMM_ID: rank 0 opens the meeting when it comes, the others wait for that.
  bool from_environment = false;

  ncclUniqueId id() const;
  // Nothing where the bytes are no id of this library.
  static std::optional<Meeting> read(const ncclUniqueId& id);
};

// A new meeting, with its thread waiting in this process; NCCL_COMM_ID's where that is set.
Meeting new_meeting();

// Random bytes from the system.
Key random_key();

}  // namespace cpu::nccl
