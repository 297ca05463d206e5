// Random graphs through cudnnBackend...: graphs that fit together, the sequences training is made of, and broken ones.
// Every graph ends in a plan whose result is that of plain loops in double, from both engines and all ways to run a
// plan, or in an error status with a text; never in a crash. Device memory is exactly as large as a descriptor says, so
// that AddressSanitizer (-DSANITIZE=address) sees every access beyond it.
// usage: backend_fuzz [--graphs N] [--seed N]
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "tests/backend/descriptors.h"
#include "tests/backend/generator.h"
#include "tests/backend/numbers.h"
#include "tests/backend/reference.h"
#include "tests/command_line.h"

// What the driver says about its last failure (0: the driver).
extern "C" size_t cudnnnetCpuTakeLastError(int library, char* buffer, size_t size);

namespace {

using namespace model;

class Fuzzer {
 public:
  Fuzzer(uint64_t seed, Device& device) : generator_(seed), device_(device) {}

  void run(long graphs) {
    for (int number = 0; number < Generator::pattern_count() && !failed_; ++number) {
      for (int i = 0; i < 3 && !failed_; ++i) run_pattern(number);
    }
    for (long i = 0; i < graphs && !failed_; ++i) {
      round_ = i;
      if (generator_.chance(20)) {
        run_pattern(generator_.below(Generator::pattern_count()));
      } else if (generator_.chance(40)) {
        run_broken();
      } else {
        run_random();
      }
    }
  }

  bool failed() const { return failed_; }
  long computed = 0, refused = 0, broken_refused = 0, broken_run = 0, texts = 0;
  /// Reasons for which graphs that fit together were refused.
  std::map<std::string, long> reasons;
  /// What was computed and compared.
  std::set<Op> operations;
  std::set<cudnnPointwiseMode_t> modes;
  /// Numbers compared, and those of them that may be anything: next to a pole or a jump, behind a NaN.
  long numbers = 0, unknown = 0;

 private:
  void fail(const std::string& what) {
    std::fprintf(stderr, "graph %ld (%s): %s\n", round_, name_, what.c_str());
    failed_ = true;
  }

  void run_pattern(int number) {
    Graph graph = generator_.pattern(number, &name_);
    const bool planned = run_valid(graph);
    if (!planned && !failed_) fail("was refused: " + last_text_);
  }

  void run_random() {
    name_ = "random";
    Graph graph = generator_.graph(7);
    if (run_valid(graph) || failed_) return;
    ++refused;
    ++reasons[last_text_];
  }

  /// Plans and runs a graph; false where it was refused.
  bool run_valid(const Graph& graph) {
    Calls calls;
    Descriptors descriptors(calls);
    cudnnBackendDescriptor_t operations = descriptors.graph(graph);
    std::vector<cudnnBackendDescriptor_t> plans;
    for (const auto& [engine, knob] : {std::pair<int64_t, int64_t>{0, 0}, {1, 0}, {generator_.below(2), 1}}) {
      plans.push_back(descriptors.plan(device_, operations, engine, knob));
    }
    if (generator_.chance(30)) {
      for (cudnnBackendDescriptor_t plan : descriptors.heuristic_plans(device_, operations, CUDNN_HEUR_MODE_A)) {
        plans.push_back(plan);
      }
    }
    if (generator_.chance(30)) plans.push_back(descriptors.plan_from_json(device_, descriptors.json(plans.front())));
    if (!calls.fault.empty()) fail(calls.fault);
    if (calls.failed()) {
      last_text_ = calls.text;
      return false;
    }
    Memory memory(graph, generator_.draw());
    Graph evaluated = graph;
    for (size_t i = 0; i < plans.size() && !failed_; ++i) {
      memory.reset();
      run_plan(descriptors, calls, plans[i], memory);
      if (failed_) return true;
      if (i == 0) {
        take_random_numbers(memory, evaluated);
        evaluate(evaluated);
      }
      const std::string difference = memory.compare(evaluated);
      if (!difference.empty()) fail("plan " + std::to_string(i) + ": " + difference + "\n" + describe(graph));
    }
    note(evaluated);
    if (generator_.chance(20)) spoil_pack(graph, memory, plans.front());
    if (generator_.chance(20)) spoil_json(descriptors.json(plans.front()));
    ++computed;
    return true;
  }

