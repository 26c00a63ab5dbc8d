// Pages from templates: a layout around a body. Mustache escapes every value by itself.
//
// Templates are parsed once. Threading: one thread. A template that does not exist or is broken is
// a bug: std::logic_error, thrown by the constructor for all of them.
#pragma once

#include <kainjow/mustache.hpp>
#include <map>
#include <string>
#include <string_view>

#include "web/assets.h"

namespace streaky::web {

using Data = kainjow::mustache::data;

/// What the layout says around a page.
struct PageFrame {
  std::string title;
  std::string login;    // empty: nobody is signed in
  std::string csrf;     // for the forms of the page
  std::string place;    // which entry of the menu is the present one: "dashboard", "settings", …
  std::string said;     // good news from the request before
  std::string problem;  // what was wrong with this one
  bool is_operator = false;
  std::string news_at;  // the stream that tells of news, with `mark`
  std::string mark;     // what the page shows, for `/live`; empty: it does not change by itself
  std::string picture;  // markup of our own, put where the template says <!--picture-->
};

class Pages {
 public:
  explicit Pages(const Assets& assets);

  /// A whole page.
  std::string page(std::string_view name, const PageFrame& frame, Data data);

 private:
  void add(std::string name, std::string_view text);
  kainjow::mustache::mustache& find(std::string_view name);

  const Assets& assets_;  // borrowed
  std::map<std::string, kainjow::mustache::mustache, std::less<>> templates_;
};

/// A list of texts, each to be shown as `{{.}}`.
Data text_list(const std::vector<std::string>& texts);

}  // namespace streaky::web
