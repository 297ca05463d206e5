#include "nccl/communicator.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace cpu::nccl {
namespace {

struct CommunicatorHandle {
  static constexpr HandleTag tag = HandleTag::NcclCommunicator;
  std::shared_ptr<Communicator> communicator;
};

// A communicator may be made in the background, where no call is around it.
template <class F>
auto ask_context(CUcontext handle, const F& ask) {
  const CallScope scope;
  const Context* context = lookup<Context>(handle);
  if (context == nullptr) throw Failure(ncclUnhandledCudaError, "the current context was destroyed");
  return ask(*context);
}

bool interface_chosen() {
  const char* name = std::getenv("NCCL_SOCKET_IFNAME");
  return name != nullptr && *name != '\0';
}

}  // namespace

Communicator::Communicator(CUcontext context, const Configuration& configuration, int rank, int ranks)
    : context_(context),
      streams_(ask_context(context, [](const Context& its) { return its.streams(); })),
      device_(ask_context(context, [](const Context& its) { return its.device(); })),
      configuration_(configuration),
      rank_(rank),
      ranks_(ranks),
      sent_(static_cast<size_t>(ranks)),
      received_(static_cast<size_t>(ranks)) {}

Communicator::~Communicator() = default;

void Communicator::connect(const std::vector<Meeting>& meetings, const Waker& cancel) {
  // A little longer than the meeting waits, which knows who is missing.
  const Patience patience{Clock::now() + arrival_timeout() + std::chrono::seconds(3), &cancel};
  Meeting meeting = meetings.front();
  if (meeting.from_environment && rank_ == 0) open_meeting(&meeting);
  key_ = meeting.key;
  Visit visit(meeting, patience);
  Address address = interface_chosen() ? interface_address() : visit.local_address();
  address.set_port(0);
  const Descriptor listener = listen_at(address, ranks_);
  const Contact mine{address_of(listener), getpid()};
  std::vector<Contact> contacts;
  for (const Bytes& said : visit.join(rank_, ranks_, mine.bytes())) contacts.push_back(Contact::read(said));
  // Several ids spread the work of meeting over several processes. One is enough here; the others need not wait.
  if (rank_ == 0) {
    for (size_t i = 1; i < meetings.size(); ++i) Visit(meetings[i], patience).dismiss();
  }
  if (ranks_ == 1) return;
  auto links = connect_ranks(key_, rank_, contacts, listener, patience);
  auto mesh = std::make_unique<Mesh>(rank_, std::move(links), [streams = streams_]() -> std::optional<std::string> {
    if (streams->error() == CUDA_SUCCESS) return std::nullopt;
    return "an operation of its context failed: " + streams->error_text();
  });
  std::lock_guard lock(mutex_);
  mesh_ = std::move(mesh);
}

bool Communicator::mesh_failed() const {
  return mesh_ != nullptr && mesh_->failure() != ncclSuccess && !revoked_.load(std::memory_order_acquire);
}

ncclResult_t Communicator::state() const {
  const ncclResult_t state = state_.load(std::memory_order_acquire);
  if (state != ncclSuccess) return state;
  return mesh_failed() ? mesh_->failure() : ncclSuccess;
}

std::string Communicator::error_text() const {
  const ncclResult_t state = state_.load(std::memory_order_acquire);
  if (state == ncclSuccess) return mesh_failed() ? mesh_->failure_text() : "";
  std::lock_guard lock(mutex_);
  return state_text_;
}

void Communicator::set_state(ncclResult_t state, const std::string& text) {
  std::lock_guard lock(mutex_);
  state_text_ = text;
  state_.store(state, std::memory_order_release);
}

void Communicator::check_ready() const {
  const ncclResult_t now = state();
  if (now == ncclSuccess) return;
  if (now == ncclInProgress) {
    throw Failure(
        ncclInvalidArgument,
        "the communicator is still busy with an earlier call; wait until ncclCommGetAsyncError no longer says "
        "ncclInProgress");
  }
  throw Failure(now, "the communicator has failed: " + error_text());
}

void Communicator::check_usable() const {
  check_ready();
  if (revoked_) throw Failure(ncclInvalidUsage, "the communicator was revoked");
  if (finalized_) throw Failure(ncclInvalidUsage, "the communicator was finalized");
}