  void note(const Graph& evaluated) {
    for (const Node& node : evaluated.nodes) {
      operations.insert(node.op);
      if (node.op == Op::Pointwise) modes.insert(node.pointwise);
      for (const auto& [role, tensor] : node.tensors) {
        if (!is_written(role) || evaluated[tensor].is_virtual) continue;
        for (const Number& number : evaluated[tensor].numbers) {
          ++numbers;
          if (!(number.error < 1e300)) ++unknown;
        }
      }
    }
  }

  /// In the stream, as a captured graph, or as a node made by cudnnBackendPopulateCudaGraph.
  void run_plan(Descriptors& descriptors, Calls& calls, cudnnBackendDescriptor_t plan, Memory& memory) {
    const std::vector<int64_t> uids = memory.uids();
    cudnnBackendDescriptor_t pack =
        descriptors.pack(uids, memory.pointers(), memory.workspace(descriptors.workspace(plan)));
    if (calls.failed()) return fail("no variant pack: " + calls.text);
    CUgraph graph = nullptr;
    const int way = generator_.below(5);
    cudnnStatus_t status = CUDNN_STATUS_SUCCESS;
    if (way == 0) {
      if (cuStreamBeginCapture_v2(device_.stream, CU_STREAM_CAPTURE_MODE_RELAXED) != CUDA_SUCCESS) fail("no capture");
      status = cudnnBackendExecute(device_.handle, plan, pack);
      if (cuStreamEndCapture(device_.stream, &graph) != CUDA_SUCCESS) fail("the capture failed");
    } else if (way == 1) {
      if (cuGraphCreate(&graph, 0) != CUDA_SUCCESS) fail("no graph");
      status = cudnnBackendPopulateCudaGraph(device_.handle, plan, pack, reinterpret_cast<cudaGraph_t>(graph));
      if (status == CUDNN_STATUS_SUCCESS) {
        status = cudnnBackendUpdateCudaGraph(device_.handle, plan, pack, reinterpret_cast<cudaGraph_t>(graph));
      }
    } else {
      status = cudnnBackendExecute(device_.handle, plan, pack);
    }
    calls.check("cudnnBackendExecute", status);
    if (calls.failed()) fail(calls.text);
    if (graph != nullptr) {
      CUgraphExec executable = nullptr;
      if (cuGraphInstantiateWithFlags(&executable, graph, 0) != CUDA_SUCCESS ||
          cuGraphLaunch(executable, device_.stream) != CUDA_SUCCESS) {
        fail("the graph could not be launched");
      }
      if (cuStreamSynchronize(device_.stream) != CUDA_SUCCESS) fail("the graph failed");
      cuGraphExecDestroy(executable);
      cuGraphDestroy(graph);
    }
    synchronize();
  }

  void synchronize() {
    if (cuStreamSynchronize(device_.stream) == CUDA_SUCCESS) return;
    char text[1024] = {};
    cudnnnetCpuTakeLastError(0, text, sizeof text);
    fail(std::string("the stream failed: ") + text);
  }

  /// The reference takes random numbers as they came, once they are such as were asked for.
  void take_random_numbers(const Memory& memory, Graph& graph) {
    for (const Node& node : graph.nodes) {
      if (node.op != Op::Rng) continue;
      Tensor& y = graph[node.at(Role::Y)];
      y.numbers.clear();
      for (const double value : memory.numbers(node.at(Role::Y))) {
        const bool fits = node.distribution == CUDNN_RNG_DISTRIBUTION_BERNOULLI ? value == 0 || value == 1
                          : node.distribution == CUDNN_RNG_DISTRIBUTION_UNIFORM
                              ? value >= node.first && value <= node.second
                              : std::fabs(value - node.first) < 10 * node.second;
        if (!fits) return fail("a random number is " + std::to_string(value));
        y.numbers.push_back({value, 0});
      }
    }
  }

