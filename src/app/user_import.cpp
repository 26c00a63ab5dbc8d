#include "app/user_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/csv.h"
#include "runtime/bytes.h"

namespace streaky::app {

namespace {

using BadLine = DraftReader::BadLine;

constexpr const char* kTooLong = "longer than 64 KiB";
constexpr std::int64_t kMiB = 1LL << 20U;

bool is_blank(std::string_view text) { return runtime::trim_ascii(text).empty(); }

}  // namespace

std::optional<ImportFormat> format_of_file(std::string_view name) {
  const std::string lower = runtime::to_lower_ascii(name);
  if (lower.ends_with(".csv")) return ImportFormat::csv;
  if (lower.ends_with(".jsonl") || lower.ends_with(".ndjson")) return ImportFormat::json_lines;
  return std::nullopt;
}

std::optional<ImportFormat> parse_format(std::string_view text) {
  if (text == "csv") return ImportFormat::csv;
  if (text == "jsonl") return ImportFormat::json_lines;
  return std::nullopt;
}

DraftReader::DraftReader(std::istream& stream, std::optional<ImportFormat> format,
                         const runtime::Secret& bot_token)
    : lines_(stream), format_(format), bot_token_(bot_token) {}

DraftReader::Item DraftReader::spoiled(std::int64_t line, std::string reason) {
  ended_ = true;
  return std::unexpected(BadLine{.line = line, .reason = std::move(reason), .ends_import = true});
}

/// The next line that is not empty.
bool DraftReader::next_line(LineReader::Line& line) {
  while (lines_.next(line)) {
    if (!is_blank(line.text)) return true;
  }
  return false;
}

/// Nothing when everything was read.
std::optional<DraftReader::Item> DraftReader::end_of_lines() {
  switch (lines_.end()) {
    case LineReader::End::none:
    case LineReader::End::of_stream:
      break;
    case LineReader::End::broken:
      return spoiled(lines_.count() + 1, "the file cannot be read any further");
    case LineReader::End::too_many_lines:
      return spoiled(lines_.count() + 1,
                     fmt::format("more than {} lines: split the file", LineReader::kMostLines));
    case LineReader::End::too_large:
      return spoiled(
          std::max<std::int64_t>(1, lines_.count()),
          fmt::format("more than {} MiB: split the file", LineReader::kMostBytes / kMiB));
  }
  return std::nullopt;
}

std::optional<DraftReader::Item> DraftReader::next() {
  if (ended_) return std::nullopt;
  LineReader::Line line;
  if (!next_line(line)) {
    ended_ = true;
    return end_of_lines();
  }
  if (!format_) {
    const char first = runtime::trim_ascii(line.text).front();
    if (first == '[') return spoiled(line.number, "a JSON array: expected one object per line");
    format_ = first == '{' ? ImportFormat::json_lines : ImportFormat::csv;
  }
  if (*format_ == ImportFormat::csv && header_.empty()) {
    auto item = read_header(line);
    runtime::wipe(line.text);
    return item ? std::move(item) : next();
  }
  Item item = *format_ == ImportFormat::csv ? read_csv(line) : read_json(line);
  runtime::wipe(line.text);
  return item;
}

DraftReader::Item DraftReader::read_json(const LineReader::Line& line) {
  if (line.too_long) return std::unexpected(BadLine{.line = line.number, .reason = kTooLong});
  auto draft = parse_json_line(line.text, bot_token_);
  if (!draft) {
    return std::unexpected(BadLine{.line = line.number, .reason = draft.error().message});
  }
  return Draft{.line = line.number, .user = std::move(*draft)};
}

/// Nothing when the header is good.
std::optional<DraftReader::Item> DraftReader::read_header(LineReader::Line& line) {
  auto cells = line.too_long ? std::nullopt : split_csv(line.text);
  if (!cells) return spoiled(line.number, "not a CSV header: expected the names of the columns");
  const std::vector<std::string>& known = account::text_field_names();
  for (std::string& cell : *cells) {
    cell = runtime::to_lower_ascii(runtime::trim_ascii(cell));
    if (std::ranges::find(known, cell) == known.end()) {
      return spoiled(line.number, "the header has " + account::unknown_field(cell, known));
    }
    if (std::ranges::count(*cells, cell) > 1) {
      return spoiled(line.number, fmt::format("the header names {} twice", cell));
    }
  }
  if (std::ranges::find(*cells, "login") == cells->end()) {
    return spoiled(line.number, "the header has no column login");
  }
  header_ = std::move(*cells);
  return std::nullopt;
}

/// Appends the lines that a quoted cell goes on in; false when it becomes too long or never ends.
bool DraftReader::complete_record(LineReader::Line& line) {
  LineReader::Line more;
  bool whole = !line.too_long;
  CsvQuotes quotes;
  if (whole) quotes.feed(line.text);
  while (whole && quotes.open()) {
    whole = lines_.next(more) && !more.too_long &&
            line.text.size() + more.text.size() < LineReader::kLongestLine;
    if (whole) {
      quotes.feed(more.text);
      line.text.append("\n").append(more.text);
    }
    runtime::wipe(more.text);
  }
  return whole;
}

DraftReader::Item DraftReader::read_csv(LineReader::Line& line) {
  const auto bad = [&line](std::string reason) {
    return std::unexpected(BadLine{.line = line.number, .reason = std::move(reason)});
  };
  if (!complete_record(line)) {
    return bad(line.too_long ? kTooLong : "a quoted value does not end within 64 KiB");
  }
  if (!runtime::is_utf8(line.text)) return bad("not UTF-8");
  auto cells = split_csv(line.text);
  if (!cells) return bad("a quote inside a value: put the value in quotes and double the quote");
  if (cells->size() != header_.size()) {
    return bad(fmt::format("{} values: the header names {}", cells->size(), header_.size()));
  }
  std::vector<account::TextField> fields;
  fields.reserve(header_.size());
  for (std::size_t i = 0; i < header_.size(); ++i) {
    fields.push_back(account::TextField{.name = header_[i], .text = (*cells)[i]});
  }
  auto draft = account::draft_from_texts(fields, bot_token_);
  std::ranges::for_each(*cells, runtime::wipe);
  if (!draft) return bad(draft.error().message);
  return Draft{.line = line.number, .user = std::move(*draft)};
}

}  // namespace streaky::app
