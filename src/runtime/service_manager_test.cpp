#include "runtime/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <map>
#include <vector>

namespace streaky::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The manager's end of the socket, under an abstract name.
class Manager {
 public:
  Manager() {
    file_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // Bound without a name, it gets one of its own (unix(7), autobind).
    socklen_t length = sizeof(sa_family_t);
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(file_, plain, length) != 0) throw std::runtime_error("bind");
    length = sizeof(address);
    getsockname(file_, plain, &length);
    name_ = "@" + std::string(address.sun_path + 1, length - sizeof(sa_family_t) - 1);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { close(file_); }

  [[nodiscard]] const std::string& name() const { return name_; }
  std::vector<std::string> heard() const {
    std::vector<std::string> all;
    std::array<char, 256> text{};
    for (ssize_t size = 0; (size = recv(file_, text.data(), text.size(), 0)) > 0;) {
      all.emplace_back(text.data(), static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  int file_ = -1;
  std::string name_;
};

ServiceManager::Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(ServiceManagerTest, TellsThatItIsReadyAndAliveAndStopping) {
  const Manager manager;
  VirtualClock clock(from_unix_ms(0));
  ServiceManager told(clock, environment({{"NOTIFY_SOCKET", manager.name()},
                                          {"WATCHDOG_USEC", "10000000"},
                                          {"WATCHDOG_PID", std::to_string(getpid())}}));
  EXPECT_THAT(manager.heard(), IsEmpty());
  told.ready();
  EXPECT_THAT(manager.heard(), ElementsAre("READY=1", "WATCHDOG=1"));
  clock.advance_to(from_unix_ms(4'999));
  EXPECT_THAT(manager.heard(), IsEmpty());
  clock.advance_to(from_unix_ms(10'000));
  EXPECT_THAT(manager.heard(), ElementsAre("WATCHDOG=1", "WATCHDOG=1"));
  told.stopping();
  EXPECT_THAT(manager.heard(), ElementsAre("STOPPING=1"));
}

TEST(ServiceManagerTest, AWatchdogOfAnotherProcessOrWithoutSenseIsLeftAlone) {
  const Manager manager;
  for (const char* micros : {"10000000", "", "-1", "soon", "99999999999999999999"}) {
    VirtualClock clock(from_unix_ms(0));
    const std::string pid = std::string(micros) == "10000000" ? "1" : std::to_string(getpid());
    ServiceManager told(clock, environment({{"NOTIFY_SOCKET", manager.name()},
                                            {"WATCHDOG_USEC", micros},
                                            {"WATCHDOG_PID", pid}}));
    told.ready();
    EXPECT_EQ(clock.timers(), 0U) << micros;
    EXPECT_THAT(manager.heard(), ElementsAre("READY=1"));
  }
}

TEST(ServiceManagerTest, WithoutAManagerNothingHappens) {
  VirtualClock clock(from_unix_ms(0));
  for (const std::string& name :
       {std::string(), std::string("vsock:2:1"), std::string("@") + std::string(200, 'x'),
        std::string("/nowhere/at/all")}) {
    ServiceManager told(clock, environment({{"NOTIFY_SOCKET", name}}));
    told.ready();
    told.stopping();
  }
  EXPECT_EQ(clock.timers(), 0U);
}

TEST(ServiceManagerTest, WhoIsGoneSaysNothingMore) {
  const Manager manager;
  VirtualClock clock(from_unix_ms(0));
  {
    ServiceManager told(
        clock, environment({{"NOTIFY_SOCKET", manager.name()}, {"WATCHDOG_USEC", "1000000"}}));
    told.ready();
  }
  (void)manager.heard();
  clock.advance_to(from_unix_ms(5'000));
  EXPECT_THAT(manager.heard(), IsEmpty());
}

}  // namespace
}  // namespace streaky::runtime
