// Memory that other processes can map: a file without a place in any directory, which is there while somebody holds its
// descriptor or maps it. So nothing is left behind, however a process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cpu {

class SharedFile {
 public:
  // A file of so many bytes, all zero. Its name tells what is in it to whoever gets the descriptor. Null where the
  // system has no descriptor or memory left.
  static std::shared_ptr<SharedFile> create(const std::string& name, size_t bytes);

  // Takes over a descriptor; null, and the descriptor is left alone, where it is no such file.
  static std::shared_ptr<SharedFile> adopt(int descriptor);

  ~SharedFile();
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  // Maps a part for reading and writing, at `at` in place of what is there, or anywhere on a boundary of huge pages. 0
  // where the system refuses.
  uintptr_t map(size_t offset, size_t bytes, uintptr_t at = 0) const;

  // False where the system refuses.
  bool resize(size_t bytes);

  // Gives the memory of a part to the system; it reads as zeros then.
  void discard(size_t offset, size_t bytes);

  int descriptor() const { return descriptor_; }
  uint64_t number() const { return number_; }
  // As it is now; another process may have changed it.
  size_t size() const;
  const std::string& name() const { return name_; }

 private:
  SharedFile(int descriptor, std::string name, uint64_t number);
  const int descriptor_;
  const std::string name_;
  const uint64_t number_;
};

// Address space on a boundary of huge pages in which nothing can be read or written; 0 where there is none. To be given
// back with munmap.
uintptr_t reserve_addresses(size_t bytes, size_t alignment, uintptr_t hint = 0);

// The number rounded up to a multiple of `unit`; 0 where that is too large.
size_t round_up(size_t number, size_t unit);

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace cpu
