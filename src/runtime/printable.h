// Text that came from elsewhere, made fit for one line of ours. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace streaky::runtime {

/// One line of printable UTF-8, at most `most` characters: control characters become spaces, bytes
/// that are no UTF-8 become '?'. For everything that came from a file or from a service.
std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace streaky::runtime
