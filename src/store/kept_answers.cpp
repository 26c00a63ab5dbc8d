#include "store/kept_answers.h"

#include <utility>

#include "store/session.h"

namespace streaky::store {

namespace {

bool begin_fresh(Session& session, const AnswerKey& key, runtime::TimePoint now) {
  std::string same;
  auto query = session.query("kept_answers/begin");
  query.bind("user", key.user_id).bind("key", key.key).bind("hash", key.request_hash);
  query.bind("now", now).bind("old", now - kAnswerLife).bind("lapsed", now - kAnswerLapse);
  return query.into(same).next();
}

KeptAnswers::Start begin_in(Session& session, const AnswerKey& key, runtime::TimePoint now) {
  KeptAnswers::Start start;
  if (begin_fresh(session, key, now)) {
    session.query("kept_answers/make_room")
        .bind("user", key.user_id)
        .bind("keep", kMostKeptAnswers)
        .run();
    return start;
  }
  std::string hash;
  KeptAnswer& answer = start.answer;
  session.query("kept_answers/find")
      .bind("user", key.user_id)
      .bind("key", key.key)
      .into(hash, answer.status, answer.content_type, answer.location, answer.body)
      .one();
  if (hash != key.request_hash) {
    start.begun = KeptAnswers::Begun::other_request;
  } else if (answer.status == 0) {
    start.begun = KeptAnswers::Begun::under_way;
  } else {
    start.begun = KeptAnswers::Begun::answered;
  }
  return start;
}

}  // namespace

runtime::Task<KeptAnswers::Start> KeptAnswers::begin(AnswerKey key, runtime::TimePoint now) {
  Start start;
  Database::Work work = [&](Session& session) { start = begin_in(session, key, now); };
  co_await database_.write(std::move(work));
  co_return start;
}

runtime::Task<void> KeptAnswers::finish(AnswerKey key, KeptAnswer answer) {
  Database::Work work = [&](Session& session) {
    session.query("kept_answers/finish")
        .bind("user", key.user_id)
        .bind("key", key.key)
        .bind("hash", key.request_hash)
        .bind("status", answer.status)
        .bind("content_type", answer.content_type)
        .bind("location", answer.location)
        .bind("body", answer.body)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> KeptAnswers::forget(AnswerKey key) {
  Database::Work work = [&](Session& session) {
    session.query("kept_answers/forget").bind("user", key.user_id).bind("key", key.key).run();
  };
  co_await database_.write(std::move(work));
}

}  // namespace streaky::store
