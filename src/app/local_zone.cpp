#include "app/local_zone.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "streak/local_day.h"

namespace streaky::app {

namespace {

std::string linked_zone() {
  std::error_code error;
  const std::string target = std::filesystem::weakly_canonical("/etc/localtime", error).string();
  constexpr std::string_view kFolder = "/zoneinfo/";
  const auto at = target.find(kFolder);
  return error || at == std::string::npos ? std::string() : target.substr(at + kFolder.size());
}

std::string configured_zone() {
  std::ifstream file("/etc/timezone");
  std::string name;
  std::getline(file, name);
  return name;
}

std::string environment_zone() {
  const char* name = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe): before any thread starts
  if (name == nullptr) return {};
  return *name == ':' ? name + 1 : name;
}

}  // namespace

std::string local_zone_name() {
  for (const std::string& name : {environment_zone(), configured_zone(), linked_zone()}) {
    if (!name.empty() && streak::Zone::find(name)) return name;
  }
  return "UTC";
}

}  // namespace streaky::app
