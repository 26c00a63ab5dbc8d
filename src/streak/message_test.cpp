#include "streak/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streak/digits.h"

namespace streaky::streak {
namespace {

using std::chrono::minutes;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

MessageInput reminder() {
  MessageInput input;
  input.kind = MessageKind::reminder;
  input.login = "octocat";
  input.streak = 12;
  input.left = minutes(192);
  return input;
}

std::string all_of(const Message& message) {
  return lower_case(message.subject + "\n" + message.body);
}

TEST(Words, Durations) {
  EXPECT_EQ(duration_text(minutes(192)), "3 h 12 min");
  EXPECT_EQ(duration_text(minutes(120)), "2 h");
  EXPECT_EQ(duration_text(minutes(60)), "1 h");
  EXPECT_EQ(duration_text(minutes(61)), "1 h 1 min");
  EXPECT_EQ(duration_text(minutes(59)), "59 min");
  EXPECT_EQ(duration_text(minutes(1)), "1 min");
  EXPECT_EQ(duration_text(minutes(0)), "less than a minute");
  EXPECT_EQ(duration_text(minutes(-5)), "less than a minute");
  EXPECT_EQ(duration_text(minutes(24 * 60)), "24 h");
}

TEST(Words, Days) {
  EXPECT_EQ(days_text(0), "0 days");
  EXPECT_EQ(days_text(1), "1 day");
  EXPECT_EQ(days_text(2), "2 days");
  EXPECT_EQ(days_text(4000), "4000 days");
}

TEST(Words, UrgencyGrowsAsTimeRunsOut) {
  EXPECT_EQ(urgency_of(minutes(181)), Urgency::low);
  EXPECT_EQ(urgency_of(minutes(180)), Urgency::medium);
  EXPECT_EQ(urgency_of(minutes(61)), Urgency::medium);
  EXPECT_EQ(urgency_of(minutes(60)), Urgency::high);
  EXPECT_EQ(urgency_of(minutes(0)), Urgency::high);
}

TEST(Reminder, SaysWhatGitHubShowsAndHowLongThereIs) {
  const Message message = compose(reminder());
  EXPECT_THAT(message.subject, HasSubstr("12 days"));
  EXPECT_THAT(message.body, HasSubstr("GitHub shows no contribution yet today for octocat"));
  EXPECT_THAT(message.body, HasSubstr("3 h 12 min left"));
  EXPECT_THAT(message.body, HasSubstr("up to 24 hours to appear"));
  EXPECT_EQ(message.urgency, Urgency::low);
  EXPECT_THAT(message.body, Not(HasSubstr("As of")));
  EXPECT_THAT(message.body, Not(HasSubstr("public")));
}

TEST(Reminder, GetsSingularAndPluralRight) {
  MessageInput input = reminder();
  input.streak = 1;
  EXPECT_THAT(all_of(compose(input)), AllOf(HasSubstr("1 day"), Not(HasSubstr("1 days"))));
  input.streak = 2;
  EXPECT_THAT(all_of(compose(input)), HasSubstr("2 days"));
}

TEST(Reminder, GrowsMoreUrgentFromStageToStage) {
  MessageInput input = reminder();
  input.left = minutes(600);
  input.stage_count = 3;
  const Message first = compose(input);
  input.stage_index = 1;
  const Message second = compose(input);
  input.stage_index = 2;
  const Message last = compose(input);
  EXPECT_NE(first.subject, second.subject);
  EXPECT_NE(second.subject, last.subject);
  EXPECT_NE(first.body, second.body);
  EXPECT_NE(second.body, last.body);
  EXPECT_THAT(last.subject, AllOf(HasSubstr("Last call"), HasSubstr("10 h left")));
  EXPECT_THAT(first.subject, AllOf(Not(HasSubstr("Last call")), Not(HasSubstr("risk"))));
  EXPECT_THAT(second.subject, Not(HasSubstr("Last call")));
}

TEST(Reminder, TheOnlyOneOfADayIsGentleUnlessTimeIsShort) {
  MessageInput input = reminder();
  EXPECT_THAT(compose(input).subject, Not(HasSubstr("Last call")));
  input.left = minutes(45);
  const Message message = compose(input);
  EXPECT_THAT(message.subject, AllOf(HasSubstr("Last call"), HasSubstr("45 min left")));
  EXPECT_EQ(message.urgency, Urgency::high);
}

TEST(Reminder, ALengthThatIsNotKnownIsALowerBound) {
  MessageInput input = reminder();
  input.streak = 400;
  input.streak_is_lower_bound = true;
  const Message message = compose(input);
  EXPECT_THAT(message.subject, HasSubstr("at least 400 days"));
  EXPECT_THAT(message.body, HasSubstr("at least 400 days"));
}

TEST(Reminder, SaysHowOldItsKnowledgeIs) {
  MessageInput input = reminder();
  input.as_of = "23:10";
  EXPECT_THAT(compose(input).body, HasSubstr("As of 23:10, GitHub shows no contribution"));
}

TEST(Reminder, ThatGoesOutLateSaysWhenItWasTrue) {
  const Message message = as_of(compose(reminder()), "20:00", std::chrono::minutes(14));
  EXPECT_THAT(message.body, HasSubstr("As of 20:00: GitHub shows no contribution"));
  EXPECT_THAT(message.subject, testing::StartsWith("As of 20:00: "));
  EXPECT_EQ(message.urgency, Urgency::high);
}

TEST(Reminder, SaysWhenOnlyPublicActivityCouldBeSeen) {
  MessageInput input = reminder();
  input.own_token_dead = true;
  EXPECT_THAT(compose(input).body, HasSubstr("Only public activity could be seen"));
}

TEST(Reminder, NeverSpeaksOfAStreakOfZeroDays) {
  MessageInput input = reminder();
  input.streak = 0;
  EXPECT_THAT(all_of(compose(input)), AllOf(Not(HasSubstr("0 day")), Not(HasSubstr("0-day")),
                                            Not(HasSubstr("risk")), HasSubstr("new streak")));
}

TEST(Reminder, NeverAlarmsWhoeverHasContributed) {
  MessageInput input = reminder();
  input.today_count = 1;
  const Message message = compose(input);
  EXPECT_THAT(all_of(message), AllOf(Not(HasSubstr("risk")), HasSubstr("great job")));
  EXPECT_EQ(message.urgency, Urgency::none);
}

TEST(Summary, PraisesAndNeverSoundsLikeAnAlarm) {
  for (const int today_count : {0, 1, 7}) {
    for (const int streak : {0, 1, 4321}) {
      for (const bool flag : {false, true}) {
        MessageInput input = reminder();
        input.kind = MessageKind::summary;
        input.today_count = today_count;
        input.streak = streak;
        input.streak_is_lower_bound = flag;
        input.own_token_dead = flag;
        if (flag) input.as_of = "23:10";
        input.left = minutes(3);
        const Message message = compose(input);
        EXPECT_THAT(message.subject, HasSubstr("Great job"));
        EXPECT_THAT(all_of(message), AllOf(Not(HasSubstr("alert")), Not(HasSubstr("risk")),
                                           Not(HasSubstr("0 day"))));
        EXPECT_EQ(message.urgency, Urgency::none);
        EXPECT_FALSE(message.body.empty());
      }
    }
  }
}

TEST(Summary, CountsContributions) {
  MessageInput input = reminder();
  input.kind = MessageKind::summary;
  input.today_count = 1;
  EXPECT_THAT(compose(input).body, AllOf(HasSubstr("1 contribution today"), HasSubstr("12 days")));
  input.today_count = 3;
  EXPECT_THAT(compose(input).body, HasSubstr("3 contributions today"));
  input.today_count = 0;
  EXPECT_THAT(compose(input).body, Not(HasSubstr("contribution")))
      << "tomorrow's label may hold what makes today safe";
}

TEST(CouldNotCheck, IsHonestAndNoAlarm) {
  MessageInput input = reminder();
  input.kind = MessageKind::could_not_check;
  input.left = minutes(14);
  const Message message = compose(input);
  EXPECT_THAT(message.subject, HasSubstr("Could not check GitHub"));
  EXPECT_THAT(message.body, AllOf(HasSubstr("does not know whether octocat has contributed"),
                                  HasSubstr("14 min left"), HasSubstr("12 days")));
  EXPECT_THAT(all_of(message), AllOf(Not(HasSubstr("alert")), Not(HasSubstr("risk")),
                                     Not(HasSubstr("no contribution"))));
  EXPECT_EQ(message.urgency, Urgency::low) << "even minutes before midnight";
  input.streak = 0;
  EXPECT_THAT(compose(input).body, Not(HasSubstr("0 days")));
}

TEST(ChannelOff, SaysWhichWhyAndHowToMend) {
  MessageInput input = reminder();
  input.kind = MessageKind::channel_off;
  input.channel_name = "discord";
  input.reason = "the webhook was deleted";
  Message message = compose(input);
  EXPECT_EQ(message.subject, "Discord was switched off");
  EXPECT_THAT(message.body, AllOf(HasSubstr("the webhook was deleted.\n"), HasSubstr("octocat"),
                                  HasSubstr("new webhook")));
  input.channel_name = "telegram";
  input.reason = "bot was blocked by the user.";
  message = compose(input);
  EXPECT_EQ(message.subject, "Telegram was switched off");
  EXPECT_THAT(message.body, AllOf(HasSubstr("bot was blocked by the user."), HasSubstr("/start"),
                                  Not(HasSubstr(".."))));
  input.channel_name = "pager";
  EXPECT_THAT(compose(input).body, HasSubstr("set the channel up again"));
}

TEST(ChannelOff, RepeatsOnlyALittleOfWhatAServiceSaid) {
  MessageInput input = reminder();
  input.kind = MessageKind::channel_off;
  input.channel_name = "discord";
  input.reason = "first\nsecond\x1b[31m " + std::string(10'000, 'x');
  Message message = compose(input);
  EXPECT_THAT(message.body, AllOf(HasSubstr("first second"), Not(HasSubstr("\x1b"))));
  EXPECT_LT(message.body.size(), 1000U);
  input.reason.clear();
  for (int i = 0; i < 1000; ++i) input.reason += "ü";
  input.reason.insert(0, "a");
  message = compose(input);
  EXPECT_THAT(message.body, HasSubstr("ü…")) << "characters are not cut in two";
  input.reason.clear();
  EXPECT_THAT(compose(input).body, HasSubstr("no longer takes messages"));
}

TEST(Test, SaysThatTheChannelWorks) {
  MessageInput input = reminder();
  input.kind = MessageKind::test;
  const Message message = compose(input);
  EXPECT_THAT(all_of(message), AllOf(HasSubstr("test"), HasSubstr("works"), HasSubstr("octocat"),
                                     Not(HasSubstr("risk")), Not(HasSubstr("alert"))));
  EXPECT_EQ(message.urgency, Urgency::none);
}

TEST(Names, AreStable) {
  EXPECT_STREQ(to_text(MessageKind::reminder), "reminder");
  EXPECT_STREQ(to_text(MessageKind::could_not_check), "could_not_check");
  EXPECT_STREQ(to_text(MessageKind::summary), "summary");
  EXPECT_STREQ(to_text(MessageKind::channel_off), "channel_off");
  EXPECT_STREQ(to_text(MessageKind::test), "test");
  EXPECT_STREQ(to_text(Urgency::none), "none");
  EXPECT_STREQ(to_text(Urgency::high), "high");
}

}  // namespace
}  // namespace streaky::streak
