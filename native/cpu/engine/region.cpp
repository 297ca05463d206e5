#include "engine/region.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "engine/device.h"
#include "engine/fault_guard.h"

namespace cpu {
namespace {

// Whole regions, with the gaps between small blocks, which the address sanitizer lets no memcpy read, and while other
// threads would write, which wait in a page fault that the thread sanitizer does not see.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] void copy_region(uint64_t* to, const uint64_t* from,
                                                                       size_t words) {
  for (size_t i = 0; i < words; ++i) to[i] = from[i];
}

}  // namespace

std::shared_ptr<Region> Region::create(size_t bytes) {
  const size_t size = round_up(bytes, kHugePage);
  const uintptr_t base = size == 0 ? 0 : reserve_addresses(size, kHugePage);
  if (base == 0) return nullptr;
  void* const memory = reinterpret_cast<void*>(base);
  if (mmap(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    munmap(memory, size);
    return nullptr;
  }
  madvise(memory, size, MADV_HUGEPAGE);
  return std::shared_ptr<Region>(new Region(base, size));
}

Region::~Region() { munmap(reinterpret_cast<void*>(base_), size_); }

std::shared_ptr<SharedFile> Region::share(const std::string& name) {
  std::lock_guard lock(mutex_);
  if (file_ != nullptr) return file_;
  if (size_ > free_memory()) return nullptr;
  std::shared_ptr<SharedFile> file = SharedFile::create(name, size_);
  if (file == nullptr) return nullptr;
  const uintptr_t copy = file->map(0, size_);
  if (copy == 0) return nullptr;
  void* const memory = reinterpret_cast<void*>(base_);
  bool moved = false;
  {
    // Operations may be writing; from the copy to the exchange they wait, so that nothing of theirs is lost.
    catch_faults();
    const MemoryMove move;
    if (mprotect(memory, size_, PROT_READ) == 0) {
      copy_region(reinterpret_cast<uint64_t*>(copy), reinterpret_cast<const uint64_t*>(base_), size_ / 8);
      moved = file->map(0, size_, base_) != 0;
      if (!moved) mprotect(memory, size_, PROT_READ | PROT_WRITE);
    }
  }
  munmap(reinterpret_cast<void*>(copy), size_);
  if (moved) file_ = std::move(file);
  return file_;
}

std::shared_ptr<FileMapping> FileMapping::create(std::shared_ptr<SharedFile> file, size_t offset, size_t bytes) {
  const uintptr_t base = file->map(offset, bytes);
  if (base == 0) return nullptr;
  return std::shared_ptr<FileMapping>(new FileMapping(std::move(file), offset, base, bytes));
}

FileMapping::~FileMapping() { munmap(reinterpret_cast<void*>(base_), size_); }

namespace {

class HostBlock final : public Backing {
 public:
  explicit HostBlock(void* memory) : memory_(memory) {}
  ~HostBlock() override { std::free(memory_); }

 private:
  void* const memory_;
};

}  // namespace

SmallBlock take_host_block(size_t bytes) {
  constexpr size_t alignment = 256;
  void* memory = std::aligned_alloc(alignment, round_up(bytes, alignment));
  if (memory == nullptr) return {};
  return {reinterpret_cast<uintptr_t>(memory), std::make_shared<HostBlock>(memory)};
}

}  // namespace cpu
