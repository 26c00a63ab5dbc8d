// How many bytes of requests' bodies are held at a time, by all connections together, and each
// request's part of it. Threading: the server's executor.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace streaky::net {

struct BodyBudget {
  std::size_t limit = 0;
  std::size_t used = 0;
};
// Shared by the server and the shares: a request may outlive its server.
using BodyBudgetPtr = std::shared_ptr<BodyBudget>;

/// One request's part; given back with it at the latest.
class BodyShare {
 public:
  explicit BodyShare(BodyBudgetPtr budget) : budget_(std::move(budget)) {}
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { give_back(); }

  bool take(std::size_t bytes) {
    if (bytes > budget_->limit - budget_->used) return false;
    budget_->used += bytes;
    bytes_ += bytes;
    return true;
  }
  void give_back() { budget_->used -= std::exchange(bytes_, 0); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  BodyBudgetPtr budget_;
  std::size_t bytes_ = 0;
};

}  // namespace streaky::net
