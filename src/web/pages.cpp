#include "web/pages.h"

#include <stdexcept>
#include <utility>

#include "web/embedded_templates.h"

namespace streaky::web {

Pages::Pages(const Assets& assets) : assets_(assets) {
  for (const EmbeddedFile& file : embedded_templates()) {
    kainjow::mustache::mustache parsed{std::string(file.text)};
    if (!parsed.is_valid()) {
      throw std::logic_error(std::string(file.path) + ": " + parsed.error_message());
    }
    templates_.emplace(std::string(file.path), std::move(parsed));
  }
}

kainjow::mustache::mustache& Pages::find(std::string_view name) {
  const auto found = templates_.find(name);
  if (found == templates_.end()) throw std::logic_error("no template " + std::string(name));
  return found->second;
}

std::string Pages::page(std::string_view name, const PageFrame& frame, Data data) {
  data.set("csrf", frame.csrf);
  const std::string body = find(std::string(name) + ".html").render(data);
  Data around;
  around.set("title", frame.title);
  around.set("signed_in", !frame.login.empty());
  around.set("login", frame.login);
  around.set("csrf", frame.csrf);
  around.set("at_" + frame.place, true);
  around.set("is_operator", frame.is_operator);
  around.set("live", !frame.mark.empty());
  around.set("mark", frame.mark);
  around.set("news_at", frame.news_at);
  around.set("css", assets_.path_of("app.css"));
  around.set("js", assets_.path_of("app.js"));
  around.set("icon", assets_.path_of("icon.svg"));
  if (!frame.said.empty()) around.set("said", frame.said);
  if (!frame.problem.empty()) around.set("problem", frame.problem);
  around.set("body", body);
  return find("layout.html").render(around);
}

Data text_list(const std::vector<std::string>& texts) {
  Data list{Data::type::list};
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

}  // namespace streaky::web
