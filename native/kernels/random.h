// Random numbers without a state: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011). Whoever knows seed and counter
// knows the numbers, in any order and on any device.
#pragma once
#include "device.h"

struct RandomWords {
  u32 word[4];
};

// Four words of 32 random bits for a seed and a counter of four words.
DEVICE_FUNCTION RandomWords random_words(u64 seed, u32 counter0, u32 counter1, u32 counter2, u32 counter3) {
  RandomWords c = {{counter0, counter1, counter2, counter3}};
  u32 key0 = (u32)seed;
  u32 key1 = (u32)(seed >> 32);
  for (u32 round = 0; round < 10; ++round) {
    u64 product0 = (u64)0xD2511F53u * c.word[0];
    u64 product1 = (u64)0xCD9E8D57u * c.word[2];
    RandomWords next = {{(u32)(product1 >> 32) ^ c.word[1] ^ key0, (u32)product1,
                         (u32)(product0 >> 32) ^ c.word[3] ^ key1, (u32)product0}};
    c = next;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}
