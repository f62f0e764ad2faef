#include "isinit/entry_environment.h"

#include <catch2/catch.hpp>

using isinit::EnvironmentParts;
using isinit::MakeEnvironment;
using isinit::ReadEnvironmentFile;
using isinit::Surroundings;
using isinit::Variables;
using List = std::vector<std::string>;

TEST_CASE("environment: a bare entry has a PATH and what is ours to say",
          "[isinit]") {
  EnvironmentParts parts;
  const List ours = {"HOME=/root", "PATH=/mine", "SECRET=x"};
  parts.ours = ours;
  parts.own = {{"ISINIT_TAG", "web"}};
  CHECK(MakeEnvironment({}, parts) ==
        List{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
             "/bin",
             "ISINIT_TAG=web"});
}

TEST_CASE("environment: each later source stands above the earlier ones",
          "[isinit]") {
  EnvironmentParts parts;
  const List ours = {"A=ours", "B=ours", "C=ours", "D=ours", "N=ours", "E=1=2"};
  parts.ours = ours;
  parts.account = {{"A", "account"}, {"HOME", "/h"}};
  parts.file = {{"B", "file"}, {"C", "file"}, {"ISINIT_TAG", "forged"}};
  parts.own = {{"D", "own"}, {"ISINIT_TAG", "web"}};
  Surroundings s;
  s.pass = {"A", "B", "C", "D", "E"};
  s.environment = {"C=env", "D=env", "PATH=/p"};
  CHECK(MakeEnvironment(s, parts) == List{"PATH=/p", "A=ours", "HOME=/h",
                                          "B=file", "C=env", "D=own", "E=1=2",
                                          "ISINIT_TAG=web"});
  s.pass_all = true;
  const List all = MakeEnvironment(s, parts);
  CHECK(isinit::ValueOf(all, "N") == "ours");
  CHECK(isinit::ValueOf(all, "NO") == "");
  CHECK(isinit::ValueOf(all, "E") == "1=2");
}

TEST_CASE("environment: a file has comments, quotes and export", "[isinit]") {
  const auto read = ReadEnvironmentFile("# all of it\n\nA=1\n  B = no\n");
  CHECK(read.status().message() == "line 4: not NAME=VALUE");
  CHECK(*ReadEnvironmentFile("A=1\r\n export B=\"two \\\" \\$x \\n\"\n"
                             "C='$A \"'\nD=a # b\n_9=\n\n#end") ==
        Variables{{"A", "1"},
                  {"B", "two \" $x \\n"},
                  {"C", "$A \""},
                  {"D", "a # b"},
                  {"_9", ""}});
  CHECK_FALSE(ReadEnvironmentFile("A='1\n'").ok());
  CHECK_FALSE(ReadEnvironmentFile("A='1'2").ok());
  CHECK_FALSE(ReadEnvironmentFile("9A=1").ok());
  CHECK_FALSE(ReadEnvironmentFile("=1").ok());
  CHECK_FALSE(ReadEnvironmentFile(absl::string_view("A=\0", 3)).ok());
}
