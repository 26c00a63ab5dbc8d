// Questions to the person at the terminal, and secrets that must not land in the shell's history.
#pragma once

#include <string>

#include "runtime/error.h"
#include "runtime/secret.h"

namespace streaky::app {

/// One line from standard input, without echo where that is a terminal; then `what` is asked for
/// on standard error. Errors: `no_input` (nothing there, or more than 4 KiB).
runtime::Result<runtime::Secret> read_secret(const std::string& what);

/// Asks `question [y/N]` on the terminal. False where standard input is none.
bool confirm(const std::string& question);

}  // namespace streaky::app
