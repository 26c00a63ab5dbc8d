#include "app/move_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <utility>

namespace streaky::app {

namespace {

namespace json = boost::json;

constexpr int kForm = 1;
constexpr std::string_view kCut = "it ends in the middle: the export was not finished";

/// Whether it is a row as `export` writes them.
bool is_row(const json::value& value) {
  return value.is_array() && std::ranges::all_of(value.get_array(), [](const json::value& cell) {
           return cell.is_null() || cell.is_int64() || cell.is_string();
         });
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

void MoveTally::add(const store::MovedRows& part) {
  Table& table = tables_[part.table];
  for (const std::string& row : part.rows) {
    table.sum.add(row);
    table.sum.add("\n");
    ++table.rows;
  }
}

std::map<std::string, std::string> MoveTally::text() const {
  std::map<std::string, std::string> text;
  for (const auto& [name, table] : tables_) {
    text[name] = fmt::format("{} {}", table.rows, table.sum.text());
  }
  return text;
}

std::int64_t MoveTally::rows(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? 0 : found->second.rows;
}

std::int64_t MoveTally::all_rows() const {
  std::int64_t rows = 0;
  for (const auto& entry : tables_) rows += entry.second.rows;
  return rows;
}

MoveWriter::MoveWriter(std::ostream& out, int schema, std::string made_at) : out_(out) {
  const json::object first{
      {"streaky", "export"}, {"form", kForm}, {"schema", schema}, {"made_at", std::move(made_at)}};
  out_ << json::serialize(first) << '\n';
}

void MoveWriter::add(const store::MovedRows& part) {
  tally_.add(part);
  // Rows are JSON already.
  out_ << R"({"table":)" << json::serialize(json::value(part.table)) << R"(,"rows":[)";
  for (std::size_t i = 0; i < part.rows.size(); ++i) out_ << (i == 0 ? "" : ",") << part.rows[i];
  out_ << "]}\n";
}

void MoveWriter::end() {
  json::object tables;
  for (const auto& [name, text] : tally_.text()) tables[name] = text;
  const json::object last{{"end", std::move(tables)}};
  out_ << json::serialize(last) << '\n';
  out_.flush();
  if (!out_) throw std::runtime_error("the export cannot be written: what is there is not all");
}

store::Incoming MoveReader::incoming() {
  return {.rewind = [this] { rewind(); },
          .next = [this](store::MovedRows& part) { return next(part); },
          .read_back = [this](const store::MovedRows& part) { held_.add(part); },
          .compare = [this] { compare(); }};
}

void MoveReader::refuse(const std::string& why) const {
  throw std::runtime_error(fmt::format("line {} of the export: {}", line_, why));
}

bool MoveReader::take_line(std::string& line) {
  line.clear();
  ++line_;
  for (int c = in_.get(); c != std::istream::traits_type::eof(); c = in_.get()) {
    if (c == '\n') return true;
    if (line.size() == kLongestLine) refuse("it is longer than 64 MiB");
    line.push_back(static_cast<char>(c));
  }
  return false;
}

void MoveReader::rewind() {
  in_.clear();
  in_.seekg(0);
  line_ = 0;
  came_ = MoveTally();
  held_ = MoveTally();
  std::string line;
  if (!take_line(line)) refuse("it is not an export of Streaky's");
  boost::system::error_code error;
  const json::value first = json::parse(line, error);
  if (error || !first.is_object() || text_of(first.get_object(), "streaky") != "export") {
    refuse("it is not an export of Streaky's");
  }
  const auto is = [&first](std::string_view name, int number) {
    const json::value* value = first.get_object().if_contains(name);
    return value != nullptr && value->is_int64() && value->get_int64() == number;
  };
  if (!is("form", kForm) || !is("schema", schema_)) {
    refuse(
        fmt::format("it was made by another version of Streaky: export and import with the same "
                    "one (this one has schema {})",
                    schema_));
  }
}

bool MoveReader::next(store::MovedRows& part) {
  std::string line;
  if (!take_line(line)) refuse(std::string(kCut));
  boost::system::error_code error;
  const json::value value = json::parse(line, error);
  if (error || !value.is_object()) refuse("it is not a line of an export");
  const json::object& object = value.get_object();
  if (const json::value* end = object.if_contains("end")) {
    json::object tables;
    for (const auto& [name, text] : came_.text()) tables[name] = text;
    if (*end != json::value(tables)) refuse("rows are missing or have changed since the export");
    return false;
  }
  part.table = text_of(object, "table");
  part.rows.clear();
  const json::value* rows = object.if_contains("rows");
  if (rows == nullptr || !rows->is_array()) refuse("it is not a line of an export");
  for (const json::value& row : rows->get_array()) {
    if (!is_row(row)) refuse("it holds something that is no row");
    part.rows.push_back(json::serialize(row));
  }
  came_.add(part);
  return true;
}

void MoveReader::compare() const {
  const auto came = came_.text();
  const auto held = held_.text();
  for (const auto& [table, text] : came) {
    const auto found = held.find(table);
    if (found != held.end() && found->second == text) continue;
    throw std::runtime_error("the table " + table +
                             " is not the same after the import as in the export; nothing was "
                             "imported");
  }
  if (came.size() != held.size()) {
    throw std::runtime_error("the database holds more than the export; nothing was imported");
  }
}

}  // namespace streaky::app
