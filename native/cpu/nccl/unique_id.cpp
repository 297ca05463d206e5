#include "nccl/unique_id.h"

#include <sys/random.h>

#include <cstdlib>
#include <cstring>

#include "nccl/failure.h"
#include "nccl/rendezvous.h"

namespace cpu::nccl {
namespace {

constexpr uint64_t kMagic = 0x31444955434e5543;  // "CUNCUID1"

struct Content {
  uint64_t magic;
  Key key;
  AddressContent address;
  uint8_t from_environment;
  uint8_t reserved[79];
};
static_assert(sizeof(Content) == sizeof(ncclUniqueId));

// The same in every process, as each makes the id of NCCL_COMM_ID by itself.
Key key_of(const char* text) {
  Key key{};
  uint64_t hash = 0xcbf29ce484222325;
  for (uint8_t& byte : key) {
    for (const char* at = text; *at != '\0'; ++at) hash = (hash ^ static_cast<uint8_t>(*at)) * 0x100000001b3;
    byte = static_cast<uint8_t>(hash >> 32);
  }
  return key;
}

}  // namespace

ncclUniqueId Meeting::id() const {
  Content content{};
  content.magic = kMagic;
  content.key = key;
  content.address = address.content();
  content.from_environment = from_environment;
  ncclUniqueId id;
  std::memcpy(&id, &content, sizeof id);
  return id;
}

std::optional<Meeting> Meeting::read(const ncclUniqueId& id) {
  Content content;
  std::memcpy(&content, &id, sizeof content);
  Meeting meeting;
  meeting.key = content.key;
  meeting.address = Address::from(content.address);
  meeting.from_environment = content.from_environment == 1;
  const bool valid = content.magic == kMagic && content.address.port != 0 && meeting.address.length != 0;
  return valid ? std::optional(meeting) : std::nullopt;
}

Meeting new_meeting() {
  Meeting meeting;
  const char* text = std::getenv("NCCL_COMM_ID");
  if (text != nullptr && *text != '\0') {
    meeting.from_environment = true;
    meeting.key = key_of(text);
    meeting.address = parse_address(text);
    return meeting;
  }
  meeting.key = random_key();
  meeting.address = interface_address();
  open_meeting(&meeting);
  return meeting;
}

Key random_key() {
  Key key;
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    throw Failure(ncclSystemError, "the system gives no random bytes");
  }
  return key;
}

}  // namespace cpu::nccl
