// The year as a picture: 53 weeks of days as SVG, made on the server, coloured by the stylesheet.
//
// A day of which nothing is known looks unknown, never like 0. Each day says its date and count to
// who points at it; for readers of text there is a summary and a table of months. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "streak/calendar.h"

namespace streaky::web {

struct MonthSum {
  std::string name;  // `August 2026`
  int days = 0;      // with a contribution
  int contributions = 0;
  bool whole = true;  // every day of it is known
};

struct HeatMap {
  std::string svg;
  std::string summary;           // one sentence
  std::vector<MonthSum> months;  // newest first
};

HeatMap make_heat_map(const streak::Calendar& calendar, streak::Label today);

/// Colours by name, for pictures that no stylesheet reaches.
struct CardTheme {
  std::string paper;
  std::string ink;
  std::string soft;
  std::string accent;
  std::vector<std::string> levels;  // from none to many
};
/// `light` or `dark`; light for anything else.
const CardTheme& card_theme(std::string_view name);
/// The year as a picture that stands alone.
std::string heat_map_card(const streak::Calendar& calendar, streak::Label today,
                          const CardTheme& theme);

/// The SVG of a made-up year, for people who are not signed in.
std::string example_heat_map(streak::Label today);

}  // namespace streaky::web
