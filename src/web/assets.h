// Stylesheet, script and icon under names that hold a hash of their content, so that browsers may
// keep them for ever and never see an old one. Immutable after construction.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace streaky::web {

class Assets {
 public:
  static constexpr std::string_view kPath = "/static/";

  Assets();

  /// `/static/app.1a2b3c4d5e6f7081.css` for `app.css`. A name that does not exist is a bug:
  /// std::logic_error.
  [[nodiscard]] const std::string& path_of(std::string_view name) const;
  /// 200, 304 or 404, complete.
  [[nodiscard]] net::ServerResponse answer(std::string_view name,
                                           std::string_view if_none_match) const;

 private:
  struct Asset {
    std::string_view text;
    std::string content_type;
    std::string etag;
  };

  std::map<std::string, std::string, std::less<>> paths_;  // by plain name
  std::map<std::string, Asset, std::less<>> by_name_;      // by the name with the hash
};

/// True when an If-None-Match header names that entity tag, or anything.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace streaky::web
