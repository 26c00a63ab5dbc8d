// How users change their settings: through the code of the commands `streaky user …` and of the
// site, over a connection to the database of its own, as another process on the same machine would.
//
// Threading: one thread; calls run to their end. Errors: false when the database cannot be had now;
// std::logic_error for what the product should never refuse.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/change.h"
#include "app/user_save.h"
#include "crypto/sealer.h"
#include "engine/action_links.h"
#include "runtime/metrics.h"
#include "store/database.h"

namespace streaky::simulation {

/// Where the links in messages lead.
inline constexpr const char* kSite = "https://streaky.example";

class Clerk {
 public:
  Clerk(const std::string& database_path, const crypto::Sealer& sealer);

  /// Ids in the order of the drafts; at most app::kUsersPerBite of them.
  std::vector<std::int64_t> sign_up(std::vector<account::UserDraft> drafts, runtime::TimePoint now);
  bool edit(account::UserDraft draft, runtime::TimePoint now);
  /// Until further notice without a date.
  bool pause(const std::string& login, std::optional<streak::Label> until, runtime::TimePoint now);
  bool resume(const std::string& login, runtime::TimePoint now);
  /// `kind` is `discord` or `telegram`.
  bool set_level(std::int64_t user_id, std::string_view kind, streak::ChannelLevel level,
                 runtime::TimePoint now);
  /// Takes back what was said about the day.
  bool take_back(std::int64_t user_id, runtime::TimePoint now);
  /// Presses a link and confirms: empty when it is done, else the code of what is wrong. Nothing
  /// when the database cannot be had now.
  std::optional<std::string> press(const std::string& url, runtime::TimePoint now);

 private:
  template <typename T>
  T await(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(io_, std::move(task), boost::asio::use_future);
    io_.restart();
    io_.run();
    return future.get();
  }
  app::SaveReport save(std::vector<account::UserDraft> drafts, runtime::TimePoint now);
  bool change(std::int64_t user_id, account::Edit edit, runtime::TimePoint now);
  bool store_user(runtime::Result<store::User> user, runtime::TimePoint now);

  boost::asio::io_context io_{1};
  runtime::Metrics metrics_;
  store::Database database_;
  store::Users users_;
  const crypto::Sealer& sealer_;
  engine::ActionLinks links_;
};

}  // namespace streaky::simulation
