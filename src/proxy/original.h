// The contract of the original's proxy: `POST /send-notification` (docs/http-api.md).
//
// One message, credentials in the original's sealed form under `proxy.compat_key`. Whatever comes
// of it is 200 `{"success":…,"error":…}`; a body that is no JSON is 400, one without `type`,
// `message` or its fields is 422. Threading: pure functions, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "notify/channel.h"
#include "runtime/error.h"
#include "runtime/secret.h"
#include "streak/message.h"

namespace streaky::proxy {

struct OriginalRequest {
  std::string type;
  std::optional<std::string> webhook;  // sealed, as are the next two
  std::optional<std::string> token;
  std::optional<std::string> chat_id;
  std::string username;
  std::int32_t current_streak = 0;
  std::optional<std::int32_t> contributions_today;
  std::string message;
};

/// Errors: `bad_json` and `bad_field`.
runtime::Result<OriginalRequest> read_original(std::string_view body);

/// Opens what the request brought. The error's message is what the original's worker logs.
runtime::Result<notify::Credential> original_credential(const OriginalRequest& request,
                                                        const runtime::Secret& key);

/// The words for the channel. Somebody who has contributed today is told no alarm.
streak::Message original_message(const OriginalRequest& request);

/// `{"success":…,"error":…}`.
std::string original_answer(const notify::Outcome& outcome);
std::string original_failure(std::string_view error);

}  // namespace streaky::proxy
