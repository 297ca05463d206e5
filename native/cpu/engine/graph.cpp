#include "engine/graph.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <queue>

#include "engine/event.h"

namespace cpu {

// The events that one launch of a program waits for and records, known when it is launched. Recorded ones are reached
// at the latest when this ends, so that nobody waits for a launch which was dropped after a failure.
class LaunchEvents {
 public:
  explicit LaunchEvents(const Program& program);
  ~LaunchEvents();
  // The next event node of the running launch.
  void run_next();

 private:
  struct Mark {
    std::shared_ptr<EventState> state;
    // What a recording node reaches, generation 0 for one that waits.
    EventState::GraphRecord record;
    EventState::Marker awaited;
  };
  void collect(const Program& program, bool recording, size_t* next);
  std::vector<Mark> marks_;
  size_t next_ = 0;
};

std::recursive_mutex& graph_mutex() {
  // Never destroyed: workers may still end programs while the process ends.
  static std::recursive_mutex& mutex = *new std::recursive_mutex;
  return mutex;
}

namespace {

std::atomic<unsigned> next_graph_id{1};

// A child graph node that holds a copy of somebody's graph.
class CopiedChild final : public NodeWork {
 public:
  explicit CopiedChild(CUgraph graph) : graph_(graph) {}
  ~CopiedChild() override {
    std::lock_guard lock(graph_mutex());
    release<Graph>(graph_);
  }
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_GRAPH; }
  CUgraph child() const override { return graph_; }

 private:
  const CUgraph graph_;
};

}  // namespace

Graph* Graph::create() {
  auto object = std::make_unique<Graph>();
  Graph* graph = object.get();
  graph->id = next_graph_id.fetch_add(1);
  graph->handle = static_cast<CUgraph>(make_handle(std::move(object)));
  return graph;
}

Graph::~Graph() {
  for (GraphNode* node : nodes) release<GraphNode>(node->handle);
  for (const HeldObject& held : objects) release_user_object(held);
}

GraphNode* Graph::add(std::shared_ptr<const NodeWork> work, std::span<GraphNode* const> dependencies) {
  nodes.reserve(nodes.size() + 1);
  auto object = std::make_unique<GraphNode>();
  GraphNode* node = object.get();
  node->graph = this;
  node->work = std::move(work);
  node->number = next_number++;
  node->handle = static_cast<CUgraphNode>(make_handle(std::move(object)));
  nodes.push_back(node);
  for (GraphNode* dependency : dependencies) connect(*dependency, *node);
  return node;
}

void Graph::destroy(GraphNode* node) {
  for (GraphNode* other : node->dependencies) std::erase(other->dependents, node);
  for (GraphNode* other : node->dependents) std::erase(other->dependencies, node);
  std::erase(nodes, node);
  release<GraphNode>(node->handle);
}

bool Graph::sort(std::vector<GraphNode*>* sorted) const {
  sorted->clear();
  std::map<const GraphNode*, size_t> waiting;
  const auto later = [](const GraphNode* a, const GraphNode* b) { return a->number > b->number; };
  std::priority_queue<GraphNode*, std::vector<GraphNode*>, decltype(later)> ready(later);
  for (GraphNode* node : nodes) {
    waiting[node] = node->dependencies.size();
    if (node->dependencies.empty()) ready.push(node);
  }
  while (!ready.empty()) {
    GraphNode* node = ready.top();
    ready.pop();
    sorted->push_back(node);
    for (GraphNode* dependent : node->dependents) {
      if (--waiting[dependent] == 0) ready.push(dependent);
    }
  }
  return sorted->size() == nodes.size();
}

Graph* Graph::clone() const {
  Graph* copy = create();
  copy->original = handle;
  std::map<const GraphNode*, GraphNode*> clones;
  for (const GraphNode* node : nodes) {
    std::shared_ptr<const NodeWork> work = node->work;
    if (const Graph* child = lookup<Graph>(work->child())) {
      Graph* child_copy = child->clone();
      child_copy->embedded = true;
      work = std::make_shared<CopiedChild>(child_copy->handle);
    }
    GraphNode* clone = copy->add(std::move(work), {});
    clone->original = node->handle;
    clone->attributes = node->attributes;
    clones.emplace(node, clone);
  }
  for (const GraphNode* node : nodes) {
    for (const GraphNode* dependency : node->dependencies) connect(*clones[dependency], *clones[node]);
  }
  copy->objects = objects;
  for (const HeldObject& held : copy->objects) retain_user_object(held);
  return copy;
}

bool depends(const GraphNode& node, const GraphNode& on) {
  std::vector<const GraphNode*> open{&node};
  std::map<const GraphNode*, bool> seen;
  while (!open.empty()) {
    const GraphNode* next = open.back();
    open.pop_back();
    if (next == &on) return true;
    for (const GraphNode* dependency : next->dependencies) {
      if (!seen[dependency]) {
        seen[dependency] = true;
        open.push_back(dependency);
      }
    }
  }
  return false;
}

bool connect(GraphNode& from, GraphNode& to) {
  if (std::find(to.dependencies.begin(), to.dependencies.end(), &from) != to.dependencies.end()) return false;
  to.dependencies.push_back(&from);
  from.dependents.push_back(&to);
  return true;
}

bool disconnect(GraphNode& from, GraphNode& to) {
  if (std::erase(to.dependencies, &from) == 0) return false;
  std::erase(from.dependents, &to);
  return true;
}

