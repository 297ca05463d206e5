// Facts about cuDNN's graph API on the CPU device that random graphs do not show: random numbers are those of Philox,
// what is known to go together is computed together and with the same result, running a plan again allocates nothing,
// and plans that run at the same time have no mutex in common.
//
//   backend_test [--channels 300]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "tests/backend/descriptors.h"
#include "tests/backend/generator.h"
#include "tests/backend/observer.h"
#include "tests/backend/reference.h"
#include "tests/backend/training_graphs.h"
#include "tests/check.h"
#include "tests/command_line.h"

namespace {

using namespace model;

/// Runs a graph of one random number node and returns its numbers.
std::vector<double> random_numbers(const Device& device, cudnnRngDistribution_t distribution, double first,
                                   double second, int64_t seed, int64_t offset, int64_t count) {
  Graph graph;
  graph.tensors = {packed(1, CUDNN_DATA_FLOAT, {1, 1, 1, count}), packed(2, CUDNN_DATA_INT64, {1, 1, 1, 1})};
  graph[1].by_value = true;
  graph[1].numbers = {{static_cast<double>(offset), 0}};
  Node node;
  node.op = Op::Rng;
  node.tensors = {{Role::Y, 0}, {Role::Offset, 1}};
  node.distribution = distribution;
  node.first = first;
  node.second = second;
  node.seed = seed;
  graph.nodes = {node};
  Calls calls;
  Descriptors descriptors(calls);
  cudnnBackendDescriptor_t plan = descriptors.plan(device, descriptors.graph(graph), 0, 0);
  Memory memory(graph, 1);
  cudnnBackendDescriptor_t pack =
      descriptors.pack(memory.uids(), memory.pointers(), memory.workspace(descriptors.workspace(plan)));
  if (calls.failed()) {
    std::fprintf(stderr, "%s\n", calls.text.c_str());
    ++failures;
    return std::vector<double>(static_cast<size_t>(count), 0);
  }
  EXPECT(cudnnBackendExecute(device.handle, plan, pack) == CUDNN_STATUS_SUCCESS);
  CHECK(cuStreamSynchronize(device.stream));
  return memory.numbers(0);
}

void random_numbers_are_philox(const Device& device) {
  // The known answer of Philox 4x32-10 for counter 0 and key 0.
  static constexpr uint32_t words[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  const std::vector<double> first = random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 0, 0, 4);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT(first[i] == static_cast<double>(static_cast<float>((words[i] + 0.5) * 0x1p-32)));
  }
  EXPECT(random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 7, 3, 100) ==
         random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 7, 3, 100));
  EXPECT(random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 7, 3, 100) !=
         random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 7, 4, 100));
  EXPECT(random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 7, 3, 100) !=
         random_numbers(device, CUDNN_RNG_DISTRIBUTION_UNIFORM, 0, 1, 8, 3, 100));
}

void random_numbers_are_distributed_as_asked(const Device& device) {
  struct Asked {
    cudnnRngDistribution_t distribution;
    double first, second, mean, deviation;
  };
  static const Asked cases[] = {{CUDNN_RNG_DISTRIBUTION_BERNOULLI, 0.3, 0, 0.3, std::sqrt(0.3 * 0.7)},
                                {CUDNN_RNG_DISTRIBUTION_UNIFORM, -1, 3, 1, 4 / std::sqrt(12.0)},
                                {CUDNN_RNG_DISTRIBUTION_NORMAL, 2, 0.5, 2, 0.5}};
  for (const Asked& asked : cases) {
    constexpr int64_t count = 200000;
    double sum = 0, squares = 0;
    for (const double value : random_numbers(device, asked.distribution, asked.first, asked.second, 5, 0, count)) {
      sum += value;
      squares += (value - asked.mean) * (value - asked.mean);
    }
    // Six standard errors; the deviation's is at most that of a normal distribution.
    const double error = asked.deviation / std::sqrt(static_cast<double>(count));
    EXPECT(std::fabs(sum / count - asked.mean) < 6 * error);
    EXPECT(std::fabs(std::sqrt(squares / count) - asked.deviation) < 6 * error);
  }
}

