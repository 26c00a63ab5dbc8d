#include "web/pages.h"

#include <stdexcept>
#include <utility>

#include "web/embedded_templates.h"

namespace streaky::web {

namespace {

constexpr std::string_view kLayout = "layout.html";
constexpr std::string_view kBody = "{{{body}}}";
constexpr std::size_t kUsualPage = 48U << 10U;

/// Values are escaped, so that none can look like this one.
constexpr std::string_view kPicture = "<!--picture-->";

/// Straight into the page, without a stream in between. The picture is most of its page: as a value
/// it would be copied three times.
void render(kainjow::mustache::mustache& view, const Data& data, std::string& page,
            std::string_view picture = {}) {
  view.render(data, [&page, picture](const std::string& piece) {
    const std::size_t place = picture.empty() ? std::string::npos : piece.find(kPicture);
    page.append(piece, 0, place);
    if (place == std::string::npos) return;
    page += picture;
    page.append(piece, place + kPicture.size());
  });
}

}  // namespace

Pages::Pages(const Assets& assets) : assets_(assets) {
  for (const EmbeddedFile& file : embedded_templates()) {
    if (file.path != kLayout) {
      add(std::string(file.path), file.text);
      continue;
    }
    // What stands before the body and after it: the body then need not be copied into it.
    const std::size_t body = file.text.find(kBody);
    if (body == std::string_view::npos) throw std::logic_error("the layout has no body");
    add("head", file.text.substr(0, body));
    add("foot", file.text.substr(body + kBody.size()));
  }
}

void Pages::add(std::string name, std::string_view text) {
  kainjow::mustache::mustache parsed{std::string(text)};
  if (!parsed.is_valid()) throw std::logic_error(name + ": " + parsed.error_message());
  templates_.emplace(std::move(name), std::move(parsed));
}

kainjow::mustache::mustache& Pages::find(std::string_view name) {
  const auto found = templates_.find(name);
  if (found == templates_.end()) throw std::logic_error("no template " + std::string(name));
  return found->second;
}

std::string Pages::page(std::string_view name, const PageFrame& frame, Data data) {
  data.set("csrf", frame.csrf);
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
  std::string page;
  page.reserve(kUsualPage);
  render(find("head"), around, page);
  render(find(std::string(name) + ".html"), data, page, frame.picture);
  render(find("foot"), around, page);
  return page;
}

Data text_list(const std::vector<std::string>& texts) {
  Data list{Data::type::list};
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

}  // namespace streaky::web
