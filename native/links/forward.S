/* The functions of one library of the folder of links: each goes on in the CPU device, through a slot of its own, with
   the registers and the stack as they are. LINK_NAMES is the file with the names. */
#if defined(__CET__)
#include <cet.h>
#endif

#if defined(__x86_64__)
#ifndef _CET_ENDBR
#define _CET_ENDBR
#endif
#define FORWARD(name) _CET_ENDBR; jmp *cudnnnet_slot_##name(%rip)
#elif defined(__aarch64__)
/* hint 34 is the landing pad of an indirect call, and nothing on processors without it. */
#define FORWARD(name)                     \
  hint 34; adrp x16, cudnnnet_slot_##name; \
  ldr x16, [x16, #:lo12:cudnnnet_slot_##name]; br x16
#else
#error "the folder of links has no forwarding code for this processor"
#endif

#define SYMBOL(name)                                                          \
  .globl name; .type name, %function; name: FORWARD(name); .size name, . - name;
        .text
#include LINK_NAMES

#undef SYMBOL
#define SYMBOL(name)                                                            \
  .globl cudnnnet_slot_##name; .hidden cudnnnet_slot_##name;                    \
  .type cudnnnet_slot_##name, %object; .size cudnnnet_slot_##name, 8;           \
  cudnnnet_slot_##name: .skip 8;
        .bss
        .balign 8
#include LINK_NAMES

        .section .note.GNU-stack, "", %progbits
