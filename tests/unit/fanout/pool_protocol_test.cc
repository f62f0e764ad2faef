#include "fanout/pool_protocol.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using fanout::PoolAnswer;
using fanout::PoolReply;
using fanout::PoolReplyReader;
using fanout::PoolRequest;
using fanout::PoolRequestReader;
using fanout::Tokens;
using Kind = PoolRequest::Kind;

std::vector<PoolRequest> Parse(absl::string_view bytes) {
  PoolRequestReader reader;
  reader.Feed(bytes);
  std::vector<PoolRequest> requests;
  for (int i = 0; i < 100; i++) {
    const auto request = reader.Next();
    REQUIRE(request.ok());
    if (!*request) break;
    requests.push_back(**request);
  }
  return requests;
}
bool Refused(absl::string_view bytes) {
  PoolRequestReader reader;
  reader.Feed(bytes);
  return absl::IsInvalidArgument(reader.Next().status());
}
std::string Visible(std::string text) {
  for (char& c : text) {
    if (c == '\0') c = '|';
  }
  return text;
}

TEST_CASE("pool protocol: a client says who it is first", "[fanout]") {
  const auto plain = Parse("123\n");
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].kind == Kind::kAnnounce);
  CHECK(plain[0].announced.pid == 123);
  const auto far = Parse("77@web7.example\nV");
  REQUIRE(far.size() == 2);
  CHECK(far[0].announced.pid == 77);
  CHECK(far[0].announced.host == "web7.example");
  CHECK(Parse("12").empty());
}

TEST_CASE("pool protocol: who does not say who it is makes no sense",
          "[fanout]") {
  for (const char* bytes : {"\n", "V\n", "12a\n", "-1\n", " 1\n", "@host\n",
                            "99999999999\n", "4294967296\n"}) {
    INFO(bytes);
    CHECK(Refused(bytes));
  }
  CHECK(Refused(std::string(400, '1')));
  CHECK(Refused("1@" + std::string(400, 'x')));
}

TEST_CASE("pool protocol: digits make the number of the next letter only",
          "[fanout]") {
  const auto requests = Parse("1\n12GDS3\nN7");
  REQUIRE(requests.size() == 5);
  CHECK(requests[1].kind == Kind::kGet);
  CHECK(requests[1].number == 12);
  CHECK(requests[2].kind == Kind::kGiveBack);
  CHECK(requests[2].number == 0);
  CHECK(requests[3].kind == Kind::kSpace);
  CHECK(requests[4].kind == Kind::kText);
  CHECK(requests[4].number == 0);  // the newline has cleared it
}

TEST_CASE("pool protocol: a number beyond all bounds stays one", "[fanout]") {
  const auto requests = Parse("1\n" + std::string(1000, '9') + "G0004O");
  REQUIRE(requests.size() == 3);
  CHECK(requests[1].number == fanout::kMostPoolNumber);
  CHECK(requests[2].number == 4);
}

TEST_CASE("pool protocol: every letter but the known ones is unknown",
          "[fanout]") {
  const std::string known = "SVUTRJCMGWPNODFQ.";
  for (int c = 0; c < 256; c++) {
    const char letter = static_cast<char>(c);
    if (letter == '\n' || (letter >= '0' && letter <= '9')) continue;
    const auto requests = Parse("1\n" + std::string(1, letter));
    REQUIRE(requests.size() == 2);
    INFO("letter " << c);
    const bool is_known = known.find(letter) != std::string::npos;
    CHECK((requests[1].kind != Kind::kUnknown) == is_known);
  }
}

TEST_CASE("pool protocol: ptbw K20: questions are answered to the letter",
          "[fanout]") {
  const auto table =
      fanout::ParseTokens("# pool\nred\ngreen\n\nblue\n", "tags");
  REQUIRE(table.ok());
  Tokens tokens(*table);
  REQUIRE(tokens.Ask(1, 1, 1).ok());
  tokens.Next(absl::UnixEpoch());
  const fanout::PoolFacts facts{
      .group = 1, .utility_pid = 4711, .holder_pid = 31};
  const auto answer = [&](absl::string_view letter) {
    return Visible(
        PoolAnswer(Parse("1\n" + std::string(letter)).at(1), tokens, facts));
  };
  CHECK(answer("S") == "4,16\n");
  CHECK(answer("V") == "0.4\n");
  CHECK(answer("U") == "+tags|");
  CHECK(answer("T") == "red|green||blue|");
  CHECK(answer("R") == "1\n");
  CHECK(answer("J") == "5\n");
  CHECK(answer("C") == "7\n# pool\n");
  CHECK(answer("M") == "4711\n");
  CHECK(answer("0O") == "31\n");
  CHECK(answer("1O") == "0\n");
  CHECK(answer("9O") == "-1\n");
  CHECK(answer("1N") == "+green\n");
  CHECK(answer("2N") == "+\n");
  CHECK(answer("8N") == "-No\n");
  CHECK(answer("X") == "-No\n");
  CHECK(fanout::GrantAnswer({1, 2}) == "1,2\n");
  CHECK(fanout::GrantAnswer({}) == "\n");
}

