// The config file: TOML, sections of keys, nothing nested. Reads and checks names and types alone;
// values are checked by the option table. Errors: `bad_config`, one line with file and line number,
// which never repeats a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/error.h"

namespace streaky::app {

inline constexpr std::size_t kLargestConfigFile = 1U << 20U;

struct FileValue {
  std::string name;  // an option's
  std::vector<std::string> items;
  int line = 0;
};

/// `name` stands in the errors.
runtime::Result<std::vector<FileValue>> parse_config(std::string_view text,
                                                     const std::string& name);
/// Reads and parses the file; one that does not exist is an error.
runtime::Result<std::vector<FileValue>> read_config(const std::string& path);

}  // namespace streaky::app
