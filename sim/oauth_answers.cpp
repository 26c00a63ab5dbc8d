#include "sim/oauth_answers.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

namespace streaky::sim {
namespace {

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string encode(const Form& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (value.empty() && name == "state") {
      continue;
    }
    out += out.empty() ? "" : "&";
    out += percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

}  // namespace

Form body_form(const Request& request) {
  if (!request.header("content-type").starts_with("application/json")) {
    return parse_form(request.body);
  }
  Form form;
  boost::system::error_code failed;
  const boost::json::value body = boost::json::parse(request.body, failed);
  if (!failed && body.is_object()) {
    for (const auto& [key, value] : body.get_object()) {
      if (value.is_string()) {
        form.emplace_back(std::string(std::string_view(key)),
                          std::string(std::string_view(value.get_string())));
      }
    }
  }
  return form;
}

Answer oauth_answer(const Request& request, const Form& fields) {
  if (request.header("accept").find("application/json") == std::string_view::npos) {
    return text_answer(200, "application/x-www-form-urlencoded; charset=utf-8", encode(fields));
  }
  std::string out = "{";
  for (const auto& [name, value] : fields) {
    out += out.size() > 1 ? "," : "";
    append_json_string(out, name);
    out.push_back(':');
    if (name == "expires_in" || name == "interval") {
      out += value;
    } else {
      append_json_string(out, value);
    }
  }
  return json_answer(200, out + "}");
}

Answer oauth_error(const Request& request, std::string_view code, std::string_view description,
                   int interval) {
  Form fields = {{"error", std::string(code)},
                 {"error_description", std::string(description)},
                 {"error_uri", "https://docs.github.com/apps/oauth-apps"}};
  if (interval > 0) {
    fields.emplace_back("interval", std::to_string(interval));
  }
  return oauth_answer(request, fields);
}

Answer redirect(std::string_view uri, const Form& parameters) {
  Answer answer = text_answer(302, "text/html; charset=utf-8", "");
  add_header(answer, "Location",
             fmt::format("{}{}{}", uri, uri.find('?') == std::string_view::npos ? "?" : "&",
                         encode(parameters)));
  return answer;
}

Answer redirect_error(std::string_view uri, std::string_view code, std::string_view description,
                      std::string_view state) {
  return redirect(uri, {{"error", std::string(code)},
                        {"error_description", std::string(description)},
                        {"state", std::string(state)}});
}

Answer sign_in_page(const Form& parameters, bool unknown_login) {
  std::string page =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in to the simulated "
      "GitHub</title><h1>Sign in to the simulated GitHub</h1>";
  page += unknown_login ? "<p role=\"alert\">There is no such user.</p>" : "";
  page += "<form method=\"get\" action=\"/login/oauth/authorize\">";
  for (const auto& [name, value] : parameters) {
    if (name != "login" && name != "approve" && name != "deny") {
      page += fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape_html(name),
                          escape_html(value));
    }
  }
  page += fmt::format(
      "<label>Login <input name=\"login\" value=\"{}\" autofocus></label>"
      "<button name=\"approve\" value=\"1\">Authorize</button>"
      "<button name=\"deny\" value=\"1\">Cancel</button></form></html>",
      escape_html(form_value(parameters, "login")));
  return text_answer(200, "text/html; charset=utf-8", std::move(page));
}

Answer device_form() {
  return text_answer(200, "text/html; charset=utf-8",
                     "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Device "
                     "activation</title><form method=\"post\" action=\"/login/device\"><label>Code "
                     "<input name=\"user_code\"></label><label>Login <input name=\"login\"></label>"
                     "<button>Authorize</button><button name=\"deny\" value=\"1\">Cancel</button>"
                     "</form></html>");
}

}  // namespace streaky::sim
