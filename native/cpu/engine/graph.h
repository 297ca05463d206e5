// Graphs: operations with their dependencies, made by hand or by capturing streams, and the programs they are turned
// into for replay. Nothing here knows what an operation does: the driver derives its kinds of nodes from NodeWork.
//
// One mutex guards the structure of all graphs and the state of all captures. Replays do not take it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/handles.h"
#include "generated/driver.h"

namespace cpu {

std::recursive_mutex& graph_mutex();

class EventState;
class Program;
class Stream;

// What a node does when its turn comes. Never changes once it is in a graph, so that graphs, their clones and what was
// instantiated from them share it; new parameters mean new work in its place.
class NodeWork {
 public:
  NodeWork() = default;
  NodeWork(const NodeWork&) = delete;
  NodeWork& operator=(const NodeWork&) = delete;
  virtual ~NodeWork() = default;

  virtual CUgraphNodeType type() const = 0;

  // On a stream's worker. Throws to fail the context.
  virtual void run() const {}

  // The event of an event node, else null. Their work is the replay's, which knows what each launch waits for.
  virtual EventState* event() const { return nullptr; }

  // The graph in a child graph node, else null.
  virtual CUgraph child() const { return nullptr; }

  // The parameters, for people: "gather_normalize_nhwc, 128 blocks of 256".
  virtual std::string description() const { return {}; }
};

// The work of a call that was captured and is none of the driver's own kinds of nodes: cuDNN's and cuBLAS's calls.
template <class F>
class ClosureWork final : public NodeWork {
 public:
  explicit ClosureWork(F&& function) : function_(std::move(function)) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_KERNEL; }
  void run() const override {
    // Two graphs with the same node may be replayed at once; the closure may have state of its own.
    std::lock_guard lock(mutex_);
    function_();
  }
  std::string description() const override { return "a library's operation"; }

 private:
  mutable std::mutex mutex_;
  mutable F function_;
};

struct Graph;

// CUgraphNode.
struct GraphNode {
  static constexpr HandleTag tag = HandleTag::GraphNode;
  static constexpr bool used_under_one_mutex = true;

  CUgraphNode handle = nullptr;
  Graph* graph = nullptr;
  std::shared_ptr<const NodeWork> work;
  std::vector<GraphNode*> dependencies;
  std::vector<GraphNode*> dependents;
  // Counted from 0 in the graph, never used again.
  unsigned number = 0;
  // What it was cloned from.
  CUgraphNode original = nullptr;
  // A kernel node's attributes that were set: id and value.
  std::vector<CUlaunchAttribute> attributes;
};

// A user object a graph holds references to.
struct HeldObject {
  CUuserObject object;
  unsigned count;
};

// CUgraph.
struct Graph {
  static constexpr HandleTag tag = HandleTag::Graph;
  static constexpr bool used_under_one_mutex = true;

  CUgraph handle = nullptr;
  std::vector<GraphNode*> nodes;
  unsigned next_number = 0;
  unsigned id = 0;
  // The graph belongs to a child graph node, which destroys it.
  bool embedded = false;
  // What it was cloned from.
  CUgraph original = nullptr;
  std::vector<HeldObject> objects;

  ~Graph();

  static Graph* create();
  GraphNode* add(std::shared_ptr<const NodeWork> work, std::span<GraphNode* const> dependencies);
  void destroy(GraphNode* node);

  // The nodes, each behind those it depends on and otherwise in the order they were added; false where they wait for
  // each other in a circle.
  bool sort(std::vector<GraphNode*>* sorted) const;

  // A copy that shares the nodes' work; child graphs are copied too, since they can be changed through their nodes.
  Graph* clone() const;
};

bool depends(const GraphNode& node, const GraphNode& on);
// Adds an edge; false where it is there already.
bool connect(GraphNode& from, GraphNode& to);
bool disconnect(GraphNode& from, GraphNode& to);

class LaunchEvents;

// What is replayed: the works of a graph in order. Never changes; an update makes a new one, and launches that are
// pending keep the old.
class Program {
 public:
  struct Step {
    // The node it comes from, which may be gone.
    CUgraphNode node;
    std::shared_ptr<const NodeWork> work;
    std::shared_ptr<const Program> child;
    std::vector<uint32_t> dependencies;
    bool enabled = true;
  };

  // Null where the graph has a circle; `bad_node` is then a node of it.
  static std::shared_ptr<Program> make(const Graph& graph, CUgraphNode* bad_node);

  void run(LaunchEvents* events) const;
  size_t event_count() const { return event_count_; }

  // The same graph again, for a launch that is captured.
  Graph* to_graph() const;

  // The step of a node, and the path of child programs that leads to it; empty where there is none.
  bool find(CUgraphNode node, std::vector<size_t>* path) const;
  const Step& at(std::span<const size_t> path) const;
  // A copy with another step at the path.
  std::shared_ptr<Program> replace(std::span<const size_t> path, Step step) const;

  std::vector<Step> steps;

 private:
  void count_events();
  size_t event_count_ = 0;
};

// CUgraphExec.
struct GraphExec {
  static constexpr HandleTag tag = HandleTag::GraphExec;
  static constexpr bool used_under_one_mutex = true;

  // Guarded by graph_mutex().
  std::shared_ptr<const Program> program;
  std::vector<HeldObject> objects;
  uint64_t flags = 0;
  unsigned id = 0;
  CUcontext context = nullptr;

  // Launches of one executable graph follow each other, in whichever streams they are. Apart from the object, because
  // a launch may still stand in it while another thread destroys the handle.
  struct Order {
    std::mutex mutex;
    std::shared_ptr<Stream> stream;
    uint64_t place = 0;
  };
  std::shared_ptr<Order> order = std::make_shared<Order>();

  ~GraphExec();
};

// Appends a replay to the stream, behind earlier launches of the same executable graph.
void launch(GraphExec::Order& order, std::shared_ptr<const Program> program, Stream& stream);

// References to user objects; the driver gives them a meaning.
void retain_user_object(const HeldObject& held);
void release_user_object(const HeldObject& held);

}  // namespace cpu