std::shared_ptr<Program> Program::make(const Graph& graph, CUgraphNode* bad_node) {
  std::vector<GraphNode*> sorted;
  if (!graph.sort(&sorted)) {
    // Whoever is not sorted waits for a circle, or is in one.
    for (GraphNode* node : graph.nodes) {
      if (std::find(sorted.begin(), sorted.end(), node) == sorted.end()) *bad_node = node->handle;
    }
    return nullptr;
  }
  auto program = std::make_shared<Program>();
  std::map<const GraphNode*, uint32_t> places;
  for (const GraphNode* node : sorted) {
    Step step{node->handle, node->work, nullptr, {}, true};
    if (const Graph* child = lookup<Graph>(node->work->child())) {
      step.child = make(*child, bad_node);
      if (step.child == nullptr) return nullptr;
      // The graph inside the node ends with the node, so the program keeps its steps alone.
      step.work = nullptr;
    }
    for (const GraphNode* dependency : node->dependencies) step.dependencies.push_back(places[dependency]);
    std::sort(step.dependencies.begin(), step.dependencies.end());
    places.emplace(node, static_cast<uint32_t>(program->steps.size()));
    program->steps.push_back(std::move(step));
  }
  program->count_events();
  return program;
}

void Program::count_events() {
  event_count_ = 0;
  for (const Step& step : steps) {
    if (step.child != nullptr) {
      event_count_ += step.child->event_count_;
    } else if (step.work->event() != nullptr) {
      ++event_count_;
    }
  }
}

void Program::run(LaunchEvents* events) const {
  for (const Step& step : steps) {
    if (step.child != nullptr) {
      step.child->run(events);
    } else if (step.work->event() != nullptr) {
      events->run_next();
    } else if (step.enabled) {
      step.work->run();
    }
  }
}

Graph* Program::to_graph() const {
  Graph* graph = Graph::create();
  std::vector<GraphNode*> made;
  for (const Step& step : steps) {
    std::vector<GraphNode*> dependencies;
    for (const uint32_t place : step.dependencies) dependencies.push_back(made[place]);
    std::shared_ptr<const NodeWork> work = step.work;
    if (step.child != nullptr) {
      Graph* child = step.child->to_graph();
      child->embedded = true;
      work = std::make_shared<CopiedChild>(child->handle);
    }
    made.push_back(graph->add(std::move(work), dependencies));
  }
  return graph;
}

bool Program::find(CUgraphNode node, std::vector<size_t>* path) const {
  for (size_t i = 0; i < steps.size(); ++i) {
    path->push_back(i);
    if (steps[i].node == node) return true;
    if (steps[i].child != nullptr && steps[i].child->find(node, path)) return true;
    path->pop_back();
  }
  return false;
}

const Program::Step& Program::at(std::span<const size_t> path) const {
  const Step& step = steps[path[0]];
  return path.size() == 1 ? step : step.child->at(path.subspan(1));
}

std::shared_ptr<Program> Program::replace(std::span<const size_t> path, Step step) const {
  auto copy = std::make_shared<Program>(*this);
  Step& place = copy->steps[path[0]];
  if (path.size() == 1) {
    place = std::move(step);
  } else {
    place.child = place.child->replace(path.subspan(1), std::move(step));
  }
  copy->count_events();
  return copy;
}

LaunchEvents::LaunchEvents(const Program& program) {
  marks_.resize(program.event_count());
  // First what is waited for, as it is before this launch records anything.
  size_t next = 0;
  collect(program, false, &next);
  next = 0;
  collect(program, true, &next);
}

void LaunchEvents::collect(const Program& program, bool recording, size_t* next) {
  for (const Program::Step& step : program.steps) {
    if (step.child != nullptr) {
      collect(*step.child, recording, next);
      continue;
    }
    EventState* event = step.work->event();
    if (event == nullptr) continue;
    Mark& mark = marks_[(*next)++];
    const bool records = step.work->type() == CU_GRAPH_NODE_TYPE_EVENT_RECORD;
    if (records != recording) continue;
    mark.state = event->shared_from_this();
    if (records) mark.record = event->record_in_graph();
    if (!records) mark.awaited = event->marker();
  }
}

LaunchEvents::~LaunchEvents() {
  for (; next_ < marks_.size(); ++next_) {
    const Mark& mark = marks_[next_];
    if (mark.state != nullptr && mark.record.generation != 0) mark.state->reach_in_graph(mark.record);
  }
}

void LaunchEvents::run_next() {
  const Mark& mark = marks_[next_];
  if (mark.record.generation != 0) {
    mark.state->reach_in_graph(mark.record);
  } else {
    mark.awaited.wait();
  }
  ++next_;
}

GraphExec::~GraphExec() {
  for (const HeldObject& held : objects) release_user_object(held);
}

void launch(GraphExec::Order& order, std::shared_ptr<const Program> program, Stream& stream) {
  std::lock_guard lock(order.mutex);
  if (order.stream != nullptr && order.stream.get() != &stream && order.stream->completed() < order.place) {
    stream.enqueue([before = order.stream, place = order.place] { before->wait_for(place); });
  }
  std::shared_ptr<LaunchEvents> events;
  if (program->event_count() != 0) events = std::make_shared<LaunchEvents>(*program);
  order.place =
      stream.enqueue([program = std::move(program), events = std::move(events)] { program->run(events.get()); });
  order.stream = stream.shared_from_this();
}

}  // namespace cpu