/// The steps of a graph's plan, as a CUDA graph's description has them.
std::string steps_of(const Device& device, const Graph& graph, int64_t engine) {
  Calls calls;
  Descriptors descriptors(calls);
  cudnnBackendDescriptor_t plan = descriptors.plan(device, descriptors.graph(graph), engine, 0);
  Memory memory(graph, 1);
  cudnnBackendDescriptor_t pack =
      descriptors.pack(memory.uids(), memory.pointers(), memory.workspace(descriptors.workspace(plan)));
  CUgraph cuda_graph = nullptr;
  CHECK(cuGraphCreate(&cuda_graph, 0));
  calls.check("cudnnBackendPopulateCudaGraph",
              cudnnBackendPopulateCudaGraph(device.handle, plan, pack, reinterpret_cast<cudaGraph_t>(cuda_graph)));
  if (calls.failed()) return calls.text;
  char path[] = "/tmp/backend_test_XXXXXX";
  const int file = mkstemp(path);
  EXPECT(file >= 0);
  CHECK(cuGraphDebugDotPrint(cuda_graph, path, CU_GRAPH_DEBUG_DOT_FLAGS_VERBOSE));
  std::ifstream stream(path);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  std::remove(path);
  CHECK(cuGraphDestroy(cuda_graph));
  return text;
}

/// The types a training graph is tried with.
struct Types {
  cudnnDataType_t io;
  bool io_inside;
};
constexpr Types all_types[] = {{CUDNN_DATA_FLOAT, false}, {CUDNN_DATA_BFLOAT16, false}, {CUDNN_DATA_BFLOAT16, true},
                               {CUDNN_DATA_HALF, false},  {CUDNN_DATA_HALF, true},      {CUDNN_DATA_DOUBLE, false}};

void what_goes_together_is_computed_together(const Device& device) {
  for (const Types& types : all_types) {
    for (const TrainingGraph& training : training_graphs(types.io, types.io_inside, 3)) {
      for (const int64_t engine : {0, 1}) {
        const std::string& wanted = engine == 0 ? training.fused : training.apart;
        const std::string text = steps_of(device, training.graph, engine);
        if (text.find("plan: " + wanted + "\"") != std::string::npos ||
            text.find("plan: " + wanted + "\\") != std::string::npos) {
          continue;
        }
        std::fprintf(stderr, "%s, type %d, engine %ld: no \"%s\" in %s\n", training.name.c_str(), types.io,
                     static_cast<long>(engine), wanted.c_str(), text.c_str());
        ++failures;
      }
    }
  }
}

void both_engines_compute(const Device& device, const TrainingGraph& training, uint64_t seed) {
  Calls calls;
  Descriptors descriptors(calls);
  cudnnBackendDescriptor_t operations = descriptors.graph(training.graph);
  Graph evaluated = training.graph;
  evaluate(evaluated);
  Memory memory(training.graph, seed);
  for (const int64_t engine : {0, 1}) {
    cudnnBackendDescriptor_t plan = descriptors.plan(device, operations, engine, 0);
    cudnnBackendDescriptor_t pack =
        descriptors.pack(memory.uids(), memory.pointers(), memory.workspace(descriptors.workspace(plan)));
    memory.reset();
    if (!calls.failed()) {
      EXPECT(cudnnBackendExecute(device.handle, plan, pack) == CUDNN_STATUS_SUCCESS);
      CHECK(cuStreamSynchronize(device.stream));
    }
    const std::string difference = calls.failed() ? calls.text : memory.compare(evaluated);
    if (difference.empty()) continue;
    const std::vector<int64_t>& dims = training.graph[0].dims;
    std::fprintf(stderr, "%s of %ldx%ldx%ld..., engine %ld: %s\n", training.name.c_str(), static_cast<long>(dims[0]),
                 static_cast<long>(dims[1]), static_cast<long>(dims[2]), static_cast<long>(engine), difference.c_str());
    ++failures;
  }
}

