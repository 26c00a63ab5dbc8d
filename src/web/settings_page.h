// The page of all settings, which every change that was refused shows again. Executor's thread.
#pragma once

#include <string>

#include "net/http_server.h"
#include "web/desk.h"
#include "web/visit.h"

namespace streaky::web {

/// With what was wrong on top, and then as 422.
runtime::Task<net::ServerResponse> settings_page(Desk* desk, Visit* visit, std::string problem);

/// After a change: the settings with a word (`words_for_said`), or with what was wrong.
runtime::Task<net::ServerResponse> after_edit(Desk* desk, Visit* visit,
                                              runtime::Result<store::User> result,
                                              std::string said);

}  // namespace streaky::web
