#include "store/statements.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "runtime/bytes.h"
#include "store/embedded_sql.h"

namespace streaky::store {

namespace {

constexpr std::string_view kNameMark = "-- name: ";
constexpr std::string_view kMigrations = "migrations/";
constexpr std::string_view kDollars = "$$";  // once in a line
constexpr std::string_view kSuffix = ".sql";

/// Takes the next line off `rest`.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

/// Without the semicolon: drivers want bare statements.
std::string bare(std::string_view statement) {
  statement = runtime::trim_ascii(statement);
  if (statement.ends_with(';')) statement.remove_suffix(1);
  return std::string(statement);
}

}  // namespace

Statements::Statements(Dialect dialect) : dialect_(dialect) {
  const std::string root = dialect == Dialect::sqlite ? "sqlite/" : "postgres/";
  for (const EmbeddedFile& file : embedded_sql()) {
    if (!file.path.starts_with(root) || !file.path.ends_with(kSuffix)) continue;
    auto stem = file.path.substr(root.size());
    stem.remove_suffix(kSuffix.size());
    if (stem.starts_with(kMigrations)) {
      add_migration(stem.substr(kMigrations.size()), file.text);
    } else {
      add_file(stem, file.text);
    }
  }
  std::ranges::sort(migrations_, {}, &Migration::version);
  for (std::size_t i = 0; i < migrations_.size(); ++i) {
    if (migrations_[i].version != static_cast<int>(i) + 1) {
      throw std::logic_error("the migrations in " + root + " have a gap");
    }
  }
}

const std::string& Statements::text(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) throw std::logic_error("there is no statement named " + name);
  return found->second;
}

std::vector<std::string> Statements::names() const {
  std::vector<std::string> names;
  for (const auto& entry : by_name_) names.push_back(entry.first);
  return names;
}

void Statements::add_file(std::string_view stem, std::string_view text) {
  std::string name;
  std::string body;
  const auto keep = [&] {
    if (!name.empty()) by_name_[std::string(stem) + "/" + name] = bare(body);
    body.clear();
  };
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.starts_with(kNameMark)) {
      keep();
      name = runtime::trim_ascii(line.substr(kNameMark.size()));
    } else if (!runtime::trim_ascii(line).starts_with("--")) {
      body.append(line).append("\n");
    }
  }
  keep();
}

void Statements::add_migration(std::string_view file, std::string_view text) {
  Migration migration;
  std::from_chars(file.data(), file.data() + file.size(), migration.version);
  migration.name = file;
  std::string body;
  bool quoted = false;  // inside the body of a function
  while (!text.empty()) {
    const auto line = runtime::trim_ascii(take_line(text));
    if (line.empty() || line.starts_with("--")) continue;
    body.append(line).append("\n");
    if (line.find(kDollars) != std::string_view::npos) quoted = !quoted;
    if (quoted || !line.ends_with(';')) continue;
    migration.statements.push_back(bare(body));
    body.clear();
  }
  migrations_.push_back(std::move(migration));
}

}  // namespace streaky::store
