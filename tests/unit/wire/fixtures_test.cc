// The parcels under tests/fixtures: what was once written must stay readable,
// and what was once refused must stay refused. With FIXTURES=write in the
// environment they are made anew.
#include <catch2/catch.hpp>

#include "unit/wire/testing.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

struct Case {
  std::string name, bytes;
  absl::StatusCode code;  // of opening it as server:mcfeely
};

std::vector<Case> Cases() {
  const NumberedSigner ops(1), stranger(2);
  const std::string good = *wire::Seal(JobDraft(), ops);
  wire::Draft big = JobDraft();
  pb::Job job = SmallJob();
  for (int i = 0; i < 40; i++) {
    pb::Task* task = job.add_task();
    task->set_name(absl::StrCat("again-", i));
    task->set_host("web1");
    task->set_comm("echo");
  }
  big.body = wire::Serialize(job);
  wire::Draft elsewhere = JobDraft();
  elsewhere.audience = "server:other";
  wire::Draft dispatch = JobDraft();
  dispatch.kind = pb::DISPATCH;
  std::string forged = *wire::Seal(JobDraft(), stranger);
  forged.replace(40, 32, std::string(ops.public_key().view()));
  std::string altered = good;
  altered[wire::kParcelHeaderBytes + 4] ^= 0x20;
  using absl::StatusCode;
  return {
      {"good", good, StatusCode::kOk},
      {"good-zstd", *wire::Seal(big, ops), StatusCode::kOk},
      {"altered", altered, StatusCode::kUnauthenticated},
      {"forged", forged, StatusCode::kUnauthenticated},
      {"stranger", *wire::Seal(JobDraft(), stranger),
       StatusCode::kPermissionDenied},
      {"truncated", good.substr(0, good.size() - 10),
       StatusCode::kInvalidArgument},
      {"elsewhere", *wire::Seal(elsewhere, ops), StatusCode::kPermissionDenied},
      {"dispatch", *wire::Seal(dispatch, ops), StatusCode::kPermissionDenied},
  };
}

void Write(const std::string& name, const std::string& bytes) {
  FILE* file = fopen(absl::StrCat("tests/fixtures/", name).c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  REQUIRE(fclose(file) == 0);
}

}  // namespace

TEST_CASE("parcel fixtures: each is accepted or refused as it always was",
          "[wire]") {
  const char* write = getenv("FIXTURES");
  if (write != nullptr && absl::string_view(write) == "write") {
    for (const Case& c : Cases()) Write("parcels/" + c.name, c.bytes);
    Write("parcels/golden.hex", base::Hex(Cases()[0].bytes) + "\n");
  }
  TrustTable trust;
  trust.Add(NumberedSigner(1).public_key(), "inject@fleetbox", "ops");
  for (const Case& c : Cases()) {
    INFO(c.name);
    const std::string stored = Fixture("parcels/" + c.name);
    REQUIRE(!stored.empty());
    // What zstd makes of a body may change with its version.
    if (c.name != "good-zstd") CHECK(stored == c.bytes);
    CHECK(wire::Open(stored,
                     {.principals = {"server:mcfeely"}, .trust = &trust},
                     SigningTime())
              .status()
              .code() == c.code);
  }
}
