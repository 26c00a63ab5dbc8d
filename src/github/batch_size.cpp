#include "github/batch_size.h"

#include <algorithm>

namespace streaky::github {

namespace {

constexpr int kMonth = 31;
constexpr int kQuarter = 92;

}  // namespace

BatchSize::BatchSize(int first, int most)
    : current_(std::clamp(first, 1, std::max(most, 1))), most_(std::max(most, 1)) {}

void BatchSize::succeeded(int size) {
  // A smaller request proves nothing about this size; one that was sent before the size grew or
  // shrank doesn't either.
  if (size < current_) return;
  if (++successes_ < successes_needed_) return;
  successes_ = 0;
  current_ = std::min(current_ * 2, most_);
}

void BatchSize::too_heavy(int size) {
  successes_ = 0;
  successes_needed_ = kSuccessesAfterFailure;
  current_ = std::clamp(size / 2, 1, current_);
}

BatchSizes::BatchSizes(int first, int most)
    : classes_{BatchSize(first, most), BatchSize(first / 2, most), BatchSize(first / 5, most)} {}

BatchSize& BatchSizes::of(streak::LabelRange window) {
  const int days = days_in(window);
  if (days <= kMonth) return classes_[0];
  if (days <= kQuarter) return classes_[1];
  return classes_[2];
}

int days_in(streak::LabelRange window) {
  return static_cast<int>((window.to - window.from).count()) + 1;
}

}  // namespace streaky::github
