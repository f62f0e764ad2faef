#include "wire/manifest.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/limits.h"
#include "unit/wire/content_testing.h"
#include "wire/message.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

std::string Why(const absl::Status& status) {
  REQUIRE(absl::IsInvalidArgument(status));
  return std::string(status.message());
}
std::string WhyNot(std::vector<wire::Entry> entries) {
  return Why(wire::Manifest::Make(std::move(entries)).status());
}
// What is refused of a message of one file that `change` was done to.
template <typename Change>
std::string WhyNotMessage(Change change) {
  pb::Manifest message =
      wire::Manifest::Make({File("f", "content")})->ToMessage();
  change(*message.mutable_entry(0));
  return Why(wire::Manifest::Decode(wire::Serialize(message)).status());
}

std::vector<std::string> Paths(const wire::Manifest& manifest) {
  std::vector<std::string> paths;
  for (const wire::Entry& entry : manifest.entries()) {
    paths.push_back(entry.path);
  }
  return paths;
}

}  // namespace

TEST_CASE("manifest: what was written is read", "[wire]") {
  wire::Entry big = File("b/big", Noise((2 << 20) + 5));
  big.mode = 04755;
  big.owner = "root";
  big.group = "0";
  big.mtime = absl::FromUnixNanos(-1);
  REQUIRE(big.chunks.size() == 3);
  const auto manifest = wire::Manifest::Make(
      {Link("l", "b/big"), big, Folder("b"), File("empty", ""),
       File(std::string("\xff new\nline", 10), "x")});
  REQUIRE(manifest.ok());
  const auto again = wire::Manifest::Decode(manifest->Encode());
  REQUIRE(again.ok());
  CHECK(*again == *manifest);
  CHECK(again->entries()[1] == big);
  CHECK(again->content_bytes() == (2 << 20) + 6);
  CHECK(wire::Manifest::Decode("")->entries().empty());
}

TEST_CASE("manifest: its bytes are what they were", "[wire]") {
  wire::Entry file = File("f", "hello\n");
  file.mtime = absl::FromUnixNanos(1);
  file.owner = "o";
  // The hash is what b2sum -l 256 says.
  CHECK(base::Hex(wire::Manifest::Make({file, Link("g", "f")})->Encode()) ==
        "0a310a0166100118a40322016f30063802"
        "4a2093becc6e9882211c3ec3708c95bcd69baab7bb59c7f4bc84ce637b88a534b783"
        "0a080a01671003420166");
}

TEST_CASE("manifest: hostile paths are refused", "[wire]") {
  const std::string long_part(256, 'n');
  std::string long_path = "p";
  while (long_path.size() < 4096) long_path += "/p";
  const std::pair<std::string, std::string> table[] = {
      {"", "its path is empty"},
      {"/", "its path is absolute"},
      {"/etc/passwd", "its path is absolute"},
      {"//etc", "its path is absolute"},
      {"etc/", "its path has an empty part"},
      {"etc//passwd", "its path has an empty part"},
      {".", "its path has the part '.'"},
      {"..", "its path has the part '..'"},
      {"../etc", "its path has the part '..'"},
      {"a/../../etc", "its path has the part '..'"},
      {"a/..", "its path has the part '..'"},
      {"a/./b", "its path has the part '.'"},
      {"./a", "its path has the part '.'"},
      {std::string("a\0b", 3), "its path has a NUL"},
      {std::string("\0", 1), "its path has a NUL"},
      {std::string("a/..\0/b", 7), "its path has a NUL"},
      {long_part, "a part of its path has 256 bytes, more than 255"},
      {"a/" + long_part + "/b",
       "a part of its path has 256 bytes, more than 255"},
      {long_path, "its path has 4097 bytes, more than 4095"},
  };
  for (const auto& [path, why] : table) {
    INFO(base::Escape(path).substr(0, 80));
    CHECK(Why(wire::CheckEntryPath(path)) == why);
    for (const wire::Entry& entry :
         {File(path, "x"), Folder(path), Link(path, "t")}) {
      CHECK(WhyNot({entry}) ==
            absl::StrCat("manifest: ", wire::EntryName(0, path), ": ", why));
    }
    CHECK(absl::EndsWith(
        WhyNotMessage([&, p = path](auto& entry) { entry.set_path(p); }), why));
  }
  for (const char* fine : {"a", "...", "..a", "a..", ".a", "a/.../b", "-", "~",
                           " ", "a\\b", "C:", "\xff\xfe", "a\nb"}) {
    CHECK(wire::CheckEntryPath(fine).ok());
  }
  CHECK(wire::CheckEntryPath(std::string(255, 'n')).ok());
  CHECK(wire::CheckEntryPath(long_path.substr(0, 4095)).ok());
}

