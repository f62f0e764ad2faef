#include "msrc/sender_limits.h"

#include <catch2/catch.hpp>

#include "base/time.h"

namespace {

// A Friday.
absl::Time At(const char* time) {
  return *base::ParseTime(std::string("2025-01-31T") + time + ":00Z");
}

struct Limits {
  msrc::SenderWish wish = {.principals = {"ops@example.com", "ops"},
                           .into = "/srv/www",
                           .utility = {"make", "install"},
                           .now = At("12:00")};
  std::string Check(const std::string& text) const {
    const auto limits = msrc::SenderLimits::Parse(text);
    if (!limits.ok()) return std::string(limits.status().message());
    const absl::Status status = limits->Check(wish);
    return status.ok() ? "ok" : std::string(status.message());
  }
};

}  // namespace

TEST_CASE_METHOD(Limits, "sender limits: without a file everything is allowed",
                 "[msrc]") {
  CHECK(msrc::SenderLimits().Check(wish).ok());
  CHECK(Check("") == "no rule is about the sender");
  CHECK(Check("# nothing\n\n") == "no rule is about the sender");
}

TEST_CASE_METHOD(Limits, "sender limits: folders are what is below them",
                 "[msrc]") {
  const std::string run = " run ...";
  CHECK(Check("allow * into /srv" + run) == "ok");
  CHECK(Check("allow * into /srv/www" + run) == "ok");
  CHECK(Check("allow * into /" + run) == "ok");
  CHECK(Check("allow * into /srv/ww" + run) ==
        "line 1: the folder '/srv/www' is not allowed");
  CHECK(Check("allow * into /srv/www/sub /srv" + run) == "ok");
  for (const char* path : {"srv", "/srv/", "/srv/../etc", "//", "''"}) {
    CHECK_THAT(Check(std::string("allow * into ") + path),
               Catch::Contains("is no absolute path"));
  }
}

TEST_CASE_METHOD(Limits, "sender limits: a utility is the very same words",
                 "[msrc]") {
  const std::string rule = "allow ops into /srv run true 'make install'";
  CHECK(Check(rule) == "ok");
  wish.argv = true;
  CHECK(Check(rule) == "ok");
  wish.argv = false;
  wish.utility = {"make install"};
  CHECK(Check(rule) == "ok");
  wish.argv = true;
  CHECK(Check(rule) == "line 1: the utility is not allowed");
  wish.argv = false;
  wish.utility = {"make", "install;", "rm", "-r", "/"};
  CHECK(Check(rule) == "line 1: the utility is not allowed");
  wish.utility = {"make", "install"};
  wish.embellished = true;
  CHECK_THAT(Check(rule), Catch::Contains("of one's own are not allowed"));
  CHECK(Check("allow ops into /srv run ...") == "ok");
  CHECK(Check("allow ops into /srv") == "line 1: the utility is not allowed");
  wish.utility.clear();
  CHECK(Check("allow ops into /srv") == "ok");
}

TEST_CASE_METHOD(Limits, "sender limits: hours are UTC, and may pass midnight",
                 "[msrc]") {
  wish.utility.clear();
  const auto at = [this](const char* time, const std::string& hours) {
    wish.now = At(time);
    return Check("allow * into / hours " + hours) == "ok";
  };
  CHECK(at("08:00", "08:00-18:00"));
  CHECK(!at("18:00", "08:00-18:00"));
  CHECK(at("17:59", "mon-fri/08:00-18:00"));
  CHECK(!at("17:59", "sat-thu/08:00-18:00"));
  CHECK(at("23:00", "fri/22:00-06:00"));
  CHECK(!at("05:00", "fri/22:00-06:00"));
  CHECK(at("05:00", "thu/22:00-06:00"));
  CHECK(at("05:00", "sun/00:00-24:00 fri/04:00-06:00"));
  for (const char* bad : {"8:00-18:00", "08:00", "08:00-24:01", "08:60-09:00",
                          "noday/08:00-09:00", "24:00-08:00", "08:00-08:00",
                          "mon-tue-wed/08:00-09:00"}) {
    CHECK_THAT(Check(std::string("allow * into / hours ") + bad),
               Catch::Contains("is not [DAY[-DAY]/]HH:MM-HH:MM"));
  }
}

TEST_CASE_METHOD(Limits, "sender limits: what is dangerous must be said",
                 "[msrc]") {
  wish.set_id = true;
  CHECK(Check("allow * into / run ...") ==
        "line 1: set-id bits are not allowed");
  CHECK(Check("allow * into / run ... with set-id") == "ok");
  wish.prune_all = true;
  CHECK(Check("allow * into / run ... with set-id") ==
        "line 1: removing what is not listed is not allowed");
  CHECK(Check("allow * into / run ... with set-id prune-all") == "ok");
}

TEST_CASE_METHOD(Limits, "sender limits: a rule that is wrong is named",
                 "[msrc]") {
  CHECK_THAT(Check("\nallow"), Catch::StartsWith("line 2: "));
  CHECK_THAT(Check("permit * into /"), Catch::Contains("begins with 'allow'"));
  CHECK_THAT(Check("allow into /"), Catch::Contains("nothing follows 'allow'"));
  CHECK_THAT(Check("allow * into"), Catch::Contains("nothing follows 'into'"));
  CHECK_THAT(Check("allow * run x"), Catch::Contains("into which folders"));
  CHECK_THAT(Check("allow * into / with root"), Catch::Contains("not one of"));
  CHECK_THAT(Check("allow * into / run 'x"), Catch::Contains("never closed"));
}