/// Images with more channels are left out: the plain loops' time grows with their square, and a sanitizer's with that.
long most_channels = 1 << 20;

/// Against plain loops in double: images with many rows, with more channels than are added up at a time, with rows that
/// are no multiple of what is computed at a time, with one channel, with one pixel.
void both_engines_compute_what_training_needs(const Device& device) {
  static const std::vector<int64_t> images[] = {{2, 16, 9, 7},  {2, 24, 7, 5}, {1, 1040, 2, 2},
                                                {3, 300, 3, 1}, {2, 1, 6, 5},  {1, 48, 1, 1}};
  for (const Types& types : all_types) {
    uint64_t seed = 1;
    for (const std::vector<int64_t>& dims : images) {
      if (dims[1] > most_channels) continue;
      for (const TrainingGraph& training : training_graphs(types.io, types.io_inside, ++seed, dims)) {
        both_engines_compute(device, training, seed);
      }
    }
  }
}

/// A number that is none reaches the same results whether they are computed together or apart: training that went wrong
/// has to show.
void not_a_number_reaches_the_same_results(const Device& device) {
  for (const Types& types : all_types) {
    for (TrainingGraph& training : training_graphs(types.io, types.io_inside, 7)) {
      training.graph[0].numbers[5].value = std::nan("");
      Calls calls;
      Descriptors descriptors(calls);
      cudnnBackendDescriptor_t operations = descriptors.graph(training.graph);
      Memory memory(training.graph, 1);
      std::vector<bool> found[2];
      for (const int64_t engine : {0, 1}) {
        cudnnBackendDescriptor_t plan = descriptors.plan(device, operations, engine, 0);
        cudnnBackendDescriptor_t pack =
            descriptors.pack(memory.uids(), memory.pointers(), memory.workspace(descriptors.workspace(plan)));
        EXPECT(!calls.failed());
        memory.reset();
        EXPECT(cudnnBackendExecute(device.handle, plan, pack) == CUDNN_STATUS_SUCCESS);
        CHECK(cuStreamSynchronize(device.stream));
        for (const Node& node : training.graph.nodes) {
          for (const auto& [role, tensor] : node.tensors) {
            if (!is_written(role)) continue;
            for (const double value : memory.numbers(tensor)) found[engine].push_back(std::isnan(value));
          }
        }
      }
      const auto count = [](const std::vector<bool>& of) { return std::count(of.begin(), of.end(), true); };
      if (found[0] == found[1] && count(found[0]) > 0) continue;
      std::fprintf(stderr, "%s, type %d: %ld of %ld results are no numbers\n", training.name.c_str(), types.io,
                   static_cast<long>(count(found[0])), static_cast<long>(count(found[1])));
      ++failures;
    }
  }
}

/// Populating twice and updating: a node of another plan stays as it is, and none of this plan is a mismatch.
void graphs_without_the_plan_are_not_updated(const Device& device) {
  const Graph graph = training_graphs(CUDNN_DATA_FLOAT, false, 1).front().graph;
  Calls calls;
  Descriptors descriptors(calls);
  cudnnBackendDescriptor_t operations = descriptors.graph(graph);
  cudnnBackendDescriptor_t first = descriptors.plan(device, operations, 0, 0);
  cudnnBackendDescriptor_t second = descriptors.plan(device, operations, 1, 0);
  Memory memory(graph, 1);
  void* workspace = memory.workspace(descriptors.workspace(first) + descriptors.workspace(second));
  cudnnBackendDescriptor_t pack = descriptors.pack(memory.uids(), memory.pointers(), workspace);
  EXPECT(!calls.failed());
  CUgraph cuda_graph = nullptr;
  CHECK(cuGraphCreate(&cuda_graph, 0));
  auto* native = reinterpret_cast<cudaGraph_t>(cuda_graph);
  EXPECT(cudnnBackendPopulateCudaGraph(device.handle, first, pack, native) == CUDNN_STATUS_SUCCESS);
  EXPECT(cudnnBackendUpdateCudaGraph(device.handle, first, pack, native) == CUDNN_STATUS_SUCCESS);
  EXPECT(cudnnBackendUpdateCudaGraph(device.handle, second, pack, native) ==
         CUDNN_STATUS_BAD_PARAM_CUDA_GRAPH_MISMATCH);
  size_t nodes = 0;
  CHECK(cuGraphGetNodes(cuda_graph, nullptr, &nodes));
  EXPECT(nodes == 1);
  CHECK(cuGraphDestroy(cuda_graph));
}