TEST_CASE("manifest: a refusal names the entry and cannot forge a line",
          "[wire]") {
  CHECK(WhyNot({File("a", "x"), File("b\n/../\x1b[2J", "x")}) ==
        "manifest: entry 1 ('b\\n/../\\x1b[2J'): its path has the part '..'");
  CHECK(WhyNot({File(std::string(300, 'p'), "x")}).size() < 300);
}

TEST_CASE("manifest: entries are in tree order, each path once", "[wire]") {
  const auto manifest =
      wire::Manifest::Make({File("a-b", ""), File("a/c/d", ""), File("a.", ""),
                            Folder("a"), File("a/\xff", ""), File("a/b", "")});
  REQUIRE(manifest.ok());
  CHECK(Paths(*manifest) ==
        std::vector<std::string>{"a", "a/b", "a/c/d", "a/\xff", "a-b", "a."});
  pb::Manifest message = manifest->ToMessage();
  message.mutable_entry()->SwapElements(1, 4);
  CHECK(Why(wire::Manifest::FromMessage(message).status()) ==
        "manifest: entry 2 ('a/c/d'): it must stand before entry 1 ('a-b')");
  CHECK(WhyNot({File("a", ""), File("b", ""), Folder("a")}) ==
        "manifest: entry 1 ('a'): it is listed twice");
}

TEST_CASE("manifest: nothing is below a file or a link", "[wire]") {
  CHECK(WhyNot({Link("a", "/etc"), File("a/passwd", "x")}) ==
        "manifest: entry 1 ('a/passwd'): it is below entry 0 ('a'), which is "
        "no folder");
  CHECK(WhyNot({File("a", ""), Folder("a/b/c/d"), File("a-", "")}) ==
        "manifest: entry 1 ('a/b/c/d'): it is below entry 0 ('a'), which is "
        "no folder");
  // The link after its contents, as a sender would hide it.
  pb::Manifest message =
      wire::Manifest::Make({Folder("a"), File("a/b", "x")})->ToMessage();
  message.mutable_entry(0)->set_type(pb::ManifestEntry::LINK);
  message.mutable_entry(0)->set_mode(0);
  message.mutable_entry(0)->set_target("/etc");
  CHECK_FALSE(wire::Manifest::FromMessage(message).ok());
  message.mutable_entry()->SwapElements(0, 1);
  CHECK_FALSE(wire::Manifest::FromMessage(message).ok());
  // Names that only begin alike are no matter, and parents may be implied.
  CHECK(wire::Manifest::Make({Link("a", "x"), File("a-b/c", ""),
                              File("ab/c", ""), File("q/r/s", "")})
            .ok());
}

TEST_CASE("manifest: sizes, hashes and chunks agree", "[wire]") {
  CHECK(absl::EndsWith(WhyNotMessage([](auto& e) { e.set_size(1ull << 63); }),
                       "a size of 9223372036854775808 bytes"));
  CHECK(absl::EndsWith(
      WhyNotMessage([](auto& e) { e.set_size(INT64_MAX); }),
      "its 9223372036854775807 bytes have 8796093022208 chunk hashes, not 0"));
  CHECK(absl::EndsWith(WhyNotMessage([](auto& e) { e.set_size(0); }),
                       "it is empty, but its hash is not that of nothing"));
  for (size_t n : {0, 1, 31, 33, 64}) {
    CHECK(absl::EndsWith(
        WhyNotMessage([&](auto& e) { e.set_hash(std::string(n, 'h')); }),
        absl::StrCat("its hash has ", n, " bytes, not 32")));
  }
  for (size_t n : {1, 31, 33}) {
    CHECK(absl::EndsWith(WhyNotMessage([&](auto& e) {
                           e.set_chunk_hashes(std::string(n, 'h'));
                         }),
                         absl::StrCat("its chunk hashes have ", n,
                                      " bytes, no multiple of 32")));
  }
  const int64_t mib = 1 << 20;
  const std::pair<int64_t, size_t> table[] = {
      {1, 0},       {mib - 1, 0},     {mib, 0},         {mib + 1, 2},
      {2 * mib, 2}, {2 * mib + 1, 3}, {100 * mib, 100},
  };
  for (const auto& [bytes, chunks] : table) {
    wire::Entry entry = File("f", "x");
    entry.bytes = bytes;
    for (size_t n = chunks < 2 ? 0 : chunks - 2; n < chunks + 3; n++) {
      entry.chunks.resize(n);
      INFO(bytes << " bytes, " << n << " chunks");
      CHECK(wire::Manifest::Make({entry}).ok() == (n == chunks));
    }
  }
  wire::Entry negative = File("f", "x");
  negative.bytes = -1;
  CHECK(absl::EndsWith(WhyNot({negative}), "its size is negative"));
}