  void run_broken() {
    name_ = "broken";
    const char* unused = nullptr;
    Graph graph = generator_.chance(30) ? generator_.pattern(generator_.below(Generator::pattern_count()), &unused)
                                        : generator_.graph(5);
    for (int i = generator_.below(2); i >= 0; --i) generator_.spoil(graph);
    Calls calls;
    Descriptors descriptors(calls);
    cudnnBackendDescriptor_t operations = descriptors.graph(graph);
    cudnnBackendDescriptor_t plan = descriptors.plan(device_, operations, generator_.below(2), generator_.below(2));
    const int64_t workspace = descriptors.workspace(plan);
    if (!calls.fault.empty()) fail(calls.fault);
    if (calls.failed()) {
      ++broken_refused;
      return;
    }
    if (workspace > most_bytes) return;
    std::set<int64_t> uids;
    for (const Tensor& tensor : graph.tensors) {
      // Which of two tensors with one id is meant nobody can say.
      if (!uids.insert(tensor.uid).second) return;
      __int128 last = 0, elements = 1;
      for (size_t i = 0; i < tensor.dims.size(); ++i) {
        // Tensors no operation reads are not looked at by anybody.
        if (i >= tensor.strides.size() || tensor.dims[i] < 1 || tensor.strides[i] < 0) return;
        last += static_cast<__int128>(tensor.dims[i] - 1) * tensor.strides[i];
        elements *= tensor.dims[i];
      }
      if (last > most_bytes / 8 || elements > most_bytes / 8) return;
    }
    Memory memory(graph, generator_.draw());
    run_plan_of_broken(descriptors, calls, plan, memory);
    if (failed_) std::fprintf(stderr, "%s", describe(graph).c_str());
  }

  void run_plan_of_broken(Descriptors& descriptors, Calls& calls, cudnnBackendDescriptor_t plan, Memory& memory) {
    cudnnBackendDescriptor_t pack =
        descriptors.pack(memory.uids(), memory.pointers(), memory.workspace(descriptors.workspace(plan)));
    if (calls.failed()) return fail("no variant pack: " + calls.text);
    calls.check("cudnnBackendExecute", cudnnBackendExecute(device_.handle, plan, pack));
    if (!calls.fault.empty()) fail(calls.fault);
    synchronize();
    ++broken_run;
  }

  /// Pointers that are missing, null or misaligned, and a workspace that is missing.
  void spoil_pack(const Graph& graph, Memory& memory, cudnnBackendDescriptor_t plan) {
    std::vector<int64_t> uids = memory.uids();
    std::vector<void*> pointers = memory.pointers();
    size_t chosen = 0;
    std::vector<size_t> used;
    for (const Node& node : graph.nodes) {
      for (const auto& [role, tensor] : node.tensors) {
        for (size_t i = 0; i < uids.size(); ++i) {
          if (uids[i] == graph[tensor].uid && !graph[tensor].by_value) used.push_back(i);
        }
      }
    }
    chosen = used[static_cast<size_t>(generator_.below(static_cast<int>(used.size())))];
    Calls calls;
    Descriptors descriptors(calls);
    const int64_t bytes = descriptors.workspace(plan);
    void* workspace = memory.workspace(bytes);
    cudnnStatus_t expected = CUDNN_STATUS_SUCCESS;
    switch (generator_.below(5)) {
      case 0:
        uids[chosen] = 1 << 30;
        expected = CUDNN_STATUS_BAD_PARAM;
        break;
      case 1:
        pointers[chosen] = nullptr;
        expected = CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
        break;
      case 2:
        if (size_of(type_of(graph, uids[chosen])) == 1) return;
        pointers[chosen] = static_cast<char*>(pointers[chosen]) + 1;
        expected = CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER;
        break;
      case 3:
        if (bytes == 0) return;
        workspace = nullptr;
        expected = CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
        break;
      default:
        calls.check("cudnnBackendExecute", cudnnBackendExecute(device_.handle, plan, plan));
        if (calls.status != CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE || !calls.fault.empty()) {
          fail("a plan passed for a variant pack: " + calls.text + calls.fault);
        }
        return;
    }
    cudnnBackendDescriptor_t pack = descriptors.pack(uids, pointers, workspace);
    if (calls.failed()) return fail("no variant pack: " + calls.text);
    calls.check("cudnnBackendExecute", cudnnBackendExecute(device_.handle, plan, pack));
    // A tensor nobody needs, because what would read it was dropped, is not missed.
    const bool may_be_unused =
        calls.status == CUDNN_STATUS_SUCCESS && expected != CUDNN_STATUS_SUCCESS && std::strcmp(name_, "random") == 0;
    if (!calls.fault.empty() || (calls.status != expected && !may_be_unused)) {
      fail("a wrong variant pack: status " + std::to_string(calls.status) + " " + calls.text + calls.fault);
    }
    cuStreamSynchronize(device_.stream);
  }

