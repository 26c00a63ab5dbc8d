// When what was down: intervals that are opened and closed as the simulation runs, and the question
// that the oracle asks of them: were these parts up together for so long? One thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "runtime/time.h"

namespace streaky::simulation {

/// `machine`: process, database, a right clock, awake. `github_dark`: not a single answer can come.
enum class Part : std::uint8_t { machine, github, github_dark, discord, telegram };
inline constexpr std::size_t kParts = 5;

class Uptime {
 public:
  /// May be nested: up again after as many `up`.
  void down(Part part, runtime::TimePoint at);
  void up(Part part, runtime::TimePoint at);
  [[nodiscard]] bool is_up(Part part) const { return depth(part) == 0; }

  /// The earliest instant from `from` on after which all `parts` were up for `length`, all of it
  /// before `to`. Asked about the past alone.
  [[nodiscard]] std::optional<runtime::TimePoint> window(const std::vector<Part>& parts,
                                                         runtime::TimePoint from,
                                                         runtime::TimePoint to,
                                                         runtime::Millis length) const;
  /// Down from `from` to `to` without a gap.
  [[nodiscard]] bool down_throughout(Part part, runtime::TimePoint from,
                                     runtime::TimePoint to) const;
  /// Down at some instant of the stretch.
  [[nodiscard]] bool down_within(Part part, runtime::TimePoint from, runtime::TimePoint to) const;

 private:
  struct Down {
    runtime::TimePoint from;
    runtime::TimePoint to;
  };
  struct Line {
    std::vector<Down> downs;  // in order, apart from each other; the last may still be open
    int depth = 0;
  };
  [[nodiscard]] int depth(Part part) const { return lines_[static_cast<std::size_t>(part)].depth; }
  /// The first that ends after `at`.
  [[nodiscard]] const Down* first_after(Part part, runtime::TimePoint at) const;

  std::array<Line, kParts> lines_;
};

}  // namespace streaky::simulation