TEST_CASE("manifest: each type has its own fields only", "[wire]") {
  using E = pb::ManifestEntry;
  const auto link = [](E& e) {
    e = wire::Manifest::Make({Link("l", "t")})->ToMessage().entry(0);
  };
  const auto folder = [](E& e) {
    e = wire::Manifest::Make({Folder("d")})->ToMessage().entry(0);
  };
  for (int type : {0, 4, 77, -1}) {
    CHECK(absl::StrContains(WhyNotMessage([&](E& e) {
                              folder(e), e.set_type(static_cast<E::Type>(type));
                            }),
                            absl::StrCat("unknown type ", type)));
  }
  const std::pair<std::string, std::string> table[] = {
      {"a file with a target", WhyNotMessage([](E& e) { e.set_target("t"); })},
      {"a folder with a target",
       WhyNotMessage([&](E& e) { folder(e), e.set_target("t"); })},
      {"only a file has a content",
       WhyNotMessage([&](E& e) { folder(e), e.set_size(1); })},
      {"only a file has a content",
       WhyNotMessage([&](E& e) { link(e), e.set_size(1); })},
      {"only a file has a content", WhyNotMessage([&](E& e) {
         link(e), e.set_chunk_hashes(std::string(32, 'h'));
       })},
      {"only a file has a hash",
       WhyNotMessage([&](E& e) { link(e), e.set_hash(std::string(32, 'h')); })},
      {"a link has no mode",
       WhyNotMessage([&](E& e) { link(e), e.set_mode(0777); })},
      {"a link without a target",
       WhyNotMessage([&](E& e) { link(e), e.clear_target(); })},
      {"its target has a NUL", WhyNotMessage([&](E& e) {
         link(e), e.set_target(std::string("a\0b", 3));
       })},
      {"its target has 4096 bytes, more than 4095", WhyNotMessage([&](E& e) {
         link(e), e.set_target(std::string(4096, 't'));
       })},
      {"its mode 10000 is more than permissions",
       WhyNotMessage([](E& e) { e.set_mode(010000); })},
      {"its mode 100644 is more than permissions",
       WhyNotMessage([](E& e) { e.set_mode(0100644); })},
      {"its owner has 256 bytes, more than 255",
       WhyNotMessage([](E& e) { e.set_owner(std::string(256, 'o')); })},
      {"its group has a ':'", WhyNotMessage([](E& e) { e.set_group("a:b"); })},
      {"its owner has a control character",
       WhyNotMessage([](E& e) { e.set_owner("a\n"); })},
  };
  for (const auto& [expected, message] : table) {
    CHECK(absl::EndsWith(message, expected));
  }
}

TEST_CASE("manifest: every time that nanoseconds can say comes back",
          "[wire]") {
  for (int64_t ns : {int64_t{0}, int64_t{-1}, int64_t{1738318504120000001},
                     INT64_MIN, INT64_MAX}) {
    wire::Entry entry = File("f", "x");
    entry.mtime = absl::FromUnixNanos(ns);
    const auto manifest = wire::Manifest::Make({entry});
    REQUIRE(manifest.ok());
    const auto again = wire::Manifest::Decode(manifest->Encode());
    CHECK(absl::ToUnixNanos(*again->entries()[0].mtime) == ns);
  }
  wire::Entry entry = File("f", "x");
  CHECK_FALSE(wire::Manifest::Decode(wire::Manifest::Make({entry})->Encode())
                  ->entries()[0]
                  .mtime);
  entry.mtime = absl::InfiniteFuture();
  CHECK(absl::StrContains(WhyNot({entry}), "its time is beyond"));
}

