// What a worker and `streaky proxy` say to each other (docs/http-api.md, "The proxy"): deliveries
// in one JSON object, outcomes as lines of JSON.
//
// Both ends distrust each other: everything is bounded here. Times travel as durations, so the two
// clocks need agree no better than signatures ask for. Pure functions; any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "notify/courier.h"
#include "runtime/error.h"

namespace streaky::notify {

inline constexpr std::string_view kDeliveriesPath = "/v1/deliveries";
inline constexpr std::string_view kResealPath = "/v1/reseal";
/// On a proxy's own 503 for want of room, and on that alone: whoever else answers 503, a front
/// without its proxy or a proxy that stops, has another one asked.
inline constexpr std::string_view kNoRoomHeader = "X-Streaky-No-Room";
inline constexpr std::size_t kMostPerRequest = 500;
/// What a proxy reads; a worker closes a batch at half of it.
inline constexpr std::size_t kMaxProxyRequestBytes = 4U << 20U;
inline constexpr std::size_t kMaxDeliveryIdBytes = 64;
inline constexpr std::size_t kMaxSealedTextBytes = 32U << 10U;
inline constexpr std::size_t kMaxSubjectBytes = 2U << 10U;
inline constexpr std::size_t kMaxBodyBytes = 16U << 10U;
inline constexpr std::size_t kMaxOutcomeLineBytes = 64U << 10U;
inline constexpr std::size_t kMaxReasonBytes = 400;
inline constexpr runtime::Millis kLongestLife{48LL * 3600 * 1000};
/// How often a proxy says that it is still at work, and after which silence it counts as hung.
inline constexpr runtime::Millis kHeartbeat{3'000};
inline constexpr runtime::Millis kLongestSilence{15'000};

/// One element of `deliveries`, as JSON text.
std::string delivery_text(const SealedOutgoing& outgoing, runtime::TimePoint now);
/// Error `malformed`: which field, and what is accepted.
runtime::Result<SealedOutgoing> read_delivery(const boost::json::value& value,
                                              runtime::TimePoint now);
/// The id of an element of `deliveries`, if it has an acceptable one.
std::optional<std::string> delivery_id_of(const boost::json::value& value);

/// One outcome as a line of JSON, line feed included.
std::string outcome_line(std::string_view delivery_id, const Carried& carried,
                         runtime::TimePoint now);
/// "Still at work": a line that carries no outcome.
std::string heartbeat_line(std::size_t open);

struct OutcomeOf {
  std::string delivery_id;
  Carried carried;
};
/// Nothing for a line that is no well-formed outcome.
std::optional<OutcomeOf> read_outcome(std::string_view line, runtime::TimePoint now);

/// True for base64url and dots, not too long: the look of everything that is sealed.
bool looks_sealed(std::string_view text);

}  // namespace streaky::notify
