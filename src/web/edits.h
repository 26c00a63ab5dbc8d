// Changes of settings that came by a form. Threading: the executor's thread.
#pragma once

#include <string>
#include <vector>

#include "account/change.h"
#include "web/desk.h"
#include "web/visit.h"

namespace streaky::web {

/// The draft on top of what is stored of who is signed in. Errors: those of `change_user`.
runtime::Task<runtime::Result<store::User>> apply_draft(Desk* desk, const Visit* visit,
                                                        account::UserDraft draft);

/// Says that the channel of that kind is to go.
void clear_channel(account::UserDraft& draft, std::string_view kind);

/// Makes that channel of who is signed in so loud. Errors: those of `change_user`.
runtime::Task<runtime::Result<store::User>> change_channel_level(Desk* desk, const Visit* visit,
                                                                 std::int64_t channel_id,
                                                                 streak::ChannelLevel level);

/// Time zone and times of the form. Empty: fine; else what is wrong with it.
account::Reason read_when(const Visit& visit, account::UserDraft& draft);

/// Zone and times as fields of a form; `typed`: as they were sent, where that was refused.
void set_when_data(Data& data, const Visit& visit, bool typed);

/// Channels as rows of a list: kind, hint, state, level. `bot`: that of the service, where somebody
/// listens to it.
void set_channel_data(Data& data, const store::User& user, const std::string& bot = {});

}  // namespace streaky::web