TEST_CASE("manifest: more entries than the limit are refused", "[wire]") {
  std::string one = wire::Manifest::Make({Folder("d")})->Encode();
  std::string body;
  for (size_t i = 0; i <= base::kMaxManifestEntries; i++) body += one;
  CHECK(Why(wire::Manifest::Decode(body).status()) ==
        "manifest: 250001 entries, more than 250000");
  std::vector<wire::Entry> many;
  for (size_t i = 0; i < base::kMaxManifestEntries; i++) {
    many.push_back(Folder(absl::StrCat("d", i)));
  }
  const auto most = wire::Manifest::Make(many);
  REQUIRE(most.ok());
  CHECK(wire::Manifest::Decode(most->Encode())->entries().size() ==
        many.size());
  CHECK(Why(wire::Manifest::Merge(*most, *wire::Manifest::Make({File("x", "")}))
                .status()) == "manifest: 250001 entries, more than 250000");
}

TEST_CASE("manifest: one cut anywhere is refused or a shorter one", "[wire]") {
  const std::string body =
      wire::Manifest::Make({Folder("d"), File("d/f", "text"), Link("l", "d")})
          ->Encode();
  size_t whole_entries = 0;
  for (size_t n = 0; n < body.size(); n++) {
    const auto cut = wire::Manifest::Decode(body.substr(0, n));
    if (cut.ok()) whole_entries++;
  }
  CHECK(whole_entries == 3);  // none, one and two of them
}

TEST_CASE("manifest: no flipped bit breaks a promise", "[wire]") {
  const std::string body =
      wire::Manifest::Make({Folder("d"), File("d/f", "text"), Link("l", "d")})
          ->Encode();
  for (size_t bit = 0; bit < 8 * body.size(); bit++) {
    std::string flipped = body;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const auto manifest = wire::Manifest::Decode(flipped);
    if (!manifest.ok()) continue;
    INFO("bit " << bit);
    CHECK(wire::Manifest::Make(manifest->entries()).ok());
    CHECK(*wire::Manifest::Decode(manifest->Encode()) == *manifest);
  }
}

TEST_CASE("manifest: two are merged, and contradict each other nowhere",
          "[wire]") {
  const auto shared = *wire::Manifest::Make(
      {Folder("etc"), File("etc/motd", "hello"), File("z", "")});
  const auto own =
      *wire::Manifest::Make({Folder("etc"), File("etc/hosts", "mine")});
  const auto both = wire::Manifest::Merge(shared, own);
  REQUIRE(both.ok());
  CHECK(Paths(*both) ==
        std::vector<std::string>{"etc", "etc/hosts", "etc/motd", "z"});
  CHECK(*both == *wire::Manifest::Merge(own, shared));
  CHECK(*wire::Manifest::Merge(shared, {}) == shared);

  const auto with = [&](wire::Entry entry) {
    return wire::Manifest::Merge(shared, *wire::Manifest::Make({entry}))
        .status();
  };
  CHECK(absl::EndsWith(Why(with(File("etc/motd", "hello"))), "listed twice"));
  CHECK(absl::EndsWith(Why(with(Link("etc", "/tmp"))), "listed twice"));
  wire::Entry open = Folder("etc");
  open.mode = 0777;
  CHECK(absl::EndsWith(Why(with(open)), "listed twice"));
  CHECK(absl::EndsWith(Why(with(File("z/under", ""))), "which is no folder"));
}

TEST_CASE("manifest: set-id bits are reported", "[wire]") {
  for (const auto& [mode, set_id] : {std::pair(0755u, false),
                                     {01777u, false},
                                     {04755u, true},
                                     {02755u, true},
                                     {06000u, true}}) {
    wire::Entry file = File("f", "x"), folder = Folder("d");
    file.mode = folder.mode = mode;
    CHECK(wire::HasSetId(file) == set_id);
    CHECK(wire::HasSetId(folder) == set_id);
  }
}

