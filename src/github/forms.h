// The forms of GitHub's names and tokens, as people type them. Pure; any thread.
#pragma once

#include <string_view>

namespace streaky::github {

/// `^(ghp|gho|ghu|ghs|github_pat)_\w+$`, at most 255 bytes (docs/remote-apis.md §1.5).
bool is_github_token(std::string_view text);
/// As GitHub makes them: 1 to 39 letters, digits and hyphens; managed accounts have an
/// underscore before their company's short code.
bool is_github_login(std::string_view text);

}  // namespace streaky::github
