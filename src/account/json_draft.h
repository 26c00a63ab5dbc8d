// Fields of a JSON object → a draft: what a line of an import and a body of the API have in common.
//
// `login`, `github_id`, `time_zone`, `remind_at`, `rest_days`, `daily_summary`, `github_token`,
// `discord_webhook`, `telegram` {`token`, `chat_id`}. A field that is absent keeps what is stored,
// null clears it. Pure. What is wrong is said as in user_draft.h and never repeats a value.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "account/user_draft.h"

namespace streaky::account {

/// Without a token for Telegram, the bot of the options speaks to the chat (`bot_token`).
Reason set_json_field(UserDraft& draft, std::string_view name, const boost::json::value& value,
                      const runtime::Secret& bot_token);

/// Names that `set_json_field` knows.
const std::vector<std::string>& json_field_names();

}  // namespace streaky::account
