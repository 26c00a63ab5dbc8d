#include "store/new_deliveries.h"

#include "store/days.h"
#include "store/json_rows.h"
#include "store/pending_deliveries.h"

namespace streaky::store {

void NewDeliveries::add(const DeliveryOrigin& origin, const NewDelivery& delivery,
                        const DeliveryLease& lease) {
  boost::json::object row{{"id", json_text(delivery.id)},
                          {"batch_id", origin.batch_id},
                          {"job_id", origin.job_id},
                          {"user_id", origin.user_id},
                          {"channel_id", delivery.channel_id},
                          {"kind", json_text(delivery.kind)},
                          {"date", origin.date},
                          {"zone", origin.zone},
                          {"stage", origin.stage},
                          {"subject", json_text(delivery.message.subject)},
                          {"body", json_text(delivery.message.body)},
                          {"urgency", streak::to_text(delivery.message.urgency)},
                          {"checked_at", json_at(delivery.checked_at)},
                          {"called_at", json_at(delivery.called_at)},
                          {"expires_at", origin.expires_at}};
  if (delivery.leased) {
    row["state"] = "sending";
    row["owner"] = lease.owner;
    row["lease_until"] = json_at(lease.until);
    row["started_at"] = json_at(now_);
    row["attempt"] = 1;
  } else {
    row["state"] = "pending";
    row["owner"] = "";
    row["lease_until"] = nullptr;
    row["started_at"] = nullptr;
    row["attempt"] = 0;
  }
  rows_.push_back(std::move(row));
}

std::unordered_set<std::string> NewDeliveries::write(Session& session, Counts& counts) {
  std::unordered_set<std::string> written;
  if (rows_.empty()) return written;
  const std::string rows = to_json(rows_);
  {
    std::string batch_id;
    std::string state;
    auto query = session.query("deliveries/called_for_again");
    query.bind("deliveries", rows).within(days_alive(now_)).into(batch_id, state);
    while (query.next()) counts.add(batch_id, "delivery:" + state, -1);
  }
  {
    std::string id;
    auto query = session.query("deliveries/insert");
    query.bind("deliveries", rows).bind("now", now_).within(days_alive(now_)).into(id);
    while (query.next()) written.insert(id);
  }
  boost::json::array reminders;
  for (const boost::json::value& value : rows_) {
    const boost::json::object& row = value.as_object();
    if (!written.contains(std::string(row.at("id").as_string()))) continue;
    counts.add(std::string(row.at("batch_id").as_string()),
               "delivery:" + std::string(row.at("state").as_string()));
    if (row.at("kind").as_string() != "reminder") continue;
    reminders.push_back({{"user_id", row.at("user_id")},
                         {"date", row.at("date")},
                         {"channel_id", row.at("channel_id")},
                         {"job_id", row.at("job_id")}});
  }
  cancel_overtaken(session, counts, reminders, now_);
  rows_.clear();
  return written;
}

}  // namespace streaky::store