TEST_CASE("pool protocol: integers come from iota; what is gone is empty",
          "[fanout]") {
  Tokens tokens(fanout::IntegerTokens(3));
  REQUIRE(tokens.Ask(1, 3, 3).ok());
  tokens.Next(absl::UnixEpoch());
  const auto answer = [&](Kind kind, int number) {
    return Visible(PoolAnswer({.kind = kind, .number = number, .announced = {}},
                              tokens, {}));
  };
  CHECK(answer(Kind::kSource, 0) == "=iota|");
  CHECK(answer(Kind::kComments, 0) == "0\n");
  tokens.Replace({.tokens = {"0", "2"}, .source = "", .comments = ""});
  CHECK(answer(Kind::kTokens, 0) == "0|1|2|");
  REQUIRE(tokens.GiveBack(1, 1));
  CHECK(answer(Kind::kTokens, 0) == "0||2|");
  CHECK(answer(Kind::kSpace, 0) == "3,5\n");
  CHECK(answer(Kind::kText, 1) == "-No\n");
  CHECK(answer(Kind::kHolder, 1) == "-1\n");
}

// One reply of a kind from these bytes, fed at once and byte by byte.
absl::StatusOr<PoolReply> ReplyOf(PoolReply::Kind kind, size_t count,
                                  const std::string& bytes) {
  PoolReplyReader reader;
  reader.Expect(kind, count);
  for (char c : bytes) {
    const auto early = reader.Next();
    if (!early.ok()) return early.status();
    CHECK_FALSE(*early);
    reader.Feed(absl::string_view(&c, 1));
  }
  const auto reply = reader.Next();
  if (!reply.ok()) return reply.status();
  if (!*reply) return absl::NotFoundError("not whole");
  return **reply;
}

TEST_CASE("pool protocol: answers are understood", "[fanout]") {
  using K = PoolReply::Kind;
  CHECK(ReplyOf(K::kNumbers, 2, "4,16\n")->numbers ==
        std::vector<int64_t>{4, 16});
  CHECK(ReplyOf(K::kNumbers, 2, "\n")->numbers.empty());
  CHECK(ReplyOf(K::kNumbers, 2, "-1\n")->numbers == std::vector<int64_t>{-1});
  CHECK_FALSE(ReplyOf(K::kNumbers, 2, "-No\n")->known);
  const auto source = ReplyOf(K::kSource, 1, std::string("+tags\0", 6));
  CHECK(source->text == "tags");
  CHECK(source->file);
  CHECK_FALSE(ReplyOf(K::kSource, 1, std::string("=iota\0", 6))->file);
  CHECK_FALSE(ReplyOf(K::kSource, 1, std::string("-?\0", 3))->known);
  CHECK(ReplyOf(K::kTexts, 3, std::string("a\0\0b\0", 5))->texts ==
        std::vector<std::string>{"a", "", "b"});
  CHECK(ReplyOf(K::kText, 1, "+red\n")->text == "red");
  CHECK_FALSE(ReplyOf(K::kText, 1, "-No\n")->known);
  PoolReplyReader none;
  none.Expect(K::kTexts, 0);
  const auto nothing = none.Next();
  REQUIRE((nothing.ok() && nothing->has_value()));
  CHECK((*nothing)->texts.empty());
}

TEST_CASE("pool protocol: answers that make no sense are refused", "[fanout]") {
  using K = PoolReply::Kind;
  for (const char* bytes :
       {"1,2,3\n", "x\n", "1 ,2\n", "+1\n", "1-\n", "99999999999999999999\n"}) {
    INFO(bytes);
    CHECK(absl::IsInvalidArgument(ReplyOf(K::kNumbers, 2, bytes).status()));
  }
  CHECK(absl::IsInvalidArgument(
      ReplyOf(K::kNumbers, 2, std::string(400, '1')).status()));
  PoolReplyReader reader;
  reader.Feed("1\n");
  CHECK(absl::IsInvalidArgument(reader.Next().status()));
}

}  // namespace
