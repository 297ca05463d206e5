// Communicators made from another one: its ranks agree over its connections on where the new ranks meet.
#include <algorithm>
#include <cstring>

#include "nccl/communicator.h"

namespace cpu::nccl {
namespace {

// The numbers of the two rounds in which the ranks talk about a child.
uint64_t first_round(uint64_t child) { return child << 1; }
uint64_t second_round(uint64_t child) { return (child << 1) | 1; }

Bytes bytes_of(const ncclUniqueId& id) { return Bytes(id.internal, id.internal + sizeof id.internal); }

Meeting meeting_of(const Bytes& bytes) {
  ncclUniqueId id{};
  if (bytes.size() == sizeof id) std::memcpy(&id, bytes.data(), sizeof id);
  const std::optional<Meeting> meeting = Meeting::read(id);
  if (!meeting) throw Failure(ncclInternalError, "another rank sent a unique id that is none");
  return *meeting;
}

// Children have meetings of their own, whatever NCCL_COMM_ID says.
Meeting child_meeting(const Mesh* mesh) {
  Meeting meeting;
  meeting.key = random_key();
  meeting.address = mesh == nullptr ? interface_address() : mesh->local_address();
  meeting.address.set_port(0);
  open_meeting(&meeting);
  return meeting;
}

struct Choice {
  int32_t color;
  int32_t key;
};

}  // namespace

std::shared_ptr<Communicator> Communicator::split(int color, int key, const Configuration& configuration,
                                                  uint64_t child) {
  const auto deadline = Clock::now() + arrival_timeout();
  const Choice mine{color, key};
  std::vector<Choice> choices(static_cast<size_t>(ranks_), mine);
  const char* first = reinterpret_cast<const char*>(&mine);
  for (int other = 0; other < ranks_; ++other) {
    if (other != rank_) mesh_->post_message(other, first_round(child), Bytes(first, first + sizeof mine));
  }
  for (int other = 0; other < ranks_; ++other) {
    if (other == rank_) continue;
    const Bytes said = mesh_->await_message(other, first_round(child), deadline);
    Choice& choice = choices[static_cast<size_t>(other)];
    if (said.size() == sizeof choice) std::memcpy(&choice, said.data(), sizeof choice);
  }
  if (color == NCCL_SPLIT_NOCOLOR) return nullptr;
  // By key, and by rank where keys are the same.
  std::vector<int> members;
  for (int other = 0; other < ranks_; ++other) {
    if (choices[static_cast<size_t>(other)].color == color) members.push_back(other);
  }
  std::stable_sort(members.begin(), members.end(), [&](int a, int b) {
    return choices[static_cast<size_t>(a)].key < choices[static_cast<size_t>(b)].key;
  });
  return make_child(members, configuration, child);
}

std::shared_ptr<Communicator> Communicator::shrink(const std::vector<int>& excluded, const Configuration& configuration,
                                                   uint64_t child) {
  std::vector<int> members;
  for (int other = 0; other < ranks_; ++other) {
    if (std::find(excluded.begin(), excluded.end(), other) == excluded.end()) members.push_back(other);
  }
  return make_child(members, configuration, child);
}

std::shared_ptr<Communicator> Communicator::make_child(const std::vector<int>& members,
                                                       const Configuration& configuration, uint64_t child) {
  const auto mine = std::find(members.begin(), members.end(), rank_);
  Meeting meeting;
  if (mine == members.begin()) {
    meeting = child_meeting(mesh_.get());
    for (const int other : members) {
      if (other != rank_) mesh_->post_message(other, second_round(child), bytes_of(meeting.id()));
    }
  } else {
    const auto deadline = Clock::now() + arrival_timeout();
    meeting = meeting_of(mesh_->await_message(members.front(), second_round(child), deadline));
  }
  auto made = std::make_shared<Communicator>(context_, configuration, static_cast<int>(mine - members.begin()),
                                             static_cast<int>(members.size()));
  made->connect({meeting}, cancel_);
  made->set_state(ncclSuccess, "");
  return made;
}

Meeting Communicator::announce(uint64_t child) {
  Meeting meeting = child_meeting(mesh_.get());
  const Bytes content = bytes_of(meeting.id());
  for (int other = 0; other < ranks_; ++other) {
    if (other != rank_) mesh_->post_message(other, first_round(child), content);
  }
  std::lock_guard lock(mutex_);
  announced_ = meeting;
  return meeting;
}

std::shared_ptr<Communicator> Communicator::grow(int ranks, const Configuration& configuration, uint64_t child) {
  std::optional<Meeting> meeting;
  {
    std::lock_guard lock(mutex_);
    meeting.swap(announced_);
  }
  if (!meeting) {
    if (mesh_ == nullptr) throw Failure(ncclInvalidUsage, "ncclCommGetUniqueId has to be called first");
    meeting = meeting_of(mesh_->await_message(first_round(child), Clock::now() + arrival_timeout()));
  }
  auto made = std::make_shared<Communicator>(context_, configuration, rank_, ranks);
  made->connect({*meeting}, cancel_);
  made->set_state(ncclSuccess, "");
  return made;
}

}  // namespace cpu::nccl
