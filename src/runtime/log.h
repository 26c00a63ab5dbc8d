// Structured log lines: an event in plain words and a few named values.
//
//   log.info("job failed", {{"batch", batch_id}, {"job", job_id}, {"error", error.code}});
//
// Every line of a job carries batch and job id. Values are escaped, so a line stays a line; a
// Secret has no conversion to a value. Threading: any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/secret.h"

namespace streaky::runtime {

enum class LogLevel { debug, info, warn, error, off };
enum class LogFormat { text, json };

struct LogField {
  using Value = std::variant<std::string, std::int64_t, double, bool>;

  LogField(std::string_view name, std::string_view text) : key(name), value(std::string(text)) {}
  LogField(std::string_view name, const char* text) : key(name), value(std::string(text)) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  LogField(std::string_view name, bool flag) : key(name), value(flag) {}
  LogField(std::string_view name, double number) : key(name), value(number) {}
  template <std::integral I>
  LogField(std::string_view name, I number) : key(name), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view name, const Secret&) = delete;

  std::string_view key;
  Value value;
};

class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  void debug(std::string_view event, Fields fields = {}) { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields = {}) { write(LogLevel::info, event, fields); }
  void warn(std::string_view event, Fields fields = {}) { write(LogLevel::warn, event, fields); }
  void error(std::string_view event, Fields fields = {}) { write(LogLevel::error, event, fields); }

  virtual void write(LogLevel level, std::string_view event, Fields fields) = 0;
  /// From now on; any thread.
  virtual void set_level(LogLevel level) = 0;
};

/// Lines on standard error.
std::unique_ptr<Log> make_stderr_log(LogLevel level, LogFormat format);
/// Swallows everything: for tests.
std::unique_ptr<Log> make_null_log();

}  // namespace streaky::runtime
