#include "engine/device.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "engine/compute_onednn.h"

namespace cpu {
namespace {

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

// The value behind "Key:" or "Key" at the start of a line of a system file, empty where there is none.
std::string find_value(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t start = line.find_first_not_of(": \t", key.size());
    return start == std::string::npos ? std::string() : line.substr(start);
  }
  return {};
}

size_t kilobytes_of(const char* key) {
  return std::strtoull(find_value("/proc/meminfo", key).c_str(), nullptr, 10) * 1024;
}

size_t number_in(const char* path) {
  std::ifstream file(path);
  size_t number = 0;
  return file >> number ? number : kUnlimited;
}

struct MemoryLimit {
  size_t total = kUnlimited;
  size_t free = kUnlimited;
};

// The process's control group, version 2 or 1. Cached file pages count as used there but are given up when needed.
MemoryLimit control_group_limit() {
  MemoryLimit limit;
  size_t used = 0;
  size_t reclaimable = 0;
  if (limit.total = number_in("/sys/fs/cgroup/memory.max"); limit.total != kUnlimited) {
    used = number_in("/sys/fs/cgroup/memory.current");
    reclaimable = std::strtoull(find_value("/sys/fs/cgroup/memory.stat", "inactive_file").c_str(), nullptr, 10);
  } else if (limit.total = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"); limit.total != kUnlimited) {
    used = number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes");
    reclaimable =
        std::strtoull(find_value("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file").c_str(), nullptr, 10);
  } else {
    return limit;
  }
  used -= std::min(used, reclaimable);
  limit.free = limit.total - std::min(limit.total, used);
  return limit;
}

}  // namespace

int device_count() {
  static const int count = [] {
    const char* text = std::getenv("CUDNNNET_CPU_DEVICES");
    return text == nullptr ? 1 : std::clamp(std::atoi(text), 1, 16);
  }();
  return count;
}

const std::string& device_name() {
  static const std::string& name = *new std::string([] {
    const char* conversion = compute::onednn_multiplies_bfloat16() ? "" : "; converts bfloat16";
    return "CudnnNet CPU device (" + processor_name("/proc/cpuinfo") + conversion + ")";
  }());
  return name;
}

std::string processor_name(const char* path) {
  if (std::string model = find_value(path, "model name"); !model.empty()) return model;
  const std::string maker = find_value(path, "CPU implementer"), part = find_value(path, "CPU part");
  if (maker.empty() || part.empty()) return "unknown processor";
  return "ARM processor of implementer " + maker + ", part " + part;
}

int processor_count() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
}

int clock_kilohertz() {
  static const int clock = [] {
    const size_t highest = number_in("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    if (highest != kUnlimited) return static_cast<int>(std::min<size_t>(highest, INT32_MAX));
    return static_cast<int>(std::strtod(find_value("/proc/cpuinfo", "cpu MHz").c_str(), nullptr) * 1000);
  }();
  return clock;
}

int last_level_cache_bytes() {
  for (int level : {_SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE}) {
    if (const long bytes = sysconf(level); bytes > 0) return static_cast<int>(std::min<long>(bytes, INT32_MAX));
  }
  return 0;
}

size_t total_memory() { return std::min(kilobytes_of("MemTotal"), control_group_limit().total); }

size_t free_memory() { return std::min(kilobytes_of("MemAvailable"), control_group_limit().free); }

}  // namespace cpu
