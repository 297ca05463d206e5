// How the connections of a mesh come about: each rank connects to those before it and lets in those behind it.
#include <algorithm>
#include <cstring>

#include "nccl/mesh.h"

namespace cpu::nccl {
namespace {

constexpr uint64_t kMagic = 0x314b4e494c43434e;

// What a rank that connects says first.
struct Greeting {
  uint64_t magic;
  Key key;
  int32_t from;
  int32_t to;
};

struct ContactContent {
  int64_t process;
  AddressContent address;
};

// Strangers that connect and stay silent are not waited for longer than this.
constexpr std::chrono::milliseconds kGreetingTime(2000);

std::string name_of_rank(int rank, const Contact& contact) {
  return "rank " + std::to_string(rank) + " (process " + std::to_string(contact.process) + " at " +
         contact.address.text() + ")";
}

std::string missing(const std::vector<Mesh::Link>& links, int first) {
  std::string text;
  for (size_t rank = static_cast<size_t>(first); rank < links.size(); ++rank) {
    if (!links[rank].socket.open()) text += (text.empty() ? "" : ", ") + links[rank].name;
  }
  return text;
}

}  // namespace

Bytes Contact::bytes() const {
  const ContactContent content{process, address.content()};
  const char* first = reinterpret_cast<const char*>(&content);
  return Bytes(first, first + sizeof content);
}

Contact Contact::read(const Bytes& bytes) {
  ContactContent content{};
  Contact contact;
  if (bytes.size() == sizeof content) {
    std::memcpy(&content, bytes.data(), sizeof content);
    contact.process = content.process;
    contact.address = Address::from(content.address);
  }
  if (contact.address.length == 0) {
    throw Failure(ncclSystemError, "a rank says what no process of this version says; all ranks need the same library");
  }
  return contact;
}

std::vector<Mesh::Link> connect_ranks(const Key& key, int rank, const std::vector<Contact>& contacts,
                                      const Descriptor& listener, const Patience& patience) {
  const int ranks = static_cast<int>(contacts.size());
  std::vector<Mesh::Link> links(contacts.size());
  for (int other = 0; other < ranks; ++other) {
    if (other != rank)
      links[static_cast<size_t>(other)].name = name_of_rank(other, contacts[static_cast<size_t>(other)]);
  }
  for (int other = 0; other < rank; ++other) {
    Mesh::Link& link = links[static_cast<size_t>(other)];
    link.socket = connect_to(contacts[static_cast<size_t>(other)].address, false, patience);
    const Greeting greeting{kMagic, key, rank, other};
    write_all(link.socket, &greeting, sizeof greeting, link.name, patience);
  }
  for (int missing_ranks = ranks - 1 - rank; missing_ranks > 0;) {
    Descriptor socket = accept_from(listener, patience);
    if (!socket.open()) {
      throw Failure(ncclSystemError, "not connected in time: " + missing(links, rank + 1));
    }
    Greeting greeting{};
    try {
      const Patience greeting_patience{std::min(patience.deadline, Clock::now() + kGreetingTime), patience.cancel};
      read_all(socket, &greeting, sizeof greeting, "a guest", greeting_patience);
    } catch (const Failure&) {
      // A stranger, unless the communicator was aborted, which waiting for the next one finds out.
      continue;
    }
    const bool ours = greeting.magic == kMagic && greeting.key == key && greeting.to == rank;
    if (!ours || greeting.from <= rank || greeting.from >= ranks) continue;
    Mesh::Link& link = links[static_cast<size_t>(greeting.from)];
    if (link.socket.open()) continue;
    link.socket = std::move(socket);
    --missing_ranks;
  }
  return links;
}

}  // namespace cpu::nccl
