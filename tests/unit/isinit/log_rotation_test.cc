#include "isinit/log_rotation.h"

#include <catch2/catch.hpp>

using isinit::TidyLogs;
using List = std::vector<std::string>;

namespace {

const std::string kOld = "web.log.20260131T101504.120345Z";
const std::string kNew = "web.log.20260201T000000.000000Z";

}  // namespace

TEST_CASE("log rotation: names say the tag and the order", "[isinit]") {
  CHECK(isinit::LogName("web") == "web.log");
  CHECK(isinit::OldLogName(
            "web", absl::FromUnixMicros(int64_t{1769854504120345})) == kOld);
}

TEST_CASE("log rotation: old ones are compressed, and more than enough go",
          "[isinit]") {
  auto tidying = TidyLogs("web", List{kNew, "web.log", kOld}, 5);
  CHECK(tidying.compress == List{kOld, kNew});
  CHECK(tidying.remove.empty());
  tidying = TidyLogs("web", List{kNew, "web.log", kOld + ".zst"}, 1);
  CHECK(tidying.compress == List{kNew});
  CHECK(tidying.remove == List{kOld + ".zst"});
  tidying = TidyLogs("web", List{kNew, "web.log", kOld + ".zst"}, 0);
  CHECK(tidying.compress.empty());
  CHECK(tidying.remove == List{kOld + ".zst", kNew});
}

TEST_CASE("log rotation: what was cut short is begun again", "[isinit]") {
  auto tidying = TidyLogs("web", List{kOld, kOld + ".zst.new"}, 5);
  CHECK(tidying.compress == List{kOld});
  CHECK(tidying.remove == List{kOld + ".zst.new"});
  // It was in place, and the plain one not yet gone.
  tidying = TidyLogs("web", List{kOld, kOld + ".zst"}, 5);
  CHECK(tidying.compress.empty());
  CHECK(tidying.remove == List{kOld});
}

TEST_CASE("log rotation: what is not an old log of the entry stays",
          "[isinit]") {
  const auto tidying =
      TidyLogs("web",
               List{"web.log.old", "web.log.20260131T101504.120345Z.gz",
                    "x.log", "web2.log.20260131T101504.120345Z", "web.log.2026",
                    "web.log.20260131T101504.120345Z.log.zst", "web.log.new"},
               0);
  CHECK(tidying.compress.empty());
  CHECK(tidying.remove.empty());
}
