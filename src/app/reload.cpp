#include "app/reload.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "app/process_environment.h"

namespace streaky::app {

namespace {

constexpr std::array<std::string_view, 3> kMayChange = {"github.tokens", "admin.logins",
                                                        "log.level"};

}  // namespace

Reload::Reload(const Invocation& invocation, runtime::Log& log, Service& service, WebFace& face)
    : invocation_(invocation), log_(log), service_(service), face_(face) {
  if (auto infos = describe()) begun_with_ = std::move(*infos);
}

runtime::Result<std::vector<OptionInfo>> Reload::describe() const {
  return describe_options(invocation_.data_dir, invocation_.config_file, process_environment(),
                          invocation_.flags);
}

void Reload::operator()() {
  auto options = load_options(invocation_.data_dir, invocation_.config_file, process_environment(),
                              invocation_.flags);
  if (!options) {
    log_.error("the configuration cannot be read again: nothing was changed",
               {{"error", options.error().message}});
    return;
  }
  const std::size_t tokens = options->github_tokens.size();
  const std::size_t operators = options->admin_logins.size();
  log_.set_level(options->log_level);
  service_.set_github_tokens(std::move(options->github_tokens));
  face_.set_operators(std::move(options->admin_logins));
  log_.info("the configuration was read again",
            {{"github_tokens", tokens}, {"operators", operators}});
  if (const auto now = describe()) say_what_waits(*now);
}

void Reload::say_what_waits(const std::vector<OptionInfo>& now) {
  std::string names;
  for (std::size_t i = 0; i < std::min(now.size(), begun_with_.size()); ++i) {
    const OptionInfo& info = now[i];
    const bool same =
        info.value == begun_with_[i].value && info.fingerprint == begun_with_[i].fingerprint;
    if (same || std::ranges::find(kMayChange, info.name) != kMayChange.end()) continue;
    names += (names.empty() ? "" : ", ") + info.name;
  }
  if (names.empty()) return;
  log_.warn("some of what was changed waits for a restart", {{"options", names}});
}

}  // namespace streaky::app
