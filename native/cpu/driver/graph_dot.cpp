// A graph as DOT text, for people and for graphviz.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "driver/graph_nodes.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

bool shows_parameters(unsigned flags, CUgraphNodeType type) {
  if ((flags & CU_GRAPH_DEBUG_DOT_FLAGS_VERBOSE) != 0) return true;
  switch (static_cast<int>(type)) {
    case CU_GRAPH_NODE_TYPE_KERNEL:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_KERNEL_NODE_PARAMS) != 0;
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_MEMCPY_NODE_PARAMS) != 0;
    case CU_GRAPH_NODE_TYPE_MEMSET:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_MEMSET_NODE_PARAMS) != 0;
    case CU_GRAPH_NODE_TYPE_HOST:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_HOST_NODE_PARAMS) != 0;
    case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_MEM_ALLOC_NODE_PARAMS) != 0;
    case CU_GRAPH_NODE_TYPE_MEM_FREE:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_MEM_FREE_NODE_PARAMS) != 0;
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
      return (flags & CU_GRAPH_DEBUG_DOT_FLAGS_BATCH_MEM_OP_NODE_PARAMS) != 0;
    default:
      return false;
  }
}

// Kernels are told by their names always, everything else by its kind.
std::string label(const GraphNode& node, unsigned flags) {
  std::string text = std::to_string(node.number) + "\n" + name_of(node.work->type());
  const std::string description = node.work->description();
  if (!description.empty()) {
    if (shows_parameters(flags, node.work->type())) {
      text += "\n" + description;
    } else if (node.work->type() == CU_GRAPH_NODE_TYPE_KERNEL) {
      text += "\n" + description.substr(0, description.find(','));
    }
  }
  const bool handles = (flags & (CU_GRAPH_DEBUG_DOT_FLAGS_HANDLES | CU_GRAPH_DEBUG_DOT_FLAGS_VERBOSE)) != 0;
  if (handles) text += "\nnode " + hexadecimal(reinterpret_cast<uintptr_t>(node.handle));
  std::string lines;
  for (const char c : escaped(text)) {
    if (c == '\n') {
      lines += "\\n";
    } else {
      lines += c;
    }
  }
  return lines;
}

std::string name(const GraphNode& node) {
  return "\"graph_" + std::to_string(node.graph->id) + "_node_" + std::to_string(node.number) + "\"";
}

void print(const Graph& graph, unsigned flags, const std::string& indent, std::string* text) {
  for (const GraphNode* node : graph.nodes) {
    *text += indent + name(*node) + " [shape=\"box\" label=\"" + label(*node, flags) + "\"];\n";
    if (const Graph* child = lookup<Graph>(node->work->child())) {
      *text += indent + "subgraph \"cluster_" + std::to_string(child->id) + "\" {\n";
      *text += indent + "  label=\"graph " + std::to_string(child->id) + "\";\n";
      print(*child, flags, indent + "  ", text);
      *text += indent + "}\n";
    }
  }
  for (const GraphNode* node : graph.nodes) {
    for (const GraphNode* dependent : node->dependents)
      *text += indent + name(*node) + " -> " + name(*dependent) + ";\n";
  }
}

// Whole or not at all: written beside the place and moved there.
bool write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  std::error_code error;
  if (written && closed) std::filesystem::rename(temporary, path, error);
  if (written && closed && !error) return true;
  std::remove(temporary.c_str());
  return false;
}

}  // namespace

CUresult cuGraphDebugDotPrint(CUgraph hGraph, const char* path, unsigned int flags) {
  CPU_COUNT_CALL();
  return with_graph(__func__, hGraph, [&](Graph& graph) {
    if (path == nullptr) return null_argument("path");
    std::string text = "digraph \"graph " + std::to_string(graph.id) + "\" {\n";
    print(graph, flags, "  ", &text);
    text += "}\n";
    if (write_file(path, text)) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_OPERATING_SYSTEM,
                "the file '" + std::string(path) + "' cannot be written: " + std::strerror(errno));
  });
}
