#include "runtime/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "runtime/time.h"

namespace streaky::runtime {

namespace {

/// JSON string escaping without the quotes; also keeps a text line a line.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U || byte == 0x7FU) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

bool is_bare(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+';
    if (!plain) return false;
  }
  return true;
}

struct AppendValue {
  std::string& out;
  bool json;

  void operator()(const std::string& text) const {
    if (!json && is_bare(text)) {
      out += text;
    } else {
      append_quoted(out, text);
    }
  }
  void operator()(std::int64_t number) const { out += fmt::format("{}", number); }
  void operator()(double number) const { out += fmt::format("{:g}", number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
};

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      break;
  }
  return "off";
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

class StderrLog final : public Log {
 public:
  StderrLog(LogLevel level, LogFormat format)
      : logger_("streaky", std::make_shared<spdlog::sinks::stderr_sink_mt>()), format_(format) {
    logger_.set_level(to_spdlog(level));
    logger_.set_pattern("%v");
  }

  void write(LogLevel level, std::string_view event, Fields fields) override {
    if (!logger_.should_log(to_spdlog(level))) return;
    const auto now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
    std::string line;
    if (format_ == LogFormat::json) {
      line = fmt::format(R"({{"time":"{}","level":"{}","event":)", to_rfc3339(now), name_of(level));
      append_quoted(line, event);
      for (const LogField& field : fields) {
        line += ',';
        append_quoted(line, field.key);
        line += ':';
        std::visit(AppendValue{line, true}, field.value);
      }
      line += '}';
    } else {
      line = fmt::format("{} {:<5} ", to_rfc3339(now), name_of(level));
      append_escaped(line, event);
      for (const LogField& field : fields) {
        line += fmt::format(" {}=", field.key);
        std::visit(AppendValue{line, false}, field.value);
      }
    }
    logger_.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }
  void set_level(LogLevel level) override { logger_.set_level(to_spdlog(level)); }

 private:
  spdlog::logger logger_;
  LogFormat format_;
};

class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view, Fields) override {}
  void set_level(LogLevel) override {}
};

}  // namespace

std::unique_ptr<Log> make_stderr_log(LogLevel level, LogFormat format) {
  return std::make_unique<StderrLog>(level, format);
}

std::unique_ptr<Log> make_null_log() { return std::make_unique<NullLog>(); }

}  // namespace streaky::runtime
