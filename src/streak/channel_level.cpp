#include "streak/channel_level.h"

#include <algorithm>
#include <array>

#include "streak/mutant.h"

namespace streaky::streak {

namespace {

struct Name {
  ChannelLevel level;
  const char* text;
};

constexpr auto kNames = std::to_array<Name>({{ChannelLevel::normal, "normal"},
                                             {ChannelLevel::quiet, "quiet"},
                                             {ChannelLevel::loud, "loud"}});

}  // namespace

const char* to_text(ChannelLevel level) { return kNames.at(static_cast<std::size_t>(level)).text; }

std::optional<ChannelLevel> parse_channel_level(std::string_view text) {
  const auto found =
      std::ranges::find_if(kNames, [text](const Name& name) { return text == name.text; });
  if (found == kNames.end()) return std::nullopt;
  return found->level;
}

bool hears(ChannelLevel level, MessageKind kind, bool last) {
  if (level != ChannelLevel::loud || planted(Mutant::loud_hears_all)) return true;
  if (kind == MessageKind::summary) return false;
  return kind != MessageKind::reminder || last;
}

}  // namespace streaky::streak
