#include "proxy/delivery_memory.h"

#include <functional>
#include <string_view>
#include <utility>
#include <variant>

namespace streaky::proxy {

using notify::Carried;
using runtime::Millis;

std::size_t DeliveryMemory::credential_of(const notify::SealedOutgoing& outgoing) {
  return std::hash<std::string_view>{}(outgoing.sealed);
}

std::optional<Carried> DeliveryMemory::find(const std::string& delivery_id, std::size_t credential,
                                            Millis now) const {
  const auto found = entries_.find(delivery_id);
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  const Entry& entry = found->second;
  Carried carried;
  carried.outcome = notify::Sent{entry.remote_id};
  if (!entry.rare) return carried;
  carried.resealed = entry.rare->resealed;
  if (!entry.rare->dead) return carried;
  if (entry.rare->credential != credential) return std::nullopt;
  carried.outcome = *entry.rare->dead;
  return carried;
}

void DeliveryMemory::remember(const std::string& delivery_id, std::size_t credential,
                              const Carried& carried, Millis now) {
  const auto* sent = std::get_if<notify::Sent>(&carried.outcome);
  const auto* dead = std::get_if<notify::Dead>(&carried.outcome);
  if (sent == nullptr && dead == nullptr) return;
  Entry entry;
  entry.until = now + kKept;
  if (sent != nullptr) entry.remote_id = sent->remote_id;
  if (dead != nullptr || !carried.resealed.empty()) {
    entry.rare = std::make_unique<Rare>();
    if (dead != nullptr) entry.rare->dead = *dead;
    entry.rare->credential = credential;
    entry.rare->resealed = carried.resealed;
  }
  forget(now);
  const auto [at, added] = entries_.insert_or_assign(delivery_id, std::move(entry));
  if (added) oldest_first_.push_back(&at->first);
}

void DeliveryMemory::forget(Millis now) {
  while (!oldest_first_.empty()) {
    const auto oldest = entries_.find(*oldest_first_.front());
    if (entries_.size() < most_ && oldest->second.until > now) return;
    oldest_first_.pop_front();
    entries_.erase(oldest);
  }
}

}  // namespace streaky::proxy
