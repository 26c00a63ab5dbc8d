// Reads users from JSON Lines or CSV, one at a time: nothing but the current line is in memory.
//
// JSON Lines: one object per line with `login`, `github_id`, `time_zone`, `remind_at`, `rest_days`,
// `daily_summary`, `github_token`, `discord_webhook`, `telegram` {`token`, `chat_id`}. A field that
// is absent keeps what is stored, null clears it. CSV: the same names in a header line, with
// `telegram_token` and `telegram_chat_id`; see `TextField` for cells.
//
// Threading: one thread. Errors carry the line number and never repeat a value.
#pragma once

#include <cstdint>
#include <expected>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/user_draft.h"
#include "app/line_reader.h"
#include "runtime/secret.h"

namespace streaky::app {

enum class ImportFormat { json_lines, csv };
/// By the file's extension; nothing when that says nothing.
std::optional<ImportFormat> format_of_file(std::string_view name);
/// `jsonl`, `csv`.
std::optional<ImportFormat> parse_format(std::string_view text);

/// One line of JSON.
runtime::Result<account::UserDraft> parse_json_line(std::string_view text,
                                                    const runtime::Secret& bot_token);

class DraftReader {
 public:
  struct BadLine {
    std::int64_t line = 0;
    std::string reason;
    bool ends_import = false;  // nothing after it was read
  };
  struct Draft {
    std::int64_t line = 0;
    account::UserDraft user;
  };
  using Item = std::expected<Draft, BadLine>;

  /// Without `format`, the first line tells: JSON begins with a brace. Borrows both references.
  DraftReader(std::istream& stream, std::optional<ImportFormat> format,
              const runtime::Secret& bot_token);

  /// Nothing at the end. Empty lines are skipped. After an error that spoils everything (an
  /// unreadable header, a broken stream, more than LineReader takes) it ends.
  std::optional<Item> next();

 private:
  bool next_line(LineReader::Line& line);
  Item read_json(const LineReader::Line& line);
  Item read_csv(LineReader::Line& line);
  std::optional<Item> read_header(LineReader::Line& line);
  bool complete_record(LineReader::Line& line);
  Item spoiled(std::int64_t line, std::string reason);
  std::optional<Item> end_of_lines();

  LineReader lines_;
  std::optional<ImportFormat> format_;
  const runtime::Secret& bot_token_;  // borrowed
  std::vector<std::string> header_;
  bool ended_ = false;
};

}  // namespace streaky::app
