#include "store/counts.h"

#include "store/json_rows.h"

namespace streaky::store {

void Counts::add(const std::string& batch_id, const std::string& name, std::int64_t by) {
  deltas_[{batch_id, name}] += by;
}

void Counts::move(const std::string& batch_id, const std::string& from, const std::string& to) {
  add(batch_id, from, -1);
  add(batch_id, to, 1);
}

void Counts::add_verdict(const std::string& batch_id, const std::string& verdict, std::int64_t by) {
  if (verdict.empty()) return;
  // These two are not judgements of GitHub's answer.
  const bool judged = verdict != "superseded" && verdict != "inactive";
  add(batch_id, judged ? "verdict:" + verdict : verdict, by);
}

void Counts::move_delivery(const std::string& batch_id, const std::string& from,
                           const std::string& to) {
  move(batch_id, "delivery:" + from, "delivery:" + to);
}

void Counts::add_sent(const std::string& batch_id, const std::string& channel_kind,
                      std::string_view delivery_kind, std::int64_t by) {
  // `channel_off:<id>` counts as `channel_off`: names come from a small fixed set.
  const auto kind = std::string(delivery_kind.substr(0, delivery_kind.find(':')));
  add(batch_id, "sent:" + channel_kind + ":" + kind, by);
}

void Counts::write(Session& session) {
  boost::json::array rows;
  for (const auto& [key, by] : deltas_) {
    if (by == 0) continue;
    rows.push_back({{"batch", key.first}, {"name", key.second}, {"by", by}});
  }
  deltas_.clear();
  if (!rows.empty()) session.query("batches/count").bind("deltas", to_json(rows)).run();
}

}  // namespace streaky::store
