// What lies behind ranges of memory: it ends when the range is freed and no operation uses it any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "engine/shared_file.h"

namespace cpu {

class Region;

// What a floor above keeps with memory, and loses with it.
class BackingNotes {
 public:
  BackingNotes() = default;
  BackingNotes(const BackingNotes&) = delete;
  BackingNotes& operator=(const BackingNotes&) = delete;
  virtual ~BackingNotes() = default;
};

class Backing {
 public:
  Backing() = default;
  Backing(const Backing&) = delete;
  Backing& operator=(const Backing&) = delete;
  virtual ~Backing() = default;

  // The region a range of cuMemAlloc lies in, null for everything else.
  virtual Region* region() { return nullptr; }

  // The notes, made by `make` when they are first asked for. There is one kind of them for each kind of memory.
  template <class Make>
  BackingNotes& notes(Make&& make) {
    std::lock_guard lock(notes_mutex_);
    if (notes_ == nullptr) notes_ = make();
    return *notes_;
  }

 private:
  std::mutex notes_mutex_;
  std::unique_ptr<BackingNotes> notes_;
};

// Whole huge pages, private to the process until somebody shares them.
class Region final : public Backing {
 public:
  // Null where the system has not so much left.
  static std::shared_ptr<Region> create(size_t bytes);
  ~Region() override;

  Region* region() override { return this; }
  uintptr_t base() const { return base_; }
  size_t size() const { return size_; }

  // The file behind the region. At the first call the content moves into one; the addresses stay. Null where the system
  // has no memory for that. `name` is the file's.
  std::shared_ptr<SharedFile> share(const std::string& name);

 private:
  Region(uintptr_t base, size_t size) : base_(base), size_(size) {}
  const uintptr_t base_;
  const size_t size_;
  std::mutex mutex_;
  std::shared_ptr<SharedFile> file_;
};

// A part of a shared file, mapped until this ends.
class FileMapping final : public Backing {
 public:
  static std::shared_ptr<FileMapping> create(std::shared_ptr<SharedFile> file, size_t offset, size_t bytes);
  ~FileMapping() override;
  uintptr_t base() const { return base_; }
  size_t size() const { return size_; }
  const std::shared_ptr<SharedFile>& file() const { return file_; }
  size_t offset() const { return offset_; }

 private:
  FileMapping(std::shared_ptr<SharedFile> file, size_t offset, uintptr_t base, size_t size)
      : file_(std::move(file)), offset_(offset), base_(base), size_(size) {}
  const std::shared_ptr<SharedFile> file_;
  const size_t offset_;
  const uintptr_t base_;
  const size_t size_;
};

// Less than a huge page of device memory. Many of them share a region. Null where no memory is left.
struct SmallBlock {
  uintptr_t base = 0;
  std::shared_ptr<Backing> backing;
};
SmallBlock take_small_block(size_t bytes);

// Less than a huge page of host memory.
SmallBlock take_host_block(size_t bytes);

// From this size on memory is a region of its own.
constexpr size_t kLarge = size_t{1} << 20;

}  // namespace cpu
