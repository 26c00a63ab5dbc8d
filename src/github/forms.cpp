#include "github/forms.h"

#include <algorithm>
#include <array>

namespace streaky::github {

namespace {

constexpr std::size_t kLongestGitHubToken = 255;
constexpr std::size_t kLongestLogin = 39;

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool is_github_token(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kPrefixes = {"ghp_", "gho_", "ghu_", "ghs_",
                                                                "github_pat_"};
  if (text.size() > kLongestGitHubToken) return false;
  const auto prefix = std::ranges::find_if(
      kPrefixes, [text](std::string_view known) { return text.starts_with(known); });
  if (prefix == kPrefixes.end()) return false;
  const std::string_view rest = text.substr(prefix->size());
  return !rest.empty() && std::ranges::all_of(rest, [](char c) { return is_alnum(c) || c == '_'; });
}

bool is_github_login(std::string_view text) {
  if (text.empty() || text.size() > kLongestLogin || !is_alnum(text.front())) return false;
  return std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

}  // namespace streaky::github
