#include "sim/telegram.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "runtime/bytes.h"
#include "sim/telegram_buttons.h"
#include "sim/telegram_html.h"

namespace streaky::sim {
namespace {

constexpr std::int64_t kLongestPollSeconds = 50;

Answer refused(int status, std::string_view description) {
  std::string body = fmt::format(R"({{"ok":false,"error_code":{},"description":)", status);
  append_json_string(body, description);
  return json_answer(status, body + "}");
}

Answer accepted(std::string_view result) {
  return json_answer(200, fmt::format(R"({{"ok":true,"result":{}}})", result));
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// Parameters come in the query, as a form or as JSON; nothing when the body is malformed.
std::optional<Form> parameters(const Request& request) {
  Form form = parse_form(request.query());
  if (request.body.empty()) {
    return form;
  }
  const std::string_view type = request.header("content-type");
  if (type.starts_with("application/x-www-form-urlencoded")) {
    const Form body = parse_form(request.body);
    form.insert(form.end(), body.begin(), body.end());
    return form;
  }
  boost::system::error_code failed;
  const boost::json::value body = boost::json::parse(request.body, failed);
  if (failed || !body.is_object() || !type.starts_with("application/json")) {
    return std::nullopt;
  }
  for (const auto& [key, value] : body.get_object()) {
    form.emplace_back(std::string(std::string_view(key)),
                      value.is_string() ? std::string(std::string_view(value.get_string()))
                                        : boost::json::serialize(value));
  }
  return form;
}

/// Absent, or a JSON list of texts.
bool is_list_of_names(std::string_view text) {
  if (text.empty()) return true;
  boost::system::error_code failed;
  const boost::json::value list = boost::json::parse(text, failed);
  if (failed || !list.is_array()) return false;
  return std::ranges::all_of(list.get_array(),
                             [](const boost::json::value& one) { return one.is_string(); });
}

void drop_until(std::vector<runtime::TimePoint>& times, runtime::TimePoint limit) {
  times.erase(times.begin(), std::ranges::upper_bound(times, limit));
}

}  // namespace

void Telegram::forget() {
  bots_.clear();
  chats_.clear();
}

Answer Telegram::handle(const Request& request, runtime::TimePoint now,
                        std::optional<Fault> fault) {
  std::optional<Answer> broken = fault ? before_acting(*fault) : std::nullopt;
  if (broken) {
    return std::move(*broken);
  }
  std::string_view path = request.path();
  path.remove_prefix(std::min(path.size(), std::string_view("/bot").size()));
  const std::size_t slash = path.find('/');
  const std::string_view token = path.substr(0, slash);
  const std::size_t colon = token.find(':');
  const auto bot = number(token.substr(0, colon));
  if (slash == std::string_view::npos || colon == std::string_view::npos || !bot ||
      colon + 1 == token.size() || token.size() > 80) {
    return refused(404, "Not Found");
  }
  if (!people_.knows_bot(*bot) || people_.bot_token(*bot) != token) {
    return refused(401, "Unauthorized");
  }
  if (request.method != "POST" && request.method != "GET") {
    return refused(405, "Method Not Allowed");
  }
  const std::string method = runtime::to_lower_ascii(path.substr(slash + 1));
  if (request.body.size() > kMostBodyBytes) {
    return refused(413, "Request Entity Too Large");
  }
  const std::optional<Form> form = parameters(request);
  if (!form) {
    return refused(400, "Bad Request: can't parse JSON object");
  }
  if (method == "getme") {
    return accepted(fmt::format(
        R"({{"id":{},"is_bot":true,"first_name":"Streaky","username":"streaky_{}_bot","can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false}})",
        *bot, *bot));
  }
  if (method == "sendmessage") {
    return send_message(*bot, *form, now);
  }
  if (method == "getupdates") {
    return get_updates(*bot, *form, now);
  }
  return refused(404, "Not Found: method not found");
}

std::optional<Answer> Telegram::before_acting(Fault fault) {
  Answer answer;
  switch (fault) {
    case Fault::error_500:
      return refused(500, "Internal Server Error");
    case Fault::error_502:
    case Fault::error_503:
    case Fault::error_504:
      return refused(502, "Bad Gateway");
    case Fault::html:
      return text_answer(502, "text/html",
                         "<html><body><center><h1>502 Bad Gateway</h1></center></body></html>");
    case Fault::rate_limited:
    case Fault::secondary:
      return limited(std::chrono::seconds{1 + static_cast<std::int64_t>(random_.below(3))});
    case Fault::reset_before:
      answer.reset = true;
      return answer;
    case Fault::hang:
      answer.hang = true;
      return answer;
    default:
      return std::nullopt;
  }
}

