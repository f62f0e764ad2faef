#include "oue/state_log.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/bytes.h"

using oue::HasStateHeader;
using oue::kStateHeader;
using oue::ReadBatches;

namespace {

constexpr uint64_t kOffset = kStateHeader.size();

std::string Entry(absl::string_view key, absl::string_view memory) {
  std::string content;
  oue::PutEntry(key, memory, &content);
  return content;
}

// Adds a batch to what begins at kOffset.
void Add(absl::string_view content, std::string* bytes) {
  absl::StrAppend(bytes, oue::BatchHead(content, kOffset + bytes->size()),
                  content);
}

struct Got {
  std::string entries;  // "key=memory;"
  absl::StatusOr<uint64_t> good;
};

Got Read(absl::string_view bytes) {
  Got got;
  got.good = ReadBatches(bytes, kOffset,
                         [&](absl::string_view key, absl::string_view memory) {
                           absl::StrAppend(&got.entries, key, "=", memory, ";");
                         });
  return got;
}

}  // namespace

TEST_CASE("state log: what was put is what is read", "[oue]") {
  std::string bytes, shown;
  for (size_t length : {0, 1, 127, 128, 300, 20'000}) {
    const std::string key(length, 'k'), memory(length / 2, 'm');
    Add(Entry(key, memory) + Entry("\n", ""), &bytes);
    absl::StrAppend(&shown, key, "=", memory, ";\n=;");
  }
  const Got got = Read(bytes);
  REQUIRE(got.good.ok());
  CHECK(*got.good == bytes.size());
  CHECK(got.entries == shown);
}

TEST_CASE("state log: cut anywhere it holds the batches that are whole",
          "[oue]") {
  std::string bytes;
  Add(Entry("a", "1"), &bytes);
  const size_t one = bytes.size();
  Add(Entry("b", "2") + Entry("oueB", "oueB"), &bytes);
  for (size_t n = 0; n < bytes.size(); n++) {
    // What a crash leaves may be filled up with zeros.
    for (const std::string& left :
         {bytes.substr(0, n), bytes.substr(0, n) + std::string(100, '\0')}) {
      INFO(n << " of " << left.size());
      const Got got = Read(left);
      REQUIRE(got.good.ok());
      CHECK(*got.good == (n < one ? 0 : one));
      CHECK(got.entries == (n < one ? "" : "a=1;"));
    }
  }
}

TEST_CASE("state log: a byte that changed in the middle is damage", "[oue]") {
  std::string bytes;
  Add(Entry("a", "1"), &bytes);
  const size_t one = bytes.size();
  Add(Entry("b", "2"), &bytes);
  for (size_t at = 0; at < one; at++) {
    std::string changed = bytes;
    changed[at] ^= 0x10;
    INFO(at);
    const Got got = Read(changed);
    CHECK(absl::IsDataLoss(got.good.status()));
    CHECK(got.good.status().message() == "is damaged at byte 21");
    CHECK(got.entries.empty());
  }
}

TEST_CASE("state log: a batch at another place is no batch", "[oue]") {
  std::string bytes;
  Add(Entry("a", "1"), &bytes);
  // Torn, with a copy of a whole batch in it.
  const std::string torn = Entry(bytes, "memory");
  std::string left =
      bytes + oue::BatchHead(torn, kOffset + bytes.size()) + torn;
  left.pop_back();
  const Got got = Read(left);
  REQUIRE(got.good.ok());
  CHECK(*got.good == bytes.size());
}

TEST_CASE("state log: entries that do not fit their batch are damage",
          "[oue]") {
  for (const std::string& content :
       {std::string("\x05"
                    "ab"),
        std::string("\x01"
                    "a"),
        std::string("\x01"
                    "a\x02"
                    "b"),
        std::string("\xff"),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
                    "a")}) {
    std::string bytes;
    Add(content, &bytes);
    INFO(base::Escape(content));
    CHECK(absl::IsDataLoss(Read(bytes).good.status()));
  }
}

TEST_CASE("state log: a million false heads end soon", "[oue]") {
  std::string bytes;
  for (int i = 0; i < 20'000; i++) {
    bytes += "oueB";
    base::PutLe64(bytes, 100'000);
    base::PutLe64(bytes, 7);
  }
  CHECK(absl::IsDataLoss(Read(bytes).good.status()));
}

TEST_CASE("state log: a file is known by how it begins", "[oue]") {
  CHECK(HasStateHeader(absl::StrCat(kStateHeader, "oueB")).value());
  for (size_t n = 0; n < kStateHeader.size(); n++) {
    CHECK(!HasStateHeader(kStateHeader.substr(0, n)).value());
    CHECK(!HasStateHeader(std::string(n, '\0')).value());
  }
  for (const std::string& other :
       {std::string("hello\n"), absl::StrCat("x", kStateHeader),
        std::string(4096, '\0'), std::string("fleetbox oue state 2\n")}) {
    INFO(base::Escape(other));
    CHECK(absl::IsFailedPrecondition(HasStateHeader(other).status()));
  }
}

TEST_CASE("state log: a file of GDBM is named", "[oue]") {
  for (uint32_t number = 0x13579acd; number <= 0x13579ad1; number++) {
    std::string little, big;
    base::PutLe32(little, number);
    base::PutBe32(big, number);
    for (std::string begin : {little, big}) {
      begin.resize(64, '\0');
      const absl::Status status = HasStateHeader(begin).status();
      CHECK(absl::IsFailedPrecondition(status));
      CHECK(status.message().find("GDBM") != std::string::npos);
    }
  }
}
