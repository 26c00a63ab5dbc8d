#include "notify/text.h"

#include <algorithm>
#include <cstdint>

#include "runtime/bytes.h"

namespace streaky::notify {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026, one unit

// Takes the next character off the front; a byte that begins none comes back as U+FFFD.
std::string_view take_character(std::string_view& text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    const auto character = text.substr(0, length);
    if (!runtime::is_utf8(character)) continue;
    text.remove_prefix(length);
    return character;
  }
  text.remove_prefix(1);
  return kReplacement;
}

// Only characters of four bytes lie beyond the first plane and need two units.
std::size_t units_of(std::string_view character) { return character.size() == 4 ? 2 : 1; }

bool is_dropped(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  return (first < 0x20U && first != '\n') || first == 0x7FU;
}

// Collects pieces until the limit, and remembers where an ellipsis would still fit.
class Bounded {
 public:
  explicit Bounded(std::size_t limit) : limit_(limit) {}

  /// False when the piece no longer fits: then nothing more is taken.
  bool append(std::string_view piece, std::size_t units) {
    if (units_ + units > limit_) {
      text_.resize(cut_);
      if (limit_ > 0) text_ += kEllipsis;
      return false;
    }
    text_ += piece;
    units_ += units;
    if (units_ < limit_) cut_ = text_.size();
    return true;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t limit_;
  std::size_t units_ = 0;
  std::size_t cut_ = 0;
  std::string text_;
};

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

bool starts_address(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What Discord reads as mark-up anywhere, or only where a line begins (lists, quotes, headings).
bool has_meaning(char c, bool line_start, bool after_digits) {
  constexpr std::string_view kAnywhere = "\\*_~`|<>[]";
  constexpr std::string_view kAtLineStart = "#-+";
  if (kAnywhere.find(c) != std::string_view::npos) return true;
  if (line_start && kAtLineStart.find(c) != std::string_view::npos) return true;
  return after_digits && (c == '.' || c == ')');
}

}  // namespace

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  while (!text.empty()) units += units_of(take_character(text));
  return units;
}

std::string plain_text(std::string_view text, std::size_t limit) {
  Bounded out(limit);
  while (!text.empty()) {
    const auto character = take_character(text);
    if (is_dropped(character)) continue;
    if (!out.append(character, units_of(character))) break;
  }
  return out.take();
}

std::string telegram_html(std::string_view text, std::size_t limit) {
  Bounded out(limit);
  while (!text.empty()) {
    const auto character = take_character(text);
    if (is_dropped(character)) continue;
    const auto entity = entity_of(character.front());
    if (!out.append(entity.empty() ? character : entity, units_of(character))) break;
  }
  return out.take();
}

std::string discord_markdown(std::string_view text, std::size_t limit) {
  Bounded out(limit);
  bool in_address = false;
  bool line_start = true;    // nothing but spaces so far on this line
  bool only_digits = false;  // nothing but digits so far on this line: "1." begins a list
  while (!text.empty()) {
    if (!in_address && starts_address(text)) in_address = true;
    const auto character = take_character(text);
    if (is_dropped(character)) continue;
    const char c = character.front();
    if (in_address && (c == ' ' || c == '\n' || c == '<')) in_address = false;
    const bool escape = !in_address && has_meaning(c, line_start, only_digits);
    const std::string piece = (escape ? "\\" : "") + std::string(character);
    if (!out.append(piece, units_of(character) + (escape ? 1 : 0))) break;
    only_digits = is_digit(c) && (line_start || only_digits);
    line_start = c == '\n' || (line_start && c == ' ');
  }
  return out.take();
}

std::vector<streak::Link> safe_links(const std::vector<streak::Link>& links) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~:/?=&%[]").contains(c);
  };
  std::vector<streak::Link> safe;
  for (const streak::Link& link : links) {
    const bool web = link.url.starts_with("https://") || link.url.starts_with("http://");
    const bool fits = link.url.size() <= kLongestLinkUrl && !link.label.empty() &&
                      utf16_length(link.label) <= kLongestLinkLabel;
    if (!web || !fits || !std::ranges::all_of(link.url, is_plain)) continue;
    if (safe.size() < kMostLinks) safe.push_back(link);
  }
  return safe;
}

}  // namespace streaky::notify