/// A plan with everything it needs to run, in a stream of its own.
class Running {
 public:
  Running(const Graph& graph, int64_t engine) : descriptors_(calls_), memory_(graph, 1) {
    EXPECT(device_.start());
    plan_ = descriptors_.plan(device_, descriptors_.graph(graph), engine, 0);
    use(plan_);
  }
  /// The plan of `other` on this one's memory.
  Running(const Running& other, const Graph& graph) : descriptors_(calls_), memory_(graph, 1) {
    EXPECT(device_.start());
    use(other.plan_);
  }
  ~Running() { device_.stop(); }
  Running(const Running&) = delete;

  void run() { EXPECT(cudnnBackendExecute(device_.handle, plan_, pack_) == CUDNN_STATUS_SUCCESS); }
  void wait() { CHECK(cuStreamSynchronize(device_.stream)); }
  std::string compare(const Graph& evaluated) const { return memory_.compare(evaluated); }

  /// Lets the stream's own thread remember its mutexes under `side`.
  void watch_mutexes_as(int side) {
    CHECK(cuLaunchHostFunc(
        device_.stream,
        [](void* data) { observer::watch_mutexes_as(static_cast<int>(reinterpret_cast<intptr_t>(data))); },
        reinterpret_cast<void*>(static_cast<intptr_t>(side))));
    wait();
  }

 private:
  void use(cudnnBackendDescriptor_t plan) {
    plan_ = plan;
    pack_ = descriptors_.pack(memory_.uids(), memory_.pointers(), memory_.workspace(descriptors_.workspace(plan)));
    if (calls_.failed()) std::fprintf(stderr, "%s\n", calls_.text.c_str());
    EXPECT(!calls_.failed());
  }

  Calls calls_;
  Descriptors descriptors_;
  Device device_;
  Memory memory_;
  cudnnBackendDescriptor_t plan_ = nullptr, pack_ = nullptr;
};

observer::Allocations most;

/// Whether one run of a plan that ran before allocates nothing; what oneDNN does inside is its own.
bool allocates_nothing(const char* name, const Graph& graph, int64_t engine) {
  Running running(graph, engine);
  for (int i = 0; i < 3; ++i) {
    running.run();
    running.wait();
  }
  observer::start_counting();
  running.run();
  running.wait();
  const observer::Allocations made = observer::stop_counting();
  most.of_onednn = std::max(most.of_onednn, made.of_onednn);
  most.largest_of_onednn = std::max(most.largest_of_onednn, made.largest_of_onednn);
  bool has_product = false;
  for (const Node& node : graph.nodes) {
    has_product = has_product || node.op == Op::Convolution || node.op == Op::ConvolutionBackwardData ||
                  node.op == Op::ConvolutionBackwardFilter || node.op == Op::Matmul;
  }
  if (made.of_others == 0 && (has_product || made.of_onednn == 0)) return true;
  std::fprintf(stderr, "%s, engine %ld: %ld allocations, %ld more of oneDNN\n", name, static_cast<long>(engine),
               made.of_others, made.of_onednn);
  return false;
}

