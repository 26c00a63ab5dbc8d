// The files of `web/templates`, compiled in by CMake: path (`dashboard.html`) and text.
#pragma once

#include "web/embedded_file.h"

namespace streaky::web {

std::span<const EmbeddedFile> embedded_templates();

}  // namespace streaky::web
