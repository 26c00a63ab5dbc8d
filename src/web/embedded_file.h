// A file that was compiled in.
#pragma once

#include <span>
#include <string_view>

namespace streaky::web {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

}  // namespace streaky::web
