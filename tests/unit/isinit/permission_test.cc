#include "isinit/permission.h"

#include <catch2/catch.hpp>

namespace isinit {
namespace {

using Request = fleetbox::wire::IsinitRequest;

Request Ask(Request::Verb verb, absl::string_view group = "") {
  Request request;
  request.set_verb(verb);
  request.set_group(std::string(group));
  return request;
}

TEST_CASE("isinit 34: nobody but root may anything unless the table says so",
          "[isinit]") {
  const Table none;
  for (int verb = 1; verb <= Request::Verb_MAX; verb++) {
    CHECK_FALSE(
        MayAsk(none, 1000, 1000, Ask(static_cast<Request::Verb>(verb), "g")));
  }
}

TEST_CASE("isinit 34: an allow line is for its user, its verb and its group",
          "[isinit]") {
  Table table;
  table.allow.push_back({.number = 1000, .tell = true, .group = "g"});
  table.allow.push_back({.of_group = true, .number = 50, .group = "*"});
  CHECK(MayAsk(table, 1000, 1, Ask(Request::TELL, "g")));
  CHECK(MayAsk(table, 1000, 1, Ask(Request::WAIT, "g")));
  CHECK(MayAsk(table, 1000, 1, Ask(Request::STATUS)));
  CHECK_FALSE(MayAsk(table, 1000, 1, Ask(Request::TELL, "h")));
  CHECK_FALSE(MayAsk(table, 1, 1000, Ask(Request::TELL, "g")));
  CHECK_FALSE(MayAsk(table, 2, 50, Ask(Request::TELL, "g")));
  CHECK(MayAsk(table, 2, 50, Ask(Request::STATUS)));
  for (auto verb :
       {Request::HALT, Request::STOP, Request::SIGNAL, Request::UPGRADE,
        Request::POWER, Request::PUSH, Request::LOG, Request::REREAD}) {
    CHECK_FALSE(MayAsk(table, 1000, 50, Ask(verb, "g")));
  }
}

}  // namespace
}  // namespace isinit
