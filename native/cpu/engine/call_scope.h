// Objects may be destroyed while other threads are inside calls that use them. Lookups take no lock and give out plain
// pointers; what makes that safe is that every call is a scope, and that a destroyed object, which no new call can
// find, is kept until every call that began before its end has returned.
#pragma once

namespace cpu {

// Around everything a call does with what it looked up. May be nested.
class CallScope {
 public:
  CallScope();
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
};

// Calls `end` with an object that can be found no more: at once where no other thread is inside a call which may have
// found it before, else when the last of those calls has returned.
void retire(void* object, void (*end)(void*));

}  // namespace cpu
