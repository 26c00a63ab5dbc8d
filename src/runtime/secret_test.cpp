#include "runtime/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/process.h"

namespace streaky::runtime {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>,
              "no copy by accident");
static_assert(!std::is_convertible_v<Secret, std::string> &&
                  !std::is_convertible_v<Secret, std::string_view>,
              "no way out but reveal()");
static_assert(!fmt::is_formattable<Secret>::value, "no way into a log line");
static_assert(!std::is_default_constructible_v<fmt::formatter<Secret>>);

TEST(Secret, HoldsAndHandsOverItsBytes) {
  Secret one(std::string("a\0b", 3));
  EXPECT_EQ(one.reveal(), std::string_view("a\0b", 3));
  Secret two(std::move(one));
  EXPECT_EQ(two.reveal().size(), 3U);
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): that is what is asked
  Secret three("other");
  three = std::move(two);
  EXPECT_EQ(three.clone().reveal(), three.reveal());
  EXPECT_TRUE(two.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, NothingIsNeverANullPointer) {
  EXPECT_NE(Secret().reveal().data(), nullptr);
  EXPECT_NE(Secret(std::string()).reveal().data(), nullptr);
  EXPECT_EQ(Secret(std::string()).reveal(), "");
}

TEST(Secret, TakesTheBytesOutOfTheStringItIsGiven) {
  for (const std::size_t size : {5U, 100U}) {
    std::string source(size, 'x');
    const char* bytes = source.data();
    const Secret secret(std::move(source));
    EXPECT_EQ(secret.reveal(), std::string(size, 'x'));
    if (size < 15) EXPECT_NE(std::string_view(bytes, size), std::string(size, 'x'));
  }
}

TEST(ConstantTimeEqual, ComparesContentAndLength) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "abcd"));
  EXPECT_FALSE(constant_time_equal("abc", ""));
}

/// What the kernel says of the mapping that holds `address`: "VmFlags: rd wr … lo dd".
std::string flags_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &end) == 2) {
      inside = wanted >= first && wanted < end;
    }
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

/// In a process of its own: what is set up there lasts.
template <typename Check>
int in_child(Check check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ProtectedMemory, SecretsAreLeftOutOfDumpsAndCleanedWhenDropped) {
  const int failed = in_child([] {
    protect_secrets();
    const char* bytes = nullptr;
    {
      const Secret secret(std::string("plantedplantedplanted"));
      bytes = secret.reveal().data();
      const std::string flags = flags_of(bytes);
      if (flags.find(" dd ") == std::string::npos) return 1;  // DONTDUMP, proc(5)
      if (CRYPTO_secure_allocated(bytes) != 1) return 2;
    }
    return std::string_view(bytes, 21).find("planted") == std::string_view::npos ? 0 : 3;
  });
  EXPECT_EQ(failed, 0);
}

TEST(ProtectedMemory, WhatFindsNoRoomStillHolds) {
  const int failed = in_child([] {
    protect_secrets();
    std::vector<Secret> many;
    for (int i = 0; i < 3'000; ++i) many.emplace_back(std::string(1'000, static_cast<char>(i)));
    for (int i = 0; i < 3'000; ++i) {
      const auto& secret = many[static_cast<std::size_t>(i)];
      if (secret.reveal() != std::string(1'000, static_cast<char>(i))) return 1;
    }
    return 0;
  });
  EXPECT_EQ(failed, 0);
}

TEST(CoreDumps, AreOff) {
  const int failed = in_child([] {
    disable_core_dumps();
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 0 && limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
  });
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace streaky::runtime