bool Communicator::enter() {
  std::lock_guard lock(mutex_);
  if (stopped()) return false;
  ++running_;
  return true;
}

void Communicator::exit() {
  std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

bool Communicator::wait_stopped(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return stopped(); });
}

void Communicator::operation_added() {
  std::lock_guard lock(mutex_);
  ++outstanding_;
}

void Communicator::operation_done() {
  std::lock_guard lock(mutex_);
  --outstanding_;
  changed_.notify_all();
}

void Communicator::wait_for_operations() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return outstanding_ == 0 || stopped(); });
}

void Communicator::begin_background() {
  std::lock_guard lock(mutex_);
  ++background_;
}

void Communicator::end_background() {
  std::lock_guard lock(mutex_);
  --background_;
  changed_.notify_all();
}

void Communicator::mark_finalized() {
  if (finalized_.exchange(true)) throw Failure(ncclInvalidArgument, "the communicator was finalized already");
}

void Communicator::destroy() {
  wait_for_operations();
  if (mesh_ != nullptr) mesh_->leave();
  std::lock_guard lock(mutex_);
  destroyed_ = true;
  stopped_ = true;
  changed_.notify_all();
}

void Communicator::abort() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  cancel_.wake();
  std::unique_lock lock(mutex_);
  if (mesh_ != nullptr) mesh_->give_up_messages();
  changed_.wait(lock, [&] { return background_ == 0; });
  lock.unlock();
  if (mesh_ != nullptr) mesh_->abort();
  lock.lock();
  changed_.wait(lock, [&] { return running_ == 0; });
}

void Communicator::revoke() {
  if (revoked_.exchange(true)) throw Failure(ncclInvalidArgument, "the communicator was revoked already");
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (mesh_ != nullptr) mesh_->fail(ncclInvalidUsage, "the communicator was revoked", false);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return running_ == 0; });
}

ncclRedOp_t Communicator::add_operation(ncclDataType_t type, const Reduction& reduction) {
  std::lock_guard lock(mutex_);
  const int number = next_operation_++;
  operations_[number] = {type, reduction};
  return static_cast<ncclRedOp_t>(number);
}

bool Communicator::remove_operation(ncclRedOp_t operation) {
  std::lock_guard lock(mutex_);
  return operations_.erase(operation) != 0;
}

Reduction Communicator::reduction(ncclRedOp_t operation, ncclDataType_t type) const {
  if (operation >= 0 && operation < ncclNumOps) return {operation, 0, nullptr};
  std::lock_guard lock(mutex_);
  const auto found = operations_.find(operation);
  if (found == operations_.end()) {
    throw Failure(ncclInvalidArgument,
                  "the reduction " + std::to_string(static_cast<int>(operation)) + " is unknown to this communicator");
  }
  if (found->second.type != type) {
    throw Failure(ncclInvalidArgument, std::string("the reduction was made for ") + name_of(found->second.type) +
                                           ", but the call is for " + name_of(type));
  }
  return found->second.reduction;
}

void* Communicator::add_registration() {
  std::lock_guard lock(mutex_);
  registrations_.push_back(reinterpret_cast<void*>(++next_registration_));
  return registrations_.back();
}

bool Communicator::remove_registration(void* registration) {
  std::lock_guard lock(mutex_);
  return std::erase(registrations_, registration) != 0;
}

ncclComm_t make_communicator_handle(std::shared_ptr<Communicator> communicator) {
  {
    LocalCommunicators& local = LocalCommunicators::instance();
    std::lock_guard lock(local.mutex);
    std::erase_if(local.all, [](const auto& weak) { return weak.expired(); });
    local.all.push_back(communicator);
  }
  auto handle = std::make_unique<CommunicatorHandle>();
  handle->communicator = std::move(communicator);
  return static_cast<ncclComm_t>(make_handle(std::move(handle)));
}

std::shared_ptr<Communicator> find_communicator(ncclComm_t handle) {
  const CommunicatorHandle* found = lookup<CommunicatorHandle>(handle);
  return found == nullptr ? nullptr : found->communicator;
}

void release_communicator_handle(ncclComm_t handle) { release<CommunicatorHandle>(handle); }

LocalCommunicators& LocalCommunicators::instance() {
  static auto& communicators = *new LocalCommunicators;
  return communicators;
}

}  // namespace cpu::nccl
