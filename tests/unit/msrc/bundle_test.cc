// Bundles under tests/fixtures/bundles, which the black-box tests of msrc-recv
// apply. With FIXTURES=write in the environment they are made anew.
#include <unistd.h>

#include "msrc/receiver.h"
#include "unit/msrc/controller.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

namespace {

const char* const kFolder = "tests/fixtures/bundles";

struct Packed {
  World world;
  wire_test::NumberedSigner key{1};
  pb::Delivery delivery;
  std::string audience = "host:web1";

  Packed() {
    world.File("motd", "welcome to web1\n");
    world.File("bin/hello", "#!/bin/sh\necho hello from \"$MSRC_HOST\"\n",
               0755);
    world.File("copy", "welcome to web1\n");
    world.Add(Link("hello", "bin/hello"));
    for (wire::Entry& entry : world.entries) {
      entry.mtime = absl::FromUnixSeconds(1'700'000'000);
    }
    delivery.set_run(std::string(16, 'r'));
    delivery.set_host("web1");
    delivery.set_into("app");
    // The end of the year 2099.
    delivery.set_valid_until_ms(4'102'444'799'000);
    delivery.mutable_utility()->add_word("./hello; cat motd");
  }

  std::string Bytes(bool with_contents = true) {
    const wire::Manifest manifest = *wire::Manifest::Make(world.entries);
    *delivery.mutable_own() = manifest.ToMessage();
    std::string bytes =
        *wire::Seal({.kind = pb::BUNDLE,
                     .body = wire::Serialize(delivery),
                     .audience = audience,
                     .id = base::ParcelId::From(std::string(16, 'b')),
                     .now = absl::FromUnixSeconds(1'700'000'000)},
                    key);
    if (!with_contents) return bytes;
    for (const std::string& frame : wire_test::Frames(
             manifest, wire::Need::Everything(manifest), world.sent)) {
      bytes += frame;
    }
    return bytes;
  }
};

std::vector<std::pair<std::string, std::string>> Fixtures() {
  Packed good, expired, elsewhere, stranger;
  expired.delivery.set_valid_until_ms(1'700'000'001'000);
  elsewhere.audience = "host:web2";
  stranger.key = wire_test::NumberedSigner(2);
  std::string altered = good.Bytes(false);
  altered[altered.size() / 2] ^= 1;
  std::string torn = good.Bytes();
  torn.resize(torn.size() - 10);
  return {{"good", good.Bytes()},
          {"expired", expired.Bytes()},
          {"elsewhere", elsewhere.Bytes()},
          {"stranger", stranger.Bytes()},
          {"altered", altered},
          {"torn", torn}};
}

}  // namespace

TEST_CASE("bundle: the fixtures are what they were", "[msrc]") {
  const char* write = getenv("FIXTURES");
  for (const auto& [name, bytes] : Fixtures()) {
    const std::string path = absl::StrCat(kFolder, "/", name);
    if (write != nullptr && absl::string_view(write) == "write") {
      REQUIRE(sys::MakeFolders(kFolder).ok());
      REQUIRE(sys::ReplaceFile(path, bytes).ok());
    }
    const auto stored = sys::ReadFile(path);
    REQUIRE(stored.ok());
    INFO(name);
    // What zstd makes of contents may change with its version.
    CHECK(stored->substr(0, 300) == bytes.substr(0, 300));
  }
}

TEST_CASE_METHOD(Talk, "bundle: contents that are there already do no harm",
                 "[msrc]") {
  Packed packed;
  packed.delivery.set_into(world.into);
  world.Put("motd", "welcome to web1\n");
  const std::string file = world.dir + "/bundle";
  REQUIRE(sys::ReplaceFile(file, packed.Bytes()).ok());
  msrc::ReceiverOptions options;
  options.no_cache = true;
  const auto code = msrc::ApplyBundle(options, file);
  REQUIRE(code.ok());
  CHECK(*code == 0);
  CHECK(world.Read("copy") == "welcome to web1\n");
  CHECK(world.Info("bin/hello").mode == 0755);
}
