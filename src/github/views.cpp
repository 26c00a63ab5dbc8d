#include "github/views.h"

#include <utility>

#include "streak/mutant.h"

namespace streaky::github {

namespace {

/// Why a view failed, unless only our time was up.
std::optional<Trouble> trouble_of(const std::optional<AskResult>& view) {
  if (!view || *view || view->error().deadline) return std::nullopt;
  return view->error().failure.trouble;
}

bool says_not_found(const AskResult& view) {
  return !view && view.error().failure.trouble == Trouble::not_found;
}

Combined one_view(AskResult view, Views which) {
  Combined out;
  out.views = which;
  if (view) {
    out.reading = std::move(*view);
  } else {
    out.failure = std::move(view.error());
  }
  return out;
}

Combined half(Reading reading, AskFailure failure, Views which) {
  Combined out;
  out.reading = std::move(reading);
  out.failure = std::move(failure);
  out.views = which;
  return out;
}

Combined both_views(AskResult service, AskResult own) {
  if (service && own) {
    if (service->node_id != own->node_id) {
      AskFailure failure{{Trouble::bad_answer, "the two views name different accounts"}, {}};
      return one_view(std::unexpected(std::move(failure)), Views::both);
    }
    Reading merged = std::move(*service);
    merged.days.merge_larger(own->days);
    return one_view(std::move(merged), Views::both);
  }
  if (own) {
    // An account may be hidden from others and still be seen by its owner.
    if (says_not_found(service)) return one_view(std::move(own), Views::own);
    return half(std::move(*own), std::move(service.error()), Views::own);
  }
  if (service) {
    AskFailure why = std::move(own.error());
    if (why.failure.trouble == Trouble::not_found) {
      why.failure = {Trouble::bad_answer, "the own token does not see its user"};
    }
    return half(std::move(*service), std::move(why), Views::service);
  }
  // The view that may still find the user has the last word.
  if (says_not_found(service)) return one_view(std::move(own), Views::own);
  return one_view(std::move(service), Views::service);
}

}  // namespace

Combined combine(BothViews views) {
  if (planted(Mutant::own_view_ignored) && views.service) views.own.reset();
  // A view whose token is refused for good is as good as not asked, as long as the other is there.
  // Not so for the service's tokens: they come back, and the own one may see fewer days.
  if (own_token_refused(views) && views.service) views.own.reset();

  if (views.service && views.own) {
    return both_views(std::move(*views.service), std::move(*views.own));
  }
  if (views.service) return one_view(std::move(*views.service), Views::service);
  return one_view(std::move(*views.own), Views::own);
}

bool own_token_refused(const BothViews& views) {
  const auto trouble = trouble_of(views.own);
  // GitHub saw no token at all: that says nothing of the one that the user gave.
  return trouble && remedy_of(*trouble) == Remedy::drop_token &&
         *trouble != Trouble::no_credentials;
}

bool public_view_only(const Combined& window) {
  return window.reading && window.failure && window.views == Views::service &&
         window.failure->failure.trouble == Trouble::forbidden && !window.failure->deadline;
}

bool too_heavy(const BothViews& views) {
  for (const auto* view : {&views.service, &views.own}) {
    if (!*view || **view) continue;
    const AskFailure& failure = (*view)->error();
    if (!failure.deadline && remedy_of(failure.failure.trouble) == Remedy::split) return true;
  }
  return false;
}

}  // namespace streaky::github
