#include "app/config_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "app/option_table.h"
#include "app/terminal.h"
#include "runtime/bytes.h"

// A large header: this is the only file that may include it.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace streaky::app {

namespace {

using Values = std::vector<FileValue>;

constexpr std::size_t kMostItems = 1'000;
constexpr std::size_t kLongestShown = 60;

std::unexpected<runtime::Error> bad(const std::string& file, std::uint32_t line,
                                    const std::string& reason) {
  return runtime::fail_for_good(
      "bad_config", fmt::format("{} line {}: {}", printable(file), line, printable(reason, 400)));
}

std::optional<std::string> scalar_text(const toml::node& node, ValueKind kind) {
  if (const auto* flag = node.as_boolean(); flag != nullptr && kind == ValueKind::flag) {
    return flag->get() ? "true" : "false";
  }
  const bool wants_number = kind == ValueKind::number || kind == ValueKind::duration;
  if (const auto* number = node.as_integer(); number != nullptr && wants_number) {
    return std::to_string(number->get());
  }
  if (const auto* text = node.as_string(); text != nullptr && kind != ValueKind::number) {
    return text->get();
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> items_of(const toml::node& node, ValueKind kind) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    const auto text = scalar_text(node, kind);
    if (!text) return std::nullopt;
    return split_value(kind, *text);
  }
  if (kind != ValueKind::list || array->size() > kMostItems) return std::nullopt;
  std::vector<std::string> items;
  for (const toml::node& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return std::nullopt;
    items.push_back(text->get());
  }
  return items;
}

std::unexpected<runtime::Error> unknown(const std::string& file, std::uint32_t line,
                                        const std::string& name) {
  return bad(file, line,
             fmt::format("unknown option \"{}\"; did you mean {}?", printable(name, kLongestShown),
                         nearest_option(name)));
}

std::string_view section_of(const OptionSpec& spec) {
  return spec.name.substr(0, spec.name.find('.'));
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(option_table(),
                             [name](const OptionSpec& spec) { return section_of(spec) == name; });
}

std::string_view nearest_section(std::string_view name) {
  const std::string_view wanted = name.substr(0, kLongestShown);
  return section_of(*std::ranges::min_element(option_table(), {}, [wanted](const auto& spec) {
    return runtime::edit_distance(wanted, section_of(spec));
  }));
}

runtime::Result<void> read_section(const std::string& file, const std::string& section,
                                   const toml::table& table, Values& values) {
  for (const auto& [key, node] : table) {
    const std::string name = section + "." + std::string(key.str());
    const OptionSpec* spec = find_option(name);
    if (spec == nullptr) return unknown(file, key.source().begin.line, name);
    const std::uint32_t line = node.source().begin.line;
    auto items = items_of(node, spec->kind);
    if (!items) {
      return bad(file, line, fmt::format("{}: expected {}", name, to_text(spec->kind)));
    }
    values.push_back(
        FileValue{.name = name, .items = std::move(*items), .line = static_cast<int>(line)});
  }
  return {};
}

}  // namespace

runtime::Result<Values> parse_config(std::string_view text, const std::string& name) {
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return bad(name, error.source().begin.line, std::string(error.description()));
  }
  Values values;
  for (const auto& [key, node] : parsed.table()) {
    const toml::table* section = node.as_table();
    const std::string section_name(key.str());
    if (section == nullptr) return unknown(name, key.source().begin.line, section_name);
    if (!is_section(section_name)) {
      return bad(
          name, key.source().begin.line,
          fmt::format("unknown section [{}]; did you mean [{}]?",
                      printable(section_name, kLongestShown), nearest_section(section_name)));
    }
    const auto read = read_section(name, section_name, *section, values);
    if (!read) return std::unexpected(read.error());
  }
  return values;
}

runtime::Result<Values> read_config(const std::string& path) {
  struct stat info{};
  const auto unreadable = [&path](const char* reason) {
    return runtime::fail_for_good("bad_config", fmt::format("{}: {}", printable(path), reason));
  };
  if (::stat(path.c_str(), &info) != 0) return unreadable("there is no such config file");
  if (S_ISDIR(info.st_mode)) return unreadable("the config file is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable("the config file cannot be read");
  std::string text(kLargestConfigFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return unreadable("the config file cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestConfigFile) return unreadable("the config file is larger than 1 MiB");
  auto values = parse_config(text, path);
  runtime::wipe(text);
  return values;
}

}  // namespace streaky::app
