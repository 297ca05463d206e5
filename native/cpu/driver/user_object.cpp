// User objects: what a program wants to live as long as the graphs that use it.
#include <map>

#include "driver/graph_nodes.h"

namespace cpu {
namespace {

// CUuserObject.
struct UserObject {
  static constexpr HandleTag tag = HandleTag::UserObject;
  static constexpr bool used_under_one_mutex = true;

  void* pointer;
  CUhostFn destroy;
  uint64_t references;
};

}  // namespace

void retain_user_object(const HeldObject& held) {
  if (UserObject* object = lookup<UserObject>(held.object)) object->references += held.count;
}

void release_user_object(const HeldObject& held) {
  UserObject* object = lookup<UserObject>(held.object);
  if (object == nullptr) return;
  object->references -= std::min<uint64_t>(object->references, held.count);
  if (object->references != 0) return;
  const UserObject last = *object;
  release<UserObject>(held.object);
  last.destroy(last.pointer);
}

namespace driver {
namespace {

template <class F>
CUresult with_object(const char* function, CUuserObject handle, unsigned count, F&& body) {
  return with_graphs(function, [&] {
    UserObject* object = lookup<UserObject>(handle);
    if (object == nullptr) return bad_handle("user object", handle);
    if (count == 0 || count > INT32_MAX) {
      return fail(CUDA_ERROR_INVALID_VALUE, "count is " + std::to_string(count) + "; 1 to INT_MAX are valid");
    }
    return body(*object);
  });
}

}  // namespace
}  // namespace driver
}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

CUresult cuUserObjectCreate(CUuserObject* object_out, void* ptr, CUhostFn destroy, unsigned int initialRefcount,
                            unsigned int flags) {
  CPU_COUNT_CALL();
  return with_graphs(__func__, [&] {
    if (object_out == nullptr || destroy == nullptr) return null_argument("object_out or destroy");
    if (flags != CU_USER_OBJECT_NO_DESTRUCTOR_SYNC) {
      return fail(CUDA_ERROR_INVALID_VALUE, "flags must be CU_USER_OBJECT_NO_DESTRUCTOR_SYNC (1)");
    }
    if (initialRefcount == 0 || initialRefcount > INT32_MAX) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "initialRefcount is " + std::to_string(initialRefcount) + "; 1 to INT_MAX are valid");
    }
    *object_out = static_cast<CUuserObject>(make_handle(std::make_unique<UserObject>(ptr, destroy, initialRefcount)));
    return CUDA_SUCCESS;
  });
}

CUresult cuUserObjectRetain(CUuserObject object, unsigned int count) {
  CPU_COUNT_CALL();
  return with_object(__func__, object, count, [&](UserObject&) {
    retain_user_object({object, count});
    return CUDA_SUCCESS;
  });
}

CUresult cuUserObjectRelease(CUuserObject object, unsigned int count) {
  CPU_COUNT_CALL();
  return with_object(__func__, object, count, [&](UserObject&) {
    release_user_object({object, count});
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphRetainUserObject(CUgraph graph, CUuserObject object, unsigned int count, unsigned int flags) {
  CPU_COUNT_CALL();
  return with_object(__func__, object, count, [&](UserObject&) {
    Graph* holder = lookup<Graph>(graph);
    if (holder == nullptr) return bad_handle("graph", graph);
    if ((flags & ~static_cast<unsigned>(CU_GRAPH_USER_OBJECT_MOVE)) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "flags is " + std::to_string(flags) + "; 0 and CU_GRAPH_USER_OBJECT_MOVE (1) are valid");
    }
    holder->objects.push_back({object, count});
    if (flags == 0) retain_user_object({object, count});
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphReleaseUserObject(CUgraph graph, CUuserObject object, unsigned int count) {
  CPU_COUNT_CALL();
  return with_object(__func__, object, count, [&](UserObject&) {
    Graph* holder = lookup<Graph>(graph);
    if (holder == nullptr) return bad_handle("graph", graph);
    uint64_t there_are = 0;
    for (const HeldObject& held : holder->objects) there_are += held.object == object ? held.count : 0;
    if (there_are < count) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "the graph holds " + std::to_string(there_are) + " references, not " + std::to_string(count));
    }
    unsigned left = count;
    for (HeldObject& held : holder->objects) {
      if (held.object != object) continue;
      const unsigned taken = std::min(left, held.count);
      held.count -= taken;
      left -= taken;
    }
    std::erase_if(holder->objects, [](const HeldObject& held) { return held.count == 0; });
    release_user_object({object, count});
    return CUDA_SUCCESS;
  });
}
