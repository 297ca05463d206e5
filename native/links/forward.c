/* One library of the folder of links: NVIDIA's file name and symbols, the CPU device behind them. The device is loaded
   with it and once in a process, whatever names it is loaded by, so that all names are one device. Before anybody can
   call a function here its slot holds the device's function of the same name. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define SYMBOL(name) extern void* cudnnnet_slot_##name __attribute__((visibility("hidden")));
#include LINK_NAMES
#undef SYMBOL

struct forwarded {
  const char* name;
  void** slot;
};

#define SYMBOL(name) {#name, &cudnnnet_slot_##name},
static const struct forwarded functions[] = {
#include LINK_NAMES
    {NULL, NULL},
};
#undef SYMBOL

/* In the place of a function that a device of another build lacks. */
static void missing(void) {
  fputs("cudnnnet: this function is not in the CPU device that was loaded, " DEVICE_LIBRARY
        "; it is of another build\n",
        stderr);
  abort();
}

__attribute__((constructor)) static void fill_slots(void) {
  /* It is loaded already, as a dependency; this finds it under whatever path that was. */
  void* device = dlopen(DEVICE_LIBRARY, RTLD_LAZY | RTLD_NOLOAD);
  for (const struct forwarded* function = functions; function->name != NULL; ++function) {
    void* target = device == NULL ? NULL : dlsym(device, function->name);
    *function->slot = target != NULL ? target : (void*)missing;
  }
}
