#include "app/round.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <utility>
#include <vector>

namespace streaky::app {

namespace {

constexpr runtime::Millis kRedraw{200};
constexpr runtime::Millis kLineEvery{5'000};
constexpr int kBarWidth = 32;

std::int64_t open_work(const store::Batch& batch) {
  return batch.count("pending") + batch.count("processing") + batch.count("delivery:pending") +
         batch.count("delivery:sending");
}

std::string progress_text(const store::Batch& batch, runtime::Millis elapsed, bool bar) {
  const std::int64_t total = std::max<std::int64_t>(1, batch.total());
  const std::int64_t done = batch.count("completed") + batch.count("failed");
  std::string text;
  if (bar) {
    const int filled = static_cast<int>(done * kBarWidth / total);
    for (int i = 0; i < kBarWidth; ++i) text += i < filled ? "█" : "░";
    text += ' ';
  }
  text += fmt::format("{}/{} checked, {} at risk, {} sent", done, batch.total(),
                      batch.count("verdict:at_risk"), batch.count("delivery:sent"));
  const std::int64_t waiting = batch.count("delivery:pending") + batch.count("delivery:sending");
  if (waiting > 0) text += fmt::format(", {} on their way", waiting);
  text += fmt::format("  {}", runtime::to_human(elapsed));
  return text;
}

class Progress {
 public:
  explicit Progress(runtime::Clock& clock)
      : clock_(clock), terminal_(isatty(STDERR_FILENO) == 1), began_(clock.monotonic()) {}

  void show(const store::Batch& batch, bool last) {
    const runtime::Millis elapsed = clock_.monotonic() - began_;
    if (!terminal_ && !last && elapsed - shown_ < kLineEvery) return;
    shown_ = elapsed;
    const std::string text = progress_text(batch, elapsed, terminal_);
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[K{}{}", text, last ? "\n" : "");
      std::fflush(stderr);
    } else {
      fmt::print(stderr, "{}\n", text);
    }
  }

 private:
  runtime::Clock& clock_;
  bool terminal_;
  runtime::Millis began_;
  runtime::Millis shown_{-kLineEvery};
};

struct Row {
  const char* label;
  const char* key;  // in JSON
  std::int64_t value;
};

std::vector<Row> rows_of(const store::Batch& batch) {
  std::int64_t discord = 0;
  std::int64_t telegram = 0;
  for (const auto& [name, value] : batch.counts) {
    if (name == "sent:discord:reminder") discord += value;
    if (name == "sent:telegram:reminder") telegram += value;
  }
  const std::int64_t could_not_check =
      batch.count("sent:discord:could_not_check") + batch.count("sent:telegram:could_not_check");
  return {
      {"checked", "checked", batch.count("completed") - batch.count("superseded")},
      {"safe", "safe", batch.count("verdict:safe")},
      {"at risk", "at_risk", batch.count("verdict:at_risk")},
      {"reminded on Discord", "reminded_discord", discord},
      {"reminded on Telegram", "reminded_telegram", telegram},
      {"no streak", "no_streak", batch.count("verdict:no_streak")},
      {"day off", "day_off", batch.count("verdict:day_off")},
      {"unknown to GitHub", "gone", batch.count("verdict:gone")},
      {"could not tell", "could_not_tell", batch.count("verdict:unknown") + could_not_check},
      {"failed", "failed", batch.count("failed")},
      {"deliveries dead", "deliveries_dead", batch.count("delivery:dead")},
      {"deliveries expired", "deliveries_expired", batch.count("delivery:expired")},
      {"deliveries cancelled", "deliveries_cancelled", batch.count("delivery:cancelled")},
      {"superseded", "superseded", batch.count("superseded")},
  };
}

}  // namespace

runtime::Task<std::optional<store::Batch>> watch_round(store::Database* database,
                                                       runtime::Clock* clock, std::string batch_id,
                                                       const bool* stop) {
  store::Batches batches(*database);
  Progress progress(*clock);
  while (!*stop) {
    auto batch = co_await batches.find(batch_id);
    if (!batch) co_return std::nullopt;
    const bool settled = open_work(*batch) == 0;
    progress.show(*batch, settled);
    if (settled) co_return batch;
    co_await clock->sleep_for(kRedraw);
  }
  co_return std::nullopt;
}

std::string summary_text(const store::Batch& batch) {
  std::string text =
      fmt::format("batch {} ({}), {} users\n", batch.id, batch.origin, batch.total());
  for (const Row& row : rows_of(batch))
    text += fmt::format("  {:<22}{:>8}\n", row.label, row.value);
  return text;
}

std::string summary_json(const store::Batch& batch) {
  boost::json::object object;
  object["batch_id"] = batch.id;
  object["origin"] = batch.origin;
  object["created_at"] = runtime::to_rfc3339(batch.created_at);
  object["users"] = batch.total();
  object["pending"] = batch.count("pending");
  object["processing"] = batch.count("processing");
  object["settled"] = batch.settled();
  for (const Row& row : rows_of(batch)) object[row.key] = row.value;
  return boost::json::serialize(object);
}

bool anything_failed(const store::Batch& batch) {
  return batch.count("failed") > 0 || batch.count("delivery:dead") > 0 ||
         batch.count("delivery:expired") > 0;
}

}  // namespace streaky::app
