// Fat binaries made by a test, as nvcc leaves them in a program.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

enum class FatEntry : uint16_t { Text = 1, MachineCode = 2 };

inline void append(std::string* bytes, const void* data, size_t size) {
  bytes->append(static_cast<const char*>(data), size);
}

// One entry: its header of 64 bytes and its payload, filled up with zeros to a multiple of eight.
inline std::string fat_entry(FatEntry kind, const std::string& payload, uint64_t uncompressed_bytes = 0) {
  const std::string padded = payload + std::string((8 - payload.size() % 8) % 8, '\0');
  std::string entry(64, '\0');
  const auto set = [&](size_t offset, auto value) { std::memcpy(entry.data() + offset, &value, sizeof(value)); };
  set(0, static_cast<uint16_t>(kind));
  set(2, uint16_t{0x0101});
  set(4, uint32_t{64});
  set(8, static_cast<uint64_t>(padded.size()));
  set(24, uint16_t{3});
  set(26, uint16_t{6});
  set(28, uint32_t{75});
  set(56, uncompressed_bytes);
  return entry + padded;
}

inline std::string fat_binary(const std::string& entries) {
  std::string binary(16, '\0');
  const uint32_t magic = 0xBA55ED50;
  const uint16_t version = 1;
  const uint16_t header_bytes = 16;
  const uint64_t content_bytes = entries.size();
  std::memcpy(binary.data(), &magic, sizeof(magic));
  std::memcpy(binary.data() + 4, &version, sizeof(version));
  std::memcpy(binary.data() + 6, &header_bytes, sizeof(header_bytes));
  std::memcpy(binary.data() + 8, &content_bytes, sizeof(content_bytes));
  return binary + entries;
}
