// Slices of GitHub's points out of the common database.
// Threading: the executor's thread. Borrows what it is constructed with.
#pragma once

#include "github/portion.h"
#include "runtime/log.h"
#include "store/token_slices.h"

namespace streaky::engine {

class StorePointDealer final : public github::PointDealer {
 public:
  StorePointDealer(store::Database& database, runtime::Log& log) : slices_(database), log_(log) {}

  runtime::Task<std::optional<std::int64_t>> deal(github::SliceAsk ask) override;

 private:
  store::TokenSlices slices_;
  runtime::Log& log_;
};

}  // namespace streaky::engine
