#include "web/assets.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "crypto/tokens.h"
#include "runtime/bytes.h"
#include "web/embedded_static.h"

namespace streaky::web {

namespace {

constexpr const char* kForEver = "public, max-age=31536000, immutable";

std::string content_type_of(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace

Assets::Assets() {
  for (const EmbeddedFile& file : embedded_static()) {
    const std::string hash = crypto::content_hash(file.text);
    const std::size_t dot = file.path.rfind('.');
    std::string name(file.path.substr(0, dot));
    name += "." + hash;
    name += file.path.substr(dot);
    paths_[std::string(file.path)] = std::string(kPath) + name;
    by_name_[name] = Asset{
        .text = file.text, .content_type = content_type_of(file.path), .etag = "\"" + hash + "\""};
  }
}

const std::string& Assets::path_of(std::string_view name) const {
  const auto found = paths_.find(name);
  if (found == paths_.end()) throw std::logic_error("there is no asset " + std::string(name));
  return found->second;
}

net::ServerResponse Assets::answer(std::string_view name, std::string_view if_none_match) const {
  net::ServerResponse response;
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    response.status = 404;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "Not found\n";
    return response;
  }
  const Asset& asset = found->second;
  response.headers.push_back({"ETag", asset.etag});
  response.headers.push_back({"Cache-Control", kForEver});
  if (matches_etag(if_none_match, asset.etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = asset.content_type;
  response.body = asset.text;
  return response;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::size_t end = std::min(if_none_match.find(','), if_none_match.size());
    std::string_view one = runtime::trim_ascii(if_none_match.substr(0, end));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag || one == "*") return true;
    if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
  }
  return false;
}

}  // namespace streaky::web
