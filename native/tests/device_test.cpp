// The device's name says which processor it is and whether bfloat16 is converted there.
//
//   device_test                                  on this processor
//   ONEDNN_MAX_CPU_ISA=AVX2 device_test          as on one that multiplies no bfloat16
#include "engine/device.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace {

int failures = 0;

void expect(const std::string& found, const std::string& wanted, const char* what) {
  if (found == wanted) return;
  std::printf("%s: \"%s\" instead of \"%s\"\n", what, found.c_str(), wanted.c_str());
  ++failures;
}

/// What processor_name says of a file with this text.
std::string name_of(const std::string& text) {
  char path[] = "/tmp/device_test.XXXXXX";
  const int descriptor = mkstemp(path);
  if (descriptor < 0) return "no temporary file";
  close(descriptor);
  std::ofstream(path) << text;
  const std::string name = cpu::processor_name(path);
  unlink(path);
  return name;
}

#if defined(__x86_64__)
/// Whether the system's own list of the processor's flags has AVX-512 BF16.
bool processor_multiplies_bfloat16() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (word == "avx512_bf16") return true;
    }
  }
  return false;
}
#endif

}  // namespace

int main() {
  expect(name_of("processor\t: 0\nmodel name\t: Some Processor 7\nflags\t\t: fpu\n"), "Some Processor 7", "x86");
  expect(name_of("processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
                 "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n"),
         "ARM processor of implementer 0x41, part 0xd0c", "ARM");
  expect(name_of("processor\t: 0\n"), "unknown processor", "no names");

#if defined(__x86_64__)
  const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (limit != nullptr && std::strcmp(limit, "AVX2") != 0) {
    std::printf("skipped: ONEDNN_MAX_CPU_ISA is %s, this test knows what AVX2 or none means\n", limit);
    return failures == 0 ? 0 : 1;
  }
  const bool converts = limit != nullptr || !processor_multiplies_bfloat16();
#else
  const bool converts = true;
#endif
  const std::string processor = cpu::processor_name("/proc/cpuinfo");
  expect(cpu::device_name(), "CudnnNet CPU device (" + processor + (converts ? "; converts bfloat16)" : ")"), "device");
  std::printf("%s\n", cpu::device_name().c_str());
  return failures == 0 ? 0 : 1;
}