  static cudnnDataType_t type_of(const Graph& graph, int64_t uid) {
    for (const Tensor& tensor : graph.tensors) {
      if (tensor.uid == uid) return tensor.type;
    }
    return CUDNN_DATA_FLOAT;
  }

  /// A plan's text with some bytes changed makes a plan or an error, whatever it says.
  void spoil_json(std::string text) {
    for (int i = 0; i < 10; ++i) {
      std::string changed = text;
      for (int k = generator_.below(4); k >= 0; --k) {
        const auto place = static_cast<size_t>(generator_.draw() % changed.size());
        switch (generator_.below(4)) {
          case 0:
            changed[place] = static_cast<char>(generator_.below(256));
            break;
          case 1:
            changed.erase(place, static_cast<size_t>(generator_.below(20)));
            break;
          case 2:
            changed.insert(place, changed.substr(static_cast<size_t>(generator_.draw() % changed.size()), 30));
            break;
          default:
            changed[place] = static_cast<char>('0' + generator_.below(10));
        }
        if (changed.empty()) changed = "{";
      }
      Calls calls;
      Descriptors descriptors(calls);
      descriptors.plan_from_json(device_, changed);
      if (!calls.fault.empty()) fail(calls.fault);
      ++texts;
    }
  }

  static std::string describe(const Graph& graph) {
    std::string text;
    for (const Node& node : graph.nodes) {
      text += "op " + std::to_string(static_cast<int>(node.op)) + " mode " + std::to_string(node.pointwise) + "/" +
              std::to_string(node.resample) + "/" + std::to_string(node.norm) + "/" + std::to_string(node.reduction);
      for (const auto& [role, index] : node.tensors) {
        const Tensor& tensor = graph[index];
        text += " " + std::to_string(static_cast<int>(role)) + ":" + std::to_string(tensor.uid) +
                (tensor.is_virtual ? "v" : "") + "t" + std::to_string(tensor.type) + "[";
        for (size_t i = 0; i < tensor.dims.size(); ++i) {
          text += std::to_string(tensor.dims[i]) + "*" + std::to_string(tensor.strides[i]) + " ";
        }
        text += "]";
      }
      text += "\n";
    }
    return text;
  }

  static constexpr int64_t most_bytes = int64_t{1} << 24;

  Generator generator_;
  Device& device_;
  const char* name_ = "";
  std::string last_text_;
  long round_ = -1;
  bool failed_ = false;
};

}  // namespace

int main(int count, char** values) {
  const long graphs = argument(count, values, "--graphs", 2000);
  const long seed = argument(count, values, "--seed", 1);
  std::printf("%ld graphs, seed %ld\n", graphs, seed);
  Device device;
  if (!device.start()) {
    std::fprintf(stderr, "the CPU device did not start\n");
    return 1;
  }
  Fuzzer fuzzer(static_cast<uint64_t>(seed), device);
  fuzzer.run(graphs);
  device.stop();
  std::printf("%ld computed, %ld refused; of broken ones %ld refused, %ld run; %ld texts of plans: %s\n",
              fuzzer.computed, fuzzer.refused, fuzzer.broken_refused, fuzzer.broken_run, fuzzer.texts,
              fuzzer.failed() ? "failed" : "nothing found");
  for (const auto& [reason, times] : fuzzer.reasons) std::printf("%ld x %s\n", times, reason.c_str());
  std::printf("%zu operations, %zu pointwise modes; %.2f %% of %ld results may be anything\n", fuzzer.operations.size(),
              fuzzer.modes.size(), 100.0 * static_cast<double>(fuzzer.unknown) / static_cast<double>(fuzzer.numbers),
              fuzzer.numbers);
  if (fuzzer.failed()) return 1;
  constexpr size_t all_operations = 16, all_modes = 52;
  if (graphs >= 10000 && (fuzzer.operations.size() < all_operations || fuzzer.modes.size() < all_modes)) {
    std::fprintf(stderr, "not every operation and every pointwise mode was computed\n");
    return 1;
  }
  // Where nearly nothing gets past the checks, nothing would be found either.
  if (fuzzer.refused * 10 > fuzzer.computed) {
    std::fprintf(stderr, "too many graphs that fit together were refused\n");
    return 1;
  }
  return 0;
}
