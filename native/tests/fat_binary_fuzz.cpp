// Fat binaries cut short, with wrong sizes and with random bytes are read without touching a byte outside, and whole
// ones give their texts. Run under the address sanitizer this also sees a read of one byte too many.
#include "driver/fat_binary.h"
#include "tests/fat_binary.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

namespace {

long failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  ++failures;
}

// Reads from memory of exactly its size; whether it was found broken.
bool is_broken(const std::string& bytes) {
  const auto memory = std::make_unique<char[]>(bytes.size());
  std::memcpy(memory.get(), bytes.data(), bytes.size());
  const cpu::driver::FatBinary binary = cpu::driver::read_fat_binary(memory.get(), bytes.size());
  for (const std::string_view text : binary.texts) {
    expect(text.data() >= memory.get() && text.data() + text.size() <= memory.get() + bytes.size(), "texts lie inside");
  }
  return binary.broken;
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 2 ? std::atol(argv[2]) : 200000;
  const std::string whole = fat_binary(fat_entry(FatEntry::MachineCode, "\177ELF machine code") +
                                       fat_entry(FatEntry::Text, ".version 6.3\n.target sm_75\n") +
                                       fat_entry(FatEntry::Text, "compressed", 500) + fat_entry(FatEntry::Text, ""));
  const auto binary = cpu::driver::read_fat_binary(whole.data(), whole.size());
  expect(!binary.broken && binary.machine_codes == 1 && binary.compressed_texts == 1, "a whole one is read whole");
  expect(binary.texts.size() == 2 && binary.texts[0] == ".version 6.3\n.target sm_75\n" && binary.texts[1].empty(),
         "its texts are without padding");

  for (size_t length = 0; length < whole.size(); ++length) {
    expect(is_broken(whole.substr(0, length)), "one that is cut short is broken");
  }
  std::mt19937_64 random(20260101);
  for (long round = 0; round < rounds; ++round) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    for (uint64_t changes = random() % 6; changes > 0 && !bytes.empty(); --changes) {
      // Small numbers and all ones in the sizes are what goes wrong.
      const uint64_t value = random() % 3 == 0 ? ~uint64_t{0} : random() % 200;
      const size_t at = random() % bytes.size();
      std::memcpy(bytes.data() + at, &value, std::min<size_t>(1 + random() % 8, bytes.size() - at));
    }
    is_broken(bytes);
  }
  std::printf("%ld rounds, %ld failures\n", rounds, failures);
  return failures == 0 ? 0 : 1;
}
