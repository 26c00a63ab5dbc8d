// The environment of this process, as the options read it.
#pragma once

#include "app/options.h"

namespace streaky::app {

Environment process_environment();

}  // namespace streaky::app
