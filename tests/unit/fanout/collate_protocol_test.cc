#include "fanout/collate_protocol.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using fanout::Answer;
using fanout::AnswerReader;
using fanout::Ready;
using fanout::Request;
using fanout::RequestReader;
using Kind = Request::Kind;

std::string Nul(absl::string_view text) { return std::string(text) + '\0'; }

Request One(RequestReader& reader) {
  auto request = reader.Next();
  INFO(request.status());
  REQUIRE(request.ok());
  REQUIRE(request->has_value());
  return **request;
}
bool Nothing(RequestReader& reader) {
  const auto request = reader.Next();
  return request.ok() && !request->has_value();
}
RequestReader Named() {
  RequestReader reader;
  reader.Feed(Nul("k"));
  One(reader);
  return reader;
}

TEST_CASE("collate protocol: a name ends in NUL, newline or CR", "[fanout]") {
  for (const char end : {'\0', '\n', '\r'}) {
    RequestReader reader;
    reader.Feed("we");
    CHECK(Nothing(reader));
    reader.Feed(std::string("b1") + end + Nul("o1 "));
    const Request name = One(reader);
    CHECK(name.kind == Kind::kName);
    CHECK(name.text == "web1");
    CHECK(One(reader).kind == Kind::kStream);
    CHECK(Nothing(reader));
  }
}

TEST_CASE("collate protocol: a name has at most 63 bytes", "[fanout]") {
  RequestReader reader;
  reader.Feed(Nul(std::string(63, 'x')));
  CHECK(One(reader).text == std::string(63, 'x'));
  RequestReader longer;
  longer.Feed(std::string(64, 'x'));
  CHECK(!longer.Next().ok());
}

TEST_CASE("collate protocol: requests may come in any pieces", "[fanout]") {
  RequestReader reader = Named();
  const std::string bytes = Nul("?T ") + Nul("042") + Nul("qm ") + Nul("zz ");
  std::vector<Kind> kinds;
  for (const char c : bytes) {
    reader.Feed({&c, 1});
    while (true) {
      const auto next = reader.Next();
      REQUIRE(next.ok());
      if (!next->has_value()) break;
      kinds.push_back((*next)->kind);
    }
  }
  CHECK(kinds == std::vector<Kind>{Kind::kTitle, Kind::kStatus, Kind::kReport,
                                   Kind::kOther});
}

TEST_CASE("collate protocol: what we send is what we read", "[fanout]") {
  RequestReader reader = Named();
  for (const Ready ready :
       {Ready::kWillRun, Ready::kHasData, Ready::kFull, Ready::kFinished}) {
    reader.Feed(fanout::ReportRequest(ready, false));
    CHECK(One(reader).ready == ready);
  }
  reader.Feed(fanout::ReportRequest(Ready::kFinished, true));
  const Request quick = One(reader);
  CHECK(quick.ready == Ready::kFinished);
  CHECK(quick.quick);
  for (const int status : {0, 7, 76, 143, 999}) {
    reader.Feed(fanout::StatusRequest(status));
    CHECK(One(reader).number == status);
  }
  for (const int error : {5, 28, 32}) {
    reader.Feed(fanout::WriteFailedRequest(error));
    const Request failed = One(reader);
    CHECK(failed.kind == Kind::kWriteFailed);
    CHECK(failed.number == error);
  }
}

TEST_CASE("collate protocol: a section's number comes two digits at a time",
          "[fanout]") {
  for (const int64_t number : {int64_t{0}, int64_t{9}, int64_t{10},
                               int64_t{100}, int64_t{999999999999999999}}) {
    RequestReader reader = Named();
    reader.Feed(fanout::InsideRequest(number));
    Request request;
    do {
      request = One(reader);
    } while (request.kind == Kind::kOther);
    CHECK(request.kind == Kind::kInside);
    CHECK(request.number == number);
  }
  RequestReader none = Named();
  none.Feed(Nul("on "));
  CHECK(!none.Next().ok());
  RequestReader large = Named();
  for (int i = 0; i < 9; ++i) {
    large.Feed(Nul("n99"));
    One(large);
  }
  large.Feed(Nul("n99"));
  CHECK(!large.Next().ok());
}

