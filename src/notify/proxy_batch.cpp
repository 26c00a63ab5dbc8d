#include "notify/proxy_batch.h"

#include <utility>

namespace streaky::notify {
namespace {

constexpr std::string_view kBegin = R"({"deliveries":[)";
constexpr std::string_view kEnd = "]}";
constexpr std::size_t kMaxBodyOfBatch = kMaxProxyRequestBytes / 2;

}  // namespace

bool ProxyBatch::add(const ProxyParcelPtr& parcel) {
  if (has_expired(parcel->outgoing, clock_.now())) {
    parcel->settle(Fate::expired);
    return true;
  }
  if (parcels_.size() >= kMostPerRequest) return false;
  const std::string text = delivery_text(parcel->outgoing, clock_.now());
  if (!parcels_.empty() && body_.size() + text.size() > kMaxBodyOfBatch) return false;
  if (!parcels_.try_emplace(parcel->outgoing.delivery_id, parcel).second) return false;
  body_ += body_.empty() ? kBegin : std::string_view(",");
  body_ += text;
  ++open_;
  return true;
}

std::string ProxyBatch::take_body() {
  body_ += kEnd;
  return std::exchange(body_, {});
}

void ProxyBatch::take_piece(std::string_view piece) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (line_.empty()) {
      take_line(piece.substr(0, end));
    } else {
      line_ += piece.substr(0, end);
      take_line(std::exchange(line_, {}));
    }
    piece.remove_prefix(end + 1);
  }
  // A line without an end would be gathered for ever: what is too long is no outcome anyway.
  if (line_.size() + piece.size() <= kMaxOutcomeLineBytes) line_ += piece;
}

void ProxyBatch::take_line(std::string_view line) {
  auto outcome = read_outcome(line, clock_.now());
  if (!outcome) return;
  const auto found = parcels_.find(outcome->delivery_id);
  if (found == parcels_.end() || found->second->fate != Fate::waiting) return;
  found->second->carried = std::move(outcome->carried);
  --open_;
  found->second->settle(Fate::answered);
}

void ProxyBatch::settle_rest(Fate fate, const Carried& carried) {
  for (auto& [id, parcel] : parcels_) {
    if (parcel->fate != Fate::waiting) continue;
    parcel->carried = carried;
    --open_;
    parcel->settle(fate);
  }
}

}  // namespace streaky::notify
