#include "web/routes.h"

#include <algorithm>
#include <array>

#include "web/api_routes.h"
#include "web/handlers.h"
#include "web/rates.h"

namespace streaky::web {

namespace {

constexpr auto kTable = std::to_array<Route>({
    {"GET", "/health", Who::anyone, nullptr, health, "whether the service works", Face::page, false,
     true},
    {"GET", "/ready", Who::anyone, &kProbes, ready, "whether it can serve now", Face::page, false,
     true},
    {"GET", "/metrics", Who::anyone, &kProbes, metrics, "numbers for Prometheus", Face::page, false,
     true},
    {"GET", "/static/{file}", Who::anyone, &kFiles, static_file, "stylesheet, script, icon"},
    {"GET", "/robots.txt", Who::anyone, &kFiles, robots, "what crawlers may read"},
    {"GET", "/", Who::visitor, &kPages, landing, "what Streaky does"},
    {"GET", "/privacy", Who::visitor, &kPages, privacy, "what is stored and what is not"},
    {"GET", "/sign-in", Who::visitor, &kPages, sign_in_page, "how to sign in"},
    {"POST", "/sign-in/github", Who::visitor, &kSignIns, sign_in_with_github, "goes to GitHub"},
    {"GET", "/sign-in/callback", Who::visitor, &kSignIns, sign_in_callback, "comes back from it"},
    {"GET", "/sign-in/link/{token}", Who::visitor, &kSignIns, sign_in_link_page,
     "asks before a one-time link is used"},
    {"POST", "/sign-in/link/{token}", Who::visitor, &kSignIns, use_sign_in_link, "uses it"},
    {"GET", "/today/{token}", Who::visitor, &kPages, day_link_page,
     "asks before a link from a message is used"},
    {"POST", "/today/{token}", Who::visitor, &kActions, use_day_link,
     "snoozes, rests or ends the day's reminders"},
    {"POST", "/settings/today", Who::signed_in, &kActions, forget_today,
     "takes a snooze or an end of the day's reminders back"},
    {"POST", "/sign-out", Who::visitor, &kActions, sign_out, "ends this session"},
    {"GET", "/dashboard", Who::signed_in, &kPages, dashboard, "the streak, today, the year"},
    {"POST", "/check", Who::signed_in, &kChecks, check_now, "looks at GitHub now"},
    {"GET", "/live", Who::signed_in, &kStreams, live, "tells when there is news"},
    {"GET", "/setup", Who::signed_in, &kPages, setup, "the first step that is left"},
    {"GET", "/setup/when", Who::signed_in, &kPages, setup_when, "step 1: zone and times"},
    {"POST", "/setup/when", Who::signed_in, &kActions, save_setup_when, "saves step 1"},
    {"GET", "/setup/channels", Who::signed_in, &kPages, setup_channels, "step 2: channels"},
    {"GET", "/setup/test", Who::signed_in, &kPages, setup_test, "step 3: a test message"},
    {"GET", "/settings", Who::signed_in, &kPages, settings, "everything that can be set"},
    {"POST", "/settings/when", Who::signed_in, &kActions, save_when, "saves zone and times"},
    {"POST", "/settings/rest-days", Who::signed_in, &kActions, save_rest_days, "saves rest days"},
    {"POST", "/settings/summary", Who::signed_in, &kActions, save_summary, "daily summary or none"},
    {"POST", "/settings/pause", Who::signed_in, &kActions, pause, "pauses"},
    {"POST", "/settings/resume", Who::signed_in, &kActions, resume, "ends the pause"},
    {"POST", "/settings/discord", Who::signed_in, &kActions, save_discord, "sets the webhook"},
    {"POST", "/settings/telegram", Who::signed_in, &kActions, save_telegram, "sets bot and chat"},
    {"GET", "/settings/telegram", Who::signed_in, &kPages, telegram_page,
     "the link to the service's bot, or the chat that is connected"},
    {"POST", "/settings/telegram/start", Who::signed_in, &kActions, start_telegram,
     "makes a one-time link to the service's bot"},
    {"POST", "/settings/channels/{id}/level", Who::signed_in, &kActions, save_channel_level,
     "makes a channel quiet, normal or loud"},
    {"POST", "/settings/channels/{id}/remove", Who::signed_in, &kActions, remove_channel,
     "removes a channel"},
    {"POST", "/settings/token", Who::signed_in, &kActions, save_token, "sets the GitHub token"},
    {"POST", "/settings/test", Who::signed_in, &kTests, send_test, "sends a test message"},
    {"POST", "/settings/api-tokens", Who::signed_in, &kActions, make_api_token,
     "makes an API token, shown once"},
    {"POST", "/settings/api-tokens/{id}/revoke", Who::signed_in, &kActions, revoke_api_token,
     "revokes it"},
    {"POST", "/settings/sessions/{id}/end", Who::signed_in, &kActions, end_session,
     "signs a device out"},
    {"POST", "/settings/sessions/end-others", Who::signed_in, &kActions, end_other_sessions,
     "signs all other devices out"},
    {"GET", "/export", Who::signed_in, &kExports, export_data, "one's data as JSON"},
    {"GET", "/delete", Who::signed_in, &kPages, delete_page, "asks before deleting"},
    {"POST", "/delete", Who::signed_in, &kActions, delete_account, "deletes the account"},
    {"POST", "/settings/card", Who::signed_in, &kActions, save_card, "shows or hides the pictures"},
    {"GET", "/u/{login}/{card}", Who::anyone, &kFiles, card,
     "`streak.svg` or `heatmap.svg` of who allows it; `?theme=light` or `dark`"},
    {"GET", "/operator", Who::operators, &kPages, operator_rounds, "rounds and how they go"},
    {"GET", "/operator/live", Who::operators, &kStreams, operator_live, "tells when there is news"},
    {"POST", "/operator/rounds", Who::operators, &kChecks, begin_round, "checks everybody now"},
    {"GET", "/operator/rounds/{id}", Who::operators, &kPages, operator_round, "one round"},
    {"POST", "/operator/rounds/{id}/retry", Who::operators, &kActions, retry_round,
     "tries again what failed"},
    {"GET", "/operator/health", Who::operators, &kPages, operator_health,
     "GitHub tokens and channels"},
    {"GET", "/operator/users", Who::operators, &kPages, operator_users, "looks a user up"},
    {"POST", "/operator/users/{id}/check", Who::operators, &kActions, operator_check,
     "checks a user now"},
    {"POST", "/operator/users/{id}/pause", Who::operators, &kActions, operator_pause,
     "pauses a user"},
    {"POST", "/operator/users/{id}/resume", Who::operators, &kActions, operator_resume,
     "ends a user's pause"},
    // Their limits are their own (original.h).
    {"GET", "/api/user/preferences", Who::anyone, nullptr, original_preferences,
     "the original's: what is set", Face::original},
    {"POST", "/api/user/preferences", Who::anyone, nullptr, original_save_preferences,
     "the original's: sets it", Face::original},
    {"GET", "/api/user/dashboard", Who::anyone, nullptr, original_dashboard,
     "the original's: streak and messages", Face::original},
    {"POST", "/api/cron/trigger", Who::anyone, nullptr, original_trigger,
     "the original's: begins a round", Face::original},
    {"POST", "/api/cron/process-user", Who::anyone, nullptr, original_process_user,
     "the original's: works on one job", Face::original},
    {"GET", "/api/cron/batch/{id}", Who::anyone, nullptr, original_batch,
     "the original's: how far a round is", Face::original},
});

constexpr std::size_t kLongestPath = 512;

std::vector<Route> all_routes() {
  std::vector<Route> all(kTable.begin(), kTable.end());
  all.insert(all.end(), api_routes().begin(), api_routes().end());
  return all;
}

std::string_view take_part(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/', 1), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end);
  return part;
}

/// Paths are compared byte by byte: an escape, a double slash or a dot is no part of any address.
bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_part(pattern);
    const std::string_view given = take_part(path);
    if (wanted.starts_with("/{")) {
      if (given.size() < 2) return false;
      parameters.emplace_back(given.substr(1));
    } else if (wanted != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> kAll = all_routes();
  return kAll;
}

Match match_route(std::string_view method, std::string_view path) {
  Match match;
  if (path.empty() || path.front() != '/' || path.size() > kLongestPath) return match;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::vector<std::string> parameters;
  for (const Route& route : routes()) {
    if (!fits(route.pattern, path, parameters)) continue;
    if (route.method == wanted && match.route == nullptr) {
      match.route = &route;
      match.parameters = parameters;
    }
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return match;
}

}  // namespace streaky::web