TEST_CASE("collate protocol: what is no request is refused", "[fanout]") {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.0"), std::string("o1 x"), Nul("12x"),
        Nul("abc"), std::string(4, '\0'), std::string("\xff\xff\xff\0", 4)}) {
    RequestReader reader = Named();
    reader.Feed(bytes);
    INFO(bytes);
    CHECK(!reader.Next().ok());
  }
}

std::optional<Answer> Get(AnswerReader& reader) {
  auto answer = reader.Next();
  INFO(answer.status());
  REQUIRE(answer.ok());
  return *answer;
}

TEST_CASE("collate protocol: answers are read as they are expected",
          "[fanout]") {
  AnswerReader reader;
  reader.Expect(Answer::Kind::kGreeting);
  reader.Expect(Answer::Kind::kSection);
  reader.Expect(Answer::Kind::kText);
  reader.Expect(Answer::Kind::kText);
  reader.Expect(Answer::Kind::kNumber);
  reader.Expect(Answer::Kind::kNumber);
  reader.Expect(Answer::Kind::kFlag);
  std::string bytes = Nul("0.8") + "12\n" + fanout::TextAnswer("a\nb") +
                      fanout::TextAnswer(std::nullopt) + "65536\n" + "." +
                      Nul("s");
  CHECK(fanout::TextAnswer("a\nb") == Nul("4:a\nb"));
  std::vector<Answer> answers;
  for (const char c : bytes) {
    reader.Feed({&c, 1});
    while (auto answer = Get(reader)) answers.push_back(*answer);
  }
  REQUIRE(answers.size() == 7);
  CHECK(answers[1].number == 12);
  CHECK(answers[2].text == "a\nb");
  CHECK(answers[3].text == std::nullopt);
  CHECK(answers[4].number == 65536);
  CHECK(answers[5].number == std::nullopt);
  CHECK(answers[6].flag == 's');
  CHECK(reader.expects_nothing());
}

TEST_CASE("collate protocol: a text may be empty, and none is not",
          "[fanout]") {
  AnswerReader reader;
  reader.Expect(Answer::Kind::kText);
  reader.Feed(fanout::TextAnswer(""));
  CHECK(Get(reader)->text == "");
}

TEST_CASE("collate protocol: a message ends in a newline or a descriptor",
          "[fanout]") {
  AnswerReader reader;
  reader.Feed("own 3\nout");
  CHECK(Get(reader)->text == "own 3");
  CHECK(!Get(reader));
  reader.EndMessage();
  CHECK(Get(reader)->text == "out");
  CHECK(reader.empty());
  reader.Feed("err\n");
  reader.EndMessage();
  CHECK(Get(reader)->text == "err");
  CHECK(!Get(reader));
  reader.Feed("in");
  CHECK(!Get(reader));
}

TEST_CASE("collate protocol: answers that make no sense are refused",
          "[fanout]") {
  const auto refused = [](Answer::Kind kind, absl::string_view bytes) {
    AnswerReader reader;
    reader.Expect(kind);
    reader.Feed(bytes);
    return !reader.Next().ok();
  };
  CHECK(refused(Answer::Kind::kGreeting, std::string(33, 'x')));
  CHECK(refused(Answer::Kind::kSection, "x\n"));
  CHECK(refused(Answer::Kind::kSection, "-1\n"));
  CHECK(refused(Answer::Kind::kSection, "\n"));
  CHECK(refused(Answer::Kind::kSection, std::string(21, '1')));
  CHECK(refused(Answer::Kind::kSection, "99999999999999999999\n"));
  CHECK(refused(Answer::Kind::kText, "0:"));
  CHECK(refused(Answer::Kind::kText, "1048577:"));
  CHECK(refused(Answer::Kind::kText, "x:"));
  AnswerReader reader;
  reader.Feed(std::string(257, 'x'));
  CHECK(!reader.Next().ok());
}

}  // namespace
