#include "power/written_secrets.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "power/device_parser.h"

namespace {

using Strings = std::vector<std::string>;

Strings SecretsOf(const std::string& login, int language = 1) {
  const power::DeviceReading reading = power::ReadDeviceFile(
      "t", absl::StrCat(language == 2 ? "language 2\n" : "",
                        "specification \"s\" { timeout 5 script login { ",
                        login, " } }"));
  for (const power::DeviceProblem& problem : reading.problems) {
    UNSCOPED_INFO(power::ProblemText(problem));
  }
  REQUIRE(reading.file.specifications.size() == 1);
  return reading.file.specifications[0].secrets;
}

}  // namespace

TEST_CASE("written secrets: what is sent where a password was waited for",
          "[power]") {
  CHECK(SecretsOf(R"(expect "User Name : " send "apc\r\n"
                     expect "Password  : " send "swordfish\r\n"
                     expect "> " send "1\r\n")") == Strings{"swordfish"});
  for (const char* prompt :
       {"assword:", "[Pp]assword ?:", "\\rMP password: ", "[pP]ass[wW]ord",
        "PASSWD>", "Pass(word|phrase)", "[Pp]ass[- ]?phrase", "passcode",
        "Enter secret:", "\\\\$|assword: "}) {
    CAPTURE(prompt);
    CHECK(SecretsOf(absl::StrCat("expect \"", prompt,
                                 "\" delay 1 send \"x 100%%\\r\\n\"")) ==
          Strings{"x 100%"});
  }
  CHECK(SecretsOf(R"(expect "compass: " send "north\n")").empty());
  // Only what follows at once, and each once.
  CHECK(SecretsOf(R"(expect "Password:" send "\n" expect "Password:"
                     send "one\n" send "two\n" expect "Password:" send "one\n"
                     foreachplug { expect "Password:" send "three" })") ==
        Strings{"one", "three"});
  CHECK(SecretsOf(R"(expect "httppower> " send "auth admin:12:34\n")") ==
        Strings{"12:34"});
  CHECK(SecretsOf(R"(send "auth admin\n")").empty());
}

TEST_CASE("written secrets: in the alternatives of language 2", "[power]") {
  CHECK(SecretsOf(R"(expectany {
                       "ogin:"    { send "admin\n" again }
                       "assword:" { send "swordfish\n" again }
                       after 3    { send "\n" }
                     })",
                  2) == Strings{"swordfish"});
  CHECK(SecretsOf(R"(expect "assword:" send-secret "\n")", 2).empty());
}
