// The statements of `store/sql`, compiled in by CMake: path (`sqlite/jobs.sql`) and text.
#pragma once

#include <span>
#include <string_view>

namespace streaky::store {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_sql();

}  // namespace streaky::store
