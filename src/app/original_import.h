// The original's users become ours: their sealed credentials are opened with its key and checked
// like what people type; its reminder hour is one of UTC.
#pragma once

#include <string>
#include <vector>

#include "account/user_draft.h"
#include "app/options.h"
#include "store/original_users.h"

namespace streaky::app {

struct OriginalDraft {
  account::UserDraft user;
  bool usable = false;               // false: `missing` says why nobody can be made of it
  std::vector<std::string> missing;  // what could not be taken; never a value
};

OriginalDraft draft_of_original(const store::OriginalUser& original, const runtime::Secret& key,
                                const runtime::Secret& bot_token);

/// `streaky import --from-original FILE`. Who is here already is left alone but for `overwrite`.
int import_original(const Options& options, const std::string& file, bool overwrite);

}  // namespace streaky::app
