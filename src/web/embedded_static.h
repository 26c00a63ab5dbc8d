// The files of `web/static`, compiled in by CMake: path (`app.css`) and text.
#pragma once

#include "web/embedded_file.h"

namespace streaky::web {

std::span<const EmbeddedFile> embedded_static();

}  // namespace streaky::web
