#include "nccl/gloo_context.h"

#include <gloo/transport/context.h>
#include <gloo/transport/pair.h>
#include <gloo/transport/unbound_buffer.h>

#include <stdexcept>

namespace cpu::nccl {
namespace {

[[noreturn]] void not_used() { throw std::logic_error("Gloo asked its transport for what its collectives never use"); }

class MeshBuffer final : public gloo::transport::UnboundBuffer {
 public:
  MeshBuffer(Mesh& mesh, const Signature& signature, void* data, size_t bytes)
      : UnboundBuffer(data, bytes), buffer_(mesh, data, bytes), signature_(signature) {}

  void send(int rank, uint64_t slot, size_t offset, size_t bytes) override {
    buffer_.send(rank, slot, offset, bytes == kUnspecifiedByteCount ? size - offset : bytes, signature_);
  }
  void recv(int rank, uint64_t slot, size_t offset, size_t bytes) override {
    buffer_.receive(rank, slot, offset, bytes == kUnspecifiedByteCount ? size - offset : bytes, signature_);
  }
  void recv(std::vector<int>, uint64_t, size_t, size_t) override { not_used(); }

  // The mesh has its own limit of time; Gloo's is not looked at.
  bool waitRecv(int*, std::chrono::milliseconds) override {
    buffer_.wait_received();
    return true;
  }
  bool waitSend(int*, std::chrono::milliseconds) override {
    buffer_.wait_sent();
    return true;
  }

  // A failure of the mesh ends waiting.
  void abortWaitRecv() override { not_used(); }
  void abortWaitSend() override { not_used(); }

 private:
  Mesh::Buffer buffer_;
  const Signature& signature_;
};

// Collectives look whether there is a pair for each rank, and use it no further.
class MeshPair final : public gloo::transport::Pair {
 public:
  const gloo::transport::Address& address() const override { not_used(); }
  void connect(const std::vector<char>&) override { not_used(); }
  void close() override {}
  void setSync(bool, bool) override { not_used(); }
  std::unique_ptr<gloo::transport::Buffer> createSendBuffer(int, void*, size_t) override { not_used(); }
  std::unique_ptr<gloo::transport::Buffer> createRecvBuffer(int, void*, size_t) override { not_used(); }
  void send(gloo::transport::UnboundBuffer*, uint64_t, size_t, size_t) override { not_used(); }
  void recv(gloo::transport::UnboundBuffer*, uint64_t, size_t, size_t) override { not_used(); }
};

class MeshTransport final : public gloo::transport::Context {
 public:
  MeshTransport(Mesh& mesh, const Signature& signature)
      : Context(mesh.rank(), mesh.size()), mesh_(mesh), signature_(signature) {
    for (auto& pair : pairs_) pair = std::make_unique<MeshPair>();
  }

  std::unique_ptr<gloo::transport::Pair>& createPair(int) override { not_used(); }
  std::unique_ptr<gloo::transport::UnboundBuffer> createUnboundBuffer(void* data, size_t bytes) override {
    return std::make_unique<MeshBuffer>(mesh_, signature_, data, bytes);
  }

 private:
  Mesh& mesh_;
  const Signature& signature_;
};

class MeshContext final : public gloo::Context {
 public:
  MeshContext(Mesh& mesh, const Signature& signature) : gloo::Context(mesh.rank(), mesh.size()) {
    transportContext_ = std::make_shared<MeshTransport>(mesh, signature);
  }
};

}  // namespace

std::shared_ptr<gloo::Context> make_gloo_context(Mesh& mesh, const Signature& signature) {
  return std::make_shared<MeshContext>(mesh, signature);
}

}  // namespace cpu::nccl