TEST_CASE("manifest: links that lead out are reported", "[wire]") {
  const std::tuple<std::string, std::string, bool> table[] = {
      {"l", "a", true},
      {"l", "a/b", true},
      {"l", "./a", true},
      {"l", "a/", true},
      {"l", ".", true},
      {"l", "..", false},
      {"l", "../a", false},
      {"l", "/", false},
      {"l", "/etc/passwd", false},
      {"d/l", "..", true},
      {"d/l", "../a", true},
      {"d/l", "../..", false},
      {"d/l", ".././/../a", false},
      {"d/e/l", "../../a", true},
      {"d/e/l", "../../../a", false},
      // Out, if "up" is a link to "..".
      {"d/e/l", "up/../../x", false},
      {"l", "a/..", false},
      {"l", "...", true},
  };
  for (const auto& [path, target, inside] : table) {
    INFO(path << " -> " << target);
    CHECK(wire::LinkStaysInside(Link(path, target)) == inside);
  }
  CHECK_FALSE(wire::LinkStaysInside(File("f", "x")));
}

TEST_CASE("manifest: names that differ in case only are reported", "[wire]") {
  const auto collision = [](std::vector<wire::Entry> entries) {
    const auto found =
        wire::CaseCollision(*wire::Manifest::Make(std::move(entries)));
    return found ? absl::StrCat(found->first, " ", found->second) : "";
  };
  CHECK(collision({}) == "");
  CHECK(collision({File("a", ""), File("b", ""), File("ab", "")}) == "");
  CHECK(collision({Folder("a"), File("a/B", ""), File("a/C", "")}) == "");
  const std::vector<std::string> either = {"A a", "a A"};
  const auto is_either = [&](const std::string& text) {
    return std::count(either.begin(), either.end(), text) == 1;
  };
  CHECK(is_either(collision({File("a", ""), File("A", "")})));
  // Folders that are not listed, with others between them.
  CHECK(is_either(collision(
      {File("a/x", ""), File("A/z", ""), File("a/m", ""), File("a/n/o", "")})));
  CHECK(is_either(collision({Folder("a"), File("A/b/c", "")})));
  CHECK(collision({File("d/README", ""), File("d/Readme", ""), File("d/q", "")})
            .size() == 17);
}

TEST_CASE("manifest: chunks have lengths that fit, or none", "[wire]") {
  const std::string content = Noise((2 << 20) + 5);
  const wire::Entry good = File("f", content, wire::Cut::kByContent);
  REQUIRE(good.chunk_bytes.size() == good.chunks.size());
  const auto manifest = wire::Manifest::Make({good});
  REQUIRE(manifest.ok());
  CHECK(*wire::Manifest::Decode(manifest->Encode()) == *manifest);

  const auto why = [&good](auto change) {
    wire::Entry entry = good;
    change(entry);
    return WhyNot({entry});
  };
  using E = wire::Entry;
  const uint32_t first = good.chunk_bytes[0];
  CHECK_THAT(why([](E& e) { e.chunk_bytes.pop_back(); }),
             Catch::Contains("lengths"));
  CHECK_THAT(why([](E& e) { e.chunk_bytes[0]++; }), Catch::Contains("not"));
  CHECK_THAT(why([&](E& e) {
               e.chunk_bytes[0] = 1;
               e.chunk_bytes[1] += first - 1;
             }),
             Catch::Contains("a chunk of 1 bytes"));
  CHECK_THAT(why([](E& e) { e.chunk_bytes[0] = 0xffffffff; }),
             Catch::Contains("a chunk of 4294967295 bytes"));
  CHECK_THAT(why([](E& e) { e.chunk_bytes.back() = 0; }),
             Catch::Contains("a chunk of 0 bytes"));
  CHECK_THAT(why([](E& e) {
               e.bytes = 17;
               e.chunks.resize(1);
               e.chunk_bytes = {17};
             }),
             Catch::Contains("need no chunks"));
  CHECK_THAT(WhyNot({[] {
               wire::Entry folder = Folder("d");
               folder.chunk_bytes = {16384};
               return folder;
             }()}),
             Catch::Contains("only a file has a content"));
}