Answer Telegram::limited(runtime::Millis wait) const {
  const std::int64_t seconds = std::max<std::int64_t>((wait.count() + 999) / 1'000, 1);
  Answer answer = json_answer(
      429,
      fmt::format(
          R"({{"ok":false,"error_code":429,"description":"Too Many Requests: retry after {}","parameters":{{"retry_after":{}}}}})",
          seconds, seconds));
  add_header(answer, "Retry-After", std::to_string(seconds));
  return answer;
}

Answer Telegram::send_message(std::int64_t bot, const Form& form, runtime::TimePoint now) {
  const std::string_view chat_text = form_value(form, "chat_id");
  if (chat_text.empty()) {
    return refused(400, "Bad Request: chat_id is empty");
  }
  std::string text(form_value(form, "text"));
  if (!runtime::is_utf8(text)) {
    return refused(400, "Bad Request: strings must be encoded in UTF-8");
  }
  const std::string mode = runtime::to_lower_ascii(form_value(form, "parse_mode"));
  if (mode == "html") {
    auto parsed = parse_telegram_html(text);
    if (!parsed) {
      return refused(400, "Bad Request: can't parse entities: " + parsed.error());
    }
    text = std::move(*parsed);
  } else if (!mode.empty()) {
    return refused(400, "Bad Request: unsupported parse_mode");
  }
  if (runtime::trim_ascii(text).empty()) {
    return refused(400, "Bad Request: message text is empty");
  }
  if (utf16_length(text) > kMostText) {
    return refused(400, "Bad Request: message is too long");
  }
  auto buttons = parse_buttons(form_value(form, "reply_markup"));
  if (!buttons) {
    return refused(400, "Bad Request: " + buttons.error());
  }
  const auto chat = number(chat_text);
  const Person* person = chat ? people_.by_chat(*chat) : nullptr;
  if (person == nullptr || person->telegram == TelegramState::none ||
      People::bot_id(*person) != bot) {
    return refused(400, "Bad Request: chat not found");
  }
  std::optional<Answer> refusal = refuse_chat(*person, *chat);
  if (refusal) {
    return std::move(*refusal);
  }
  const auto wait = over_limit(bot, *chat, now);
  if (wait) {
    return limited(*wait);
  }
  Shown shown{.text = text,
              .links = std::move(*buttons),
              .silent = form_value(form, "disable_notification") == "true"};
  return deliver(bot, *person, std::move(shown), now);
}

std::optional<Answer> Telegram::refuse_chat(const Person& person, std::int64_t chat) {
  std::optional<Answer> answer;
  switch (person.telegram) {
    case TelegramState::none:
    case TelegramState::living:
    case TelegramState::group:
      return std::nullopt;
    case TelegramState::migrated:
      if (chat == People::present_chat(person)) {
        return std::nullopt;
      }
      return json_answer(
          400,
          fmt::format(
              R"({{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{{"migrate_to_chat_id":{}}}}})",
              People::present_chat(person)));
    case TelegramState::blocked:
      answer = refused(403, "Forbidden: bot was blocked by the user");
      break;
    case TelegramState::deactivated:
      answer = refused(403, "Forbidden: user is deactivated");
      break;
    case TelegramState::kicked:
      answer = refused(403, "Forbidden: bot was kicked from the supergroup chat");
      break;
    case TelegramState::not_found:
      answer = refused(400, "Bad Request: chat not found");
      break;
    case TelegramState::never_started:
      answer = refused(403, "Forbidden: bot can't initiate conversation with a user");
      break;
  }
  ledger_.refused(person.index, Service::telegram);
  return answer;
}

std::optional<runtime::Millis> Telegram::over_limit(std::int64_t bot, std::int64_t chat,
                                                    runtime::TimePoint now) {
  if (rules_.lifted) {
    return std::nullopt;
  }
  Bot& sender = bots_[bot];
  drop_until(sender.sent, now - std::chrono::seconds{1});
  if (sender.sent.size() >= rules_.per_bot_second) {
    return sender.sent.front() + std::chrono::seconds{1} - now;
  }
  Chat& state = chats_[chat];
  const double elapsed = static_cast<double>((now - state.refilled).count()) / 1'000.0;
  state.tokens = state.known ? std::min(rules_.chat_burst, state.tokens + std::max(elapsed, 0.0))
                             : rules_.chat_burst;
  state.known = true;
  state.refilled = now;
  if (state.tokens < 1) {
    return runtime::Millis{static_cast<std::int64_t>((1 - state.tokens) * 1'000) + 1};
  }
  if (chat < 0) {
    drop_until(state.minute, now - std::chrono::minutes{1});
    if (state.minute.size() >= rules_.per_group_minute) {
      return state.minute.front() + std::chrono::minutes{1} - now;
    }
    state.minute.push_back(now);
  }
  state.tokens -= 1;
  sender.sent.push_back(now);
  return std::nullopt;
}

Answer Telegram::deliver(std::int64_t bot, const Person& person, Shown shown,
                         runtime::TimePoint now) {
  const std::string text(shown.text);
  ledger_.write(person.index, Service::telegram, now, std::move(shown));
  const std::int64_t chat = People::present_chat(person);
  std::string result = fmt::format(
      R"({{"message_id":{},"date":{},"from":{{"id":{},"is_bot":true,"first_name":"Streaky","username":"streaky_{}_bot"}},"chat":{{"id":{},"type":"{}"}},"text":)",
      ++next_message_, runtime::to_unix_ms(now) / 1'000, bot, bot, chat,
      chat > 0 ? "private" : "supergroup");
  append_json_string(result, text);
  return accepted(result + "}");
}

Answer Telegram::get_updates(std::int64_t bot, const Form& form, runtime::TimePoint now) {
  Bot& state = bots_[bot];
  if (now < state.polled_until) {
    return refused(409,
                   "Conflict: terminated by other getUpdates request; make sure that only one bot "
                   "instance is running");
  }
  const std::int64_t offset = number(form_value(form, "offset")).value_or(0);
  const std::int64_t limit =
      std::clamp<std::int64_t>(number(form_value(form, "limit")).value_or(100), 1, 100);
  const std::int64_t timeout = std::clamp<std::int64_t>(
      number(form_value(form, "timeout")).value_or(0), 0, kLongestPollSeconds);
  if (!is_list_of_names(form_value(form, "allowed_updates"))) {
    return refused(400, "Bad Request: can't parse allowed updates");
  }
  std::erase_if(state.updates, [offset](const Update& update) { return update.id < offset; });
  Answer answer = news(state, limit);
  if (state.updates.empty() && timeout > 0) {
    state.polled_until = now + std::chrono::seconds{timeout};
    answer.held = Held{.bot = bot, .offset = offset, .limit = limit, .until = state.polled_until};
  }
  return answer;
}

Answer Telegram::news(const Bot& bot, std::int64_t limit) {
  std::string list = "[";
  for (std::size_t i = 0; i < bot.updates.size() && std::cmp_less(i, limit); ++i) {
    list += (i == 0 ? "" : ",") + bot.updates[i].json;
  }
  return accepted(list + "]");
}

std::optional<Answer> Telegram::look_again(const Held& held, runtime::TimePoint now) {
  Bot& state = bots_[held.bot];
  // What lies below the offset counts as confirmed, also when it comes while the question waits.
  std::erase_if(state.updates, [&held](const Update& update) { return update.id < held.offset; });
  if (state.updates.empty() && now < held.until) return std::nullopt;
  state.polled_until = now;
  return news(state, held.limit);
}

void Telegram::press_start(const Person& person, std::string_view payload, runtime::TimePoint now) {
  Bot& bot = bots_[People::bot_id(person)];
  const std::int64_t chat = People::present_chat(person);
  if (bot.news_at && now - *bot.news_at >= kOneSeries) {
    bot.next_update = 1 + static_cast<std::int64_t>(random_.below(kFirstUpdate - 1));
  }
  bot.news_at = now;
  Update update{bot.next_update++, {}};
  const bool is_private = chat > 0;
  update.json = fmt::format(
      R"({{"update_id":{},"message":{{"message_id":{},"date":{},"chat":{{"id":{},"type":"{}"}},"from":{{"id":{},"is_bot":false,"first_name":"Sim"}},"text":)",
      update.id, ++next_message_, runtime::to_unix_ms(now) / 1'000, chat,
      is_private ? "private" : "supergroup", std::abs(chat));
  std::string command = "/start";
  if (!is_private) command += fmt::format("@streaky_{}_bot", People::bot_id(person));
  if (!payload.empty()) command += fmt::format(" {}", payload);
  append_json_string(update.json, command);
  update.json += "}}";
  if (bot.updates.size() >= kMostUpdates) {
    bot.updates.erase(bot.updates.begin());
  }
  bot.updates.push_back(std::move(update));
}

}  // namespace streaky::sim
