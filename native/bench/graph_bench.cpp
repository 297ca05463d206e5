// Times cuDNN's graph API on the CPU device: the graphs of training through the engine that computes together what goes
// together, and through the one that computes node by node.
//
//   graph_bench [channels] [size] [batch] [rounds] [part of a name]
//
// Both engines take turns; of each the average counts, in processor time. Then what making a plan costs.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/backend/descriptors.h"
#include "tests/backend/training_graphs.h"

namespace {

using namespace model;

/// Processor time of the whole process: with OMP_NUM_THREADS=1 other programs on the machine disturb it least.
double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

int64_t argument(int count, char** values, int place, int64_t otherwise) {
  return place < count ? std::strtoll(values[place], nullptr, 10) : otherwise;
}

void time_graph(const Device& device, const TrainingGraph& training, int64_t rounds) {
  Calls calls;
  Descriptors descriptors(calls);
  Memory memory(training.graph, 1);
  const double start = now();
  cudnnBackendDescriptor_t operations = descriptors.graph(training.graph);
  cudnnBackendDescriptor_t plans[2], packs[2];
  int64_t bytes = 0;
  for (const int64_t engine : {0, 1}) {
    plans[engine] = descriptors.plan(device, operations, engine, 0);
    bytes = std::max(bytes, descriptors.workspace(plans[engine]));
  }
  const double building = (now() - start) / 2;
  void* workspace = memory.workspace(bytes);
  for (const int64_t engine : {0, 1}) {
    packs[engine] = descriptors.pack(memory.uids(), memory.pointers(), workspace);
  }
  // So many at a time that a clock which ticks seldom does not matter.
  constexpr int executions = 20;
  double total[2] = {};
  for (int64_t round = 0; round <= rounds && !calls.failed(); ++round) {
    for (const int64_t engine : {0, 1}) {
      cuStreamSynchronize(device.stream);
      const double begin = now();
      for (int i = 0; i < executions; ++i) {
        calls.check("cudnnBackendExecute", cudnnBackendExecute(device.handle, plans[engine], packs[engine]));
      }
      cuStreamSynchronize(device.stream);
      // The first round makes what is made once.
      if (round > 0) total[engine] += (now() - begin) / executions / static_cast<double>(rounds);
    }
  }
  if (calls.failed()) {
    std::printf("%s: %s\n", training.name.c_str(), calls.text.c_str());
    return;
  }
  std::printf("%-72s %8.3f ms together, %8.3f ms apart (%.2f); plan %.2f ms\n", training.name.c_str(), total[0],
              total[1], total[1] / total[0], building);
}

}  // namespace

int main(int count, char** values) {
  const std::vector<int64_t> dims = {argument(count, values, 3, 8), argument(count, values, 1, 64),
                                     argument(count, values, 2, 56), argument(count, values, 2, 56)};
  Device device;
  if (!device.start()) return 1;
  for (const cudnnDataType_t type : {CUDNN_DATA_FLOAT, CUDNN_DATA_BFLOAT16}) {
    std::printf("%s, %lld x %lld x %lld x %lld\n", type == CUDNN_DATA_FLOAT ? "float" : "bfloat16",
                static_cast<long long>(dims[0]), static_cast<long long>(dims[1]), static_cast<long long>(dims[2]),
                static_cast<long long>(dims[3]));
    for (const TrainingGraph& training : training_graphs(type, false, 1, dims)) {
      if (count > 5 && training.name.find(values[5]) == std::string::npos) continue;
      time_graph(device, training, argument(count, values, 4, 4));
    }
  }
  device.stop();
  return 0;
}
