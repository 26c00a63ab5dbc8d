// Whole deliveries by id. Private to store/. The database's thread.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "store/deliveries.h"
#include "store/session.h"

namespace streaky::store {

using DeliveriesById = std::unordered_map<std::string, ClaimedDelivery>;

DeliveriesById load_deliveries(Session& session, const std::vector<std::string>& ids);

}  // namespace streaky::store
