// The part of `streaky doctor` that proves that the keys open what is stored, here and at the
// proxies that alone can open channel credentials.
//
// Blocks until all is looked at. Errors throw as opening the keys does (wiring.h); a proxy that
// cannot be asked is a finding.
#pragma once

#include <string>
#include <vector>

#include "app/options.h"
#include "app/wiring.h"
#include "net/http_client.h"
#include "store/database.h"

namespace streaky::app {

struct Finding {
  std::string what;
  bool good = false;
  std::string detail;
};

/// One finding for each value that does not open, one for each proxy, and one for the keys.
std::vector<Finding> check_sealed(Base& base, net::HttpClient& http, store::Database& database,
                                  const Options& options);

}  // namespace streaky::app
