// Sign-in: codes, PKCE, redirects, the device flow.
#include <gtest/gtest.h>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using std::chrono::minutes;
using std::chrono::seconds;

// RFC 7636, appendix B.
constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

class OauthTest : public ::testing::Test {
 protected:
  OauthTest() : world_(WorldOptions{}) {
    Person alice = with_streak("alice", 3);
    alice.privacy = Privacy::private_only;
    world_.people().add(alice);
  }

  Answer get(const std::string& target) {
    Request request;
    request.method = "GET";
    request.target = target;
    return world_.handle(Service::oauth, request, kNow);
  }

  std::string location(const std::string& parameters) {
    return header(get("/login/oauth/authorize?client_id=sim-client-id&" + parameters), "Location");
  }

  /// The code of an approved sign-in.
  std::string code(const std::string& more = "") {
    const std::string target = location(
        "login=alice&state=s&redirect_uri=http%3A%2F%2F127.0.0.1%3A8420%2Fcallback" + more);
    return std::string(form_value(parse_form(target.substr(target.find('?') + 1)), "code"));
  }

  Answer exchange(const std::string& fields, runtime::TimePoint now = kNow, bool json = true) {
    Request request = post("/login/oauth/access_token",
                           "client_id=sim-client-id&client_secret=sim-client-secret&" + fields,
                           "application/x-www-form-urlencoded");
    if (json) {
      request.headers.push_back({"Accept", "application/json"});
    }
    return world_.handle(Service::oauth, request, now);
  }

  World world_;
};

TEST_F(OauthTest, ACodeBecomesATokenThatGitHubKnows) {
  const Answer answer = exchange("code=" + code("&scope=read%3Auser%20repo"));
  EXPECT_EQ(at(answer, "/scope"), R"("read:user,repo")");
  EXPECT_EQ(at(answer, "/token_type"), R"("bearer")");
  const std::string token(body(answer).at("access_token").as_string());
  EXPECT_TRUE(token.starts_with("gho_"));
  const Answer viewer = ask(
      world_, "{viewer{login contributionsCollection{contributionCalendar{totalContributions}}}}",
      {}, token);
  EXPECT_EQ(at(viewer, "/data/viewer/login"), R"("alice")");
  EXPECT_NE(at(viewer,
               "/data/viewer/contributionsCollection/contributionCalendar/"
               "totalContributions"),
            "0");
  EXPECT_EQ(header(viewer, "X-OAuth-Scopes"), "read:user repo");
}

TEST_F(OauthTest, FormEncodedUnlessJsonIsAsked) {
  const Answer answer = exchange("code=" + code(), kNow, false);
  EXPECT_TRUE(answer.response.body.starts_with("access_token=gho_")) << answer.response.body;
  const Answer wrong = exchange("code=nope", kNow, false);
  EXPECT_TRUE(wrong.response.body.starts_with("error=bad_verification_code"));
  EXPECT_EQ(wrong.response.status, 200);
}

TEST_F(OauthTest, ACodeWorksOnceAndForTenMinutes) {
  const std::string first = code();
  EXPECT_EQ(at(exchange("code=" + first), "/error"), "");
  EXPECT_EQ(at(exchange("code=" + first), "/error"), R"("bad_verification_code")");
  const std::string second = code();
  EXPECT_EQ(at(exchange("code=" + second, kNow + minutes{10}), "/error"),
            R"("bad_verification_code")");
  const std::string third = code();
  EXPECT_EQ(at(exchange("code=" + third, kNow + minutes{10} - seconds{1}), "/error"), "");
}

TEST_F(OauthTest, ProofKeysAreChecked) {
  const std::string pkce = std::string("&code_challenge_method=S256&code_challenge=") + kChallenge;
  EXPECT_EQ(at(exchange("code=" + code(pkce) + "&code_verifier=" + kVerifier), "/error"), "");
  EXPECT_NE(at(exchange("code=" + code(pkce) + "&code_verifier=wrong"), "/error"), "");
  EXPECT_NE(at(exchange("code=" + code(pkce)), "/error"), "");
  const std::string callback = "redirect_uri=http%3A%2F%2F127.0.0.1%2F&login=alice&";
  EXPECT_NE(location(callback + "code_challenge_method=plain&code_challenge=" + kChallenge)
                .find("error=invalid_request"),
            std::string::npos);
  EXPECT_NE(location(callback + "code_challenge_method=S256&code_challenge=short")
                .find("error=invalid_request"),
            std::string::npos);
}

TEST_F(OauthTest, RedirectsAndCredentialsMustFit) {
  EXPECT_NE(location("login=alice&redirect_uri=https%3A%2F%2Fevil.example%2F")
                .find("error=redirect_uri_mismatch"),
            std::string::npos);
  EXPECT_EQ(
      at(exchange("code=" + code() + "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fother"), "/error"),
      R"("redirect_uri_mismatch")");
  Request wrong =
      post("/login/oauth/access_token", "client_id=sim-client-id&client_secret=x&code=" + code(),
           "application/x-www-form-urlencoded");
  wrong.headers.push_back({"Accept", "application/json"});
  EXPECT_EQ(at(world_.handle(Service::oauth, wrong, kNow), "/error"),
            R"("incorrect_client_credentials")");
  EXPECT_EQ(get("/login/oauth/authorize?client_id=other").response.status, 404);
}

TEST_F(OauthTest, ThePageAsksWhoSignsIn) {
  const Answer page = get("/login/oauth/authorize?client_id=sim-client-id&state=%22%3Cb%3E");
  EXPECT_EQ(page.response.status, 200);
  EXPECT_NE(page.response.body.find("value=\"&quot;&lt;b&gt;\""), std::string::npos);
  EXPECT_NE(location("login=alice&deny=1&state=s").find("error=access_denied"), std::string::npos);
  EXPECT_NE(location("login=alice&state=a%26b").find("state=a%26b"), std::string::npos);
}

TEST_F(OauthTest, DevicesWaitForApproval) {
  Request start = post("/login/device/code", "client_id=sim-client-id&scope=read:user",
                       "application/x-www-form-urlencoded");
  start.headers.push_back({"Accept", "application/json"});
  const Answer started = world_.handle(Service::oauth, start, kNow);
  const std::string device(body(started).at("device_code").as_string());
  const std::string user_code(body(started).at("user_code").as_string());
  EXPECT_EQ(device.size(), 40U);
  EXPECT_EQ(at(started, "/interval"), "5");
  const auto poll = [&](seconds later) {
    return at(exchange("device_code=" + device +
                           "&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code",
                       kNow + later),
              "/error");
  };
  EXPECT_EQ(poll(seconds{5}), R"("authorization_pending")");
  EXPECT_EQ(poll(seconds{7}), R"("slow_down")");
  EXPECT_EQ(poll(seconds{16}), R"("slow_down")") << "the interval has grown to ten seconds";
  EXPECT_EQ(get("/login/device?login=alice&user_code=" + user_code).response.status, 200);
  EXPECT_EQ(poll(seconds{60}), "");
  EXPECT_EQ(poll(seconds{120}), R"("incorrect_device_code")");
}

}  // namespace
}  // namespace streaky::sim