void running_again_allocates_nothing() {
  if (!observer::works()) return;
  Generator generator(1);
  for (const int64_t engine : {0, 1}) {
    for (const TrainingGraph& training : training_graphs(CUDNN_DATA_BFLOAT16, false, 2)) {
      EXPECT(allocates_nothing(training.name.c_str(), training.graph, engine));
    }
    for (int number = 0; number < Generator::pattern_count(); ++number) {
      const char* name = nullptr;
      const Graph graph = generator.pattern(number, &name);
      EXPECT(allocates_nothing(name, graph, engine));
    }
    for (int i = 0; i < 40; ++i) EXPECT(allocates_nothing("a random graph", generator.graph(6), engine));
  }
  std::printf("oneDNN allocates up to %ld times in one execution, up to %zu bytes at a time\n", most.of_onednn,
              most.largest_of_onednn);
}

/// Two threads with a stream each run a plan, the same one or the same twice, again and again.
void runs_at_the_same_time_are_correct_and_share_no_mutex() {
  for (const bool same_plan : {true, false}) {
    for (const TrainingGraph& training : training_graphs(CUDNN_DATA_FLOAT, false, 5)) {
      Graph evaluated = training.graph;
      evaluate(evaluated);
      Running first(training.graph, 0);
      auto second =
          same_plan ? std::make_unique<Running>(first, training.graph) : std::make_unique<Running>(training.graph, 0);
      Running* both[] = {&first, second.get()};
      for (Running* running : both) {
        running->run();
        running->wait();
      }
      observer::forget_mutexes();
      std::vector<std::thread> threads;
      for (int side = 0; side < 2; ++side) {
        both[side]->watch_mutexes_as(side);
        threads.emplace_back([&, side] {
          for (int i = 0; i < 20; ++i) {
            observer::watch_mutexes_as(side);
            both[side]->run();
            observer::watch_mutexes_as(-1);
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      for (Running* running : both) {
        running->wait();
        running->watch_mutexes_as(-1);
        const std::string difference = running->compare(evaluated);
        if (!difference.empty()) std::fprintf(stderr, "%s: %s\n", training.name.c_str(), difference.c_str());
        EXPECT(difference.empty());
      }
      if (!observer::works()) continue;
      const std::vector<const void*> theirs = observer::mutexes_of(1);
      // The queue's own is always among them.
      EXPECT(!theirs.empty());
      for (const void* mutex : observer::mutexes_of(0)) {
        const bool is_shared = std::find(theirs.begin(), theirs.end(), mutex) != theirs.end();
        if (is_shared) std::fprintf(stderr, "%s: both streams lock %p\n", training.name.c_str(), mutex);
        EXPECT(!is_shared);
      }
    }
  }
}

struct Part {
  const char* name;
  void (*run)(const Device&);
};
constexpr Part parts[] = {
    {"Philox", random_numbers_are_philox},
    {"distributions", random_numbers_are_distributed_as_asked},
    {"computed together", what_goes_together_is_computed_together},
    {"updates", graphs_without_the_plan_are_not_updated},
    {"what training needs", both_engines_compute_what_training_needs},
    {"not a number", not_a_number_reaches_the_same_results},
    {"allocations", [](const Device&) { running_again_allocates_nothing(); }},
    {"at the same time", [](const Device&) { runs_at_the_same_time_are_correct_and_share_no_mutex(); }}};

}  // namespace

int main(int count, char** values) {
  most_channels = argument(count, values, "--channels", most_channels);
  Device device;
  if (!device.start()) {
    std::fprintf(stderr, "the CPU device did not start\n");
    return 1;
  }
  for (const Part& part : parts) {
    const auto start = std::chrono::steady_clock::now();
    const long before = failures;
    part.run(device);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    std::printf("%s: %ld failures, %.1f s\n", part.name, failures - before, time.count());
    std::fflush(stdout);
  }
  device.stop();
  std::printf("%ld failures\n", failures.load());
  return failures == 0 ? 0 : 1;
}
