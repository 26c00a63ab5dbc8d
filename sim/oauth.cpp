#include "sim/oauth.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/url.hpp>
#include <chrono>
#include <utility>

#include "runtime/bytes.h"
#include "sim/mix.h"
#include "sim/oauth_answers.h"

namespace streaky::sim {
namespace {

std::string s256(std::string_view verifier) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(verifier.data(), verifier.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string bytes(digest.begin(), digest.begin() + length);
  return runtime::base64url_encode(bytes);
}

bool is_loopback(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

}  // namespace

void Oauth::forget() {
  codes_.clear();
  devices_.clear();
  tokens_.clear();
}

std::optional<Grant> Oauth::find(std::string_view token) const {
  const auto found = tokens_.find(std::string(token));
  return found == tokens_.end() ? std::nullopt : std::optional<Grant>(found->second);
}

std::string Oauth::secret(std::size_t length) { return letters(random_.next(), length); }

Answer Oauth::handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault) {
  if (fault == Fault::reset_before || fault == Fault::hang) {
    Answer answer;
    answer.reset = fault == Fault::reset_before;
    answer.hang = fault == Fault::hang;
    return answer;
  }
  if (fault && *fault <= Fault::secondary) {
    return text_answer(502, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>");
  }
  std::erase_if(codes_, [now](const auto& item) { return item.second.expires <= now; });
  const std::string_view path = request.path();
  const bool full = codes_.size() + devices_.size() >= kMostPending;
  if (full && path != "/login/oauth/access_token") {
    return text_answer(429, "text/html", "Too many requests have been made in a short time.");
  }
  if (path == "/login/oauth/authorize" && request.method == "GET") {
    return authorize(request, now);
  }
  if (path == "/login/oauth/access_token" && request.method == "POST") {
    return exchange(request, now);
  }
  if (path == "/login/device/code" && request.method == "POST") {
    return start_device(request, now);
  }
  if (path == "/login/device") {
    return device_page(request, now);
  }
  return text_answer(404, "text/html", "Not Found");
}

bool Oauth::redirect_fits(std::string_view uri) const {
  const auto wanted = boost::urls::parse_uri(app_.callback);
  const auto given = boost::urls::parse_uri(uri);
  if (!wanted || !given || given->scheme() != wanted->scheme() || given->has_fragment()) {
    return false;
  }
  const std::string host(std::string_view(given->encoded_host()));
  const std::string known(std::string_view(wanted->encoded_host()));
  const bool loopback = is_loopback(known);
  const bool same_host = host == known ||
                         (host.size() > known.size() && host.ends_with("." + known)) ||
                         (loopback && is_loopback(host));
  const bool same_port = loopback || given->port() == wanted->port();
  const std::string path(std::string_view(given->encoded_path()));
  const std::string below(std::string_view(wanted->encoded_path()));
  return same_host && same_port &&
         (path == below || path.starts_with(below.ends_with('/') ? below : below + "/"));
}

Answer Oauth::authorize(const Request& request, runtime::TimePoint now) {
  const Form form = parse_form(request.query());
  const auto value = [&form](std::string_view name) { return std::string(form_value(form, name)); };
  if (value("client_id") != app_.client_id) {
    return text_answer(404, "text/html", "Not Found");
  }
  const std::string uri = value("redirect_uri").empty() ? app_.callback : value("redirect_uri");
  const std::string state = value("state");
  if (!redirect_fits(uri)) {
    return redirect_error(app_.callback, "redirect_uri_mismatch",
                          "The redirect_uri MUST match the registered callback URL for this "
                          "application.",
                          state);
  }
  const std::string challenge = value("code_challenge");
  const std::string method = value("code_challenge_method");
  if ((!challenge.empty() || !method.empty()) && (method != "S256" || challenge.size() != 43)) {
    return redirect_error(uri, "invalid_request",
                          "code_challenge_method must be S256, with a challenge of 43 characters.",
                          state);
  }
  if (value("deny") == "1") {
    return redirect_error(uri, "access_denied", "The user has denied your application access.",
                          state);
  }
  const Person* person = people_.by_login(value("login"));
  if (person == nullptr || value("prompt") == "select_account") {
    if (value("approve") != "1" || person == nullptr) {
      return sign_in_page(form, !value("login").empty() && person == nullptr);
    }
  }
  const std::string code = secret(20);
  codes_[code] = Code{Grant{person->index, value("scope")}, uri, challenge, now + kCodeLife};
  return redirect(uri, {{"code", code}, {"state", state}});
}

Answer Oauth::exchange(const Request& request, runtime::TimePoint now) {
  const Form form = body_form(request);
  const std::string_view grant_type = form_value(form, "grant_type");
  if (grant_type == "urn:ietf:params:oauth:grant-type:device_code") {
    return poll_device(request, form, now);
  }
  if (!grant_type.empty() && grant_type != "authorization_code") {
    return oauth_error(request, "unsupported_grant_type", "The grant type is not supported.");
  }
  return exchange_code(request, form, now);
}

Answer Oauth::exchange_code(const Request& request, const Form& form, runtime::TimePoint now) {
  if (form_value(form, "client_id") != app_.client_id ||
      form_value(form, "client_secret") != app_.client_secret) {
    return oauth_error(request, "incorrect_client_credentials",
                       "The client_id and/or client_secret passed are incorrect.");
  }
  const auto found = codes_.find(std::string(form_value(form, "code")));
  if (found == codes_.end() || found->second.expires <= now) {
    return oauth_error(request, "bad_verification_code",
                       "The code passed is incorrect or expired.");
  }
  // A code works once, whatever comes of it.
  const Code code = std::move(found->second);
  codes_.erase(found);
  const std::string_view uri = form_value(form, "redirect_uri");
  if (!uri.empty() && uri != code.redirect_uri) {
    return oauth_error(request, "redirect_uri_mismatch",
                       "The redirect_uri MUST match the registered callback URL for this "
                       "application.");
  }
  if (!code.challenge.empty() && s256(form_value(form, "code_verifier")) != code.challenge) {
    return oauth_error(request, "bad_verification_code",
                       "The code passed is incorrect or expired.");
  }
  return hand_out(request, code.grant);
}

Answer Oauth::hand_out(const Request& request, const Grant& grant) {
  const std::string token = "gho_" + secret(36);
  tokens_[token] = grant;
  std::string scopes = grant.scopes;
  std::ranges::replace(scopes, ' ', ',');
  return oauth_answer(request,
                      {{"access_token", token}, {"scope", scopes}, {"token_type", "bearer"}});
}

Answer Oauth::start_device(const Request& request, runtime::TimePoint now) {
  const Form form = body_form(request);
  if (form_value(form, "client_id") != app_.client_id) {
    return text_answer(404, "text/html", "Not Found");
  }
  if (!app_.device_flow) {
    return oauth_error(request, "device_flow_disabled",
                       "Device Flow must be explicitly enabled for this App");
  }
  Device device;
  // Letters that nobody mistakes for another.
  for (int i = 0; i < 8; ++i) {
    constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
    device.user_code += i == 4 ? "-" : "";
    device.user_code.push_back(kLetters[random_.below(kLetters.size())]);
  }
  device.scopes = form_value(form, "scope");
  device.expires = now + kDeviceLife;
  const std::string device_code = secret(40);
  const std::string user_code = device.user_code;
  devices_[device_code] = std::move(device);
  return oauth_answer(request, {{"device_code", device_code},
                                {"user_code", user_code},
                                {"verification_uri", "https://github.com/login/device"},
                                {"expires_in", std::to_string(kDeviceLife.count() / 1'000)},
                                {"interval", "5"}});
}

Answer Oauth::poll_device(const Request& request, const Form& form, runtime::TimePoint now) {
  if (form_value(form, "client_id") != app_.client_id) {
    return oauth_error(request, "incorrect_client_credentials",
                       "The client_id and/or client_secret passed are incorrect.");
  }
  const auto found = devices_.find(std::string(form_value(form, "device_code")));
  if (found == devices_.end()) {
    return oauth_error(request, "incorrect_device_code", "The device_code provided is not valid.");
  }
  Device& device = found->second;
  if (now >= device.expires) {
    devices_.erase(found);
    return oauth_error(request, "expired_token", "This 'device_code' has expired.");
  }
  const bool early = now < device.polled + std::chrono::seconds{device.interval};
  device.polled = now;
  if (early) {
    device.interval += 5;
    return oauth_error(request, "slow_down",
                       "Too many requests have been made in the same "
                       "timeframe.",
                       device.interval);
  }
  if (device.denied) {
    devices_.erase(found);
    return oauth_error(request, "access_denied", "The authorization request was denied.");
  }
  if (!device.approved_by) {
    return oauth_error(request, "authorization_pending",
                       "The authorization request is still "
                       "pending.");
  }
  const Grant grant{*device.approved_by, device.scopes};
  devices_.erase(found);
  return hand_out(request, grant);
}

Answer Oauth::device_page(const Request& request, runtime::TimePoint now) {
  const Form form = request.method == "POST" ? body_form(request) : parse_form(request.query());
  const std::string_view code = form_value(form, "user_code");
  const Person* person = people_.by_login(form_value(form, "login"));
  if (code.empty() || person == nullptr) {
    return device_form();
  }
  for (auto& [device_code, device] : devices_) {
    if (device.user_code == code && now < device.expires) {
      device.denied = form_value(form, "deny") == "1";
      device.approved_by = person->index;
      return text_answer(200, "text/html; charset=utf-8",
                         "<!doctype html><title>Device</title><p>Congratulations, you're all set!");
    }
  }
  return text_answer(404, "text/html; charset=utf-8",
                     "<!doctype html><title>Device</title><p>The code is wrong or has expired.");
}

}  // namespace streaky::sim
