#include "engine/process.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace cpu {
namespace {

// The start of a process; 0 where there is none, or it has ended.
uint64_t start_of(int32_t number) {
  std::ifstream file("/proc/" + std::to_string(number) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The name in brackets may hold anything; behind it come the state and the numbers, of which the 20th is the start.
  const size_t end = line.rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream rest(line.substr(end + 1));
  std::string word;
  rest >> word;
  if (word == "Z" || word == "X") return 0;
  for (int i = 0; i < 18; ++i) rest >> word;
  uint64_t start = 0;
  return rest >> start ? start : 0;
}

}  // namespace

ProcessIdentity this_process() {
  // Asked anew in a forked child.
  thread_local ProcessIdentity known;
  if (known.number != getpid()) known = {getpid(), start_of(getpid())};
  return known;
}

bool process_runs(const ProcessIdentity& process) {
  return process.number > 0 && start_of(process.number) == process.start && process.start != 0;
}

}  // namespace cpu
