// The table of options: one row each. See options.h.
//
// Pure. A row's `apply` checks and sets; it gives back what is wrong in plain words and never
// repeats a value that may be, or hold, a credential.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/options.h"

namespace streaky::app {

enum class ValueKind { text, number, duration, list, flag };
/// `text`, `a number`, …: what the file must hold.
const char* to_text(ValueKind kind);

struct OptionSpec {
  std::string_view name;  // `github.api_url`
  ValueKind kind = ValueKind::text;
  bool secret = false;
  std::string_view documentation;
  /// Empty when set; else the reason. Only lists have more than one item.
  std::string (*apply)(Options& options, const std::vector<std::string>& items);
  std::string (*show)(const Options& options);
  /// What the original called it in the environment; ours outranks it.
  std::string_view alias{};
};

std::span<const OptionSpec> option_table();
const OptionSpec* find_option(std::string_view name);
/// The name that is most like it.
std::string nearest_option(std::string_view name);

/// `github.api_url` → `STREAKY_GITHUB_API_URL`.
std::string environment_name(std::string_view option);
/// `github.api_url` → `--github-api-url`.
std::string flag_name(std::string_view option);
/// A value as flags and the environment give it: lists are split at commas, blanks are trimmed.
std::vector<std::string> split_value(ValueKind kind, std::string_view text);

/// `500ms`, `30s`, `5m`, `1h`, or a number of milliseconds.
std::optional<runtime::Millis> parse_duration(std::string_view text);
/// The shortest such form.
std::string duration_text(runtime::Millis duration);

}  // namespace streaky::app
