// How many users travel in one request: learnt per class of window lengths.
//
// Points are not the limit of a query, its weight is, and GitHub does not say what it allows
// (docs/remote-apis.md §1.7). So the size doubles after a success at the present size, and halves
// when GitHub found a query too heavy; after that it doubles only after several successes.
#pragma once

#include <array>
#include <cstddef>

#include "streak/calendar.h"

namespace streaky::github {

class BatchSize {
 public:
  BatchSize(int first, int most);

  [[nodiscard]] int current() const { return current_; }
  /// A request for `size` users was answered in full.
  void succeeded(int size);
  /// A request for `size` users was too heavy.
  void too_heavy(int size);

 private:
  static constexpr int kSuccessesAfterFailure = 8;

  int current_;
  int most_;
  int successes_needed_ = 1;
  int successes_ = 0;
};

/// One size for each class of windows: up to a month, up to a quarter, longer.
class BatchSizes {
 public:
  BatchSizes(int first, int most);
  BatchSize& of(streak::LabelRange window);

 private:
  std::array<BatchSize, 3> classes_;
};

/// Labels in the window, both ends included.
int days_in(streak::LabelRange window);

}  // namespace streaky::github
