// The addresses of the API, as a part of the table of routes.h. docs/openapi.yaml describes them.
#pragma once

#include <span>

#include "web/routes.h"

namespace streaky::web {

std::span<const Route> api_routes();

}  // namespace streaky::web
