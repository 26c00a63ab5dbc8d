// What operators do, by page or by API; each thing done is noted in their log.
// Threading: the executor's thread.
#pragma once

#include <optional>
#include <string>

#include "runtime/error.h"
#include "web/desk.h"
#include "web/visit.h"

namespace streaky::web {

runtime::Task<void> note_action(Desk* desk, const Visit* visit, std::string action,
                                std::string subject);

/// By login, or by GitHub's id; nobody for what is neither.
runtime::Task<std::optional<store::User>> look_up(Desk* desk, std::string name);

enum class Verb { pause, resume };
/// Errors: those of `change_user`.
runtime::Task<runtime::Result<store::User>> pause_or_resume(Desk* desk, const Visit* visit,
                                                            std::int64_t user_id, Verb verb);

/// A round for everybody; its id, or nothing where there is nobody to check.
runtime::Task<std::optional<std::string>> begin_round_now(Desk* desk, const Visit* visit);

/// The round of that id, however long the text is.
runtime::Task<std::optional<store::Batch>> find_round(Desk* desk, std::string id);

/// How many jobs and deliveries are tried again; nothing where there is no such round.
runtime::Task<std::optional<int>> retry_round_now(Desk* desk, const Visit* visit, std::string id);

}  // namespace streaky::web
