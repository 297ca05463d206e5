#include "nccl/configuration.h"

#include <strings.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "nccl/failure.h"

namespace cpu::nccl {
namespace {

constexpr int kUndefined = NCCL_CONFIG_UNDEF_INT;

ncclConfig_t undefined_configuration() {
  ncclConfig_t config{};
  config.size = sizeof config;
  config.magic = NCCL_API_MAGIC;
  config.version = NCCL_VERSION_CODE;
  for (int* field : {&config.blocking, &config.cgaClusterSize, &config.minCTAs, &config.maxCTAs, &config.splitShare,
                     &config.trafficClass, &config.collnetEnable, &config.CTAPolicy, &config.shrinkShare,
                     &config.nvlsCTAs, &config.nChannelsPerNetPeer, &config.nvlinkCentricSched}) {
    *field = kUndefined;
  }
  return config;
}

void check_field(const char* name, int value, int least, int most) {
  if (value == kUndefined || (value >= least && value <= most)) return;
  throw Failure(ncclInvalidArgument, "config." + std::string(name) + " is " + std::to_string(value) + "; " +
                                         std::to_string(least) + " to " + std::to_string(most) + " are valid");
}

constexpr int kMost = 2147483647;
constexpr int kMostChannels = 64;

}  // namespace

Configuration Configuration::read(const ncclConfig_t* given) {
  ncclConfig_t config = undefined_configuration();
  if (given != nullptr) {
    // Older programs have a shorter structure, newer ones a longer one; the first field says which.
    size_t size;
    std::memcpy(&size, given, sizeof size);
    config.magic = 0;
    std::memcpy(&config, given, std::min(size, sizeof config));
    if (config.magic != NCCL_API_MAGIC) {
      throw Failure(ncclInvalidArgument, "config was not initialised with NCCL_CONFIG_INITIALIZER");
    }
  }
  check_field("blocking", config.blocking, 0, 1);
  check_field("cgaClusterSize", config.cgaClusterSize, 0, kMost);
  check_field("minCTAs", config.minCTAs, 1, kMost);
  check_field("maxCTAs", config.maxCTAs, 1, kMost);
  // As NCCL compares them, which counts an undefined maximum as less than any minimum.
  if (config.minCTAs > config.maxCTAs) {
    throw Failure(ncclInvalidArgument,
                  "config.minCTAs is " + std::to_string(config.minCTAs) + ", more than config.maxCTAs or without it");
  }
  check_field("splitShare", config.splitShare, 0, 1);
  check_field("collnetEnable", config.collnetEnable, 0, 1);
  check_field("CTAPolicy", config.CTAPolicy, NCCL_CTA_POLICY_DEFAULT,
              NCCL_CTA_POLICY_EFFICIENCY | NCCL_CTA_POLICY_ZERO);
  check_field("shrinkShare", config.shrinkShare, 0, 1);
  check_field("nvlsCTAs", config.nvlsCTAs, 1, kMost);
  check_field("nChannelsPerNetPeer", config.nChannelsPerNetPeer, 1, kMostChannels);
  check_field("nvlinkCentricSched", config.nvlinkCentricSched, 0, 1);
  if (config.netName != nullptr && strcasecmp(config.netName, "Socket") != 0) {
    throw Failure(ncclInvalidUsage, "config.netName is '" + std::string(config.netName) +
                                        "'; the CPU device has the network Socket only");
  }
  Configuration configuration;
  configuration.blocking = config.blocking != 0;
  return configuration;
}

void check_collective_configuration(const ncclCollConfig_t* given) {
  if (given == nullptr) return;
  ncclCollConfig_t config{};
  size_t size;
  std::memcpy(&size, given, sizeof size);
  std::memcpy(&config, given, std::min(size, sizeof config));
  if (config.magic != NCCL_API_MAGIC) {
    throw Failure(ncclInvalidArgument, "config was not initialised with NCCL_COLLCONFIG_INITIALIZER");
  }
  const bool forced = config.algSelection != nullptr && config.forceAlgSelection == 1;
  const char* unsupported = config.ext != nullptr                     ? "ext"
                            : forced                                  ? "algSelection"
                            : config.launchCompletionEvent != nullptr ? "launchCompletionEvent"
                                                                      : nullptr;
  if (unsupported != nullptr) {
    throw Failure(ncclInvalidUsage,
                  "config." + std::string(unsupported) + " is set, which the CPU device cannot honour");
  }
}

}  // namespace cpu::nccl
