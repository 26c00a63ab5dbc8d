// The last year of contributions as text: seven rows, a column per week, as on a GitHub profile.
#pragma once

#include <string>

#include "streak/calendar.h"

namespace streaky::app {

/// `colour`: shades of green by ANSI 256 colours; else `·░▒▓█`. A day that is not known is blank.
/// Levels are quartiles of the days shown.
std::string heat_map(const streak::Calendar& calendar, streak::Label today, bool colour);

}  // namespace streaky::app
